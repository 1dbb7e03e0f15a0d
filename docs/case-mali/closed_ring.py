"""What followed where the ring around a capital had closed: a table for docs/case-mali.md.

    python docs/case-mali/closed_ring.py [--as-of YYYY-MM-DD]

reads the archive under TOCSIN_HOME, events and lists of coups, outcomes to 2021-12, and prints a
row a question: the share of country-months in which it followed, with a closed and an open ring.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from spillover import LAST_OUTCOME, VIOLENT, WAR, YEAR, Rate, compare, followed, last_months

from commands.environment import day_of, home
from commands.stores import vintage_of_day
from experiments.coups.training import states_as_known
from experiments.judging.judge import frame_markdown
from features.archive.releases import Archive
from features.arrays import BoolArray, FloatArray, IntArray
from features.errors import TocsinError
from features.indicators.catalogue import needs_of, select
from features.indicators.encirclement import SECTORS
from features.indicators.near import lately
from features.months import format_month
from features.panel.panel import Panel, read_panel
from features.places.placement import place_admin1
from features.places.regions import capitals
from features.states.history import StateHistory

RING = "capital_ring_200km_12"
CLOSED = 6
"""The directions, of 8, with violence within 200 km in a year from which a ring is closed."""
HORIZONS = (3, 6, 12)
_FIVE_YEARS = 60


@dataclass(frozen=True, eq=False)
class Rings:
    """The rings around C capitals over T months, nothing of them after LAST_OUTCOME."""

    panel: Panel
    states: StateHistory

    @cached_property
    def seats(self) -> IntArray:
        """The regions (C,) of the panel that hold a capital."""
        table = capitals().reset_index(drop=True)
        latitude, longitude = (table[name].to_numpy(float) for name in ("latitude", "longitude"))
        seats = place_admin1(latitude, longitude, table["country"])
        return np.flatnonzero(np.isin(self.panel.regions.ids, seats.astype(str)))

    @property
    def countries(self) -> list[str]:
        """The countries (C,) of the capitals."""
        return [str(name) for name in self.panel.regions.table["country"].iloc[self.seats]]

    @cached_property
    def deaths(self) -> FloatArray:
        """Deaths by month in the capitals' regions, (T, C)."""
        return self.panel.total_deaths[: self._rows, self.seats]

    @property
    def _rows(self) -> int:
        return self.panel.row(LAST_OUTCOME) + 1

    @cached_property
    def closed(self) -> BoolArray:
        """Was the ring closed in the twelve months to each month, (T, C)?"""
        (ring,) = select([RING])
        share = ring.compute(self.panel)[: self._rows, self.seats]
        return np.asarray(np.rint(share * SECTORS) >= CLOSED)

    @cached_property
    def observed(self) -> BoolArray:
        """Was the capital's region observed in each of the twelve months, (T, C)?"""
        return self.panel.observed_throughout(YEAR)[: self._rows, self.seats]

    @cached_property
    def at_war(self) -> BoolArray:
        """Did the country have WAR deaths or more in the twelve months, (T, C)?"""
        country = self.panel.regions.table["country"].to_numpy(str)
        year = last_months(self.panel.total_deaths[: self._rows], YEAR)
        own = [year[:, country == name].sum(axis=1) for name in self.countries]
        return np.asarray(np.stack(own, axis=1) >= WAR)

    @cached_property
    def attempts(self) -> FloatArray:
        """Attempts of coups by month, (T, C), NaN where no list observes the country."""
        known = np.where(self.states.observed, self.states.attempts, np.nan)
        table = pd.DataFrame(known, self.states.months, list(self.states.countries))
        return table.reindex(self.panel.months[: self._rows], columns=self.countries).to_numpy()

    def rates(self) -> Iterator[tuple[str, Rate]]:
        """Yield what followed a closed ring, and what an open one in a country at war."""
        closed, war = self.observed & self.closed, self.observed & self.at_war & ~self.closed
        quiet = last_months(self.deaths, YEAR) == 0
        for months in HORIZONS:
            unstable = followed(self.deaths, months, VIOLENT)
            coup = followed(self.attempts, months, 1)
            either = np.fmax(unstable, coup)
            neither = np.where(np.isnan(unstable + coup), np.nan, 1 - either)
            within = f"within {months} months"
            yield (
                f"{VIOLENT} deaths in a month in the capital's region {within}",
                compare(unstable, closed, war),
            )
            yield (
                f"the same where it had none for a year, {within}",
                compare(unstable, closed & quiet, war & quiet),
            )
            yield f"an attempt of a coup {within}", compare(coup, closed, war)
            yield f"neither {within}", compare(neither, closed, war)

    def base_rates(self) -> Iterator[tuple[str, float, int]]:
        """Yield how often a coup or violence in the capital's region followed any month at all."""
        for months in HORIZONS:
            for name, came in (
                ("violence", followed(self.deaths, months, VIOLENT)),
                ("coup", followed(self.attempts, months, 1)),
            ):
                known = self.observed & ~np.isnan(came)
                yield f"{name} within {months} months", float(came[known].mean()), int(known.sum())

    def closings(self) -> pd.DataFrame:
        """Return a row a ring that closed after a year or more in which it was open.

        Columns: country, closed (YYYY-MM), months (how many it was closed in the five years from
        then), violence and coup (whether they followed within twelve months, NaN if not known),
        quiet (had the capital's region no death in the year before?).
        """
        open_before = ~lately(self.closed, YEAR)
        began = self.closed[1:] & open_before[:-1] & self.observed[1:]
        violence = followed(self.deaths, YEAR, VIOLENT)
        coup = followed(self.attempts, YEAR, 1)
        quiet = last_months(self.deaths, YEAR) == 0
        rows = [
            (
                self.countries[site],
                format_month(int(self.panel.months[row + 1])),
                int(self.closed[row + 1 : row + 1 + _FIVE_YEARS, site].sum()),
                violence[row + 1, site],
                coup[row + 1, site],
                str(bool(quiet[row + 1, site])),
            )
            for row, site in np.argwhere(began)
        ]
        columns = ["country", "closed", "months", "violence", "coup", "quiet"]
        return pd.DataFrame(rows, columns=columns)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Tell what followed closed rings.")
    parser.add_argument("--as-of", help="day of the vintage, YYYY-MM-DD; default: today")
    arguments = parser.parse_args()
    try:
        day = None if arguments.as_of is None else day_of(arguments.as_of)
        vintage = vintage_of_day(day, None)
        states = states_as_known(Archive(home()), vintage.as_of, simulated=vintage.simulated)
        if states is None:
            parser.exit(1, "the archive holds no list of coups: `tocsin ingest coups FILE` first\n")
        rings = Rings(read_panel(vintage, "admin1", needs_of([RING])), states)
        table = pd.DataFrame.from_dict(dict(rings.rates()), orient="index", columns=Rate._fields)
        print(frame_markdown(table.rename_axis("question").reset_index(), 3))
        base = pd.DataFrame(rings.base_rates(), columns=["any month", "share", "n"])
        print(f"\n{frame_markdown(base, 3)}\n\n{frame_markdown(rings.closings(), 0)}")
    except TocsinError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
