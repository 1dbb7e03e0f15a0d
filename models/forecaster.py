"""The forecaster of one level: every target and horizon, fitted and ready to be stored.

A *cell* is one target at one horizon. Its learner is fitted on all rows. Analogues are the outcomes
of the last months, beside what a learner of the months before expected.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from features.arrays import BoolArray, FloatArray, Matrix, RegionNumbers
from features.words import DISTRIBUTIONS, SPECS, Target
from models.deaths import DeathsModel
from models.distribution import DeathsDistribution
from models.learners import FEWEST_CASES, BaseRate, Learner, Weight
from models.record import RecordPool, RegionRecords, signed_odds

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


def has_distribution(target: Target, horizon: int, targets: Horizons) -> bool:
    """Tell whether a fitted cell also holds the distribution of deaths."""
    return target == SPECS[DEATHS].shares and horizon in targets.get(DEATHS, ())


class Predictors(NamedTuple):
    """What a cell reads of n regions: indicators (n, k), RECORD last, and their own records."""

    indicators: Matrix
    records: RegionRecords


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Predictors, (n,) outcomes, deaths of the target month [deaths/month], regions and weight."""

    predictors: Predictors
    outcome: FloatArray
    deaths: FloatArray
    regions: RegionNumbers
    weight: Weight = None

    def of(self, rows: BoolArray) -> "LabelledRows":
        """Return the same of some rows."""
        indicators, records = self.predictors
        own = Predictors(indicators[rows], records.of(rows))
        weight = None if self.weight is None else self.weight[rows]
        return LabelledRows(own, self.outcome[rows], self.deaths[rows], self.regions[rows], weight)


class CellForecast(NamedTuple):
    """Probabilities (n,), and the distribution of deaths if the cell has one."""

    probability: FloatArray
    deaths: DeathsDistribution | None


class Cell(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """One target at one horizon: a learner and perhaps the distribution of deaths."""

    learner: Learner | BaseRate
    deaths: DeathsModel | None = None

    def forecast(self, predictors: Predictors) -> CellForecast:
        """Return the forecast for n regions."""
        probability = self.learner.probability(predictors.indicators)
        if self.deaths is None:
            return CellForecast(probability, None)
        return CellForecast(probability, self.deaths.predict(*predictors, probability))


def fit_cell(
    template: Learner,
    rows: LabelledRows,
    is_late: BoolArray,
    deaths: DeathsModel | None = None,
) -> Cell:
    """Fit one cell on n rows, of which `is_late` (n,) marks those that may be analogues.

    `deaths` is the template of its distribution, if it has one. With fewer than FEWEST_CASES
    outcomes of either kind the learner is the base rate.
    """
    cell = Cell()
    cell.learner = _fit_learner(template, rows)
    if deaths is not None:
        early, late = rows.of(~is_late), rows.of(is_late)
        model: DeathsModel = clone(deaths)
        model.fit_size(template, early.predictors.indicators, early.deaths, early.weight)
        cell.deaths = model.fit(late.predictors.indicators, late.deaths, late.weight)
    return cell


def _fit_learner(template: Learner, rows: LabelledRows) -> Learner | BaseRate:
    cases = rows.outcome.sum()
    if min(cases, len(rows.outcome) - cases) < FEWEST_CASES:
        return BaseRate().fit(rows.outcome, rows.weight)
    learner: Learner = clone(template)
    return learner.fit(rows.predictors.indicators, rows.outcome, rows.regions, rows.weight)


PredictorsOfCell = Callable[[Target, int], Predictors]
"""A target and a horizon -> what is read of the regions that are forecast."""


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

    def forecast(self, predictors: PredictorsOfCell) -> dict[CellName, CellForecast]:
        """Return the forecast of every target and horizon of some regions."""
        fitted = {cell: self.cell(*cell).forecast(predictors(*cell)) for cell in self.cell_names}
        return {
            (target, horizon): fitted[SPECS[target].shares, horizon]
            for target, horizon in cells_of(self.targets or {})
        }

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that `predict` reads: indicators, and the records' own probabilities."""
        return (*self.names, *(record_column(*cell) for cell in self.cell_names))

    def predict(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return every probability as a flat table for MLflow: `instability_01`, ...

        `table` has the `columns`; `record_instability_01` is the same probability by the region's
        own records.
        """
        matrix = table[list(self.names)].to_numpy(dtype=np.float32)
        probabilities = {}
        for cell in self.cell_names:
            record = signed_odds(table[record_column(*cell)].to_numpy(dtype=np.float64))
            read = np.column_stack([matrix, record.astype(np.float32)])
            probabilities[cell_key(*cell)] = self.cell(*cell).learner.probability(read)
        return pd.DataFrame(probabilities, index=table.index)


def record_column(target: Target, horizon: int) -> str:
    """Return the column of the records' own probability: `record_instability_03`."""
    return f"record_{cell_key(target, horizon)}"


def cell_key(target: Target, horizon: int) -> str:
    """Return the name of a cell: `instability_03`."""
    return f"{target}_{horizon:02d}"
