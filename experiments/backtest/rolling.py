"""Rolling origins: every forecast is made by a model that saw only what had happened by then.

The work is a grid of independent tasks (fold x learner x cell), so that it can be run anywhere and
taken up again where it was broken off.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from experiments.backtest.folds import Fold, Window, folds_of
from experiments.backtest.grid import Arrays, Kept, in_parallel, run_grid
from experiments.configuration import Configuration
from experiments.samples import Places, Samples
from features.arrays import FloatArray
from features.months import format_month
from features.words import TARGETS, Target
from models.forecaster import FITTED_CELLS, Cell, Forecaster, cell_key, fit_cell, has_distribution
from models.learners import LearnerName
from models.metrics import crps_ensemble, crps_weighted, pit_bounds
from models.references import REFERENCES, reference_draws, reference_probability

Step = TypeVar("Step")


class Progress(Protocol):
    """Wraps an iterable of a known length with a label, to show how far it is."""

    def __call__(self, steps: Iterable[Step], total: int, label: str) -> Iterable[Step]:
        """Yield the steps one by one."""
        ...


@dataclass(frozen=True, eq=False)
class Backtest:
    """Forecasts and outcomes, one row a target, horizon, origin (month number) and region index.

    `probabilities` has the outcome (0 or 1) and a column of probabilities a forecast. The others
    are of deaths, row for row the same: the outcome [deaths/month] and a column a forecast with its
    CRPS [deaths/month], its mean [deaths/month], and its probabilities of fewer deaths than the
    outcome (`below`) and of no more (`upto`). Forecasts are the learners and the references.
    """

    probabilities: pd.DataFrame
    crps: pd.DataFrame
    means: pd.DataFrame
    below: pd.DataFrame
    upto: pd.DataFrame


_OF_DEATHS = ("crps", "mean", "below", "upto")
"""What is told of a distribution of deaths, in the order of the tables of a `Backtest`."""


SCALE_INDICATORS = ("deaths", "deaths_mean_3", "deaths_mean_12")
"""They tell how large the violence of late was, as far as an experiment reads them."""


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
    tasks = {
        cell_key(target, horizon): (samples, configuration, learner, target, horizon, origin)
        for target, horizon in FITTED_CELLS
    }
    done = progress(in_parallel(_fit, tasks, jobs), len(tasks), f"{level}: fitting {learner}")
    found = dict(done)
    fitted = {key: found[key] for key in tasks}
    return Forecaster(level, samples.tau, samples.names).with_cells(fitted)


def run_backtest(
    samples: Samples,
    configuration: Configuration,
    level: str,
    jobs: int,
    progress: Progress,
    cells: Sequence[tuple[Target, int]] = FITTED_CELLS,
    *,
    window: Window | None = None,
    kept: Kept | None = None,
) -> Backtest:
    """Fit and forecast at every fold, learner and cell, and set the references beside.

    What is kept of an earlier run is taken from there, and what is not is kept once it is done.
    Raises what `fold_origins` raises.
    """
    folds = folds_of(samples, configuration, window)
    tasks = {
        _task_key(samples, fold, learner, target, horizon): (
            samples,
            configuration,
            fold,
            learner,
            target,
            horizon,
        )
        for fold in folds
        for learner in configuration.learners
        for target, horizon in cells
    }
    label = f"{level}: backtest from {len(folds)} origins"
    done = dict(progress(run_grid(_forecast_fold, tasks, jobs, kept), len(tasks), label))
    by_cell: dict[tuple[str, Target, int], list[Arrays]] = {}
    for (_, _, _, learner, target, horizon), key in zip(tasks.values(), tasks, strict=True):
        by_cell.setdefault((learner, target, horizon), []).append(done[key])
    return _assembled(
        samples, configuration.learners, cells, Fold(folds[0].at, folds[-1].end), by_cell
    )


def _assembled(
    samples: Samples,
    learners: Sequence[LearnerName],
    cells: Sequence[tuple[Target, int]],
    span: Fold,
    by_cell: Mapping[tuple[str, Target, int], Sequence[Arrays]],
) -> Backtest:
    """Put the forecasts of all folds, by learner and cell, beside outcomes and references."""

    def learned(target: Target, horizon: int, kind: str) -> dict[str, FloatArray]:
        return {
            learner: np.concatenate([told[kind] for told in by_cell[learner, target, horizon]])
            for learner in learners
        }

    probabilities: list[pd.DataFrame] = []
    deaths: dict[str, list[pd.DataFrame]] = {kind: [] for kind in _OF_DEATHS}
    for target, horizon in cells:
        places = samples.issued_between(target, horizon, *span)
        forecasts = learned(target, horizon, "probability")
        forecasts |= reference_probabilities(samples, target, horizon, places)
        probabilities.append(_table(samples, target, horizon, places, forecasts))
        if has_distribution(target):
            past = reference_deaths(samples, horizon, places)
            for kind, tables in deaths.items():
                columns = learned(target, horizon, kind) | past[kind]
                tables.append(_table(samples, "fatalities", horizon, places, columns))
    parts = (probabilities, *deaths.values())
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
    """Return what each reference's draws at the places say of deaths, (n,) each, by kind and name.

    The kinds are CRPS and mean [deaths/month], and the probabilities of fewer deaths than came
    (`below`) and of no more (`upto`).
    """
    outcome = samples.labels("fatalities", horizon)[places]
    month, region = places
    told: dict[str, dict[str, FloatArray]] = {
        kind: {reference: np.empty(len(month)) for reference in REFERENCES} for kind in _OF_DEATHS
    }
    for reference in REFERENCES:
        for row in np.unique(month):
            here = month == row
            draws = reference_draws(reference, samples.deaths, int(row))[region[here]]
            given = ~np.isnan(draws)
            weights = given / given.sum(axis=1, keepdims=True)
            bounds = pit_bounds(outcome[here], draws, weights)
            values = (crps_ensemble(outcome[here], draws), np.nanmean(draws, axis=1), *bounds)
            for kind, value in zip(_OF_DEATHS, values, strict=True):
                told[kind][reference][here] = value
    return told


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
        tuple(place for place, name in enumerate(samples.names) if name in SCALE_INDICATORS),
    )


def _forecast_fold(
    samples: Samples,
    configuration: Configuration,
    fold: Fold,
    learner: LearnerName,
    target: Target,
    horizon: int,
) -> Arrays:
    """Return what a cell fitted at a fold says of the rows of the fold, (n,) each.

    That is its probability and, of an instability cell, the kinds of _OF_DEATHS.
    """
    cell = _fit(samples, configuration, learner, target, horizon, fold.at)
    places = samples.issued_between(target, horizon, fold.at, fold.end)
    indicators = samples.indicators[places]
    told = {"probability": cell.probability(indicators)}
    if has_distribution(target):
        deaths = cell.deaths(indicators)
        outcome = samples.labels("fatalities", horizon)[places]
        told["crps"] = crps_weighted(outcome, deaths.draws, deaths.weights)
        told["mean"] = deaths.mean()
        told["below"], told["upto"] = pit_bounds(outcome, deaths.draws, deaths.weights)
    return told


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
