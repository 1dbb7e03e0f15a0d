"""What the learners of one level learn from: indicators, labels and who may be used when."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.arrays import BoolArray, FloatArray, IntArray, MonthArray
from features.errors import CoverageError
from features.indicators.catalogue import eligible, indicator_table
from features.months import format_month
from features.panel.panel import Panel
from features.targets import ahead, label
from features.words import Target
from models.forecaster import Rows

Places = tuple[IntArray, IntArray]
"""Rows of the panel as (month indices, region indices), both (n,)."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Indicators (T, R, K), deaths (T, R) and eligibility (T, R) of one level up to an origin."""

    months: MonthArray
    names: tuple[str, ...]
    indicators: npt.NDArray[np.float32]
    deaths: FloatArray
    eligible: BoolArray
    tau: float

    def __sizeof__(self) -> int:
        """Return the bytes of all arrays, by which a cluster knows that to send them once pays."""
        arrays = (self.months, self.indicators, self.deaths, self.eligible)
        return object.__sizeof__(self) + sum(array.nbytes for array in arrays)

    def labels(self, target: Target, horizon: int) -> FloatArray:
        """Return the labels of a cell at every origin, (T, R)."""
        return label(target, self.deaths, horizon, self.tau)

    def known_between(self, target: Target, horizon: int, after: int, until: int) -> Places:
        """Return the rows whose label became known after one month index and until another."""
        labels = self.labels(target, horizon)
        usable = self.eligible & ~np.isnan(labels)
        first, last = max(0, after - horizon + 1), max(0, until - horizon + 1)
        month, region = np.nonzero(usable[first:last])
        return month + first, region

    def issued_between(self, target: Target, horizon: int, first: int, end: int) -> Places:
        """Return the rows with a known label whose origin is in [first, end), as indices."""
        labels = self.labels(target, horizon)
        month, region = np.nonzero((self.eligible & ~np.isnan(labels))[first:end])
        return month + first, region

    def rows(self, target: Target, horizon: int, places: Places) -> Rows:
        """Gather the rows at the places given."""
        return Rows(
            indicators=self.indicators[places],
            outcome=self.labels(target, horizon)[places],
            deaths=ahead(self.deaths, horizon)[places],
            regions=places[1],
        )


def newest_origin(panel: Panel) -> int:
    """Return the newest month at which any region may be scored [months since 1970-01].

    Raises CoverageError when there is none.
    """
    months = panel.months[eligible(panel).any(axis=1)]
    if len(months) == 0:
        raise CoverageError(
            f"no {panel.regions.level} region is observed for 24 months on end: ingest more months"
        )
    return int(months[-1])


def samples_at(panel: Panel, origin: int, tau: float, names: tuple[str, ...]) -> Samples:
    """Compute everything a level's learners may read at an origin [months since 1970-01].

    Nothing after the origin is even looked at. Raises CoverageError when no region may be scored.
    """
    known = panel.until(origin)
    usable = eligible(known)
    if not usable[-1].any():
        raise CoverageError(
            f"no {panel.regions.level} region is observed in each of the 24 months to "
            f"{format_month(origin)}: choose an earlier origin or ingest what covers it"
        )
    table = indicator_table(known, names)
    return Samples(known.months, table.names, table.values, known.total_deaths, usable, tau)
