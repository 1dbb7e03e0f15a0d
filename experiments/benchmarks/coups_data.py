"""The tables of coups that others made, as a history of states, and what they forecast.

A folder holds `coup_country_month_*.csv.gz` (attempts and covariates by Gleditsch-Ward state and
month, covariates lagged by two years), `vdem_two_indices_by_year.csv`, `elections_*.csv` of REIGN,
`beger_ward_test_forecasts_*.csv`, `coupcast_in_coup_months.csv` and `coups_powell_thyne_*.csv`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.benchmarks.files import month_numbers, need_columns, read_csv
from features.archive.coverage import months_of
from features.arrays import FloatArray, MonthArray
from features.errors import InputError
from features.months import format_month
from features.states.attempts import MOST_DAYS
from features.states.conditions import votes_due
from features.states.history import StateHistory

_FROM_COW = {255: 260, 345: 340, 679: 678}
"""Correlates-of-War numbers of states that Gleditsch & Ward number otherwise."""

_VDEM_MONTH = 3  # in which the year before is published
_YEARS_KEPT = 3  # of a condition, after its last row
_BY_YEAR = {"polyarchy": "polyarchy", "military_role": "milit"}
_BY_MONTH = {
    "military_regime": "military_regime",
    "military_leader": "leader_military",
    "leader_by_coup": "leader_by_coup",
    "gdp_per_capita": "gdppc_y_minus_2",
    "infant_mortality": "infmort_y_minus_2",
    "population": "pop_y_minus_2",
}
_ANNOUNCEMENTS = ("Announced", "Announcement Assumed")
_UNANNOUNCED = "Vote, Early"
_SCHEDULED = (
    *("Vote, As Scheduled", _UNANNOUNCED, "Voided", "Voided by Regime Change", "Regime Failure"),
    *("Upcoming, Scheduled", "Upcoming, Deadline", "Deadline Not Met", "Deadline Met"),
)
_ALWAYS = pd.Timestamp("1900-01-01")
_DATE = ["elec_year", "elec_month"]
_DAY = ["year", "month", "day"]
_PUBLISHED_TO = 2019
_COUPCAST_YEARS = (2005, 2021)


@dataclass(frozen=True, eq=False)
class CoupTables:
    """A history of states whose `countries` are Gleditsch-Ward numbers of three digits.

    `published` are test forecasts of attempts: country, origin (December of the year before, months
    since 1970-01), observed (0 or 1), p. `coup_months` are months of attempts that CoupCast scored:
    country, origin (the month before), percentile (0 to 1).
    """

    history: StateHistory
    published: pd.DataFrame
    coup_months: pd.DataFrame


def read_coup_tables(folder: Path) -> CoupTables:
    """Read the tables of a folder; raises InputError when one is missing or of another form."""
    path = _newest(folder, "coup_country_month_*.csv.gz")
    table = _table(path, ["gwcode", "attempts", "success", *_BY_MONTH.values()], ["month"])
    table = table.assign(month=month_numbers(table["month"], path), country=_names(table["gwcode"]))
    months = np.arange(table["month"].min(), table["month"].max() + 1, dtype=np.int64)
    countries = np.unique(table["country"].to_numpy(dtype=str))

    def by_month(column: str) -> FloatArray:
        wide = table.pivot_table(index="month", columns="country", values=column, dropna=False)
        return np.asarray(wide.reindex(index=months, columns=countries), dtype=np.float64)

    exists = ~np.isnan(by_month("attempts"))
    history = StateHistory(
        countries=countries,
        months=months,
        exists=exists,
        observed=exists,
        attempts=np.nan_to_num(by_month("attempts")).astype(np.int64),
        successes=np.nan_to_num(by_month("success")).astype(np.int64),
        seizures=np.zeros(exists.shape, dtype=np.int64),
        conditions={name: by_month(column) for name, column in _BY_MONTH.items()}
        | _regimes(folder, months, countries),
        election_within_6=votes_due(_votes(folder), months, countries),
        coverage_end=int(months[-1]),
        reports=_reports(table),
    )
    return CoupTables(history, _published(folder), _coup_months(folder))


def _newest(folder: Path, pattern: str) -> Path:
    return max(folder.glob(pattern), default=folder / pattern.replace("*", "YYYY"))


def _table(path: Path, columns: list[str], text: Sequence[str] = ()) -> pd.DataFrame:
    """Return columns of numbers, NaN where empty or NA, and of text; raises InputError."""
    table = read_csv(path)
    need_columns(table, [*columns, *text], path)
    numbers = table[columns].apply(pd.to_numeric, errors="coerce")
    wrong = numbers.isna() & ~table[columns].isin(["", "NA"])
    if wrong.to_numpy().any():
        name = str(wrong.any().idxmax())
        value = table[name][wrong[name]].iloc[0]
        raise InputError(f"'{path}' has '{value}' in column {name}, which is no number")
    joined: pd.DataFrame = numbers.join(table[list(text)])
    return joined


def _names(codes: pd.Series) -> pd.Series:
    """Return numbers of states, Gleditsch & Ward's or those of the Correlates of War, as names."""
    return codes.astype("int64").replace(_FROM_COW).map("{:03d}".format)


def _reports(table: pd.DataFrame) -> pd.DataFrame:
    """Return the attempts as rows of one list, dated by the month's first day and known then."""
    rows = []
    own = table[table["attempts"] > 0]
    columns = own["country"], own["month"], own["attempts"].astype(int), own["success"].astype(int)
    for country, month, attempts, successes in zip(*columns, strict=True):
        outcomes = ["success"] * successes + ["failed"] * (attempts - successes)
        day = pd.Timestamp(f"{format_month(month)}-01")
        rows += [(country, day, outcome, day) for outcome in outcomes]
    reports = pd.DataFrame(rows, columns=["country", "date", "outcome", "known"])
    return reports.assign(list="tables", rank=0, actor="unknown", name=None, note=None)


def _regimes(
    folder: Path, months: MonthArray, countries: npt.NDArray[np.str_]
) -> dict[str, FloatArray]:
    """Return the indices of V-Dem: those of a year are published in the next, in March."""
    path = folder / "vdem_two_indices_by_year.csv"
    table = _table(path, ["ccode", "year", *_BY_YEAR.values()])
    table["country"] = _names(table["ccode"])
    year = 1970 + (months - _VDEM_MONTH + 1) // 12

    def by_month(column: str) -> FloatArray:
        wide = table.pivot_table(index="year", columns="country", values=column)
        every = wide.reindex(index=range(year[0], year[-1] + 1), columns=countries)
        return np.asarray(every.ffill(limit=_YEARS_KEPT).loc[year], dtype=np.float64)

    return {name: by_month(column) for name, column in _BY_YEAR.items()}


def _votes(folder: Path) -> pd.DataFrame:
    """Return votes that were due, held or not: country, date, published, withdrawn (never).

    Dates are the first days of months. A vote by schedule is known all along, another one from when
    it was announced: one that was called early and never announced was not known before.
    """
    path = _newest(folder, "elections_*.csv")
    table = _table(path, ["ccode", "electionnumber", *_DATE], ["event"]).dropna(subset=["ccode"])
    table = table[table["elec_year"].notna() & table["elec_month"].notna()]
    first = table[_DATE].astype("int64").set_axis(["year", "month"], axis="columns").assign(day=1)
    table = table.assign(country=_names(table["ccode"]), date=pd.to_datetime(first))
    key = ["country", "electionnumber"]
    is_news = table["event"].isin(_ANNOUNCEMENTS)
    announced = table[is_news].groupby(key)["date"].min().rename("published").reset_index()
    votes = table[table["event"].isin(_SCHEDULED)].merge(announced, on=key, how="left")
    early = votes["date"].where(votes["event"] == _UNANNOUNCED, _ALWAYS)
    published = votes["published"].fillna(early)
    never = pd.Series(pd.NaT, index=votes.index, dtype="datetime64[ns]")
    return votes.assign(published=published, withdrawn=never)


def _published(folder: Path) -> pd.DataFrame:
    path = _newest(folder, "beger_ward_test_forecasts_*.csv")
    table = _table(path, ["gwcode", "for_year", "observed", "p"], ["outcome"])
    is_judged = table["observed"].notna() & (table["for_year"] <= _PUBLISHED_TO)
    table = table[is_judged & (table["outcome"] == "attempt")]
    return pd.DataFrame(
        {
            "country": _names(table["gwcode"]),
            "origin": ((table["for_year"] - 1970) * 12 - 1).astype("int64"),
            "observed": table["observed"],
            "p": table["p"],
        }
    )


def _coup_months(folder: Path) -> pd.DataFrame:
    """Return the months that CoupCast scored and in which the other list has an attempt.

    The lists date an attempt up to MOST_DAYS apart, and each of the other is one of CoupCast's.
    """
    path = folder / "coupcast_in_coup_months.csv"
    table = _table(path, ["cowcode", *_DAY, "pctile_risk"])
    table = table[table["pctile_risk"].notna() & table["year"].between(*_COUPCAST_YEARS)]
    table = table.assign(country=_names(table["cowcode"]), date=pd.to_datetime(table[_DAY]))
    path = _newest(folder, "coups_powell_thyne_*.csv")
    attempts = _table(path, ["ccode"], ["date"])
    told = pd.to_datetime(attempts["date"])
    attempts = pd.DataFrame({"country": _names(attempts["ccode"]), "told": told})
    pairs = table.merge(attempts, on="country")
    apart = (pairs["date"] - pairs["told"]).abs().dt.days
    pairs = pairs.assign(apart=apart)[apart <= MOST_DAYS].sort_values("apart", kind="stable")
    pairs = pairs.drop_duplicates(["country", "told"])
    return pd.DataFrame(
        {
            "country": pairs["country"],
            "origin": months_of(pairs["told"]) - 1,
            "percentile": pairs["pctile_risk"],
        }
    ).drop_duplicates(["country", "origin"])
