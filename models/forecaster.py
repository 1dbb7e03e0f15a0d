"""The forecaster of one level: every target and horizon, fitted, calibrated and ready to be stored.

A *cell* is one target at one horizon. Its learner is fitted on the training rows, its calibration
on the later calibration rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from features.arrays import FloatArray, Matrix, RegionNumbers
from features.words import DISTRIBUTIONS, SPECS, Target
from models.calibration import LogisticCalibration
from models.deaths import DeathsModel
from models.distribution import DeathsDistribution
from models.learners import FEWEST_CASES, BaseRate, Learner
from models.record import RecordPool, RegionRecords

CellName = tuple[Target, int]
"""A target and its horizon [months ahead]."""

Horizons = Mapping[Target, tuple[int, ...]]
"""Targets, and the horizons at which each is forecast."""

(DEATHS,) = DISTRIBUTIONS
"""The one target that is a distribution: of deaths."""


def cells_of(targets: Horizons) -> tuple[CellName, ...]:
    """Return every target at every one of its horizons."""
    return tuple((target, horizon) for target, horizons in targets.items() for horizon in horizons)


def fitted_cells(targets: Horizons) -> tuple[CellName, ...]:
    """Return the cells with a learner of their own: a distribution shares another target's."""
    cells = ((SPECS[target].shares, horizon) for target, horizon in cells_of(targets))
    return tuple(dict.fromkeys(cells))


def months_ahead(targets: Horizons) -> tuple[int, ...]:
    """Return the horizons of all targets together, ascending."""
    return tuple(sorted({horizon for _, horizon in cells_of(targets)}))


def is_threshold(target: Target) -> bool:
    """Tell whether a target is that deaths reach the threshold, of which a record tells too."""
    return target == SPECS[DEATHS].shares


def has_distribution(target: Target, horizon: int, targets: Horizons) -> bool:
    """Tell whether a fitted cell also holds the distribution of deaths."""
    return is_threshold(target) and horizon in targets.get(DEATHS, ())


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """(n, k) indicators, (n,) outcomes, deaths of the target month [deaths/month] and regions.

    `records` are the regions' own, at the horizon of the outcomes.
    """

    indicators: Matrix
    outcome: FloatArray
    deaths: FloatArray
    regions: RegionNumbers
    records: RegionRecords


class CellForecast(NamedTuple):
    """Calibrated probabilities (n,), and the distribution of deaths if the cell has one."""

    probability: FloatArray
    deaths: DeathsDistribution | None


RECORD_SHARE = 0.5
"""Of a region's own record in the probability of the threshold, if it reached it."""


class Cell(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """One target at one horizon: learner, calibration and perhaps the distribution of deaths."""

    learner: Learner | BaseRate
    calibration: LogisticCalibration
    record_share: float = 0.0
    deaths: DeathsModel | None = None

    def probability(self, indicators: Matrix, record: FloatArray) -> FloatArray:
        """Return the calibrated probability for (n, k) indicators, (n,).

        `record` (n,) is the probability of the threshold by the regions' own records, NaN where
        they say nothing of it.
        """
        learned = self.calibration.predict(self.learner.probability(indicators))
        own = np.where(np.isnan(record), learned, record)
        return (1 - self.record_share) * learned + self.record_share * own

    def forecast(self, indicators: Matrix, records: RegionRecords) -> CellForecast:
        """Return the forecast for (n, k) indicators and the regions' own records."""
        probability = self.probability(indicators, records.probability)
        if self.deaths is None:
            return CellForecast(probability, None)
        return CellForecast(probability, self.deaths.predict(indicators, probability, records))


def fit_cell(
    target: Target,
    template: Learner,
    training: LabelledRows,
    calibration: LabelledRows,
    tau: float,
    scale_columns: tuple[int, ...] = (),
    *,
    with_deaths: bool = False,
) -> Cell:
    """Fit one cell: the learner on the training rows, the calibration on the later rows.

    `scale_columns` are the indicators of recent violence [deaths/month], which the distribution of
    deaths reads. With fewer than FEWEST_CASES outcomes of either kind the learner is the base rate.
    """
    cell = Cell()
    cell.record_share = RECORD_SHARE if is_threshold(target) else 0.0
    cases = training.outcome.sum()
    if min(cases, len(training.outcome) - cases) < FEWEST_CASES:
        cell.learner = BaseRate().fit(training.outcome)
    else:
        cell.learner = clone(template).fit(training.indicators, training.outcome, training.regions)
    raw = cell.learner.probability(calibration.indicators)
    cell.calibration = LogisticCalibration().fit(raw, calibration.outcome)
    if with_deaths:
        cell.deaths = DeathsModel(tau, scale_columns)
        cell.deaths.fit_size(template, training.indicators, training.deaths)
        cell.deaths.fit(
            calibration.indicators,
            calibration.deaths,
            cell.probability(calibration.indicators, calibration.records.probability),
            calibration.records,
            calibration.regions,
        )
    return cell


RecordsByHorizon = Callable[[int], RegionRecords]
"""A horizon -> the records of the regions that are forecast."""


class Forecaster(BaseEstimator):  # type: ignore[misc]
    """Every cell of one level, with its indicator names, threshold, targets and records."""

    def __init__(
        self,
        level: str = "",
        tau: float = 1.0,
        names: tuple[str, ...] = (),
        pool: RecordPool | None = None,
        targets: Horizons | None = None,
    ) -> None:
        self.level = level
        self.tau = tau
        self.names = names
        self.pool = pool
        self.targets = targets

    @property
    def cell_names(self) -> tuple[CellName, ...]:
        """The cells that have a learner of their own."""
        return fitted_cells(self.targets or {})

    @property
    def horizons(self) -> tuple[int, ...]:
        """The horizons of all targets together, ascending."""
        return months_ahead(self.targets or {})

    def with_cells(self, cells: dict[str, Cell]) -> "Forecaster":
        """Set the fitted cells, by `cell_key`."""
        self.cells = cells
        return self

    def cell(self, target: Target, horizon: int) -> Cell:
        """Return the cell that forecasts a target at a horizon."""
        return self.cells[cell_key(SPECS[target].shares, horizon)]

    def forecast(
        self, indicators: Matrix, records: RecordsByHorizon
    ) -> dict[tuple[Target, int], CellForecast]:
        """Return the forecast of every target and horizon for (n, k) indicators and records."""
        fitted = {
            (target, horizon): self.cell(target, horizon).forecast(indicators, records(horizon))
            for target, horizon in self.cell_names
        }
        return {
            (target, horizon): fitted[SPECS[target].shares, horizon]
            for target, horizon in cells_of(self.targets or {})
        }

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that `predict` reads: indicators, and the records' own probabilities."""
        return (*self.names, *map(record_column, self.horizons))

    def predict(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return every probability as a flat table for MLflow: `instability_01`, ...

        `table` has the `columns`; `record_01` is the probability of the threshold one month ahead
        by the region's own records.
        """
        matrix = table[list(self.names)].to_numpy(dtype=np.float32)
        probabilities = {
            cell_key(target, horizon): self.cell(target, horizon).probability(
                matrix, table[record_column(horizon)].to_numpy(dtype=np.float64)
            )
            for target, horizon in self.cell_names
        }
        return pd.DataFrame(probabilities, index=table.index)


def record_column(horizon: int) -> str:
    """Return the column of the records' own probability: `record_03`."""
    return f"record_{horizon:02d}"


def cell_key(target: Target, horizon: int) -> str:
    """Return the name of a cell: `instability_03`."""
    return f"{target}_{horizon:02d}"
