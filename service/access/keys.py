"""API keys: who holds one. Only their hashes are stored."""

import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter

from features.disk import locked, remove_leftovers, write_whole
from features.errors import InputError
from features.files import read_whole
from features.hashes import BLANK, hash_of_record, sha256_of, with_own_hash
from features.strict import Strict
from service.errors import KeysError

PREFIX = "tsk_"
KEYS_FILE = "keys.json"


class StoredKey(Strict):
    """A key by its name and hash; a plain SHA-256 is enough for 256 random bits."""

    name: str
    sha256: str
    created: date


class KeysRecord(Strict):
    """`keys.json`; `record_sha256` is its hash with zeros in its place."""

    keys: tuple[StoredKey, ...]
    record_sha256: str = BLANK


_Keys: TypeAdapter[tuple[StoredKey, ...]] = TypeAdapter(tuple[StoredKey, ...])


class KeyRing:
    """The keys of a home directory; changes are seen without a restart."""

    def __init__(self, home: Path) -> None:
        self._file = home / KEYS_FILE
        self._stamp: tuple[int, int] | None = None
        self._keys: tuple[StoredKey, ...] = ()

    def names(self) -> tuple[StoredKey, ...]:
        """Return the keys as stored; raises KeysError when they cannot be read."""
        try:
            status = self._file.stat()
            stamp = (status.st_ino, status.st_mtime_ns)
            if stamp != self._stamp:
                self._keys = self._read()
                self._stamp = stamp
        except FileNotFoundError:
            self._stamp, self._keys = None, ()
        except OSError as error:
            raise KeysError(
                f"{KEYS_FILE} cannot be read ({error.strerror}): let the user that serves own it, "
                "and give keys as that user"
            ) from error
        return self._keys

    def _read(self) -> tuple[StoredKey, ...]:
        try:
            return _keys_in(read_whole(self._file))
        except ValueError as error:  # pydantic's are among them
            raise KeysError(
                f"{KEYS_FILE} is damaged or holds no API keys that this version reads: restore it "
                "from a backup, or move it away and make new ones"
            ) from error

    def holder(self, key: str) -> str | None:
        """Return the name of a key's holder, None for a wrong key; in constant time."""
        digest = _hash(key)
        matches = [k.name for k in self.names() if hmac.compare_digest(digest, k.sha256)]
        return matches[-1] if matches else None

    def add(self, name: str, created: date) -> str:
        """Make a key for a name and return it; raises InputError when the name has one."""
        key = PREFIX + secrets.token_urlsafe(32)
        with self._changing() as keys:
            if any(stored.name == name for stored in keys):
                raise InputError(f"'{name}' has a key: revoke it first, or choose another name")
            keys.append(StoredKey(name=name, sha256=_hash(key), created=created))
        return key

    def revoke(self, name: str) -> None:
        """Revoke a key; raises InputError when nobody of that name has one."""
        with self._changing() as keys:
            others = [stored for stored in keys if stored.name != name]
            if len(others) == len(keys):
                raise InputError(f"nobody called '{name}' has a key: see `tocsin key list`")
            keys[:] = others

    @contextmanager
    def _changing(self) -> Iterator[list[StoredKey]]:
        """Yield the keys to be changed, then write them whole; one process at a time."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with locked(self._file.parent / f".{KEYS_FILE}.lock"):
            remove_leftovers(self._file.parent)  # even if the change is refused
            keys = list(self.names())
            yield keys
            text = KeysRecord(keys=tuple(keys)).model_dump_json(indent=2)
            write_whole(self._file, with_own_hash(text).encode(), mode=0o600)


def _keys_in(content: bytes) -> tuple[StoredKey, ...]:
    """Return the keys in a file, which in older versions is a list; raises ValueError."""
    if content.startswith(b"["):
        return _Keys.validate_json(content)
    record = KeysRecord.model_validate_json(content)
    if hash_of_record(content, record.record_sha256) != record.record_sha256:
        raise ValueError(f"{KEYS_FILE} is not what was stored")
    return record.keys


def _hash(key: str) -> str:
    return sha256_of(key.encode())
