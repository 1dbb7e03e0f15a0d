"""The history of states: coups, conditions and elections as arrays of months and states."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.archive.coverage import months_of
from features.archive.releases import Archive
from features.arrays import BoolArray, FloatArray, IntArray, MonthArray
from features.errors import CoverageError
from features.months import format_month, month_of, parse_month
from features.places.regions import states_since
from features.states.attempts import STATE_ELITES, Reports, each_once, read_reports
from features.states.conditions import (
    read_conditions,
    read_elections,
    values_by_month,
    votes_due,
)


@dataclass(frozen=True, eq=False)
class StateHistory:
    """What happened to C states in T contiguous months, as it was known on a day.

    `countries` (C,) are ISO 3166-1 alpha-3 codes, ascending, `months` (T,) numbers [months since
    1970-01]. All arrays are (T, C). `exists`: had the state come into being by then? `observed`:
    does a list of coups observe it? What is not observed is no outcome, and no month without a
    coup; `coverage_end` is the last month that is observed anywhere.

    `attempts` are coups by the military or other state elites, failed or not, `successes` those
    that succeeded, `seizures` those of power by rebels [events/month]. `conditions` are, by
    variable, the newest values that were published by a month's end, NaN before any was.
    `election_within_6` is 1 where a vote was due in the six months after a month as was known at
    its end, else 0, NaN where no vote was ever announced.

    `reports` are the rows of the lists. Rows to a month hold nothing dated later. What was told
    later of an earlier day, its publication or another list's outcome, is in them, as outcomes need
    it: read what was known at an origin with `until`.
    """

    countries: npt.NDArray[np.str_]
    months: MonthArray
    exists: BoolArray
    observed: BoolArray
    attempts: IntArray
    successes: IntArray
    seizures: IntArray
    conditions: dict[str, FloatArray]
    election_within_6: FloatArray
    coverage_end: int
    reports: pd.DataFrame = field(repr=False)

    @property
    def first_month(self) -> int:
        """The first of the months [months since 1970-01]."""
        return int(self.months[0])

    def row(self, month: int) -> int:
        """Return the row of a month [months since 1970-01]; raises CoverageError if there is none.

        Months after `coverage_end` have rows.
        """
        row = month - self.first_month
        if not 0 <= row < len(self.months):
            first, last = format_month(self.first_month), format_month(int(self.months[-1]))
            raise CoverageError(
                f"the history of states goes from {first} to {last} and lacks "
                f"{format_month(month)}: choose another month or ingest a newer list of coups"
            )
        return row

    def until(self, origin: int) -> "StateHistory":
        """Return what was known at the end of a month, without any later one."""
        end = self.row(origin) + 1
        known = months_of(self.reports["known"]) <= origin
        reports = self.reports[known].reset_index(drop=True)
        months = self.months[:end]
        attempts, successes, seizures = _counts(reports, months, self.countries)
        return replace(
            self,
            months=months,
            exists=self.exists[:end],
            observed=self.observed[:end],
            attempts=attempts,
            successes=successes,
            seizures=seizures,
            conditions={name: values[:end] for name, values in self.conditions.items()},
            election_within_6=self.election_within_6[:end],
            coverage_end=min(self.coverage_end, origin),
            reports=reports,
        )

    def digest(self) -> str:
        """Return a hash of all that it holds."""
        content = hashlib.sha256(",".join(self.countries).encode())
        arrays = [
            *(self.months, self.exists, self.observed),
            *(self.attempts, self.successes, self.seizures, self.election_within_6),
        ]
        for name, values in self.conditions.items():
            content.update(name.encode())
            arrays.append(values)
        for array in arrays:
            content.update(np.ascontiguousarray(array).tobytes())
        content.update(self.reports.to_csv(index=False).encode())
        return content.hexdigest()


def read_state_history(
    archive: Archive, day: date, lists: Collection[str] | None = None
) -> StateHistory:
    """Return the history of states as known at the end of a day, to the last month over by then.

    `lists` are those that are read, by default all. Raises ArchiveError when none was available.
    """
    return build_state_history(
        read_reports(archive, day, lists),
        read_conditions(archive, day),
        read_elections(archive, day),
        month_of(day + timedelta(days=1)) - 1,
    )


def build_state_history(
    reports: Reports, conditions: pd.DataFrame, elections: pd.DataFrame, last_month: int
) -> StateHistory:
    """Return the history of states to a month [months since 1970-01] from what is known of them.

    It begins with the first month that a list of coups observes, and has the states that some list
    does. `conditions` and `elections` are rows of their schemas, or empty.
    """
    runs = reports.observed
    months = np.arange(int(runs["first_month"].min()), last_month + 1, dtype=np.int64)
    countries = np.unique(runs["country"].to_numpy(dtype=str))
    exists = _existence(months, countries)
    observed = np.zeros(exists.shape, dtype=bool)
    columns = np.searchsorted(countries, runs["country"].to_numpy(dtype=str))
    begins, ends = (runs[name].to_numpy() - months[0] for name in ("first_month", "last_month"))
    for column, begin, end in zip(columns, begins, ends, strict=True):
        observed[begin : end + 1, column] = True
    attempts, successes, seizures = _counts(reports.rows, months, countries)
    return StateHistory(
        countries=countries,
        months=months,
        exists=exists,
        observed=observed & exists,
        attempts=attempts,
        successes=successes,
        seizures=seizures,
        conditions=values_by_month(conditions, months, countries),
        election_within_6=votes_due(elections, months, countries),
        coverage_end=int(runs["last_month"].max()),
        reports=reports.rows,
    )


def _existence(months: MonthArray, countries: npt.NDArray[np.str_]) -> BoolArray:
    since = states_since()
    first = [
        parse_month(since[country]) if since.get(country) else months[0] for country in countries
    ]
    return np.asarray(months[:, None] >= np.array(first)[None])


def _counts(
    reports: pd.DataFrame, months: MonthArray, countries: npt.NDArray[np.str_]
) -> tuple[IntArray, IntArray, IntArray]:
    """Return attempts, successes and seizures (T, C) of what rows of lists tell."""
    events = each_once(reports)
    cells = (
        months_of(events["date"]) - months[0],
        countries.searchsorted(events["country"].to_numpy(dtype=str)),
    )
    is_attempt = (events["outcome"] != "plot") & events["actor"].isin(STATE_ELITES)
    is_success = events["outcome"] == "success"

    def counted(which: "pd.Series[bool]") -> IntArray:
        counts = np.zeros((len(months), len(countries)), dtype=np.int64)
        np.add.at(counts, tuple(part[which.to_numpy()] for part in cells), 1)
        return counts

    is_seizure = is_success & (events["actor"] == "rebel")
    return counted(is_attempt), counted(is_attempt & is_success), counted(is_seizure)
