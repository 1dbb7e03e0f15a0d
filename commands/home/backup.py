"""Backups of a home: every content once, by its hash, and for each backup a list of its files.

    contents/ab/abcdef...        the content of a file, under its SHA-256
    backups/20261130T021500Z.json    what a home held then; written last

A home may be at work meanwhile, and no process waits for another: what refers to something is read
before what it refers to, and nothing of that is ever taken away, so a backup is what a power cut
would have left. Hidden files, which are locks and what is half-written, are left out.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pydantic import AwareDatetime, Field, ValidationError

from features.disk import hidden_folder, locked, move_file, sync, write_whole
from features.errors import TocsinError
from features.files import committed_content, entries, open_file, read_whole
from features.hashes import BLANK, hash_of_file, hash_of_record, with_own_hash
from features.strict import Strict

FIRST = (
    *("alerts", "cycles", "record", "scenarios", "bulletins"),
    *("mlflow.db", "artifacts.json", "artifacts"),
)
"""What is read first, in this order: each may refer to those after it, and to releases."""

_DATABASE = b"SQLite format 3\0"
_JOURNALS = ("-journal", "-wal", "-shm")
_PRIVATE = 0o600


class BackupError(TocsinError):
    """A backup cannot be made, found or trusted."""


class StoredFile(Strict):
    """A file of a home: the SHA-256 of its content, its size and its permissions."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    bytes: int
    mode: int


class Backup(Strict):
    """What a home held at a moment; `record_sha256` is the hash of the list, zeros in its place."""

    made_at: AwareDatetime
    home: str
    files: dict[str, StoredFile]
    record_sha256: str = BLANK

    @property
    def id(self) -> str:
        """Its name: the moment."""
        return f"{self.made_at:%Y%m%dT%H%M%SZ}"

    @property
    def bytes(self) -> int:
        """The size of all files together."""
        return sum(file.bytes for file in self.files.values())


class Saving(NamedTuple):
    """A new backup, and how much of it no earlier one held."""

    backup: Backup
    new_files: int
    new_bytes: int


class BackupFolder:
    """A folder of backups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, home: Path, made_at: datetime) -> Saving:
        """Back a home up; a content that lies there already is checked instead of written.

        Raises BackupError for a folder within the home, a damaged database, a file that goes away
        meanwhile and a second backup within a second; OSError when a disk refuses.
        """
        if self.folder.resolve().is_relative_to(home.resolve()):
            raise BackupError(f"'{self.folder}' lies in the home: choose a folder on another disk")
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / ".backup.lock"):
            files, new_files, new_bytes = {}, 0, 0
            for path in _files_of(home):
                file, is_new = self._store(path)
                files[path.relative_to(home).as_posix()] = file
                new_files += is_new
                new_bytes += is_new * file.bytes
            backup = Backup(made_at=made_at, home=str(home.resolve()), files=files)
            place = self._list(backup.id)
            if place.exists():
                raise BackupError(f"'{place}' was made in this second: try again")
            place.parent.mkdir(exist_ok=True)
            write_whole(place, with_own_hash(backup.model_dump_json()).encode(), _PRIVATE)
        return Saving(backup, new_files, new_bytes)

    def ids(self) -> list[str]:
        """Return the backups by id, the oldest first; raises OSError when they cannot be listed."""
        lists = entries(self.folder / "backups")
        return [path.stem for path in lists if path.suffix == ".json"]

    def read(self, backup_id: str | None = None) -> Backup:
        """Return a backup, by default the newest; raises BackupError when there is none, or not so.

        A damaged list is not passed over for an earlier one.
        """
        ids = self.ids()
        if not ids or backup_id not in (None, *ids):
            which = f"no backup '{backup_id}'" if backup_id else "no backup"
            there = f"there are {', '.join(ids)}" if ids else "make one with tocsin home backup"
            raise BackupError(f"'{self.folder}' has {which}: {there}")
        place = self._list(backup_id or ids[-1])
        try:
            content = read_whole(place, 1 << 28)
            backup = Backup.model_validate_json(content)
        except (OSError, ValidationError) as error:
            raise _damage(place) from error
        is_whole = hash_of_record(content, backup.record_sha256) == backup.record_sha256
        if not is_whole or not all(map(_is_within, backup.files)):
            raise _damage(place)
        return backup

    def restore(self, backup: Backup, home: Path) -> None:
        """Put what a backup holds where no home is, every content checked; all of it or nothing.

        Raises BackupError where something lies already or a content is damaged; OSError when a disk
        refuses.
        """
        if home.exists() and (not home.is_dir() or any(home.iterdir())):
            raise BackupError(f"'{home}' is not empty: move it away, or name another with --home")
        place = home.resolve()
        with hidden_folder(place) as hidden:
            folders = {hidden}
            for name, file in backup.files.items():
                target = hidden / name
                target.parent.mkdir(parents=True, exist_ok=True)
                folders.add(target.parent)
                self._fetch(name, file, target)
            for folder in folders:
                sync(folder)
            hidden.rename(place)
            sync(place.parent)

    def _store(self, path: Path) -> tuple[StoredFile, bool]:
        """Store a file's content; return what it is, and whether no backup held it."""
        try:
            with hidden_folder(self.folder / "contents" / "new") as hidden:
                copy = hidden / "content"
                sha256 = copy_database(path, copy) if _is_database(path) else _copy(path, copy)
                status = copy.stat()
                file = StoredFile(
                    sha256=sha256, bytes=status.st_size, mode=path.stat().st_mode & 0o777
                )
                place = self._content(sha256)
                if place.exists() and hash_of_file(place) == sha256:
                    return file, False
                place.parent.mkdir(exist_ok=True)
                copy.chmod(_PRIVATE)
                move_file(copy, place)
        except FileNotFoundError as error:
            raise BackupError(f"'{path}' went away during the backup: try again") from error
        return file, True

    def _fetch(self, name: str, file: StoredFile, target: Path) -> None:
        place = self._content(file.sha256)
        try:
            is_whole = _copy(place, target) == file.sha256
        except FileNotFoundError:
            is_whole = False
        if not is_whole:
            raise BackupError(
                f"'{place}', the content of {name}, is gone or not what was stored: restore an "
                "earlier backup, or this one from another copy"
            )
        target.chmod(file.mode)
        sync(target)

    def _content(self, sha256: str) -> Path:
        return self.folder / "contents" / sha256[:2] / sha256

    def _list(self, backup_id: str) -> Path:
        return self.folder / "backups" / f"{backup_id}.json"


def _damage(place: Path) -> BackupError:
    return BackupError(f"'{place}' is damaged: restore an earlier backup")


def _is_within(name: str) -> bool:
    """Return whether a name is of a file within a folder."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _files_of(home: Path) -> Iterator[Path]:
    """Yield the files of a home, what refers to something before what it refers to."""
    order = {name: place for place, name in enumerate(FIRST)}
    for part in sorted(entries(home), key=lambda path: (order.get(path.name, len(order)), path)):
        yield from _files_in(part)


def _files_in(path: Path) -> Iterator[Path]:
    if path.is_dir():
        for entry in entries(path):
            yield from _files_in(entry)
    elif not (path.name.endswith(_JOURNALS) and _is_database(_without_ending(path))):
        yield path


def _without_ending(path: Path) -> Path:
    return path.with_name(path.name.rpartition("-")[0])


def _is_database(path: Path) -> bool:
    if not path.is_file():
        return False
    with open_file(path) as file:
        return file.read(len(_DATABASE)) == _DATABASE


def _copy(path: Path, target: Path) -> str:
    """Copy a content; return its SHA-256."""
    with open_file(path) as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
    return hash_of_file(target)


def copy_database(path: Path, target: Path) -> str:
    """Copy a SQLite database as it was last committed, bit for bit; return its SHA-256.

    Raises BackupError when it cannot be read.
    """
    try:
        target.write_bytes(committed_content(path))
    except sqlite3.Error as error:
        raise BackupError(f"'{path}' cannot be read ({error}): restore it first") from error
    return hash_of_file(target)
