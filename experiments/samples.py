"""The data of one level that learners learn from: indicators, labels and eligibility."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from features.arrays import BoolArray, FloatArray, IntArray, MonthArray
from features.errors import CoverageError
from features.indicators.catalogue import eligible, indicator_table
from features.months import format_month
from features.panel.panel import Panel
from features.targets import ahead, label
from features.words import Target
from models.forecaster import LabelledRows
from models.record import RecordPool, RecordTable, RegionRecords

RegionMonths = tuple[IntArray, IntArray]
"""Region-months as (month indices, region indices), both (n,)."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Indicators (T, R, K), deaths (T, R) and eligibility (T, R) of one level up to an origin."""

    months: MonthArray
    names: tuple[str, ...]
    indicators: npt.NDArray[np.float32]
    deaths: FloatArray
    eligible: BoolArray
    tau: float
    pool: RecordPool

    @cached_property
    def records(self) -> RecordTable:
        """The regions' own decaying records at every origin and horizon."""
        return self.pool.table(self.deaths, self.tau)

    def __getstate__(self) -> dict[str, object]:
        """Return what other processes get: with the records, so that none makes them again."""
        return self.__dict__ | {"records": self.records}

    def __sizeof__(self) -> int:
        """Return the bytes of all arrays: a cluster sends what is large to each worker once."""
        records = (self.records.weights, self.records.probability)
        arrays = (self.months, self.indicators, self.deaths, self.eligible, *records)
        return object.__sizeof__(self) + sum(array.nbytes for array in arrays)

    def labels(self, target: Target, horizon: int) -> FloatArray:
        """Return the labels of a cell at every origin, (T, R)."""
        return label(target, self.deaths, horizon, self.tau)

    def observed_between(
        self, target: Target, horizon: int, after: int, until: int
    ) -> RegionMonths:
        """Return the region-months whose label was observed in (after, until] [index]."""
        labels = self.labels(target, horizon)
        usable = self.eligible & ~np.isnan(labels)
        first, last = max(0, after - horizon + 1), max(0, until - horizon + 1)
        month, region = np.nonzero(usable[first:last])
        return month + first, region

    def issued_between(self, target: Target, horizon: int, first: int, end: int) -> RegionMonths:
        """Return the region-months with an observed label and an origin in [first, end)."""
        labels = self.labels(target, horizon)
        month, region = np.nonzero((self.eligible & ~np.isnan(labels))[first:end])
        return month + first, region

    def rows(self, target: Target, horizon: int, where: RegionMonths) -> LabelledRows:
        """Return the indicators and outcomes of region-months."""
        return LabelledRows(
            indicators=self.indicators[where],
            outcome=self.labels(target, horizon)[where],
            deaths=ahead(self.deaths, horizon)[where],
            regions=where[1],
            records=self.records.at(horizon, *where),
        )

    def newest_records(self, regions: BoolArray, horizon: int) -> RegionRecords:
        """Return the records of some regions (R,) at the newest month."""
        region = np.flatnonzero(regions)
        return self.records.at(horizon, np.full(len(region), len(self.months) - 1), region)


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


def samples_at(
    panel: Panel,
    origin: int,
    tau: float,
    names: tuple[str, ...],
    pool: RecordPool | None = None,
) -> Samples:
    """Return what learners may read at an origin [months since 1970-01], no month after it.

    Raises CoverageError when no region may be scored.
    """
    past = panel.until(origin)
    usable = eligible(past)
    if not usable[-1].any():
        raise CoverageError(
            f"no {panel.regions.level} region is observed in each of the 24 months to "
            f"{format_month(origin)}: choose an earlier origin or ingest what covers it"
        )
    table = indicator_table(past, names)
    return Samples(
        past.months, table.names, table.values, past.total_deaths, usable, tau, pool or RecordPool()
    )
