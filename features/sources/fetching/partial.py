"""Files that are not whole yet: hidden beside their place, continued later, moved there whole.

.NAME.part         what has come so far
.NAME.part.json    where it comes from, so that only the same thing is continued
.fetch.lock        whoever holds it is the only one to fetch into the folder
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.disk import locked, sync, write_whole
from features.errors import InputError


@dataclass(frozen=True)
class Fetched:
    """A whole file, whether it was there already, and its size [bytes]."""

    path: Path
    was_there: bool
    bytes: int


def found(target: Path, check: Callable[[Path], None]) -> Fetched | None:
    """Return a file that is there and passes its check (which raises InputError), else None.

    Raises InputError when it cannot be read.
    """
    try:
        if target.is_file():
            check(target)
            return Fetched(target, was_there=True, bytes=target.stat().st_size)
    except OSError as error:
        raise InputError(
            f"'{target}' cannot be read ({error.strerror or error}): see to its permissions"
        ) from error
    except InputError:
        pass
    return None


@contextmanager
def sole_writer(target: Path) -> Iterator[None]:
    """Hold the folder of a file, made if need be, against other fetches; wait for one under way.

    Raises InputError, keeping what has come, when anything within meets a full or faulty disk.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(target.parent / ".fetch.lock"):
            yield
    except OSError as error:
        raise InputError(
            f"'{target}' cannot be written ({error.strerror or error}): see to the disk and its "
            "permissions, then fetch again; what has come is kept"
        ) from error


class Partial:
    """What has come of the file that is to be `target`."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f".{target.name}.part")
        self._note = target.with_name(f".{target.name}.part.json")

    @property
    def size(self) -> int:
        """How much has come [bytes]."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def note(self) -> dict[str, Any]:
        """Return what was noted of where it comes from, empty if nothing or nothing legible."""
        try:
            said = json.loads(self._note.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}

    def write_note(self, note: dict[str, Any]) -> None:
        """Replace the note, whole or not at all."""
        write_whole(self._note, json.dumps(note).encode())

    def cut(self, size: int) -> None:
        """Keep the first `size` bytes, none or more."""
        with self.path.open("ab") as file:
            file.truncate(size)

    def discard(self) -> None:
        """Remove what has come and the note."""
        self._note.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def move_into_place(self) -> Fetched:
        """Make what has come the file itself, in one step and on the disk for good."""
        size = self.size
        sync(self.path)
        self.path.replace(self.target)
        sync(self.target.parent)
        self._note.unlink(missing_ok=True)
        return Fetched(self.target, was_there=False, bytes=size)
