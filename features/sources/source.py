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
from features.places.countries import gleditsch_ward_states
from features.places.priogrid import COLUMNS as CELLS_A_ROW


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


def quoted(name: str) -> str:
    """Return a name as a delivered column in SQL."""
    return 'delivered."' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as a literal in SQL."""
    return "'" + text.replace("'", "''") + "'"


def macros() -> str:
    """Return the statements that define what a `Form` may use.

    `filled(text)` is the text without spaces around it, null if empty; `number(text)` a finite
    number; `whole(text)` a whole number, in whatever notation; `day(text)` a date as YYYY-MM-DD or
    MM/DD/YYYY, with or without a time of day; `iso3_of_gleditsch_ward(number)` a country;
    `cells_apart(cell, latitude, longitude)` how many PRIO-GRID cells a point is away from the
    cell stated. What cannot be read is null.
    """
    states = gleditsch_ward_states()
    listed = ", ".join(
        literal(states[n]) if n in states else "NULL" for n in range(1, max(states) + 1)
    )
    return f"""
    CREATE TEMP MACRO filled(t) AS nullif(trim(t, chr(32) || chr(9) || chr(10) || chr(13)), '');
    CREATE TEMP MACRO number(t) AS CASE
        WHEN isfinite(try_cast(t AS DOUBLE)) THEN try_cast(t AS DOUBLE) END;
    CREATE TEMP MACRO whole(t) AS CASE
        WHEN strlen(t) < 16 AND t SIMILAR TO '[0-9]+' THEN try_cast(t AS BIGINT)
        WHEN abs(number(t)) < 9007199254740992 AND number(t) % 1 = 0 THEN number(t)::BIGINT END;
    CREATE TEMP MACRO day(t) AS CASE
        WHEN filled(t) SIMILAR TO '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([ T].*)?'
        THEN try_cast(left(filled(t), 10) AS DATE)
        ELSE coalesce(
            try_strptime(
                regexp_extract(filled(t), '^([0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}})([ T].*)?$', 1),
                '%Y-%m-%d'
            ),
            try_strptime(
                regexp_extract(filled(t), '^([0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}})([ T].*)?$', 1),
                '%m/%d/%Y'
            )
        )::DATE END;
    CREATE TEMP MACRO iso3_of_gleditsch_ward(n) AS [{listed}][greatest(n, 0)];
    CREATE TEMP MACRO cells_apart(cell, latitude, longitude) AS greatest(
        abs(floor((cell - 1) / {CELLS_A_ROW}) - (floor(latitude * 2) + 180)),
        least(
            abs((cell - 1) % {CELLS_A_ROW} - (floor(longitude * 2) + 360)),
            {CELLS_A_ROW} - abs((cell - 1) % {CELLS_A_ROW} - (floor(longitude * 2) + 360))
        )
    );
    """
