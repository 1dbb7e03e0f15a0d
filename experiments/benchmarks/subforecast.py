"""SUB-Forecast v1.0, admin-1 units by month: forecast every origin, score, compare.

A forecaster learns anew every three months from all that is known then.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from experiments.benchmarks.files import Run, need_place_for, write_json, written_whole
from experiments.benchmarks.subforecast_data import UNIT_TARGETS, UNITS, AdminCounts, read_counts
from experiments.benchmarks.subforecast_scores import (
    FIRST_ORIGIN,
    SubForecastReport,
    figures_of,
    outcomes_of,
)
from features.arrays import FloatArray, IntArray
from features.errors import InputError, ModelError
from features.months import format_month

REFIT_MONTHS = 3
LEAST_TRAINING = 48
"""Months that a forecaster has to learn from at the first origin."""


class FittedUnits(Protocol):
    """What a forecaster has learned."""

    def predict(self, counts: AdminCounts) -> FloatArray:
        """Return probabilities (3, N) of occurrence, escalation and onset in the next month."""
        ...


class UnitForecaster(Protocol):
    """Learns to forecast the targets of the next month."""

    @property
    def name(self) -> str:
        """What the tables call it."""
        ...

    def fit(self, counts: AdminCounts, seed: int) -> FittedUnits:
        """Learn from counts that end with the origin: nothing later can be seen."""
        ...


def benchmark_subforecast(
    path: Path,
    origins: tuple[int | None, int | None],
    forecaster: UnitForecaster,
    run: Run,
    units: int = UNITS,
) -> SubForecastReport:
    """Forecast and score the origins of a table, and write figures and forecasts where asked.

    `origins` are the first and last [months since 1970-01], by default the published first and the
    last that can be judged; `units` as in `read_counts`. Raises InputError for an unusable table,
    origin or file, ModelError when the forecaster returns no probabilities.
    """
    need_place_for(run.json_path, run.predictions_path)
    counts = read_counts(path, units)
    every = _origins(counts, *origins)
    probabilities = roll(counts, every, forecaster, run)
    outcomes = outcomes_of(counts, every)
    report = SubForecastReport(
        forecaster.name,
        run.seed,
        first_origin=int(every[0]),
        last_origin=int(every[-1]),
        units=len(counts.units),
        named_units=int(counts.named.sum()),
        figures=figures_of(counts, every, outcomes, probabilities),
    )
    if run.predictions_path is not None:
        with written_whole(run.predictions_path) as hidden:
            table = _as_table(counts, every, outcomes, probabilities)
            table.to_parquet(hidden, index=False, compression="zstd")
    if run.json_path is not None:
        write_json(run.json_path, report.as_json())
    return report


def roll(
    counts: AdminCounts, origins: IntArray, forecaster: UnitForecaster, run: Run
) -> FloatArray:
    """Return the probabilities at each origin, (3, origins, N), fitted anew every REFIT_MONTHS."""
    blocks = [origins[k : k + REFIT_MONTHS].tolist() for k in range(0, len(origins), REFIT_MONTHS)]
    tasks = (
        partial(_forecast, forecaster, counts.until(block[-1]), block, run.seed) for block in blocks
    )
    predictions = run.each(tasks, len(blocks), f"SUB-Forecast: {forecaster.name}")
    return np.concatenate(list(predictions), axis=1)


def _forecast(
    forecaster: UnitForecaster, counts: AdminCounts, origins: Sequence[int], seed: int
) -> FloatArray:
    # One thread a fit: side by side they are quicker, and sums do not depend on the machine.
    with threadpool_limits(1):
        fitted = forecaster.fit(counts.until(origins[0]), seed)
        forecasts = [fitted.predict(counts.until(origin)) for origin in origins]
    shape = (len(UNIT_TARGETS), len(counts.units))
    for forecast in forecasts:
        if forecast.shape != shape or not ((forecast >= 0) & (forecast <= 1)).all():
            raise ModelError(
                f"{forecaster.name} returned no probabilities of shape {shape}, targets x units"
            )
    return np.stack(forecasts, axis=1)


def _origins(counts: AdminCounts, first: int | None, last: int | None) -> IntArray:
    earliest = int(counts.months[0]) + LEAST_TRAINING - 1
    latest = int(counts.months[-1]) - 1
    begin, end = FIRST_ORIGIN if first is None else first, latest if last is None else last
    if not earliest <= begin <= end <= latest:
        has = " to ".join(format_month(int(counts.months[k])) for k in (0, -1))
        raise InputError(
            f"origins {format_month(begin)} to {format_month(end)} cannot be forecast from a table "
            f"of {has}: the first needs {LEAST_TRAINING} months to learn from, the last a month "
            "to be judged by"
        )
    return np.arange(begin, end + 1)


def _as_table(
    counts: AdminCounts, origins: IntArray, outcomes: FloatArray, probabilities: FloatArray
) -> pd.DataFrame:
    """Return a row a target, origin and named unit for which the target is defined."""
    target, origin, unit = np.nonzero(~np.isnan(outcomes) & counts.named)
    written = np.array([format_month(int(month)) for month in origins])
    return pd.DataFrame(
        {
            "target": np.array(UNIT_TARGETS)[target],
            "origin": written[origin],
            "region": np.array(counts.units)[unit],
            "probability": probabilities[target, origin, unit],
        }
    )
