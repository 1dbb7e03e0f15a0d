"""The tables of the VIEWS Prediction Challenge, country-month: history, truth, conflictology.

A folder holds `cm_actuals_<year>.parquet` and perhaps `conflictology_<year>.parquet` for each
window (a calendar year), one `cm_ged_sb_*.csv` (months x country names), and `country_list.csv`
(ids of names). Files number months from 1 = January 1980; here they count from 1970-01.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.benchmarks.files import (
    month_numbers,
    need_columns,
    need_once,
    numbers,
    read_csv,
    read_parquet,
)
from experiments.benchmarks.panels import country_panel
from features.arrays import FloatArray, IntArray
from features.errors import InputError
from features.months import format_month
from features.panel.panel import Panel
from features.places.matching import match_countries

MONTHS_AHEAD = range(3, 15)
"""Each window is forecast whole from the October before it."""

_BEFORE_VIEWS = 119
_YEAR = 12
_ACTUALS = "cm_actuals_"


@dataclass(frozen=True, eq=False)
class CountryHistory:
    """Deaths of countries by month.

    `months` (T,) [months since 1970-01], `countries` (N,) VIEWS ids in order, `names` and `codes`
    (N,), ISO 3166-1 alpha-3, `deaths` (T, N) [deaths/month], state-based, NaN where the state did
    not exist.
    """

    months: IntArray
    countries: IntArray
    names: tuple[str, ...]
    codes: tuple[str, ...]
    deaths: FloatArray

    def panel(self) -> Panel:
        """Return the panel of the countries, by code."""
        return country_panel(self.months, self.codes, self.deaths, "state-based")

    def codes_of(self, countries: IntArray) -> list[str]:
        """Return the codes of countries by their VIEWS ids."""
        return [self.codes[k] for k in np.searchsorted(self.countries, countries)]

    def until(self, month: int) -> "CountryHistory":
        """Return the months up to and including one; raises InputError when it is not there."""
        first, last = int(self.months[0]), int(self.months[-1])
        if not first <= month <= last:
            raise InputError(
                f"the history has {format_month(first)} to {format_month(last)} but not "
                f"{format_month(month)}, from which is forecast: get a longer table"
            )
        end = month - first + 1
        return replace(self, months=self.months[:end], deaths=self.deaths[:end])


@dataclass(frozen=True, eq=False)
class ChallengeWindow:
    """A year to be forecast.

    `months` (12,) [months since 1970-01], `countries` (C,) VIEWS ids in order, `outcome` (12, C)
    and the official draws `conflictology` (12, C, m) [deaths/month].
    """

    year: int
    months: IntArray
    countries: IntArray
    outcome: FloatArray
    conflictology: FloatArray | None

    @property
    def origin(self) -> int:
        """The last month that a forecast may use [months since 1970-01]."""
        return int(self.months[0]) - MONTHS_AHEAD.start


def parse_windows(text: str) -> tuple[int, ...]:
    """Return the years of `2018..2023`, `2018,2020` or `2018`; raises InputError for others."""
    years: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{4})(?:\s*\.\.\s*(\d{4}))?\s*", part)
        span = range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)
        if not span:
            raise InputError(f"'{text}' names no windows: write 2018..2023, or 2018,2020")
        years.extend(span)
    return tuple(sorted(set(years)))


def read_views(
    data: Path, years: Sequence[int] | None = None
) -> tuple[CountryHistory, tuple[ChallengeWindow, ...]]:
    """Return the history, with the truth in place of the older table, and the chosen windows.

    `data` is the folder, or holds it as `views_challenge`; by default all windows with a truth are
    chosen. Raises InputError when a file is missing or of another form.
    """
    folder = folder_of(data)
    files = _actuals_in(folder)
    chosen_years = sorted(files) if years is None else years
    absent = [str(year) for year in chosen_years if year not in files]
    if absent or not chosen_years:
        missing = f"{_ACTUALS}{absent[0] if absent else '<year>'}.parquet"
        raise InputError(f"'{folder}' lacks {missing}: name the VIEWS challenge's folder and years")
    actuals = {year: _read_actuals(files[year], year) for year in sorted(files)}
    history = _with_actuals(_read_history(folder), list(actuals.values()))
    for window in actuals.values():
        unknown = np.setdiff1d(window.countries, history.countries)
        if len(unknown):
            raise InputError(
                f"'{files[window.year]}' has country_id {unknown[0]}, of which there is no history"
            )
    return history, tuple(_with_conflictology(actuals[year], folder) for year in chosen_years)


def folder_of(data: Path) -> Path:
    """Return the folder of the challenge, which may lie in the one named."""
    inner = data / "views_challenge"
    return inner if inner.is_dir() else data


def month_id(month: int) -> int:
    """Return the VIEWS number of a month [months since 1970-01]."""
    return month - _BEFORE_VIEWS


def _actuals_in(folder: Path) -> dict[int, Path]:
    """Return the file of each window's truth."""
    paths = folder.glob(f"{_ACTUALS}*.parquet")
    year = {path: path.stem.removeprefix(_ACTUALS) for path in paths}
    return {int(text): path for path, text in year.items() if re.fullmatch(r"\d{4}", text)}


def _read_history(folder: Path) -> CountryHistory:
    path = max(folder.glob("cm_ged_sb_*.csv"), default=folder / "cm_ged_sb_<years>.csv")
    table = read_csv(path)
    if len(table) == 0 or len(table.columns) <= 1:
        raise InputError(f"'{path}' is empty: get it anew")
    months = month_numbers(table.iloc[:, 0], path).to_numpy()
    wrong = np.flatnonzero(np.diff(months) != 1)
    if len(wrong):
        after = format_month(int(months[wrong[0]]))
        raise InputError(f"'{path}' does not go on with the next month after {after}: get it anew")
    ids = _read_ids(folder / "country_list.csv")
    names = [str(name) for name in table.columns[1:]]
    unknown = [name for name in names if name not in ids]
    if unknown:
        raise InputError(f"'{path}' has '{unknown[0]}', which country_list.csv does not: mend one")
    order = sorted(range(len(names)), key=lambda k: ids[names[k]])
    deaths = np.column_stack([numbers(table[names[k]], path, may_be_empty=True) for k in order])
    countries = np.array([ids[names[k]] for k in order], np.int64)
    in_order = tuple(names[k] for k in order)
    codes = match_countries(pd.Series(in_order, dtype="str"))
    if codes.isna().any():
        raise InputError(f"'{path}' has '{in_order[codes.isna().argmax()]}', which is no country")
    if codes.duplicated().any():
        again = in_order[codes.duplicated().argmax()]
        raise InputError(f"'{path}' has another name of the country '{again}' too: join the two")
    return CountryHistory(months, countries, in_order, tuple(codes), deaths)


def _read_ids(path: Path) -> dict[str, int]:
    table = read_csv(path)
    need_columns(table, ["country_id", "name"], path)
    ids = numbers(table["country_id"], path)
    if ids.duplicated().any() or table["name"].duplicated().any():
        raise InputError(f"'{path}' must have each country once, with its id: get it anew")
    return dict(zip(table["name"], ids.astype("int64"), strict=True))


def _read_actuals(path: Path, year: int) -> ChallengeWindow:
    table = _read_outcomes(path, ["month_id", "country_id"])
    months = np.arange(_YEAR, dtype=np.int64) + (year - 1970) * 12
    countries = np.unique(table["country_id"].to_numpy(np.int64))
    outcome = _grid(table, months, countries, path)[:, :, 0]
    return ChallengeWindow(year, months, countries, outcome, None)


def _with_conflictology(window: ChallengeWindow, folder: Path) -> ChallengeWindow:
    path = folder / f"conflictology_{window.year}.parquet"
    if not path.exists():
        return window
    table = _read_outcomes(path, ["month_id", "country_id", "draw"])
    return replace(window, conflictology=_grid(table, window.months, window.countries, path))


def _read_outcomes(path: Path, keys: list[str]) -> pd.DataFrame:
    table = read_parquet(path)
    need_columns(table, [*keys, "outcome"], path)
    table = table[[*keys, "outcome"]]
    numeric = all(pd.api.types.is_integer_dtype(table[key]) for key in keys)
    if not numeric or not pd.api.types.is_numeric_dtype(table["outcome"]):
        raise InputError(f"'{path}' must have whole {', '.join(keys)} and a number of deaths")
    outcome = table["outcome"].to_numpy(np.float64)
    if not (np.isfinite(outcome) & (outcome >= 0)).all() or table.isna().any(axis=None):
        raise InputError(f"'{path}' has rows without a number of deaths from 0 up: get it anew")
    need_once(table, keys, path)
    return table.sort_values(keys)


def _grid(table: pd.DataFrame, months: IntArray, countries: IntArray, path: Path) -> FloatArray:
    """Return what each month and country has, (months, countries, draws)."""
    ids = np.array([month_id(int(month)) for month in months])
    have = pd.MultiIndex.from_frame(table[["month_id", "country_id"]])
    need = pd.MultiIndex.from_product([ids, countries])
    missing, more = need.difference(have), have.difference(need)
    if len(missing) or len(more):
        what, which = ("lacks", missing) if len(missing) else ("should not have", more)
        raise InputError(f"'{path}' {what} month_id {which[0][0]}, country_id {which[0][1]}")
    draws = len(table) // len(need)
    if (have.value_counts() != draws).any():
        raise InputError(f"'{path}' has more draws for some countries than for others: get it anew")
    return table["outcome"].to_numpy(np.float64).reshape(len(months), len(countries), draws)


def _with_actuals(history: CountryHistory, windows: Sequence[ChallengeWindow]) -> CountryHistory:
    """Return the history with the truth of windows in place of what the older table has."""
    table = pd.DataFrame(history.deaths, history.months, history.countries)
    for window in windows:
        truth = pd.DataFrame(window.outcome, window.months, window.countries)
        table = truth.combine_first(table)
    table = table.reindex(columns=history.countries)
    months = table.index.to_numpy(np.int64)
    gap = np.flatnonzero(np.diff(months) != 1)
    # A year without a truth ends the history: what lies behind it has no past.
    end = int(gap[0]) + 1 if len(gap) else len(months)
    return replace(history, months=months[:end], deaths=table.to_numpy(np.float64)[:end])
