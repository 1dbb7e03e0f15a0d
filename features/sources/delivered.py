"""What sources of files have in common that say nothing of themselves: headers, days, countries."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.archive.releases import Identity
from features.errors import InputError
from features.places.matching import match_countries
from features.sources.csvfile import BEYOND, LINE, LINES
from features.sources.source import Rows, Said, literal, quoted, release_name

_NAMELESS = re.compile(r"column \d+")
_SPACE = " \t\n\r"  # what `filled` takes away


def identify_final(path: Path, said: Said, source: str) -> Identity:
    """Return what a file is that says nothing of itself: a final release of a source.

    It is named as the file is and public from the day it was received, unless that is said.
    Raises InputError when its coverage is not said.
    """
    if said.coverage is None:
        raise InputError(
            f"'{path.name}' does not say which months of which countries it observes: give "
            "--coverage FILE, a CSV with the columns country,first_month,last_month "
            "(MLI,1997-01,2023-12)"
        )
    return Identity(
        history=source,
        source=source,
        release=said.release or release_name(path),
        kind=said.kind or "final",
        available_on=said.available_on or said.received_on,
        coverage=said.coverage,
        file_name=path.name,
    )


def own_name(name: str) -> str:
    """Return a delivered column's name, changed where it is one that readers add themselves."""
    return f"{name} (delivered)" if name.lower() in (LINE, LINES, BEYOND) else name


def column_names(first: Sequence[str], path: Path) -> list[str]:
    """Return the names in a header, those without one numbered.

    Raises InputError when two names differ in case only, or not at all.
    """
    stripped = [name.strip(_SPACE) for name in first]
    folded = [name.lower() for name in stripped]
    repeated = sorted({name for name in folded if name and folded.count(name) > 1})
    if repeated:
        raise InputError(f"'{path}' has several columns named {repeated[0]}: keep one of each")
    return [own_name(name) or f"column {n}" for n, name in enumerate(stripped, start=1)]


def has_surplus(columns: Sequence[str]) -> str:
    """Return the SQL condition that a row has more fields than the header has names."""
    beyond = [name for name in columns if name == BEYOND or _NAMELESS.fullmatch(name)]
    return " OR ".join(is_filled(name) for name in beyond) or "false"


def is_filled(column: str) -> str:
    """Return the SQL condition that a delivered column is not empty."""
    return f"filled({quoted(column)}) IS NOT NULL"


def iso_day(column: str) -> str:
    """Return the SQL of a day as YYYY-MM-DD only: nobody knows which part of 3/4 is the month."""
    return f"CASE WHEN NOT contains({quoted(column)}, '/') THEN day({quoted(column)}) END"


def lookup(meanings: Mapping[str, str | int], key: str) -> str:
    """Return the SQL of what a text, itself SQL, means; null where it is not among the keys."""
    if not meanings:
        return "NULL"
    pairs = ", ".join(
        f"{literal(text)}: {literal(to) if isinstance(to, str) else to}"
        for text, to in meanings.items()
    )
    return f"MAP {{{pairs}}}[{key}]"


@dataclass(frozen=True)
class ReopenableRows:
    """The rows of a file that can be looked through for its names before they are read."""

    rows: Rows
    reopen: Callable[[], AbstractContextManager[Rows]]

    @property
    def columns(self) -> Sequence[str]:
        """The names of the delivered columns."""
        return self.rows.columns

    def batches(self, wanted: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the wanted columns of the rows, all by default.

        Raises InputError when the file turns out to be damaged.
        """
        return self.rows.batches(wanted)

    @property
    def sha256(self) -> str:
        """The hash of the delivered content, once all of it is read."""
        return self.rows.sha256

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be mended to read the file, once all of it is read."""
        return self.rows.notes

    def distinct(self, column: str) -> set[str]:
        """Read the file once more and return the different texts in a column, stripped."""
        found: set[str] = set()
        with self.reopen() as rows:
            for batch in rows.batches():
                found.update(pc.unique(batch.column(column)).drop_null().to_pylist())
        return {text.strip(_SPACE) for text in found}


def country_of(rows: Rows, column: str, also: Mapping[str, str] | None = None) -> str:
    """Return the SQL of the country that a delivered column names, null where it is not known.

    It takes a look through the whole file, as names are matched in Python. `also` are names that
    `match_countries` does not know -> ISO 3166-1 alpha-3.
    """
    assert isinstance(rows, ReopenableRows)  # noqa: S101
    names = pd.Series(sorted(filter(str.isprintable, rows.distinct(column))), dtype="str")
    matched = dict(zip(names, match_countries(names), strict=True))
    known = {name: code for name, code in matched.items() if pd.notna(code)}
    return lookup({**known, **(also or {})}, f"filled({quoted(column)})")
