"""Files and folders that are written whole: beside their place, synced, then moved there.

A crash at any moment leaves what was there before, and at most a hidden file or folder beside it.
Every function raises OSError when the disk refuses; callers say what that means to them.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from filelock import FileLock


@contextmanager
def whole_file(place: Path) -> Iterator[Path]:
    """Give a hidden path to write to; move the file into its place when the block ends well."""
    hidden = _hidden(place)
    try:
        yield hidden
        sync(hidden)
        hidden.replace(place)
        sync(place.parent)
    finally:
        hidden.unlink(missing_ok=True)


def write_whole(place: Path, content: bytes, mode: int = 0o666) -> None:
    """Write or replace a file whole; `mode` are its permissions, less the umask."""
    with whole_file(place) as hidden:
        descriptor = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)


@contextmanager
def hidden_folder(place: Path) -> Iterator[Path]:
    """Give an empty hidden folder beside a place, for `move_whole`; remove it at the end."""
    hidden = _hidden(place)
    hidden.mkdir(parents=True)
    try:
        yield hidden
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def move_whole(hidden: Path, place: Path) -> bool:
    """Sync a folder of files and move it into its place; return False when another is there."""
    for path in (*hidden.iterdir(), hidden):
        sync(path)
    try:
        hidden.rename(place)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY) and place.is_dir():
            return False
        raise
    sync(place.parent)
    return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, made if need be, against other processes; wait for one that holds it."""
    with FileLock(path):
        yield


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk; Windows cannot say."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _hidden(place: Path) -> Path:
    return place.with_name(f".{place.name}.{uuid4().hex}")
