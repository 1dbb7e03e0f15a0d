"""Bulletins at an address, copied into a home and from there.

The files of a bulletin lie below its id. It is there once an entry of the chain names it:
`chain/000001.json` the first that was issued, and so on. An entry is written after the files, and
only where there is none yet, so that of two publishers one alone issues the next bulletin, and one
that is killed leaves nothing that anybody reads. An object `withdrawn/<id>`, whatever it holds,
takes a bulletin back. All that is read are the copies in the home.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field, ValidationError

from bulletins.chain import head_of
from bulletins.folders import ID
from bulletins.manifest import Manifest
from bulletins.reading import read_manifests
from bulletins.shared.address import Address, ObjectMeta
from features.disk import hidden_folder, move_whole
from features.errors import BulletinError, StoreError
from features.hashes import sha256_of
from features.strict import Strict

_CHAIN, _WITHDRAWN = "chain", "withdrawn"

_FileName = Annotated[str, Field(pattern=r"^\w[\w.-]*$")]


class ChainEntry(Strict):
    """A bulletin of the chain, and the content hashes of all its files by name."""

    id: Annotated[str, Field(pattern=f"^{ID}$")]
    files: Annotated[dict[_FileName, str], Field(min_length=1)]


class SharedBulletins:
    """The bulletins at an address, of which a home has copies; for one thread.

    A request takes at most `timeout_s` [s]. Every method raises StoreError when the address does
    not answer.
    """

    def __init__(self, home: Path, address: str, *, timeout_s: float = 60) -> None:
        self.address = address
        self._at = Address(address, timeout_s)
        self._home, self._folder = home, home / "bulletins"
        self._chain: dict[str, ChainEntry] = {}
        self._damage: dict[str, tuple[list[ObjectMeta], str]] = {}

    def pull(self) -> dict[str, str]:
        """Copy what is at the address and not in the home, the newest first.

        Returns why others cannot be, by id or key. Withdrawn ones are moved into `withdrawn/` of
        the home. Raises BulletinError when the disk refuses.
        """
        faults = self._read_chain()
        withdrawn = self._withdrawn()
        with _writing():
            for entry in reversed(self._chain.values()):
                place = self._folder / entry.id
                is_here = place.exists() or place.is_symlink()
                if entry.id in withdrawn and is_here:
                    self._take_away(place)
                elif entry.id not in withdrawn and not is_here:
                    fault = self._copy(entry, place)
                    faults |= {entry.id: fault} if fault else {}
        return faults

    def catch_up(self) -> None:
        """Copy both ways: then the next bulletin of the home follows the last at the address.

        What the home issued by itself is pushed. Raises BulletinError when something at the address
        is damaged, or was issued apart from the home.
        """
        for fault in self.pull().values():
            raise BulletinError(f"{fault}; nothing is published before")
        for manifest in sorted(read_manifests(self._home)[0], key=lambda m: (m.issued_at, m.id)):
            self.push(manifest, self._folder / manifest.id)

    def push(self, manifest: Manifest, folder: Path) -> bool:
        """Copy a bulletin to the address, as the one after the last that was pulled or pushed.

        Returns False when it was there already. Raises BulletinError when it is not the next:
        another publisher has issued one meanwhile, or the home apart. Then it is not there.
        """
        ids = {entry.id for entry in self._chain.values()}
        if manifest.id in ids:
            return False
        self._require_place(manifest, ids)
        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        hashes = {name: sha256_of(content) for name, content in files.items()}
        if damaged := manifest.hashes.items() - hashes.items():
            raise BulletinError(
                f"{min(damaged)[0]} of {manifest.id} in the home is not what was published: "
                "restore it from a backup, or move the bulletin away"
            )
        for name, content in files.items():
            self._at.put(f"{manifest.id}/{name}", content)
        entry = ChainEntry(id=manifest.id, files=hashes)
        last = PurePosixPath(max(self._chain, default="0")).stem
        key = f"{_CHAIN}/{int(last) + 1:06}.json"
        if not self._at.create(key, entry.model_dump_json().encode()):
            self._at.delete([f"{manifest.id}/{name}" for name in files])
            raise BulletinError(
                f"bulletin {self._read_entry(key).id} was issued at {self.address} meanwhile, and "
                "nothing here: publish again, after it"
            )
        self._chain[key] = entry
        return True

    def faults(self) -> Iterator[str]:
        """Compare all that lies at the address with its hashes; yield what is wrong."""
        yield from self._read_chain().values()
        withdrawn = self._withdrawn()
        for entry in self._chain.values():
            for name in () if entry.id in withdrawn else entry.files:
                if fault := self._read(entry, name)[1]:
                    yield fault

    def count(self) -> int:
        """Return how many bulletins were issued at the address."""
        return len(self._at.objects(_CHAIN))

    def _require_place(self, manifest: Manifest, ids: set[str]) -> None:
        """Raise BulletinError unless a bulletin follows the last at the address, or a lost one."""
        manifests, _ = read_manifests(self._home)
        last = head_of([other for other in manifests if other.id in ids])
        before = None if last is None else last.id
        named = None if manifest.chain is None else manifest.chain.id
        is_lost = named is not None and named not in {other.id for other in manifests}
        if named != before and not (is_lost or manifest.is_older):
            raise BulletinError(
                f"bulletin {manifest.id} does not follow {before}, the last at {self.address}: it "
                "was issued apart; move it out of the home, or share the home at another address"
            )

    def _take_away(self, place: Path) -> None:
        away = self._home / _WITHDRAWN / place.name
        away.parent.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):  # another process was quicker
            if not move_whole(place, away):
                shutil.rmtree(place)

    def _withdrawn(self) -> set[str]:
        return {PurePosixPath(meta.key).name for meta in self._at.objects(_WITHDRAWN)}

    def _read_chain(self) -> dict[str, str]:
        """Read the entries that are new; return why others cannot be read, by key."""
        keys, faults = {meta.key for meta in self._at.objects(_CHAIN)}, {}
        if self._chain.keys() - keys:
            raise StoreError(f"what was at {self.address} is gone from there: see to the address")
        for key in sorted(keys - self._chain.keys()):
            try:
                self._chain[key] = self._read_entry(key)
            except BulletinError as error:
                faults[key] = str(error)
        self._chain = dict(sorted(self._chain.items()))
        return faults

    def _read_entry(self, key: str) -> ChainEntry:
        try:
            return ChainEntry.model_validate_json(self._at.get(key) or b"")
        except ValidationError as error:
            raise BulletinError(
                f"{key} at {self.address} is not what was published: restore it from a backup"
            ) from error

    def _copy(self, entry: ChainEntry, place: Path) -> str:
        """Copy a bulletin into its place; return why it cannot be, nothing if it was.

        What is damaged is read again once it has changed.
        """
        objects = self._at.objects(entry.id)
        read, fault = self._damage.get(entry.id, ([], ""))
        if fault and read == objects:
            return fault
        with hidden_folder(place) as hidden:
            for name in entry.files:
                content, fault = self._read(entry, name)
                if fault:
                    self._damage[entry.id] = objects, fault
                    return fault
                (hidden / name).write_bytes(content)
            move_whole(hidden, place)
        return ""

    def _read(self, entry: ChainEntry, name: str) -> tuple[bytes, str]:
        """Return a file of a bulletin, and why it is not what was published, nothing if it is."""
        key = f"{entry.id}/{name}"
        content = self._at.get(key)
        if content is not None and sha256_of(content) == entry.files[name]:
            return content, ""
        state = "is gone" if content is None else "is not what was published"
        remedy = f"copy it there from a home that has it, or withdraw {entry.id}"
        return b"", f"{key} at {self.address} {state}: {remedy}"


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BulletinError(
            f"bulletins cannot be copied into the home ({error.strerror}): see to the disk and its "
            "permissions"
        ) from error
