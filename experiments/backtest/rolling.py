"""Rolling origins: every forecast is made by a model that saw only what had happened by then.

The work is a grid of independent tasks: fold x learner x cell.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol, TypeVar

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from experiments.backtest.folds import Fold, OriginSpan, folds_of
from experiments.backtest.grid import Arrays, Jobs, TaskCache, in_parallel, run_grid
from experiments.configuration import Configuration
from experiments.samples import RegionMonths, Samples
from features.arrays import FloatArray
from features.errors import CoverageError
from features.months import format_month
from features.words import TARGETS, Target
from models.deaths import DeathsModel
from models.distribution import DeathsDistribution
from models.forecaster import (
    DEATHS,
    Cell,
    CellName,
    Forecaster,
    cell_key,
    fit_cell,
    fitted_cells,
    has_distribution,
)
from models.learners import LearnerName
from models.metrics import crps_weighted, pit_bounds
from models.references import REFERENCES, reference_deaths, reference_probability

Step = TypeVar("Step")


class Progress(Protocol):
    """Wraps an iterable of known length to show its progress under a label."""

    def __call__(self, steps: Iterable[Step], total: int, label: str) -> Iterable[Step]:
        """Yield the steps one by one."""
        ...


@dataclass(frozen=True, eq=False)
class Backtest:
    """Forecasts and outcomes, one row a target, horizon, origin (month number) and region index.

    `probabilities` has the outcome (0 or 1) and a column of probabilities a learner or reference.
    The others have the outcome [deaths/month] and, a column a forecast, the CRPS and mean
    [deaths/month] and the probability of fewer deaths than the outcome (`below`) and of no more
    (`upto`).
    """

    probabilities: pd.DataFrame
    crps: pd.DataFrame
    means: pd.DataFrame
    below: pd.DataFrame
    upto: pd.DataFrame


_DEATHS_MEASURES = ("crps", "mean", "below", "upto")
"""The measures of a distribution of deaths, in the order of the tables of a `Backtest`."""

_ROWS = 2**14
"""The most region-months that are forecast at once: each has hundreds of draws of deaths."""

SCALE_INDICATORS = ("deaths", "deaths_mean_3", "deaths_mean_12")
"""The indicators of the recent size of the violence, as far as an experiment reads them."""


def fit_forecaster(
    samples: Samples,
    configuration: Configuration,
    level: str,
    learner: LearnerName,
    jobs: Jobs,
    progress: Progress,
) -> Forecaster:
    """Fit every cell of one level on all labels observed by the newest month of the samples."""
    origin = len(samples.months) - 1
    tasks = {
        cell_key(target, horizon): (samples, configuration, learner, target, horizon, origin)
        for target, horizon in fitted_cells(configuration.targets)
    }
    fits = in_parallel(_fit, tasks, jobs)
    cells = dict(progress(fits, len(tasks), f"{level}: fitting {learner}"))
    in_order = {key: cells[key] for key in tasks}
    targets = configuration.targets
    forecaster = Forecaster(level, samples.tau, samples.names, samples.pool, targets)
    return forecaster.with_cells(in_order)


def run_backtest(
    samples: Samples,
    configuration: Configuration,
    level: str,
    jobs: Jobs,
    progress: Progress,
    cells: Sequence[CellName] | None = None,
    *,
    span: OriginSpan | None = None,
    cache: TaskCache | None = None,
) -> Backtest:
    """Fit and forecast every fold, learner and cell that is not cached, and add the references.

    `cells` are by default all that the experiment has fitted. Raises what `folds_of` raises, and
    CoverageError when no outcome of any cell is known.
    """
    if cells is None:
        cells = fitted_cells(configuration.targets)
    folds = folds_of(samples, configuration, span)
    whole = Fold(folds[0].at, folds[-1].end)
    if not any(len(samples.issued_between(*cell, *whole)[0]) for cell in cells):
        first = format_month(int(samples.months[whole.at]))
        raise CoverageError(
            f"no outcome is known of any forecast from {first}: lengthen "
            "[backtest] years or name shorter horizons in [targets]"
        )
    grid = [
        (fold, learner, *cell)
        for fold, learner, cell in product(folds, configuration.learners, cells)
    ]
    tasks = {_task_key(samples, *task): (samples, configuration, *task) for task in grid}
    label = f"{level}: backtest from {len(folds)} origins"
    results = dict(progress(run_grid(_forecast_fold, tasks, jobs, cache), len(tasks), label))
    by_cell: dict[tuple[str, Target, int], list[Arrays]] = {}
    for task, key in zip(grid, tasks, strict=True):
        by_cell.setdefault(task[1:], []).append(results[key])
    return _assemble(samples, configuration, cells, whole, by_cell)


def _assemble(
    samples: Samples,
    configuration: Configuration,
    cells: Sequence[CellName],
    span: Fold,
    by_cell: Mapping[tuple[str, Target, int], Sequence[Arrays]],
) -> Backtest:
    """Join the forecasts of all folds, by learner and cell, with outcomes and references."""

    def of_learners(target: Target, horizon: int, kind: str) -> dict[str, FloatArray]:
        return {
            learner: np.concatenate([fold[kind] for fold in by_cell[learner, target, horizon]])
            for learner in configuration.learners
        }

    probabilities: list[pd.DataFrame] = []
    deaths: dict[str, list[pd.DataFrame]] = {kind: [] for kind in _DEATHS_MEASURES}
    for target, horizon in cells:
        where = samples.issued_between(target, horizon, *span)
        forecasts = of_learners(target, horizon, "probability")
        forecasts |= reference_probabilities(samples, target, horizon, where)
        probabilities.append(_table(samples, target, horizon, where, forecasts))
        if has_distribution(target, horizon, configuration.targets):
            past = reference_measures(samples, horizon, where)
            for kind, tables in deaths.items():
                columns = of_learners(target, horizon, kind) | past[kind]
                tables.append(_table(samples, DEATHS, horizon, where, columns))
    no_deaths = probabilities[0].iloc[:0]
    parts = (probabilities, *(tables or [no_deaths] for tables in deaths.values()))
    return Backtest(*(pd.concat(part, ignore_index=True) for part in parts))


def reference_probabilities(
    samples: Samples, target: Target, horizon: int, where: RegionMonths
) -> dict[str, FloatArray]:
    """Return each reference's probabilities of a cell, (n,) each."""
    labels = samples.labels(target, horizon)
    return {r: reference_probability(r, labels, horizon)[where] for r in REFERENCES}


def reference_measures(
    samples: Samples, horizon: int, where: RegionMonths
) -> dict[str, dict[str, FloatArray]]:
    """Return _DEATHS_MEASURES of each reference's deaths, (n,) each, by measure and reference."""
    outcome = samples.labels(DEATHS, horizon)[where]
    month, region = where
    measures: dict[str, dict[str, FloatArray]] = {
        kind: {reference: np.empty(len(month)) for reference in REFERENCES}
        for kind in _DEATHS_MEASURES
    }
    for reference in REFERENCES:
        for row in np.unique(month):
            here = month == row
            past = reference_deaths(reference, samples.deaths, int(row), horizon).of(region[here])
            values = deaths_measures(outcome[here], past)
            for kind, value in zip(_DEATHS_MEASURES, values, strict=True):
                measures[kind][reference][here] = value
    return measures


def _task_key(
    samples: Samples, fold: Fold, learner: LearnerName, target: Target, horizon: int
) -> str:
    first = int(samples.months[0])
    months = "-".join(format_month(first + index) for index in (fold.at, fold.end - 1))
    return f"{months}-{learner}-{cell_key(target, horizon)}"


def _fit(
    samples: Samples,
    configuration: Configuration,
    learner: LearnerName,
    target: Target,
    horizon: int,
    origin: int,
) -> Cell:
    first = origin - configuration.training.months
    known = samples.observed_between(target, horizon, first, origin)
    share = configuration.training.quiet_share.at(samples.level)
    where, weight = samples.sampled(known, horizon, share)
    month, _ = where
    is_late = month + horizon > origin - configuration.analogues.months
    deaths = None
    if has_distribution(target, horizon, configuration.targets):
        deaths = _deaths_template(samples, configuration)
    if deaths is not None and is_late.all():
        raise CoverageError(
            f"no outcome {horizon} months ahead is there to learn from at "
            f"{format_month(int(samples.months[origin]))}: ingest earlier events, or shorten "
            "[analogues] months"
        )
    # One thread a fit: parallel fits are quicker, and sums do not depend on the machine.
    with threadpool_limits(1):
        return fit_cell(
            configuration.template(learner),
            samples.rows(target, horizon, where, weight),
            is_late,
            deaths,
        )


def _deaths_template(samples: Samples, configuration: Configuration) -> DeathsModel:
    analogues = configuration.analogues
    scale = tuple(i for i, name in enumerate(samples.names) if name in SCALE_INDICATORS)
    return DeathsModel(samples.tau, scale, analogues.share, analogues.halving.at(samples.level))


def _forecast_fold(
    samples: Samples,
    configuration: Configuration,
    fold: Fold,
    learner: LearnerName,
    target: Target,
    horizon: int,
) -> Arrays:
    """Return a fold's probability and, with a distribution, _DEATHS_MEASURES, (n,) each."""
    cell = _fit(samples, configuration, learner, target, horizon, fold.at)
    month, region = samples.issued_between(target, horizon, fold.at, fold.end)
    parts = [
        _forecast(samples, cell, target, horizon, (month[i : i + _ROWS], region[i : i + _ROWS]))
        for i in range(0, max(1, len(month)), _ROWS)
    ]
    return {kind: np.concatenate([part[kind] for part in parts]) for kind in parts[0]}


def _forecast(
    samples: Samples, cell: Cell, target: Target, horizon: int, where: RegionMonths
) -> Arrays:
    """Return the measures of a cell's forecasts for some region-months, as `_forecast_fold`."""
    forecast = cell.forecast(samples.predictors(target, horizon, where))
    measures = {"probability": forecast.probability}
    if forecast.deaths is not None:
        deaths = forecast.deaths
        outcome = samples.labels(DEATHS, horizon)[where]
        values = deaths_measures(outcome, deaths)
        measures |= dict(zip(_DEATHS_MEASURES, values, strict=True))
    return measures


def deaths_measures(outcome: FloatArray, deaths: DeathsDistribution) -> tuple[FloatArray, ...]:
    """Return _DEATHS_MEASURES of distributions for (n,) outcomes [deaths/month], (n,) each."""
    crps = crps_weighted(outcome, deaths.draws, deaths.weights)
    return crps, deaths.mean(), *pit_bounds(outcome, deaths.draws, deaths.weights)


def _table(
    samples: Samples,
    target: Target,
    horizon: int,
    where: RegionMonths,
    forecasts: dict[str, FloatArray],
) -> pd.DataFrame:
    month, region = where
    keys = {
        "target": pd.Categorical([target] * len(month), categories=list(TARGETS)),
        "horizon": np.full(len(month), horizon, dtype=np.int64),
        "origin": samples.months[month],
        "region": region,
        "outcome": samples.labels(target, horizon)[where],
    }
    return pd.DataFrame(keys | forecasts)
