"""Arrow columns made of NumPy arrays and texts, without handing Arrow a Python value.

One Python value makes Arrow import pandas, which takes a quarter of a second.
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
    given = np.packbits(~np.isnan(values), bitorder="little")
    content = np.ascontiguousarray(values, np.float64)
    buffers = [pa.py_buffer(given), pa.py_buffer(content)]
    return pa.Array.from_buffers(pa.float64(), len(values), buffers)


def as_numbers(column: pa.ChunkedArray) -> FloatArray:
    """Return a column of float64 as numbers (n,), NaN for null."""
    chunk = column.combine_chunks()
    given, values = chunk.buffers()
    content = np.frombuffer(values, np.float64)[chunk.offset : chunk.offset + len(chunk)]
    if given is None:
        return content
    bits = np.unpackbits(np.frombuffer(given, np.uint8), bitorder="little")
    return np.where(bits[chunk.offset : chunk.offset + len(chunk)] == 1, content, np.nan)


def choices(codes: NDArray[np.int8], names: Sequence[str]) -> pa.Array:
    """Return the names that codes (n,) stand for as a column, null for -1."""
    place = np.where(codes < 0, len(names), codes)
    known = np.packbits(codes >= 0, bitorder="little")
    plain = texts([(*names, "")[code] for code in place.tolist()])
    _, ends, content = plain.buffers()
    return pa.Array.from_buffers(pa.string(), len(codes), [pa.py_buffer(known), ends, content])
