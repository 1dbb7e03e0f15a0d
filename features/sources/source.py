"""What a source of events is to `ingestion.py`: files identified, opened and turned into events."""

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from features.archive.coverage import Coverage
from features.archive.releases import Identity, Kind
from features.errors import InputError
from features.sources.rows import Rows


@dataclass(frozen=True)
class FileOptions:
    """Options of an ingest, which override what the file itself says.

    `received_on` is the day of delivery, from which the file was public if nothing else is known.
    """

    received_on: date
    available_on: date | None = None
    coverage: Coverage | None = None
    release: str | None = None
    kind: Kind | None = None
    allow_rejects: bool = False


@dataclass(frozen=True)
class EventRules:
    """How delivered rows become events, in SQL (see `sources.sql`).

    `columns`: column of EVENTS_SCHEMA -> expression over `delivered."column"`; nullable ones may be
    absent, and `admin1` and `priogrid` follow from the coordinates. `faults`: reason -> condition
    over both kinds of columns, beside those of every event.
    """

    columns: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)
    first_day: date = date(1900, 1, 1)


class EventSource(Protocol):
    """A source of events: what its files are called, hold and mean."""

    def identify(self, path: Path, options: FileOptions) -> Identity:
        """Return what a file is; raises InputError when that cannot be told."""

    def open(self, path: Path) -> AbstractContextManager[Rows]:
        """Open a file; raises InputError when it is none of this source's."""

    def rules(self, columns: Sequence[str]) -> EventRules:
        """Return how rows with these delivered columns become events."""


def identify_final(path: Path, options: FileOptions, source: str) -> Identity:
    """Return the identity of a file that carries none: a final release of a source.

    It is named as the file is and public from the day it was received, unless the options differ.
    Raises InputError when they have no coverage.
    """
    if options.coverage is None:
        raise InputError(
            f"'{path.name}' does not say which months of which countries it observes: give "
            "--coverage FILE, a CSV with the columns country,first_month,last_month "
            "(MLI,1997-01,2023-12)"
        )
    return Identity(
        history=source,
        source=source,
        release=options.release or release_name(path),
        kind=options.kind or "final",
        available_on=options.available_on or options.received_on,
        coverage=options.coverage,
        file_name=path.name,
    )


def release_name(path: Path) -> str:
    """Return a file's name without its endings, fit to name a release."""
    stem = re.sub(r"(\.[a-z]{2,7})?(\.gz|\.zip)?$", "", path.name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:100] or "unnamed"
