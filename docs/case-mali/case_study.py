"""What the indicators showed in quiet regions before violence reached them, month by month.

Every value of a month is computed from that month and earlier ones, and is set beside the values of
the other regions that were quiet then, so all of it could have been known in that month. What an
alarm is was fixed before any picture was drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from features.arrays import BoolArray, FloatArray
from features.errors import CoverageError
from features.indicators.catalogue import indicator_table
from features.indicators.windows import rolling_mean
from features.months import format_month
from features.panel.panel import Panel

QUIET_MONTHS = 12
QUIET_DEATHS = 5
"""A region is quiet where fewer people than this were killed in its last QUIET_MONTHS together."""

ALARM_RANK = 0.9
"""An alarm: a region's value is above that of this share of the regions that are quiet then."""

ARRIVAL_DEATHS = 5
"""Violence has reached a region when so many were killed in one month..."""

AHEAD_MONTHS = 12
"""... and an alarm was right if that came true within so many months."""


class Case(NamedTuple):
    """A region, and the month in which violence reached it [months since 1970-01]."""

    region: str
    name: str
    arrival: int


@dataclass(frozen=True, eq=False)
class Study:
    """Ranks among quiet regions.

    `names` are K indicators; `rank` (T, R, K) is the share of the quiet regions of the month with
    a less alarming value, those with the same counted half, NaN where there is none; `quiet` and
    `struck` (T, R): was the region quiet, and did violence reach it within AHEAD_MONTHS, NaN where
    that is not known.
    """

    panel: Panel
    names: tuple[str, ...]
    rank: FloatArray
    quiet: BoolArray
    struck: FloatArray

    @property
    def alarm(self) -> BoolArray:
        """Where an indicator raised an alarm, (T, R, K)."""
        return np.asarray(self.rank > ALARM_RANK)


def study(panel: Panel, senses: Mapping[str, int]) -> Study:
    """Rank the indicators of a panel among its quiet regions.

    `senses` has 1 for an indicator whose high values are alarming, -1 for low ones.
    """
    names = tuple(senses)
    values = indicator_table(panel, names).values.astype(np.float64) * [*senses.values()]
    deaths = panel.total_deaths
    year = rolling_mean(deaths, QUIET_MONTHS) * QUIET_MONTHS
    quiet = panel.observed_throughout(QUIET_MONTHS) & (np.round(year) < QUIET_DEATHS)
    ranks = [
        [_ranks(values[month, :, k], quiet[month]) for k in range(len(names))]
        for month in range(len(values))
    ]
    rank = np.array(ranks).transpose(0, 2, 1)
    return Study(panel, names, rank, quiet, _struck(deaths))


def _ranks(values: FloatArray, quiet: BoolArray) -> FloatArray:
    """Return (R,): the share of quiet regions with a smaller value, ties counted half."""
    ordered = np.sort(values[quiet & ~np.isnan(values)])
    if len(ordered) == 0:
        return np.full(len(values), np.nan)
    below = np.searchsorted(ordered, values, side="left")
    upto = np.searchsorted(ordered, values, side="right")
    return np.where(np.isnan(values), np.nan, (below + upto) / 2 / len(ordered))


def _struck(deaths: FloatArray) -> FloatArray:
    """Return (T, R): 1 where a month among the next AHEAD_MONTHS has ARRIVAL_DEATHS, 0 where none.

    NaN where none has, but not all are known.
    """
    later = np.full((AHEAD_MONTHS, *deaths.shape), np.nan)
    for ahead in range(1, AHEAD_MONTHS + 1):
        later[ahead - 1, :-ahead] = deaths[ahead:]
    hit = (np.nan_to_num(later) >= ARRIVAL_DEATHS).any(axis=0)
    return np.where(hit, 1.0, np.where(np.isnan(later).any(axis=0), np.nan, 0.0))


def lead_table(results: Study, case: Case, months: int = 24) -> pd.DataFrame:
    """Return what each indicator showed in the months before violence came, a row an indicator.

    Columns: indicator, alarms (of `months`), first (the month of the first alarm, "" for none),
    last_run (how many months the alarm had stood, without a break, when violence came), rank (of
    the last month before). Raises CoverageError when the months are not in the panel.
    """
    region, arrival = _place(results.panel, case, months)
    before = slice(arrival - months, arrival)
    rows = []
    for k, name in enumerate(results.names):
        alarm = results.alarm[before, region, k]
        hits = np.flatnonzero(alarm)
        first = format_month(int(results.panel.months[before][hits[0]])) if len(hits) else ""
        run = int(np.argmin(alarm[::-1])) if not alarm.all() else months
        rank = results.rank[arrival - 1, region, k]
        rows.append((name, int(alarm.sum()), first, run, float(rank)))
    return pd.DataFrame(rows, columns=["indicator", "alarms", "first", "last_run", "rank"])


def wolf_table(results: Study, countries: Sequence[str], first: int, last: int) -> pd.DataFrame:
    """Return how often alarms in quiet regions were right, a row an indicator.

    In months `first` to `last` [months since 1970-01], in regions of some countries. Columns:
    indicator; months (quiet region-months); base_rate (the share of them that violence reached
    within AHEAD_MONTHS); alarms; right (the share of alarms that it followed); caught (the share of
    region-months before violence that had an alarm).
    """
    here = results.panel.regions.table["country"].isin(list(countries)).to_numpy()
    when = (results.panel.months >= first) & (results.panel.months <= last)
    in_scope = results.quiet & ~np.isnan(results.struck) & here[None, :] & when[:, None]
    struck = results.struck[in_scope] == 1
    rows = []
    for k, name in enumerate(results.names):
        alarm = results.alarm[:, :, k][in_scope]
        rows.append(
            (
                name,
                int(in_scope.sum()),
                struck.mean(),
                int(alarm.sum()),
                struck[alarm].mean() if alarm.any() else np.nan,
                alarm[struck].mean() if struck.any() else np.nan,
            )
        )
    columns = ["indicator", "months", "base_rate", "alarms", "right", "caught"]
    return pd.DataFrame(rows, columns=columns)


def _place(panel: Panel, case: Case, months: int) -> tuple[int, int]:
    row = panel.row(case.arrival)
    regions = np.flatnonzero(panel.regions.ids == case.region)
    if row < months or len(regions) == 0:
        raise CoverageError(
            f"the events do not observe {case.region} for {months} months before "
            f"{format_month(case.arrival)}: ingest those of the study"
        )
    return int(regions[0]), row
