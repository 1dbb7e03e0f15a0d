"""Columns for Arrow, and files in memory that it may read: none that belongs to Python.

Its threads hold what they read for a moment longer than the call, and the last to let go needs the
interpreter's lock; if that ends meanwhile, so does the process: "terminate called without an active
exception" (apache/arrow#34314).
"""

import pyarrow as pa


def required(kind: pa.DataType, *names: str) -> list[pa.Field]:
    """Return columns of one type that are never null."""
    return [pa.field(name, kind, nullable=False) for name in names]


def optional(kind: pa.DataType, *names: str) -> list[pa.Field]:
    """Return columns of one type that may be null."""
    return [pa.field(name, kind) for name in names]


def over(memory: pa.Buffer) -> pa.BufferReader:
    """Return a file over memory that is Arrow's own already: as `in_arrow_memory` gives it."""
    return pa.BufferReader(memory)


def in_arrow_memory(content: bytes) -> pa.BufferReader:
    """Return a file over a copy of some bytes that belongs to Arrow alone."""
    memory = pa.allocate_buffer(len(content))
    with pa.FixedSizeBufferWriter(memory) as writer:
        writer.write(content)
    return pa.BufferReader(memory)
