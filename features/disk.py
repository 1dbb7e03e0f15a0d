"""Files and folders that are written whole: beside their place, synced, then moved there.

A crash at any moment leaves what was there before, and at most a hidden folder beside it, which
its process held while it lived and the next one removes. Every function raises OSError when the
disk refuses; callers say what that means to them.
"""

import atexit
import errno
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

if sys.platform != "win32":
    import fcntl

_MARK = "tocsin-"  # of hidden folders, before 32 digits
_SOON, _LONGEST = 2, 10
"""How long another process may hold a lock until that is said, and until it is an error [s]."""

_log = logging.getLogger(__name__)


@contextmanager
def whole_file(place: Path) -> Iterator[Path]:
    """Give a hidden path to write to; move the file into its place when the block ends well."""
    with hidden_folder(place) as folder:
        hidden = folder / place.name
        yield hidden
        move_file(hidden, place)


def write_whole(place: Path, content: bytes, mode: int = 0o666) -> None:
    """Write or replace a file whole; `mode` are its permissions, less the umask."""
    with whole_file(place) as hidden:
        descriptor = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)


@contextmanager
def hidden_folder(place: Path) -> Iterator[Path]:
    """Give an empty hidden folder beside a place, for `move_whole`; remove it at the end.

    What killed processes left beside the place is removed first.
    """
    remove_leftovers(place.parent)
    hidden, hold = _new_folder(place)
    try:
        yield hidden
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
        _let_go(hold)


@cache
def own_temporary_files() -> None:
    """Keep the temporary files of this process in a folder that the next one removes after a kill.

    Libraries leave theirs behind otherwise.
    """
    stack = ExitStack()
    folder = stack.enter_context(hidden_folder(Path(tempfile.gettempdir()) / "work"))
    tempfile.tempdir = str(folder)
    atexit.register(stack.close)


def remove_leftovers(folder: Path) -> None:
    """Remove the hidden folders in a folder that no process holds."""
    for hidden in folder.glob(f".*.{_MARK}{'[0-9a-f]' * 32}"):
        with suppress(OSError):
            hold = _hold(hidden)
            if hold is not None:
                shutil.rmtree(hidden, ignore_errors=True)
            _let_go(hold)


def _new_folder(place: Path) -> tuple[Path, int | None]:
    """Make a hidden folder and hold it; another process may remove it before it is held."""
    while True:
        hidden = place.with_name(f".{place.name}.{_MARK}{uuid4().hex}")
        hidden.mkdir(parents=True)
        with suppress(BlockingIOError, FileNotFoundError):
            hold = _hold(hidden)
            if hidden.exists():
                return hidden, hold
            _let_go(hold)


def _hold(folder: Path) -> int | None:
    """Hold a folder until it is let go or the process ends; None where that cannot be done.

    Raises BlockingIOError when another process holds it.
    """
    if sys.platform == "win32":
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return descriptor


def _let_go(hold: int | None) -> None:
    if hold is not None:
        os.close(hold)


def move_file(hidden: Path, place: Path) -> None:
    """Sync a file and move it into its place, where another may be."""
    sync(hidden)
    hidden.replace(place)
    sync(place.parent)


def sync_files(folder: Path) -> None:
    """Wait until a folder of files is on the disk."""
    for path in (*folder.iterdir(), folder):
        sync(path)


def move_whole(hidden: Path, place: Path) -> bool:
    """Sync a folder of files and move it into its place; return False when another is there."""
    sync_files(hidden)
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
    """Hold a lock file, made if need be, against other processes; wait a while for one with it.

    Raises TimeoutError, an OSError, when that holds it for too long.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=_SOON)
    except Timeout:
        _log.warning("waiting for another process, which holds '%s'", path)
        try:
            lock.acquire(timeout=_LONGEST - _SOON)
        except Timeout:
            why = f"another process holds it for {_LONGEST} s: wait for it to end, or end it"
            raise TimeoutError(errno.ETIMEDOUT, why, str(path)) from None
    try:
        yield
    finally:
        lock.release()


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk; Windows cannot say."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
