"""DuckDB and Arrow as this project uses them.

DuckDB has bounded memory, spills to a folder and is silent. Arrow never reads memory of Python: its
worker threads release memory a moment after the call returns, which needs the interpreter's lock,
and if the interpreter ends in that moment the process aborts: "terminate called without an active
exception" (apache/arrow#34314).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

_MEMORY = "2GB"


@contextmanager
def open_database(folder: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in a folder, or in memory with a temporary folder to spill to.

    Rows come in any order unless a query asks for one. The caller removes what is left in the
    folder.
    """
    with TemporaryDirectory(prefix="tocsin-") as temporary:
        file = ":memory:" if folder is None else str(folder / "database.duckdb")
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY,
            "temp_directory": str((folder or Path(temporary)) / "spill"),
            "preserve_insertion_order": False,
        }
        with duckdb.connect(file, config=settings) as database:
            database.execute("SET enable_progress_bar = false")  # it would be written to stdout
            yield database


def over(memory: pa.Buffer) -> pa.BufferReader:
    """Return a file over memory that is Arrow's own already, as in `in_arrow_memory`."""
    return pa.BufferReader(memory)


def in_arrow_memory(content: bytes) -> pa.BufferReader:
    """Return a file over a copy of some bytes that belongs to Arrow alone."""
    memory = pa.allocate_buffer(len(content))
    with pa.FixedSizeBufferWriter(memory) as writer:
        writer.write(content)
    return pa.BufferReader(memory)
