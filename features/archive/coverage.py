"""Coverage: which months a release observes, by country.

A month without events is peace if it is observed, and unknown if not.
"""

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from features.arrays import MonthArray
from features.errors import InputError
from features.files import read_whole
from features.months import format_month, parse_month
from features.places.regions import TERRITORIES, load_regions, states_since

COLUMNS = ("country", "first_month", "last_month")


class Span(NamedTuple):
    """Consecutive observed months [months since 1970-01] of one country [ISO 3166-1 alpha-3]."""

    country: str
    first_month: int
    last_month: int


@dataclass(frozen=True)
class Coverage:
    """The observed months of a release; raises InputError for no, reversed or overlapping spans."""

    spans: tuple[Span, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "spans", tuple(sorted(self.spans)))
        if not self.spans:
            raise InputError("the coverage names no country: give at least one")
        for span in self.spans:
            _refuse_reversed(span)
        for earlier, later in pairwise(self.spans):
            if earlier.country == later.country and later.first_month <= earlier.last_month:
                raise InputError(
                    f"the coverage of {later.country} overlaps itself in "
                    f"{format_month(later.first_month)}: give every month once"
                )

    @property
    def last_month(self) -> int:
        """The last month that is observed anywhere [months since 1970-01]."""
        return max(span.last_month for span in self.spans)

    def table(self) -> pd.DataFrame:
        """Return one row a span: country, first_month, last_month [months since 1970-01]."""
        return pd.DataFrame(self.spans, columns=list(COLUMNS)).astype(
            {"country": "str", "first_month": "int64", "last_month": "int64"}
        )

    def months(self) -> pd.DataFrame:
        """Return one row an observed month: country, month [months since 1970-01], in order."""
        table = self.table()
        rows = table.loc[table.index.repeat(table["last_month"] - table["first_month"] + 1)]
        month = rows["first_month"] + rows.groupby(level=0).cumcount()
        return rows[["country"]].assign(month=month).reset_index(drop=True)


def months_of(days: pd.Series) -> MonthArray:
    """Return the months (n,) of days, none of them missing [months since 1970-01]."""
    return days.to_numpy().astype("datetime64[M]").astype(np.int64)


def runs_of(months: pd.DataFrame) -> pd.DataFrame:
    """Return unbroken runs of distinct rows of country and month: COLUMNS, in order."""
    ordered = months.sort_values(["country", "month"])
    country, month = ordered["country"], ordered["month"]
    run = ((country != country.shift()) | (month != month.shift() + 1)).cumsum()
    first, last = ("month", "first"), ("month", "last")
    runs = ordered.groupby(run).agg(
        country=("country", "first"), first_month=first, last_month=last
    )
    return runs.reset_index(drop=True)


def coverage_of(months: pd.DataFrame) -> Coverage:
    """Return the coverage of distinct rows of country and month."""
    return Coverage(tuple(Span(*run) for run in runs_of(months).itertuples(index=False)))


def coding_begins(first_month: int) -> dict[str, int]:
    """Return the month from which events are coded to each state [months since 1970-01].

    That is `first_month`, or for a younger state its own first; for a territory `first_month`.
    """
    since = states_since() | dict.fromkeys(TERRITORIES.values(), "")
    return {
        country: max(first_month, parse_month(month)) if month else first_month
        for country, month in since.items()
    }


def whole_world(first_month: int, last_month: int, *, without: Collection[str] = ()) -> Coverage:
    """Return the coverage of every state but some over the same months [months since 1970-01].

    A younger state is observed from its first month, a territory of a state throughout.
    """
    begins = coding_begins(first_month).items()
    spans = (
        Span(country, first, last_month) for country, first in begins if country not in without
    )
    return Coverage(tuple(span for span in spans if span.first_month <= last_month))


def read_coverage(path: Path) -> Coverage:
    """Read a coverage: a CSV of country (ISO alpha-3), first_month and last_month (`YYYY-MM`).

    A country may have several rows. Raises InputError that names the line at fault.
    """
    try:
        reader = csv.reader(io.StringIO(read_whole(path).decode("utf-8-sig"), newline=""))
        lines = [(reader.line_num, fields) for fields in reader if any(map(str.strip, fields))]
    except OSError as error:
        raise InputError(
            f"the coverage '{path}' cannot be read ({error.strerror}): check the path"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"the coverage '{path}' is not a CSV file in UTF-8: {error}") from error
    return _parse(lines, path.name)


def _parse(lines: list[tuple[int, list[str]]], name: str) -> Coverage:
    """Return the coverage in the numbered lines of a CSV file, header included."""
    header = [field.strip().lower() for field in lines[0][1]] if lines else []
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise InputError(
            f"the coverage '{name}' lacks the column {' and '.join(missing)}: its first line "
            f"must read {','.join(COLUMNS)}"
        )
    countries = frozenset(load_regions("country").table["id"])
    spans: list[tuple[Span, int]] = []
    for number, fields in lines[1:]:
        try:
            spans.append((_span(dict(zip(header, fields, strict=False)), countries), number))
        except InputError as error:
            raise InputError(f"the coverage '{name}', line {number}: {error}") from error
    if not spans:
        raise InputError(f"the coverage '{name}' has no rows: name at least one country")
    for (earlier, line), (later, other) in pairwise(sorted(spans)):
        if earlier.country == later.country and later.first_month <= earlier.last_month:
            raise InputError(
                f"the coverage '{name}', line {max(line, other)}: {later.country} is covered "
                "twice: give every month of it once"
            )
    return Coverage(tuple(span for span, _ in spans))


def _span(row: dict[str, str], countries: frozenset[str]) -> Span:
    """Return the span in one row of a coverage file."""
    if any(column not in row for column in COLUMNS):
        raise InputError(f"the row is cut short: give {','.join(COLUMNS)}")
    country = row["country"].strip().upper()
    if country not in countries:
        raise InputError(f"'{row['country']}' is not a country: write ISO 3166-1 alpha-3, as MLI")
    span = Span(country, parse_month(row["first_month"]), parse_month(row["last_month"]))
    _refuse_reversed(span)
    return span


def _refuse_reversed(span: Span) -> None:
    if span.first_month > span.last_month:
        raise InputError(
            f"{span.country} ends in {format_month(span.last_month)}, before it begins in "
            f"{format_month(span.first_month)}: exchange the months"
        )
