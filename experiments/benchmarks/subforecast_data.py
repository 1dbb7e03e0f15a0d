"""The table of SUB-Forecast: events of admin-1 units by month, and the targets.

A CSV, plain or compressed, with the columns country, adm_1 (names as coded), month (YYYY-MM),
n_events, n_sb, n_ns, n_os and deaths, and a row only where something happened.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.benchmarks.files import need_columns, numbers, read_csv
from experiments.benchmarks.published import UnitTarget
from features.arrays import BoolArray, FloatArray, IntArray
from features.errors import InputError
from features.months import format_month, parse_month

UNIT_TARGETS: tuple[UnitTarget, ...] = ("occurrence", "escalation", "onset")
UNITS = 994
"""Units of the published benchmark; those without an event yet have no name, but are forecast."""

UNNAMED = ""
TRAILING = 8
QUIET = 24
LEAST_RISE = 2
_TYPES = ["n_sb", "n_ns", "n_os"]


@dataclass(frozen=True, eq=False)
class AdminCounts:
    """Events and deaths of admin-1 units by month.

    `months` (T,) [months since 1970-01]; `countries` and `regions` (N,), empty for units without a
    name; `events` and `deaths` (T, N) [a month]; `events_by_type` (T, N, 3): state-based,
    non-state, one-sided.
    """

    months: IntArray
    countries: tuple[str, ...]
    regions: tuple[str, ...]
    events: FloatArray
    events_by_type: FloatArray
    deaths: FloatArray

    @property
    def units(self) -> tuple[str, ...]:
        """`Country|Adm1` of each unit, (N,); `|` for those without a name."""
        pairs = zip(self.countries, self.regions, strict=True)
        return tuple(f"{country}|{region}" for country, region in pairs)

    @property
    def named(self) -> BoolArray:
        """Has the unit a name? (N,)."""
        return np.array([country != UNNAMED for country in self.countries], np.bool_)

    def until(self, month: int) -> "AdminCounts":
        """Return what is known of the months up to and including one, which must be among them."""
        end = month - int(self.months[0]) + 1
        return replace(
            self,
            months=self.months[:end],
            events=self.events[:end],
            events_by_type=self.events_by_type[:end],
            deaths=self.deaths[:end],
        )


def read_counts(path: Path, units: int = UNITS) -> AdminCounts:
    """Read the table; quiet units without a name are added until there are `units`.

    Raises InputError when its form is another, a unit has a month twice, or a month is missing.
    """
    table = read_csv(path)
    figures = ["n_events", *_TYPES, "deaths"]
    need_columns(table, ["country", "adm_1", "month", *figures], path)
    if len(table) == 0:
        raise InputError(f"'{path}' has no rows: get it anew")
    nameless = np.flatnonzero((table["country"] == "") | (table["adm_1"] == ""))
    if len(nameless):
        raise InputError(f"'{path}' names no country and adm_1 in data row {nameless[0] + 1}")
    twice = table[table.duplicated(["country", "adm_1", "month"])]
    if len(twice):
        country, region, month = twice.iloc[0][["country", "adm_1", "month"]]
        raise InputError(f"'{path}' has {country}|{region} in {month} twice: keep one")
    months, row = _months(table["month"], path)
    column, names = pd.factorize(pd.MultiIndex.from_frame(table[["country", "adm_1"]]), sort=True)
    added = max(0, units - len(names))
    grids = np.zeros((len(figures), len(months), len(names) + added))
    for grid, name in zip(grids, figures, strict=True):
        grid[row, column] = _complete(table[name], path)
    countries = (*(str(country) for country, _ in names), *[UNNAMED] * added)
    regions = (*(str(region) for _, region in names), *[UNNAMED] * added)
    by_type = np.moveaxis(grids[1:-1], 0, -1)
    return AdminCounts(months, countries, regions, grids[0], by_type, grids[-1])


def labels_of(counts: AdminCounts) -> FloatArray:
    """Return the targets of the month after each row's, (3, T, N): 0, 1, or NaN if undefined.

    With x the events: occurrence is x(t+1) > 0; escalation x(t+1) > mean + sample standard
    deviation of the eight months to t, and at least the mean + 2; onset is occurrence after 24
    months without an event, undefined otherwise. Source: SUB-Forecast v1.0.
    """
    x = counts.events
    labels = np.full((len(UNIT_TARGETS), *x.shape), np.nan)
    occurrence = (x[1:] > 0).astype(np.float64)
    labels[0, :-1] = occurrence
    if len(x) > TRAILING:
        total, squares = _trailing(x, TRAILING), _trailing(x**2, TRAILING)
        rise = TRAILING * x[TRAILING:] - total[:-1]
        # Both conditions times the number of months: whole numbers, so that no tie is lost.
        spread = (TRAILING * squares - total**2)[:-1] * TRAILING
        beyond = (TRAILING - 1) * rise**2 > spread
        labels[1, TRAILING - 1 : -1] = beyond & (rise >= LEAST_RISE * TRAILING)
    if len(x) > QUIET:
        quiet = _trailing(x, QUIET)[:-1] == 0
        labels[2, QUIET - 1 : -1] = np.where(quiet, occurrence[QUIET - 1 :], np.nan)
    return labels


def _months(text: pd.Series, path: Path) -> tuple[IntArray, IntArray]:
    """Return every month of the table, and the index of each row's."""
    try:
        number = {month: parse_month(str(month)) for month in text.unique()}
    except InputError as error:
        raise InputError(f"'{path}': {error}") from None
    month = text.map(number).to_numpy(np.int64)
    months = np.arange(month.min(), month.max() + 1)
    missing = np.setdiff1d(months, month)
    if len(missing):
        raise InputError(
            f"'{path}' has no row at all of {format_month(int(missing[0]))}: a month is missing"
        )
    return months, month - months[0]


def _complete(text: pd.Series, path: Path) -> FloatArray:
    values = numbers(text, path)
    if values.isna().any():
        where = int(np.flatnonzero(values.isna())[0]) + 1
        raise InputError(f"'{path}' has nothing in column {text.name}, data row {where}")
    return values.to_numpy(np.float64)


def _trailing(x: FloatArray, months: int) -> FloatArray:
    """Return sums over so many months, (T - months + 1, N), the first of the first months."""
    return np.asarray(np.lib.stride_tricks.sliding_window_view(x, months, axis=0).sum(axis=-1))
