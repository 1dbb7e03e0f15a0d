"""The data of one level that learners learn from: indicators, labels and eligibility."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from experiments.configuration import Configuration
from experiments.sampling import draws, is_quiet, weights
from features.archive.vintage import Vintage
from features.arrays import BoolArray, FloatArray, IntArray, MonthArray, ObjectArray
from features.errors import CoverageError
from features.indicators.catalogue import eligible, indicator_table, missing_details, needs_of
from features.months import format_month
from features.panel.panel import Panel, read_panel, with_reports
from features.targets import ahead, label, threshold
from features.words import Level, Target
from models.forecaster import (
    CellForecast,
    CellName,
    Forecaster,
    LabelledRows,
    Predictors,
    months_ahead,
)
from models.learners import Weight
from models.record import RecordPool, RecordTable, signed_odds

YEAR = 12

Number = TypeVar("Number", np.float32, np.float64)

RegionMonths = tuple[IntArray, IntArray]
"""Region-months as (month indices, region indices), both (n,)."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Indicators (M, R, K), deaths (T, R) and eligibility (T, R) of a level up to an origin.

    Indicators, and the records, are of the newest M months, which are all that is read of them.
    `ids` (R,) are the regions'.
    `deaths` are what the experiment counts: events where that is its measure. `unreported` (R,) are
    deaths of the last YEAR months that are expected to be reported yet, and are added to all of
    it; None where late reporting is not corrected.
    """

    level: Level
    months: MonthArray
    ids: ObjectArray
    names: tuple[str, ...]
    indicators: npt.NDArray[np.float32]
    deaths: FloatArray
    eligible: BoolArray
    tau: float
    pool: RecordPool
    horizons: tuple[int, ...]
    unreported: FloatArray | None = None

    @cached_property
    def records(self) -> RecordTable:
        """The regions' own decaying records at every origin and each of the horizons."""
        return self.pool.table(self.deaths, self.horizons, len(self.indicators))

    @property
    def kept(self) -> BoolArray:
        """Which region-months of those with indicators are eligible, (M, R)."""
        return self.eligible[-len(self.indicators) :]

    def __getstate__(self) -> dict[str, object]:
        """Return what other processes get: with the records, so that none makes them again."""
        return self.__dict__ | {"records": self.records}

    def __sizeof__(self) -> int:
        """Return the bytes of all arrays: a cluster sends what is large to each worker once."""
        own = (self.months, self.indicators, self.deaths, self.eligible)
        arrays = (*own, self.records.weights)
        return object.__sizeof__(self) + sum(array.nbytes for array in arrays)

    def in_files(self, folder: Path) -> "Samples":
        """Return the same with what is large in files of an empty folder, which has to stay.

        The processes of this machine that are given it read one copy of it in memory.
        """
        weights = _in_file(folder / "weights.npy", self.records.weights)
        own = replace(self, indicators=_in_file(folder / "indicators.npy", self.indicators))
        own.__dict__["records"] = replace(self.records, weights=weights)
        return own

    def labels(self, target: Target, horizon: int) -> FloatArray:
        """Return the labels of a cell at every origin, (T, R)."""
        return label(target, self.deaths, horizon, self.tau)

    def observed_between(
        self, target: Target, horizon: int, after: int, until: int
    ) -> RegionMonths:
        """Return the region-months whose label was observed in (after, until] [index]."""
        first, end = max(0, after - horizon + 1), max(0, until - horizon + 1)
        return self.issued_between(target, horizon, first, end)

    def issued_between(self, target: Target, horizon: int, first: int, end: int) -> RegionMonths:
        """Return the region-months with an observed label and an origin in [first, end)."""
        labels = self.labels(target, horizon)
        month, region = np.nonzero((self.eligible & ~np.isnan(labels))[first:end])
        return month + first, region

    def sampled(
        self, where: RegionMonths, horizon: int, share: float
    ) -> tuple[RegionMonths, Weight]:
        """Return the region-months to learn from, and how many each stands for.

        They are all that are not quiet, and a share of the others; with a share of 1 all, and None.
        """
        if share == 1:
            return where, None
        month, region = where
        drawn = draws(self.ids[region], self.months[month])
        each = weights(is_quiet(self.deaths, horizon)[where], drawn, share)
        is_in = each > 0
        return (month[is_in], region[is_in]), each[is_in]

    def rows(
        self, target: Target, horizon: int, where: RegionMonths, weight: Weight = None
    ) -> LabelledRows:
        """Return what is read of region-months, and their outcomes."""
        return LabelledRows(
            predictors=self.predictors(target, horizon, where),
            outcome=self.labels(target, horizon)[where],
            deaths=ahead(self.deaths, horizon)[where],
            regions=where[1],
            weight=weight,
        )

    def predictors(self, target: Target, horizon: int, where: RegionMonths) -> Predictors:
        """Return what a cell reads of n region-months."""
        records = self.records.at(horizon, *where)
        record = signed_odds(records.exceedance(self._needed(target, where)))
        month, region = where
        own = self.indicators[month - len(self.months), region]
        indicators = np.column_stack([own, record.astype(np.float32)])
        return Predictors(indicators, records)

    def record_probability(self, target: Target, horizon: int, where: RegionMonths) -> FloatArray:
        """Return the probability of a target's threshold by the regions' own records, (n,)."""
        return self.records.at(horizon, *where).exceedance(self._needed(target, where))

    def forecasts(self, forecaster: Forecaster) -> dict[CellName, CellForecast]:
        """Return the forecasts of the eligible regions at the newest month, by cell."""
        newest = self.newest()
        return forecaster.forecast(lambda target, horizon: self.predictors(target, horizon, newest))

    def newest(self) -> RegionMonths:
        """Return the eligible regions at the newest month."""
        (region,) = np.nonzero(self.eligible[-1])
        return np.full(len(region), len(self.months) - 1), region

    def _needed(self, target: Target, where: RegionMonths) -> FloatArray:
        return threshold(target, self.deaths, self.tau)[where]


def _in_file(file: Path, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Return the same array, read from a file."""
    np.save(file, values)
    stored: npt.NDArray[Number] = np.load(file, mmap_mode="r")
    return stored


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
    names: tuple[str, ...] = (),
    pool: RecordPool | None = None,
    horizons: tuple[int, ...] = (),
    months: int | None = None,
) -> Samples:
    """Return what learners may read at an origin [months since 1970-01], no month after it.

    `horizons` are those of the regions' own records, `months` how many of the newest are read, by
    default all. Raises CoverageError when no region may be scored.
    """
    past = panel.until(origin)
    usable = eligible(past)
    if not usable[-1].any():
        raise CoverageError(
            f"no {panel.regions.level} region is observed in each of the 24 months to "
            f"{format_month(origin)}: choose an earlier origin or ingest what covers it"
        )
    table = indicator_table(past, names, months)
    return Samples(
        level=past.regions.level,
        months=past.months,
        ids=past.regions.table["id"].to_numpy(dtype=object),
        names=table.names,
        indicators=table.values,
        deaths=past.counts,
        eligible=usable,
        tau=tau,
        pool=pool or RecordPool(),
        horizons=horizons,
    )


def corrected_samples_at(
    panel: Panel,
    origin: int,
    tau: float,
    names: tuple[str, ...],
    pool: RecordPool | None,
    horizons: tuple[int, ...],
    months: int | None = None,
) -> Samples:
    """Return the same as `samples_at`, late reporting corrected if the panel has reports."""
    past = panel.until(origin)
    corrected = past.corrected()
    samples = samples_at(corrected, origin, tau, names, pool, horizons, months)
    if past.reports is None:
        return samples
    added = np.nan_to_num(corrected.total_deaths - past.total_deaths)[-YEAR:].sum(axis=0)
    return replace(samples, unreported=added)


def panel_for(configuration: Configuration, vintage: Vintage, level: Level) -> Panel:
    """Return the panel that an experiment reads; raises CoverageError if it has no region."""
    panel = read_panel(vintage, level, needs_of(configuration.indicator_names))
    return with_reports(panel, vintage) if configuration.late_reporting.correct else panel


def samples_for(
    forecaster: Forecaster, panel: Panel, origin: int, months: int | None = None
) -> Samples:
    """Return what a forecaster reads of a panel at an origin; raises what `samples_at` raises."""
    own = forecaster.names, forecaster.pool, forecaster.horizons
    return corrected_samples_at(panel, origin, forecaster.tau, *own, months)


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What an experiment learns from at an origin.

    `panel` ends there, `configuration` reads what the panel tells, and `untold` are the indicators
    that it does not, each with the detail that is missing.
    """

    panel: Panel
    configuration: Configuration
    samples: Samples
    untold: dict[str, str]


def training_data(
    panel: Panel,
    configuration: Configuration,
    origin: int | None = None,
    months_back: int | None = None,
) -> TrainingData:
    """Return what an experiment learns from at an origin, by default the panel's newest.

    It is fitted first so many `months_back`, and what is too early for that is not kept; by default
    all is. Raises CoverageError when the panel does not reach the origin or lacks what the
    experiment measures, and ConfigurationError when no indicator is left.
    """
    counted = panel.counting(configuration.measure, configuration.types)
    past = counted.until(newest_origin(panel) if origin is None else origin)
    untold = missing_details(past, configuration.indicator_names)
    own = configuration.without(untold)
    horizons = months_ahead(own.targets)
    samples = corrected_samples_at(
        past,
        int(past.months[-1]),
        own.tau(panel.regions.level),
        own.indicator_names,
        own.record_pool,
        horizons,
        None if months_back is None else months_back + own.training.months + horizons[-1],
    )
    return TrainingData(past, own, samples, untold)
