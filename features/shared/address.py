"""A folder of an object store, or of this machine, by its address."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore, from_url

from features.errors import StoreError

_CONNECT_S = 3.0


class ObjectMeta(NamedTuple):
    """An object by its key; size [bytes] and tag are others once its content is."""

    key: str
    size: int
    tag: str | None


class Address:
    """What lies at an address, by keys; what is written is visible whole, or not at all.

    It may be any that obstore knows: `s3://`, `gs://`, `az://`, `file:///`. A request takes at most
    `timeout_s` [s]. Every method raises StoreError when there is no answer, or a refusal.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self.url = url
        self._connect = timedelta(seconds=min(timeout_s, _CONNECT_S))
        self._timeout = timedelta(seconds=timeout_s)
        self._store: ObjectStore | None = None

    def objects(self, folder: str) -> list[ObjectMeta]:
        """Return what lies in a folder, by key."""
        with self._answering() as store:
            metas = obstore.list(store, prefix=f"{folder}/").collect()
        return sorted(ObjectMeta(meta["path"], meta["size"], meta["e_tag"]) for meta in metas)

    def get(self, key: str) -> bytes | None:
        """Return the content of an object, None where there is none."""
        with self._answering() as store:
            try:
                return bytes(obstore.get(store, key).bytes())
            except FileNotFoundError:
                return None

    def put(self, key: str, content: bytes) -> None:
        """Write an object, over another if need be."""
        with self._answering() as store:
            obstore.put(store, key, content)

    def create(self, key: str, content: bytes) -> bool:
        """Write an object where there is none; return whether it is the one that is there."""
        with self._answering() as store:
            try:
                obstore.put(store, key, content, mode="create")
            except AlreadyExistsError:
                # Its own, where the answer to a request was lost and it was sent again.
                return self.get(key) == content
        return True

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects."""
        with self._answering() as store:
            obstore.delete(store, keys)

    @contextmanager
    def _answering(self) -> Iterator[ObjectStore]:
        try:
            if self.url.startswith("file:") and not _folder_of(self.url).is_dir():
                raise FileNotFoundError("there is no such folder")
            self._store = self._store or self._open()
            yield self._store
        except (BaseError, OSError, ValueError) as error:
            first = str(error).partition("\n")[0].partition(": <")[0]
            reason = first.rpartition(" - ")[2]
            raise StoreError(
                f"{self.url} cannot be reached ({reason}): see to the address, the network and "
                "the keys"
            ) from error

    def _open(self) -> ObjectStore:
        return from_url(
            self.url,
            client_options={
                "connect_timeout": self._connect,
                "timeout": self._timeout,
                "allow_http": True,
            },
            retry_config={"max_retries": 2, "retry_timeout": self._timeout},
        )


def _folder_of(url: str) -> Path:
    return Path(url2pathname(urlsplit(url).path))
