"""Files as they are delivered, unpacked: plain, gzipped, or zipped one by one.

What is unpacked is measured, so that a small file cannot claim to be an endless one.
"""

import codecs
import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from features.errors import InputError

_CHUNK = 1 << 21  # [bytes]
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MOST_TIMES_LARGER = 200
"""How many times its packed size a file may take unpacked; event files take 5 to 30 times."""
_ALWAYS_ALLOWED = 1 << 26  # [bytes]


def require_file(path: Path) -> None:
    """Raise InputError unless there is a file at the path."""
    if not path.is_file():
        wrong = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"'{path}' {wrong}: give the path of one file")


class Unpacked:
    """The content of one file, read once; UTF-16 becomes UTF-8, other bytes stay as they are."""

    def __init__(self, path: Path, file: IO[bytes] | gzip.GzipFile) -> None:
        self._path = path
        self._file = file
        self._digest = hashlib.sha256()
        self._size = 0

    @property
    def sha256(self) -> str:
        """The hash of all that was read so far."""
        return self._digest.hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """Yield the content; raises InputError when it is damaged or far too large."""
        try:
            first = self._read()
            if first[:2] in _UTF16:
                decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
                yield decoder.decode(first).encode()
                while chunk := self._read():
                    yield decoder.decode(chunk).encode()
                return
            yield first.removeprefix(codecs.BOM_UTF8)
            while chunk := self._read():
                yield chunk
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
            raise damaged(self._path, error) from error

    def _read(self) -> bytes:
        chunk = self._file.read(_CHUNK)
        self._digest.update(chunk)
        self._size += len(chunk)
        most = max(_ALWAYS_ALLOWED, MOST_TIMES_LARGER * self._path.stat().st_size)
        if self._size > most:
            raise InputError(
                f"'{self._path}' unpacks to more than {MOST_TIMES_LARGER} times its size, as no "
                "event file does: unpack it yourself and look at what it holds"
            )
        return chunk


def damaged(path: Path, error: Exception) -> InputError:
    """Return the error to raise for a file that cannot be unpacked."""
    return InputError(
        f"'{path}' cannot be unpacked ({error}): it is damaged or not what its name says; "
        "fetch it again"
    )


@contextmanager
def unpacked(path: Path) -> Iterator[Unpacked]:
    """Open a plain, `.gz` or `.zip` file; the last must hold exactly one CSV file.

    Raises InputError when there is no file, or it is not what its name says.
    """
    require_file(path)
    match path.suffix.lower():
        case ".gz":
            with gzip.open(path) as file:
                yield Unpacked(path, file)
        case ".zip":
            with _zip(path) as archive, _member(archive, path) as file:
                yield Unpacked(path, file)
        case _:
            with path.open("rb") as file:
                yield Unpacked(path, file)


def _zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise damaged(path, error) from error


def _member(archive: zipfile.ZipFile, path: Path) -> IO[bytes]:
    """Open the one CSV file in a zip file."""
    names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
    names = [name for name in names if not name.startswith("__MACOSX/")]
    if len(names) != 1:
        raise InputError(
            f"'{path}' holds {len(names)} CSV files where exactly one is expected: unpack it and "
            "give the one that is meant"
        )
    try:
        return archive.open(names[0])
    except (RuntimeError, zipfile.BadZipFile, NotImplementedError) as error:
        raise damaged(path, error) from error
