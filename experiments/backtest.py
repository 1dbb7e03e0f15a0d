"""Rolling origins: every forecast is made by a model that saw only what had happened by then.

The work is a grid of independent tasks (fold x learner x cell) run through joblib, so that any
joblib backend can take it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import joblib
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from experiments.configuration import Configuration
from experiments.samples import Places, Samples
from features.errors import CoverageError
from features.months import format_month
from features.panel import FloatArray
from features.targets import TARGETS, Target
from models.forecaster import FITTED_CELLS, Cell, Forecaster, cell_key, fit_cell
from models.learners import LearnerName
from models.metrics import crps_ensemble, crps_weighted
from models.references import REFERENCES, reference_draws, reference_probability

Step = TypeVar("Step")


class Progress(Protocol):
    """Wraps an iterable of a known length with a label, to show how far it is."""

    def __call__(self, steps: Iterable[Step], total: int, label: str) -> Iterable[Step]:
        """Yield the steps one by one."""
        ...


@dataclass(frozen=True, eq=False)
class Forecasts:
    """What one fitted cell said of some rows, (n,) each: probability and, for an instability cell,
    CRPS and mean [deaths/month] of its distribution of deaths (otherwise both empty)."""

    probability: FloatArray
    crps: FloatArray
    mean: FloatArray


@dataclass(frozen=True, eq=False)
class Backtest:
    """Forecasts and outcomes, one row a target, horizon, origin (month number) and region index.

    `probabilities` has the outcome (0 or 1) and a column of probabilities a forecast; `crps` and
    `means` have the outcome [deaths/month] and, a column a forecast, its CRPS and its mean
    [deaths/month]. Forecasts are the learners and the references.
    """

    probabilities: pd.DataFrame
    crps: pd.DataFrame
    means: pd.DataFrame


def fold_origins(samples: Samples, configuration: Configuration) -> list[int]:
    """Return the month indices at which the backtest fits anew, oldest first.

    Raises CoverageError when the history is too short for the first of them.
    """
    last = len(samples.months) - 1
    step = configuration.backtest.refit_months
    count = -(-configuration.backtest.years * 12 // step)
    origins = [last - step * back for back in range(count, 0, -1)]
    # Two more years than the calibration leave something to learn from before it.
    needed = configuration.training.calibration_months + 12 + 24
    seen = np.flatnonzero(samples.eligible.any(axis=1))[0]
    if origins[0] - seen < needed:
        raise CoverageError(
            f"the events begin too late for a backtest of {configuration.backtest.years} years "
            f"to {format_month(int(samples.months[-1]))}: shorten [backtest] years or "
            "[training] calibration_months, or ingest earlier events"
        )
    return origins


def fit_forecaster(
    samples: Samples,
    configuration: Configuration,
    level: str,
    learner: LearnerName,
    jobs: int,
    progress: Progress,
) -> Forecaster:
    """Fit every cell of one level on all that is known at the newest month of the samples."""
    origin = len(samples.months) - 1
    tasks = (
        joblib.delayed(_fit)(samples, configuration, learner, target, horizon, origin)
        for target, horizon in FITTED_CELLS
    )
    cells = progress(_run(jobs, tasks), len(FITTED_CELLS), f"{level}: fitting {learner}")
    keys = (cell_key(target, horizon) for target, horizon in FITTED_CELLS)
    fitted = dict(zip(keys, cells, strict=True))
    return Forecaster(level, samples.tau, samples.names).with_cells(fitted)


def run_backtest(
    samples: Samples,
    configuration: Configuration,
    level: str,
    jobs: int,
    progress: Progress,
    cells: Sequence[tuple[Target, int]] = FITTED_CELLS,
) -> Backtest:
    """Fit and forecast at every fold, learner and cell, and set the references beside."""
    folds = fold_origins(samples, configuration)
    grid = [
        (fold, learner, target, horizon)
        for fold in folds
        for learner in configuration.learners
        for target, horizon in cells
    ]
    tasks = (joblib.delayed(_forecast_fold)(samples, configuration, *place) for place in grid)
    done = progress(_run(jobs, tasks), len(grid), f"{level}: backtest from {len(folds)} origins")
    by_cell: dict[tuple[str, str, int], list[Forecasts]] = {}
    for (_, learner, target, horizon), forecasts in zip(grid, done, strict=True):
        by_cell.setdefault((learner, target, horizon), []).append(forecasts)

    def learned(target: Target, horizon: int, field: str) -> dict[str, FloatArray]:
        return {
            learner: np.concatenate([getattr(f, field) for f in by_cell[learner, target, horizon]])
            for learner in configuration.learners
        }

    probabilities: list[pd.DataFrame] = []
    deaths: dict[str, list[pd.DataFrame]] = {"crps": [], "mean": []}
    for target, horizon in cells:
        places = samples.issued_between(target, horizon, folds[0], len(samples.months))
        forecasts = learned(target, horizon, "probability")
        forecasts |= reference_probabilities(samples, target, horizon, places)
        probabilities.append(_table(samples, target, horizon, places, forecasts))
        if target == "instability":
            past = reference_deaths(samples, horizon, places)
            for kind, tables in deaths.items():
                columns = learned(target, horizon, kind) | past[kind]
                tables.append(_table(samples, "fatalities", horizon, places, columns))
    parts = (probabilities, deaths["crps"], deaths["mean"])
    return Backtest(*(pd.concat(part, ignore_index=True) for part in parts))


def reference_probabilities(
    samples: Samples, target: Target, horizon: int, places: Places
) -> dict[str, FloatArray]:
    """Return each reference's probabilities of a cell at the places given, (n,) each."""
    labels = samples.labels(target, horizon)
    return {r: reference_probability(r, labels, horizon)[places] for r in REFERENCES}


def reference_deaths(
    samples: Samples, horizon: int, places: Places
) -> dict[str, dict[str, FloatArray]]:
    """Return CRPS and mean [deaths/month] of each reference's draws at the places, (n,) each."""
    outcome = samples.labels("fatalities", horizon)[places]
    month, region = places
    scores: dict[str, dict[str, FloatArray]] = {"crps": {}, "mean": {}}
    for reference in REFERENCES:
        crps, mean = np.empty(len(month)), np.empty(len(month))
        for row in np.unique(month):
            here = month == row
            draws = reference_draws(reference, samples.deaths, int(row))[region[here]]
            crps[here] = crps_ensemble(outcome[here], draws)
            mean[here] = np.nanmean(draws, axis=1)
        scores["crps"][reference], scores["mean"][reference] = crps, mean
    return scores


def _run(jobs: int, tasks: Iterable[Any]) -> Iterator[Any]:
    done: Iterator[Any] = joblib.Parallel(n_jobs=jobs, return_as="generator")(tasks)
    return done


def _fit(
    samples: Samples,
    configuration: Configuration,
    learner: LearnerName,
    target: Target,
    horizon: int,
    origin: int,
) -> Cell:
    # One thread a fit: side by side they are quicker, and sums do not depend on the machine.
    with threadpool_limits(1):
        return _fit_alone(samples, configuration, learner, target, horizon, origin)


def _fit_alone(
    samples: Samples,
    configuration: Configuration,
    learner: LearnerName,
    target: Target,
    horizon: int,
    origin: int,
) -> Cell:
    split = origin - configuration.training.calibration_months
    start = split - configuration.training.months
    training = samples.known_between(target, horizon, start, split)
    calibration = samples.known_between(target, horizon, split, origin)
    return fit_cell(
        target,
        configuration.template(learner),
        samples.rows(target, horizon, training),
        samples.rows(target, horizon, calibration),
        samples.tau,
    )


def _forecast_fold(
    samples: Samples,
    configuration: Configuration,
    fold: int,
    learner: LearnerName,
    target: Target,
    horizon: int,
) -> Forecasts:
    cell = _fit(samples, configuration, learner, target, horizon, fold)
    end = min(fold + configuration.backtest.refit_months, len(samples.months))
    places = samples.issued_between(target, horizon, fold, end)
    indicators = samples.indicators[places]
    probability = cell.probability(indicators)
    if target != "instability":
        return Forecasts(probability, np.empty(0), np.empty(0))
    deaths = cell.deaths(indicators)
    outcome = samples.labels("fatalities", horizon)[places]
    crps = crps_weighted(outcome, deaths.draws, deaths.weights)
    return Forecasts(probability, crps, deaths.mean())


def _table(
    samples: Samples,
    target: Target,
    horizon: int,
    places: Places,
    forecasts: dict[str, FloatArray],
) -> pd.DataFrame:
    month, region = places
    keys = {
        "target": pd.Categorical([target] * len(month), categories=list(TARGETS)),
        "horizon": np.full(len(month), horizon, dtype=np.int64),
        "origin": samples.months[month],
        "region": region,
        "outcome": samples.labels(target, horizon)[places],
    }
    return pd.DataFrame(keys | forecasts)
