"""Content hashes of files at rest, and records that name their own."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from features.files import open_file

BLANK = "0" * 64
"""What stands in a record in place of its own hash while that is computed."""

Stamp = tuple[int, int, int]


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 of some content in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def hash_of_record(content: bytes, own: str, blank: str = BLANK) -> str:
    """Return the hash of a record that names its own hash as `own`, with `blank` in its place."""
    return sha256_of(content.replace(own.encode(), blank.encode()))


def with_own_hash(record: str) -> str:
    """Return a record with its own hash where BLANK stands, as `hash_of_record` finds it."""
    return record.replace(BLANK, sha256_of(record.encode()))


def hash_of_file(path: Path) -> str:
    """Return the hash of a file, computed once for as long as it does not change.

    Raises OSError when it cannot be read or is no plain file.
    """
    status = path.stat()
    return _hash_of(path, (status.st_ino, status.st_size, status.st_mtime_ns))


@cache
def _hash_of(path: Path, _: Stamp) -> str:
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_faults(folder: Path, hashes: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with files of a folder, by name: unreadable, or not what was stored."""
    for name, sha256 in hashes.items():
        try:
            if hash_of_file(folder / name) != sha256:
                yield f"{name} is not what was stored"
        except OSError as error:
            yield f"{name} cannot be read ({error.strerror})"
