"""`scores.parquet` and `distributions.parquet`: the forecasts of a level."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from bulletins import form
from experiments.samples import Samples
from experiments.tracking.registry import ModelVersion
from features.arrays import BoolArray, FloatArray
from features.months import format_month
from features.panel.panel import Panel
from features.targets import is_eligible, threshold
from features.words import QUANTILES, SPECS, Target, quantile_column
from models.distribution import DeathsDistribution
from models.forecaster import DEATHS, CellForecast, Forecaster


@dataclass(frozen=True, eq=False)
class LevelForecast:
    """What one level brings to a bulletin; panel and samples end at its origin."""

    panel: Panel
    model: ModelVersion
    forecaster: Forecaster
    samples: Samples

    @property
    def origin(self) -> int:
        """The newest month of the samples [months since 1970-01]."""
        return int(self.samples.months[-1])

    @property
    def scored(self) -> BoolArray:
        """The regions whose coverage reaches the origin, (R,)."""
        return np.asarray(self.samples.eligible[-1])

    @cached_property
    def cells(self) -> dict[tuple[Target, int], CellForecast]:
        """The forecasts for the scored regions, by target and horizon."""
        return self.samples.forecasts(self.forecaster)


def is_scored(target: Target, samples: Samples) -> BoolArray:
    """Return which regions are covered and eligible for a target at the newest month, (R,)."""
    return np.asarray(samples.eligible[-1] & is_eligible(target, samples.deaths)[-1])


def scores_of(forecast: LevelForecast) -> pd.DataFrame:
    """Return the scores of a level, as SCORES_SCHEMA: a row where `is_scored`."""
    samples, scored = forecast.samples, forecast.scored
    unreported = samples.unreported
    regions = forecast.panel.regions.table[scored]
    parts = []
    for (target, horizon), cell in forecast.cells.items():
        part = pd.DataFrame(
            {
                "region": regions["id"],
                "name": regions["name"],
                "country": regions["country"],
                "level": forecast.forecaster.level,
                "target": target,
                "horizon": horizon,
                "target_month": format_month(forecast.origin + horizon),
                "threshold": threshold(target, samples.deaths, samples.tau)[-1][scored],
                "model_version": forecast.model.label,
                "probability": cell.probability,
                form.UNREPORTED: np.nan if unreported is None else unreported[scored],
            }
        )
        part = part.assign(**_deaths_columns(target, cell))
        parts.append(part[is_scored(target, samples)[scored]])
    return pd.concat(parts, ignore_index=True)


def scores_schema(forecasts: list[LevelForecast]) -> pa.Schema:
    """Return the form of the scores of some levels; UNREPORTED is there if one is corrected."""
    is_corrected = any(forecast.samples.unreported is not None for forecast in forecasts)
    return form.CORRECTED_SCORES_SCHEMA if is_corrected else form.SCORES_SCHEMA


def _deaths_columns(target: Target, cell: CellForecast) -> dict[str, FloatArray]:
    """Return mean and quantiles of deaths, (n,) each; NaN for a probability alone."""
    columns = [quantile_column(level) for level in QUANTILES]
    if cell.deaths is None or not SPECS[target].is_distribution:
        return dict.fromkeys(["mean", *columns], np.full(len(cell.probability), np.nan))
    quantiles = cell.deaths.quantiles(QUANTILES).T
    return {"mean": cell.deaths.mean()} | dict(zip(columns, quantiles, strict=True))


def distribution_rows(forecast: LevelForecast) -> pd.DataFrame:
    """Return the distributions behind the scores of deaths, as DISTRIBUTIONS_SCHEMA."""
    ids = forecast.panel.regions.table["id"][forecast.scored]
    parts = []
    for (target, horizon), cell in forecast.cells.items():
        if target != DEATHS or cell.deaths is None:
            continue
        steps = steps_of(cell.deaths)
        parts.append(
            pd.DataFrame(
                {
                    "region": ids,
                    "level": forecast.forecaster.level,
                    "horizon": horizon,
                    "deaths": [values for values, _ in steps],
                    "exceedance": [exceedance for _, exceedance in steps],
                }
            )
        )
    if not parts:
        return pd.DataFrame(columns=form.DISTRIBUTIONS_SCHEMA.names)
    return pd.concat(parts, ignore_index=True)


def steps_of(distribution: DeathsDistribution) -> list[tuple[FloatArray, FloatArray]]:
    """Return each row's possible deaths, ascending and distinct, and P(at least so many)."""
    draws, weights = distribution.draws, distribution.weights
    at_least = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1]
    steps = []
    for values, is_possible, tail in zip(draws, weights > 0, at_least, strict=True):
        deaths, first = np.unique(values[is_possible], return_index=True)
        exceedance = np.minimum(tail[is_possible][first], 1.0)
        exceedance[0] = 1.0  # the sum of all weights, but for rounding
        steps.append((deaths, exceedance))
    return steps
