"""Files that somebody names or could have replaced, read with a bound, and folders of them."""

import os
import sqlite3
import stat
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from errno import EFBIG, EINVAL, EISDIR
from io import BufferedReader
from pathlib import Path
from typing import Any
from urllib.parse import quote

MOST_BYTES = 1 << 24
"""What a file that is read at once may hold, unless more is said [bytes]."""


def open_file(path: Path) -> BufferedReader:
    """Open a file that ends; raises OSError for a folder, a device, a pipe or what is not there."""
    try:
        # A pipe that nobody writes to would be waited for.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except ValueError as error:
        raise OSError(EINVAL, str(error), str(path)) from error
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR), str(path))
    raise OSError(EINVAL, "no regular file", str(path))


def read_whole(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return the content of a file; raises OSError when it is larger [bytes] or none."""
    with open_file(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(EFBIG, f"larger than {most >> 20} MB", str(path))
    return content


def entries(folder: Path) -> list[Path]:
    """Return what lies in a folder, by name, but for what is hidden; nothing if it is not there."""
    try:
        found = sorted(folder.iterdir())
    except FileNotFoundError:
        if folder.is_symlink():
            raise
        return []
    return [path for path in found if not path.name.startswith(".")]


def load_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file says; raises OSError as `read_whole`, ValueError for no TOML."""
    try:
        return tomllib.loads(read_whole(path).decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


@contextmanager
def open_sqlite(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a SQLite database that is there; make none. Raises sqlite3.Error when that fails."""
    uri = f"file:{quote(str(file.absolute()))}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True)) as database:
        yield database


def committed_content(file: Path) -> bytes:
    """Return a SQLite database as it was last committed, bit for bit; raises sqlite3.Error.

    SQLite's own backup would count one more change.
    """
    with open_sqlite(file) as database:
        return database.serialize()
