"""Which releases lie in a home, good or damaged."""

from pathlib import Path
from typing import Literal, get_args

from features.errors import ArchiveError
from features.files import entries

Records = Literal["events", "coups", "conditions", "elections"]
"""What releases hold, and the folder of a home in which they lie; counts lie among the events."""

RECORDS: tuple[Records, ...] = get_args(Records)

RELEASE_FILE = "release.json"
"""The record of a release, beside its rows."""

NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
"""What the names of a source and of a release look like."""


def release_folders(home: Path, records: Records = "events") -> list[Path]:
    """Return the place of every release of some records, by source and name, whatever lies there.

    Raises ArchiveError when they cannot be listed.
    """
    try:
        sources = [p for p in entries(home / records) if p.name.startswith("source=")]
        return [p for source in sources for p in entries(source) if p.name.startswith("release=")]
    except OSError as error:
        raise ArchiveError(
            f"the archive cannot be listed ({error.strerror}: '{error.filename}'): see to the "
            "folder and its permissions, or move it away and ingest its files again"
        ) from error


def damage(folder: Path, reason: str) -> ArchiveError:
    """Return the error of a release that is not what was stored."""
    return ArchiveError(
        f"the release in '{folder}' is damaged or of a later version of Tocsin ({reason}): move it "
        "out of the archive and ingest the delivered file again"
    )
