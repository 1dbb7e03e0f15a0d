"""Folders that never change, at an address, copied into a home and from there.

The files of a folder lie below its id, which no other content has. It is there once an entry of the
chain of its kind names it: `000001.json` the first that was added, and so on. An entry is written
after the files, and only where there is none yet, so that of two machines one alone adds the next
folder, and one that is killed leaves nothing that anybody reads. An object `withdrawn/<id>`,
whatever it holds, takes a folder back. All that is read are the copies in the home.
"""

import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Annotated, ClassVar

from pydantic import Field, ValidationError

from features.disk import hidden_folder, move_whole
from features.errors import StoreError, TocsinError
from features.files import entries
from features.hashes import sha256_of
from features.shared.address import Address, ObjectMeta
from features.strict import Strict

_WITHDRAWN = "withdrawn"
_AT_ONCE = 16  # requests

_FileName = Annotated[str, Field(pattern=r"^\w[\w.-]*$")]


class Entry(Strict):
    """A folder of the chain, and the content hashes of all its files by name."""

    id: str
    files: Annotated[dict[_FileName, str], Field(min_length=1)]


class SharedFolders(ABC):
    """The folders of one kind at an address, of which a home has copies; for one thread.

    A request takes at most `timeout_s` [s]. Every method raises StoreError when the address does
    not answer.
    """

    kind: ClassVar[str]
    """What the folders are, in words."""
    chain: ClassVar[str]
    """The folder of the entries at the address."""
    id_form: ClassVar[str]
    """What an id looks like, as a regular expression: a path that leads nowhere else."""
    error: ClassVar[type[TocsinError]]

    def __init__(self, home: Path, address: str, *, timeout_s: float = 60) -> None:
        self.home, self.address = home, address
        self.withdrawn: set[str] = set()
        self._at = Address(address, timeout_s)
        self._chain: dict[str, Entry] = {}
        self._damage: dict[str, tuple[list[ObjectMeta], str]] = {}

    @abstractmethod
    def place_of(self, folder_id: str) -> Path:
        """Return where the copy of a folder lies in the home."""

    def is_copy(self, place: Path, entry: Entry) -> bool:  # noqa: ARG002
        """Return whether what lies in the place of a folder is that folder."""
        return True

    def refusal(self, copy: Path) -> str:  # noqa: ARG002
        """Return why the home cannot have a folder that was copied whole, nothing if it can."""
        return ""

    @property
    def entries(self) -> list[Entry]:
        """All folders as they were last read, in the order in which they were added."""
        return list(self._chain.values())

    def pull(self) -> dict[str, str]:
        """Copy what is at the address and not in the home, the newest first.

        Returns why others cannot be, by id or key. Withdrawn ones are moved into `withdrawn/` of
        the home. Raises the error of the kind when the disk refuses.
        """
        faults = self._read()
        with self._copying("into"):
            for entry in self.entries:
                if entry.id in self.withdrawn:
                    self._take_away(entry)
            for entry in reversed(self.entries):
                if entry.id not in self.withdrawn and (fault := self._take_up(entry)):
                    faults[entry.id] = fault
        return faults

    def pull_all(self) -> None:
        """Copy all that is at the address; raises the error of the kind when anything cannot be."""
        for fault in self.pull().values():
            raise self.error(f"{fault}; nothing is added before")

    def add(self, folder_id: str, folder: Path, hashes: Mapping[str, str]) -> Entry:
        """Copy a folder to the address, as the one after the last that was pulled or added.

        Returns the entry after the last, which is of another folder when a machine has added one
        meanwhile: then nobody reads what was copied. Raises the error of the kind when a file is
        not what its hash says.
        """
        with self._copying("from"):
            contents = {path.name: path.read_bytes() for path in entries(folder)}
        entry = Entry(id=folder_id, files={n: sha256_of(data) for n, data in contents.items()})
        if damage := hashes.items() - entry.files.items():
            raise self.error(
                f"{min(damage)[0]} of {folder_id} in the home is not what was stored: restore it "
                "from a backup, or move the folder away"
            )
        for name, data in contents.items():
            self._at.put(f"{folder_id}/{name}", data)
        last = PurePosixPath(max(self._chain, default="0")).stem
        key = f"{self.chain}/{int(last) + 1:06}.json"
        if not self._at.create(key, entry.model_dump_json().encode()):
            return self._entry(key, self._at.get(key))
        self._chain[key] = entry
        return entry

    def remove(self, folder_id: str) -> None:
        """Remove the files of a folder that no entry names."""
        self._at.delete([meta.key for meta in self._at.objects(folder_id)])

    def faults(self) -> Iterator[str]:
        """Compare all that lies at the address with its hashes; yield what is wrong."""
        yield from self._read().values()
        for entry in self.entries:
            for name in () if entry.id in self.withdrawn else entry.files:
                if fault := self._read_file(entry, name)[1]:
                    yield fault

    def count(self) -> int:
        """Return how many were added at the address."""
        return len(self._at.objects(self.chain))

    def _entry(self, key: str, content: bytes | None) -> Entry:
        entry = None
        with suppress(ValidationError):
            entry = Entry.model_validate_json(content or b"")
        if entry is None or re.fullmatch(self.id_form, entry.id) is None:
            raise self.error(
                f"{key} at {self.address} is not what was stored: restore it from a backup"
            )
        return entry

    def _read(self) -> dict[str, str]:
        """Read what is new in the chain; return why entries cannot be read, by key."""
        keys, faults = {meta.key for meta in self._at.objects(self.chain)}, {}
        if self._chain.keys() - keys:
            raise StoreError(f"what was at {self.address} is gone from there: see to the address")
        new = sorted(keys - self._chain.keys())
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for key, content in zip(new, pool.map(self._at.get, new), strict=True):
                try:
                    self._chain[key] = self._entry(key, content)
                except self.error as error:
                    faults[key] = str(error)
        self._chain = dict(sorted(self._chain.items()))
        marks = self._at.objects(_WITHDRAWN)
        self.withdrawn = {mark.key.removeprefix(f"{_WITHDRAWN}/") for mark in marks}
        return faults

    def _take_away(self, entry: Entry) -> None:
        place, away = self.place_of(entry.id), self.home / _WITHDRAWN / entry.id
        if not (place.exists() or place.is_symlink()) or not self.is_copy(place, entry):
            return
        away.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # another process was quicker
            if not move_whole(place, away):
                shutil.rmtree(place)

    def _take_up(self, entry: Entry) -> str:
        """Copy a folder into its place unless it is there; return why it cannot be."""
        place = self.place_of(entry.id)
        if not (place.exists() or place.is_symlink()):
            return self._copy(entry, place)
        if self.is_copy(place, entry):
            return ""
        return (
            f"'{place}' is not {entry.id} at {self.address}: move it out of the home, which then "
            "gets that"
        )

    def _copy(self, entry: Entry, place: Path) -> str:
        """Copy a folder into its place; return why it cannot be, nothing if it was.

        What is damaged is read again once it has changed.
        """
        objects = self._at.objects(entry.id)
        read, fault = self._damage.get(entry.id, ([], ""))
        if fault and read == objects:
            return fault
        with hidden_folder(place) as hidden:
            for name in entry.files:
                content, fault = self._read_file(entry, name)
                if fault:
                    self._damage[entry.id] = objects, fault
                    return fault
                (hidden / name).write_bytes(content)
            if fault := self.refusal(hidden):
                return fault
            move_whole(hidden, place)
        return ""

    def _read_file(self, entry: Entry, name: str) -> tuple[bytes, str]:
        """Return a file of a folder, and why it is not what was stored, nothing if it is."""
        key = f"{entry.id}/{name}"
        content = self._at.get(key)
        if content is not None and sha256_of(content) == entry.files[name]:
            return content, ""
        state = "is gone" if content is None else "is not what was stored"
        remedy = f"copy it there from a home that has it, or withdraw {entry.id}"
        return b"", f"{key} at {self.address} {state}: {remedy}"

    @contextmanager
    def _copying(self, way: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self.error(
                f"{self.kind} cannot be copied {way} the home ({error.strerror}): see to the disk "
                "and its permissions"
            ) from error
