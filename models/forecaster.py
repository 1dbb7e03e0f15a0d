"""The forecaster of one level: every target and horizon, fitted, calibrated and ready to be stored.

A *cell* is one target at one horizon. Its learner is fitted on the training rows, its calibration
on the later calibration rows.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from features.arrays import FloatArray, Matrix, RegionNumbers
from features.words import (
    DISTRIBUTIONS,
    PROBABILITIES,
    QUANTILES,
    SPECS,
    TARGETS,
    Target,
    quantile_column,
)
from models.calibration import LogisticCalibration
from models.distribution import Analogues, DeathsDistribution, recent_scale
from models.learners import FEWEST_CASES, BaseRate, Learner

CELLS: tuple[tuple[Target, int], ...] = tuple(
    (target, horizon) for target in TARGETS for horizon in SPECS[target].horizons
)
"""Every target at every horizon."""

FITTED_CELLS = tuple((target, horizon) for target, horizon in CELLS if target in PROBABILITIES)
"""The cells with a learner of their own; a distribution shares that of another target."""

(DEATHS,) = DISTRIBUTIONS
"""The one target that is a distribution: of deaths."""


def has_distribution(target: Target) -> bool:
    """Tell whether the cells of a target also hold the distribution of deaths."""
    return target == SPECS[DEATHS].shares


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """(n, k) indicators, (n,) outcomes, deaths of the target month [deaths/month] and regions."""

    indicators: Matrix
    outcome: FloatArray
    deaths: FloatArray
    regions: RegionNumbers


class CellForecast(NamedTuple):
    """Calibrated probabilities (n,), and the distribution of deaths if the cell has one."""

    probability: FloatArray
    deaths: DeathsDistribution | None


class Cell(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """One target at one horizon: learner, calibration and, with a distribution, the analogues."""

    learner: Learner | BaseRate
    calibration: LogisticCalibration
    scale_columns: tuple[int, ...] = ()
    size: Learner | None = None
    analogues: Analogues | None = None

    def probability(self, indicators: Matrix) -> FloatArray:
        """Return the calibrated probability for (n, k) indicators, (n,)."""
        return self.calibration.predict(self.learner.probability(indicators))

    def forecast(self, indicators: Matrix) -> CellForecast:
        """Return the forecast for (n, k) indicators."""
        probability = self.probability(indicators)
        if self.size is None or self.analogues is None:
            return CellForecast(probability, None)
        size, scale = self.size.size(indicators), self._scale(indicators)
        return CellForecast(probability, self.analogues.predict(size, probability, scale))

    def deaths(self, indicators: Matrix) -> DeathsDistribution:
        """Return the distribution for (n, k) indicators; raises TypeError if there is none."""
        deaths = self.forecast(indicators).deaths
        if deaths is None:
            raise TypeError("only an instability cell has a distribution of deaths")
        return deaths

    def _scale(self, indicators: Matrix) -> FloatArray:
        return recent_scale(indicators[:, list(self.scale_columns)].astype(np.float64))


def fit_cell(
    target: Target,
    template: Learner,
    training: LabelledRows,
    calibration: LabelledRows,
    tau: float,
    scale_columns: tuple[int, ...] = (),
) -> Cell:
    """Fit one cell: the learner on the training rows, the calibration on the later rows.

    `scale_columns` are the indicators of recent violence [deaths/month]. With fewer than
    FEWEST_CASES outcomes of either kind the learner is the base rate.
    """
    cell = Cell()
    cell.scale_columns = scale_columns
    cases = training.outcome.sum()
    if min(cases, len(training.outcome) - cases) < FEWEST_CASES:
        cell.learner = BaseRate().fit(training.outcome)
    else:
        cell.learner = clone(template).fit(training.indicators, training.outcome, training.regions)
    raw = cell.learner.probability(calibration.indicators)
    cell.calibration = LogisticCalibration().fit(raw, calibration.outcome)
    if has_distribution(target):
        size: Learner = clone(template)
        cell.size = size.fit_size(training.indicators, training.deaths)
        cell.analogues = Analogues(tau).fit(
            cell.size.size(calibration.indicators),
            calibration.deaths,
            cell._scale(calibration.indicators),
        )
    return cell


class Forecaster(BaseEstimator):  # type: ignore[misc]
    """Every cell of one level, with its indicator names and threshold."""

    def __init__(self, level: str = "", tau: float = 1.0, names: tuple[str, ...] = ()) -> None:
        self.level = level
        self.tau = tau
        self.names = names

    def with_cells(self, cells: dict[str, Cell]) -> "Forecaster":
        """Set the fitted cells, by `cell_key`."""
        self.cells = cells
        return self

    def cell(self, target: Target, horizon: int) -> Cell:
        """Return the cell that forecasts a target at a horizon."""
        return self.cells[cell_key(SPECS[target].shares, horizon)]

    def forecast(self, indicators: Matrix) -> dict[tuple[Target, int], CellForecast]:
        """Return the forecast of every target and horizon for (n, k) indicators."""
        fitted = {cell: self.cell(*cell).forecast(indicators) for cell in FITTED_CELLS}
        return {
            (target, horizon): fitted[SPECS[target].shares, horizon] for target, horizon in CELLS
        }

    def predict(self, indicators: pd.DataFrame) -> pd.DataFrame:
        """Return every probability, and mean and quantiles of deaths, as a flat table for MLflow.

        `indicators` has the columns `names`; the result `instability_01`, ... (probabilities) and
        `fatalities_01_mean`, `fatalities_01_q50`, ... [deaths/month].
        """
        matrix = indicators[list(self.names)].to_numpy(dtype=np.float32)
        columns: dict[str, FloatArray] = {}
        for (target, horizon), (probability, deaths) in self.forecast(matrix).items():
            key = cell_key(target, horizon)
            if SPECS[target].is_distribution and deaths is not None:
                columns[f"{key}_mean"] = deaths.mean()
                for level, values in zip(QUANTILES, deaths.quantiles(QUANTILES).T, strict=True):
                    columns[f"{key}_{quantile_column(level)}"] = values
            else:
                columns[key] = probability
        return pd.DataFrame(columns, index=indicators.index)


def cell_key(target: Target, horizon: int) -> str:
    """Return the name of a cell: `instability_03`."""
    return f"{target}_{horizon:02d}"
