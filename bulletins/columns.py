"""Arrow columns from NumPy arrays and texts, and back.

Arrow imports pandas, which takes a quarter of a second, as soon as it is handed one Python value:
so it is handed buffers only.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.arrays import FloatArray


def texts(values: Sequence[str]) -> pa.Array:
    """Return texts (n,) as a column."""
    encoded = [value.encode() for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(values), buffers)


def numbers(values: FloatArray) -> pa.Array:
    """Return numbers (n,) as a column, null for NaN."""
    validity = np.packbits(~np.isnan(values), bitorder="little")
    content = np.ascontiguousarray(values, np.float64)
    buffers = [pa.py_buffer(validity), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.float64(), len(values), buffers)


def as_numbers(column: pa.ChunkedArray) -> FloatArray:
    """Return a column of float64 as numbers (n,), NaN for null."""
    chunk = column.combine_chunks()
    validity, values = chunk.buffers()
    content = np.frombuffer(values, np.float64)[chunk.offset : chunk.offset + len(chunk)]
    if validity is None:
        return content
    bits = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")
    return np.where(bits[chunk.offset : chunk.offset + len(chunk)] == 1, content, np.nan)


def choices(codes: NDArray[np.int8], names: Sequence[str]) -> pa.Array:
    """Return the names that codes (n,) stand for as a column, null for -1."""
    validity = np.packbits(codes >= 0, bitorder="little")
    plain = texts([(*names, "")[code] for code in codes.tolist()])
    _, ends, content = plain.buffers()
    return pa.Array.from_buffers(pa.string(), len(codes), [pa.py_buffer(validity), ends, content])
