"""The journal of the cycles: what each did and decided, a file each, kept for good.

`<home>/cycles/<as of>-<number>.json` is an entry of a cycle that has ended, with the hash of its
own content. `open.json` is of one that goes on: every step that is done stands in it, so that the
cycle after a kill goes on where that one was.
"""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, JsonValue, ValidationError

from features.archive.quality import DataQuality
from features.disk import write_whole
from features.errors import ArchiveError
from features.files import entries, read_whole
from features.hashes import BLANK, hash_of_record, sha256_of, with_own_hash
from features.strict import Strict

FOLDER, _OPEN = "cycles", "open.json"

Outcome = TypeVar("Outcome", bound=Strict)
State = Literal["open", "complete", "refused"]


class Entry(Strict):
    """One cycle: the day that it was of, the releases known then, and its steps by name."""

    as_of: date
    releases: tuple[str, ...]
    state: State
    code: str
    accepted: str | None
    """Why data beyond a bound were taken all the same."""
    closed_at: datetime | None = None
    steps: dict[str, JsonValue] = Field(default_factory=dict)
    sha256: str | None = None
    """The hash of the entry, with zeros in its place."""

    @property
    def key(self) -> str:
        """What it shares with no other: its day and the releases known then."""
        return f"{self.as_of} {sha256_of(chr(10).join(self.releases).encode())[:12]}"

    @property
    def refusal(self) -> str | None:
        """Why the cycle was refused, None if it was not."""
        data = self.outcome("data", DataQuality)
        return "; ".join(data.faults) if data is not None and self.state == "refused" else None

    def outcome(self, step: str, kind: type[Outcome]) -> Outcome | None:
        """Return what came of a step, None if it was not reached."""
        return kind.model_validate(self.steps[step]) if step in self.steps else None


class Journal:
    """The journal of a home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER

    def entries(self) -> list[Entry]:
        """Return all closed entries, the oldest first.

        Raises ArchiveError when one is damaged or gone.
        """
        paths = self._closed()
        numbers = [path.stem.rpartition("-")[2] for path in paths]
        for expected, (number, path) in enumerate(zip(numbers, paths, strict=True), start=1):
            if number != _numbered(expected):
                raise _damage(path, f"entry {_numbered(expected)} should stand there")
        return [read_entry(path) for path in paths]

    def _closed(self) -> list[Path]:
        return [path for path in entries(self._folder) if path.name != _OPEN]

    def last(self) -> Entry | None:
        """Return the last entry that was not refused, None if there is none."""
        return next((e for e in reversed(self.entries()) if e.state == "complete"), None)

    def open(self, entry: Entry) -> "OpenEntry":
        """Open an entry; of one with the same day, releases and reason the steps are kept."""
        path = self._folder / _OPEN
        try:
            present = Entry.model_validate_json(read_whole(path))
        except (OSError, ValidationError):  # none, or damaged: its steps are done again
            present = entry
        if (present.key, present.accepted) == (entry.key, entry.accepted):
            entry = entry.model_copy(update={"steps": present.steps})
        self._folder.mkdir(parents=True, exist_ok=True)
        return OpenEntry(path, entry)

    def close(self, opened: "OpenEntry", state: State, closed_at: datetime) -> Entry:
        """Close an entry; what stands in it then stays so."""
        number = _numbered(1 + len(self._closed()))
        changes = {"state": state, "closed_at": closed_at, "sha256": BLANK}
        text = with_own_hash(opened.entry.model_copy(update=changes).model_dump_json(indent=2))
        place = self._folder / f"{opened.entry.as_of}-{number}.json"
        write_whole(place, text.encode())
        (self._folder / _OPEN).unlink(missing_ok=True)
        return read_entry(place)


class OpenEntry:
    """An entry whose cycle goes on."""

    def __init__(self, path: Path, entry: Entry) -> None:
        self._path = path
        self.entry = entry

    def step(self, name: str, kind: type[Outcome], work: Callable[[], Outcome]) -> Outcome:
        """Return what came of a step: as it stands in the journal, or else do it and note that."""
        present = self.entry.outcome(name, kind)
        if present is not None:
            return present
        outcome = work()
        steps = {**self.entry.steps, name: outcome.model_dump(mode="json")}
        self.entry = self.entry.model_copy(update={"steps": steps})
        write_whole(self._path, self.entry.model_dump_json(indent=2).encode())
        return outcome


def _numbered(number: int) -> str:
    return f"{number:04d}"


def read_entry(path: Path) -> Entry:
    """Return a closed entry; raises ArchiveError when it is not what was stored."""
    try:
        content = read_whole(path)
        entry = Entry.model_validate_json(content)
    except (OSError, ValidationError) as error:
        raise _damage(path, str(error).splitlines()[0]) from error
    if entry.sha256 is None or hash_of_record(content, entry.sha256) != entry.sha256:
        raise _damage(path, "it is not what was stored")
    return entry


def _damage(path: Path, why: str) -> ArchiveError:
    return ArchiveError(
        f"'{path}' of the journal of cycles is damaged ({why}): restore it from a backup, or move "
        "it away; bulletins and models stay as they are"
    )
