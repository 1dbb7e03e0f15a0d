"""What the record says of violence and coups that cross a border: tables for docs/case-mali.md.

    python docs/case-mali/spillover.py [--as-of YYYY-MM-DD]

reads the archive under TOCSIN_HOME, and prints a row a question: the share of region-months in
which violence followed, with violence across the border and without it, outcomes to 2021-12. If
there are lists of coups, then the same of coups and countries, attempts of 1990 to 2019-12.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from commands.environment import day_of, home, today
from commands.stores import vintage_of_day
from experiments.coups.fitting import attempt_labels
from experiments.judging.judge import frame_markdown
from features.archive.releases import Archive
from features.arrays import BoolArray, FloatArray
from features.errors import TocsinError
from features.months import parse_month
from features.panel.panel import Panel, read_panel
from features.places.regions import load_regions
from features.states.history import StateHistory, read_state_history

LAST_OUTCOME = parse_month("2021-12")
FIRST_COUP, LAST_COUP = parse_month("1990-01"), parse_month("2019-12")
QUARTER, YEAR, QUIET, LONG = 3, 12, 24, 120
VIOLENT, WAR, LARGE_WAR = 5, 25, 100
"""Deaths: of an unstable month; of a quarter across the border that is a war, and a large one."""
RISE = 3
_DRAWS, _SEED = 500, 1


def last_months(deaths: FloatArray, months: int) -> FloatArray:
    """Return the deaths of the months to each month together, (T, R); unknown ones count nothing.

    Fewer where the record begins later.
    """
    sums = np.cumsum(np.nan_to_num(deaths), axis=0)
    sums[months:] = sums[months:] - sums[:-months].copy()
    return sums


def followed(deaths: FloatArray, months: int, least: float) -> FloatArray:
    """Return whether a month with so many deaths came in the next `months`, (T, R): 0, 1 or NaN."""
    came = np.full(deaths.shape, np.nan)
    for month in range(len(deaths) - months):
        ahead = deaths[month + 1 : month + 1 + months]
        came[month] = np.where(np.isnan(ahead).any(axis=0), np.nan, ahead.max(axis=0) >= least)
    return came


def greatest(values: FloatArray, links: BoolArray) -> FloatArray:
    """Return the greatest value among the linked regions (R, R) of each, (T, R); 0 for none."""
    return np.stack([values[:, others].max(axis=1, initial=0) for others in links], axis=1)


class Rate(NamedTuple):
    """How often violence followed with and without something, and the interval of the difference.

    Of 95 %, regions drawn anew.
    """

    with_it: float
    n_with: int
    without: float
    n_without: int
    low: float
    high: float


def compare(came: FloatArray, with_it: BoolArray, without: BoolArray) -> Rate:
    """Compare two sets of region-months, (T, R) each; those without an outcome are left out.

    The share of none is NaN.
    """
    is_known = ~np.isnan(came)
    random, regions = np.random.default_rng(_SEED), came.shape[1]
    counts = [(here & is_known).sum(axis=0) for here in (with_it, without)]
    cases = [np.where(here & is_known, came, 0).sum(axis=0) for here in (with_it, without)]
    differences = np.empty(_DRAWS)
    for draw in range(_DRAWS):
        weight = np.bincount(random.integers(0, regions, regions), minlength=regions)
        shares = [
            (case * weight).sum() / max((n * weight).sum(), 1)
            for case, n in zip(cases, counts, strict=True)
        ]
        differences[draw] = shares[0] - shares[1]
    low, high = np.percentile(differences, [2.5, 97.5])
    n_some, n_others = (int(n.sum()) for n in counts)
    some, others = (
        float(case.sum() / n.sum()) if n.any() else np.nan
        for case, n in zip(cases, counts, strict=True)
    )
    return Rate(some, n_some, others, n_others, float(low), float(high))


@dataclass(frozen=True, eq=False)
class Borders:
    """Violence in regions on a land border, and in those next door, at home and abroad."""

    panel: Panel

    @cached_property
    def deaths(self) -> FloatArray:
        """Deaths by month and region, nothing of them after LAST_OUTCOME [deaths/month]."""
        return self.panel.total_deaths[: self.panel.row(LAST_OUTCOME) + 1]

    @cached_property
    def links(self) -> tuple[BoolArray, BoolArray]:
        """Which regions touch, (R, R): of two countries, of one."""
        touch = self.panel.regions.neighbours.toarray() > 0
        country = self.panel.regions.table["country"].to_numpy(str)
        is_foreign = country[:, None] != country[None, :]
        return touch & is_foreign, touch & ~is_foreign

    @cached_property
    def observed(self) -> BoolArray:
        """Which region-months on a border are observed in each of the 24 months to them, (T, R)."""
        seen = self.panel.observed_throughout(QUIET)[: len(self.deaths)]
        return seen & self.links[0].any(axis=1)

    def rates(self) -> Iterator[tuple[str, Rate]]:
        """Yield the questions and what followed."""
        quarter = last_months(self.deaths, QUARTER)
        year, two_years = last_months(self.deaths, YEAR), last_months(self.deaths, QUIET)
        abroad, at_home = (greatest(quarter, links) for links in self.links)
        quiet = self.observed & (two_years == 0)
        onset = followed(self.deaths, 2 * QUARTER, 1)
        unstable = followed(self.deaths, QUARTER, VIOLENT)
        alone, none = quiet & (at_home < 1), abroad < 1
        for name, quiet_months, least in (
            (f"onset, {WAR} deaths abroad, none next door at home", alone, WAR),
            (f"onset, {LARGE_WAR} deaths abroad, none next door at home", alone, LARGE_WAR),
            (f"onset, {WAR} deaths abroad, some next door at home", quiet & (at_home >= 1), WAR),
        ):
            yield name, compare(onset, quiet_months & (abroad >= least), quiet_months & none)
        some = self.observed & (year >= YEAR) & (year < VIOLENT * YEAR)
        here = some & (abroad >= WAR), some & (abroad < VIOLENT)
        yield (
            f"instability, {YEAR} to {VIOLENT * YEAR - 1} deaths in the year",
            compare(unstable, *here),
        )
        before = (last_months(self.deaths, QUARTER + YEAR) - quarter) / (YEAR / QUARTER)
        rose = greatest(
            ((quarter >= RISE * before) & (quarter >= WAR)).astype(np.float64), self.links[0]
        )
        is_rising, is_steady = rose > 0, (rose == 0) & (abroad >= WAR)
        few = self.observed & (year >= 1) & (year < VIOLENT * YEAR)
        yield (
            "onset, tripled abroad or as before",
            compare(onset, quiet & is_rising, quiet & is_steady),
        )
        yield (
            "instability, tripled abroad or as before",
            compare(unstable, few & is_rising, few & is_steady),
        )


@dataclass(frozen=True, eq=False)
class CoupsNextDoor:
    """Attempts of coups in states that share a land border, as lists tell of them."""

    history: StateHistory

    @cached_property
    def links(self) -> BoolArray:
        """Which states touch, (C, C)."""
        countries = load_regions("country")
        place = pd.Index(countries.ids).get_indexer(pd.Index(self.history.countries))
        touch = countries.neighbours.toarray() > 0
        return touch[np.ix_(place, place)] & (place >= 0) & (place >= 0)[:, None]

    def rates(self) -> Iterator[tuple[str, Rate]]:
        """Yield the questions and what followed within a year."""
        past = self.history.until(LAST_COUP)
        came = attempt_labels(past, YEAR)
        came[past.months < FIRST_COUP] = np.nan
        came[:, ~self.links.any(axis=1)] = np.nan
        coup = greatest(last_months(past.successes.astype(np.float64), YEAR), self.links) > 0
        own = last_months(past.attempts.astype(np.float64), LONG) > 0
        every = np.ones(own.shape, dtype=bool)
        for name, states in (
            ("all states", every),
            ("no attempt of their own in ten years", ~own),
            ("an attempt of their own in ten years", own),
        ):
            yield f"attempt, coup next door, {name}", compare(came, states & coup, states & ~coup)


def table_of(rates: Iterator[tuple[str, Rate]]) -> str:
    """Return a row a question, as Markdown."""
    table = pd.DataFrame.from_dict(dict(rates), orient="index", columns=Rate._fields)
    return frame_markdown(table.rename_axis("question").reset_index(), 3)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Tell what followed violence across a border.")
    parser.add_argument("--as-of", help="day of the vintage, YYYY-MM-DD; default: today")
    arguments = parser.parse_args()
    try:
        day = None if arguments.as_of is None else day_of(arguments.as_of)
        print(table_of(Borders(read_panel(vintage_of_day(day, None), "admin1")).rates()))
        archive = Archive(home())
        if archive.releases("coups"):
            history = read_state_history(archive, day or today())
            print(f"\n{table_of(CoupsNextDoor(history).rates())}")
    except TocsinError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
