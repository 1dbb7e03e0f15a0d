"""What every source of events says of its files, so that `features.ingestion` can read them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from features.archive.coverage import Coverage
from features.archive.releases import Identity, Kind


@dataclass(frozen=True)
class Said:
    """What the one who delivers a file says of it; it goes before what the file itself says.

    `received_on` is the day of delivery, from which the file was public if nothing else is known.
    """

    received_on: date
    available_on: date | None = None
    coverage: Coverage | None = None
    release: str | None = None
    kind: Kind | None = None
    allow_rejects: bool = False


class Rows(Protocol):
    """The rows of an opened file, read once."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of the delivered columns."""

    def batches(self, wanted: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows: the wanted columns as text, all by default, and then `csvfile.LINE` and
        `csvfile.LINES`.

        Raises InputError when the file turns out to be damaged.
        """

    @property
    def sha256(self) -> str:
        """The hash of the delivered content, once all of it is read."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be mended to read the file, once all of it is read."""


@dataclass(frozen=True)
class Form:
    """How delivered rows become events, in SQL.

    `columns`: column of the normal form -> expression over `delivered.<column>`, with the macros of
    `features.sources.sql`; `admin1` and `priogrid` are not among them, they follow from the
    coordinates; what may be null may be absent. `faults`: reason -> condition over the columns of
    the normal form and `delivered.<column>`, beside those of every event.
    """

    columns: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)
    first_day: date = date(1900, 1, 1)


class EventSource(Protocol):
    """A source of events: what its files are called, hold and mean."""

    def identify(self, path: Path, said: Said) -> Identity:
        """Return what a file is; raises InputError when that cannot be told."""

    def open(self, path: Path) -> AbstractContextManager[Rows]:
        """Open a file; raises InputError when it is none of this source's."""

    def form(self, rows: Rows) -> Form:
        """Return how the rows of an opened file become events."""


def release_name(path: Path) -> str:
    """Return a file's name without its endings, fit to name a release."""
    stem = re.sub(r"(\.[a-z]{2,7})?(\.gz|\.zip)?$", "", path.name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:100] or "unnamed"
