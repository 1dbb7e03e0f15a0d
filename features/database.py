"""DuckDB as this project uses it: with bounded memory, spilling to a folder, and silent."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

_MEMORY = "2GB"


@contextmanager
def open_database(folder: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in a folder, which the caller clears, or in memory with one to spill to.

    Rows come in any order unless a query asks for one. Raises OSError when disk or memory refuse.
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
            try:
                yield database
            except duckdb.OperationalError as error:
                raise OSError(str(error).splitlines()[0]) from error
