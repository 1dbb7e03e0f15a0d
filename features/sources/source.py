"""What a source is to `ingestion.py`: its files, the rows in them, and what they mean."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

import pyarrow as pa

from features.archive.coverage import Coverage
from features.archive.delivery import Identity, Kind
from features.errors import InputError

BEYOND = "beyond the header"  # the column of all that a row has beyond the header's width
SURPLUS = "_surplus"  # the same without blank fields; no part of a record
LINE, LINES = "_line", "_lines"
"""The line on which a row begins, from 1, and how many lines it takes."""
Sign = Literal[".", ","]
SPACE = " \t\n\r"  # no content at the ends of a field


class Rows(Protocol):
    """The rows of an opened file, read once."""

    first: list[str]
    """The header, or the first record where it may have none."""

    def name_columns(self, names: Sequence[str], *, has_header: bool = True) -> None:
        """Name the columns, as many as `first` has fields, and say whether that is a header."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of the delivered columns."""

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield some columns, or all, as text, and LINE and LINES; raises InputError if damaged."""

    @property
    def sha256(self) -> str:
        """The hash of the delivered content, once all of it is read."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be mended to read the file, once all of it is read."""


def numbered_rows(texts: list[pa.Array], names: Sequence[str], lines: range) -> pa.RecordBatch:
    """Return columns of text as rows that take one line each."""
    numbers = [pa.array(lines, pa.int64()), pa.array([1] * len(lines), pa.int64())]
    return pa.RecordBatch.from_arrays([*texts, *numbers], names=[*names, LINE, LINES])


def column_names(header: Sequence[str], path: Path) -> list[str]:
    """Return a header's names, empty ones numbered; raises InputError if one repeats."""
    stripped = [name.strip(SPACE) for name in header]
    refuse_repeated([name.lower() for name in stripped], path)
    return [own_name(name) or f"column {n}" for n, name in enumerate(stripped, start=1)]


def plain_name(name: str) -> str:
    """Return a column's name in small letters and digits, joined by _."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def refuse_repeated(names: Sequence[str], path: Path) -> None:
    """Raise InputError when a file has several columns of one name."""
    repeated = sorted(name for name, number in Counter(names).items() if name and number > 1)
    if repeated:
        raise InputError(f"'{path}' has several columns named {repeated[0]}: keep one of each")


def own_name(name: str) -> str:
    """Return a delivered column's name, changed where it is one that readers add themselves."""
    return f"{name} (delivered)" if name.lower() in (LINE, LINES, BEYOND, SURPLUS) else name


@dataclass(frozen=True)
class FileOptions:
    """Options of an ingest, which override what the file itself says.

    `received_on` is the day from which it was public if nothing else is known. `strict`: what is
    doubtful is an error.
    """

    received_on: date
    available_on: date | None = None
    coverage: Coverage | None = None
    release: str | None = None
    kind: Kind | None = None
    allow_rejects: bool = False
    strict: bool = False


@dataclass(frozen=True)
class EventRules:
    """How delivered rows become events, in SQL (see `sources.sql`).

    `columns`: column of EVENTS_SCHEMA -> expression over `delivered."column"`; nullable ones may be
    absent, and coordinates give `admin1` and `priogrid`. `faults`: reason -> condition over both
    kinds of columns, beside those of every event; `kept_aside`: the same of rows that are kept
    aside and no fault of the file. `first_day`: the source codes nothing before it.
    `missing`: texts that stand for no value. `is_summed`: rows of one id are one event.
    `decimal`: the decimal sign, if it is given. `terms`: what several expressions read, computed
    once a row: name -> expression, read as `delivered."name"`.
    """

    columns: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)
    kept_aside: Mapping[str, str] = field(default_factory=dict)
    first_day: date = date(1900, 1, 1)
    missing: tuple[str, ...] = ()
    is_summed: bool = False
    decimal: Sign | None = None
    terms: Mapping[str, str] = field(default_factory=dict)


class EventSource(Protocol):
    """A source of events: what its files are called, hold and mean."""

    def identify(self, path: Path, options: FileOptions) -> Identity:
        """Return what a file is; raises InputError when that cannot be told."""

    def open(self, path: Path) -> AbstractContextManager[Rows]:
        """Open a file; raises InputError when it is none of this source's."""

    def rules(self, columns: Sequence[str]) -> EventRules:
        """Return how rows with these delivered columns become events."""


def identify_final(
    source: EventSource, path: Path, options: FileOptions, name: str, *, why: str = ""
) -> Identity:
    """Return a file's identity as a final release of the source with a name.

    Its own name, without its endings, is that of the release unless the options give another.
    Raises InputError without a coverage, with `why` its name does not say one.
    """
    if options.coverage is None:
        with source.open(path):
            pass  # what the source cannot read is refused as such, whatever its coverage
        raise InputError(
            f"'{path.name}' {why}does not say which months of which countries it observes: give "
            "--coverage FILE, a CSV with the columns country,first_month,last_month "
            "(MLI,1997-01,2023-12)"
        )
    return Identity(
        history=name,
        source=name,
        release=options.release or release_named_after(path),
        kind=options.kind or "final",
        available_on=options.available_on or options.received_on,
        coverage=options.coverage,
        file_name=path.name,
    )


def release_named_after(path: Path) -> str:
    """Return a file's own name, without its endings, as the name of a release."""
    stem = re.sub(r"(\.[a-z]{2,7})?(\.gz|\.zip)?$", "", path.name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:100] or "unnamed"
