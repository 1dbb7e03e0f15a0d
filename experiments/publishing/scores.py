"""The scores of a level at an origin, as a table."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.samples import Samples
from experiments.tracking.registry import Registered
from features.arrays import BoolArray, FloatArray
from features.months import format_month
from features.panel.panel import Panel
from features.targets import is_eligible, threshold
from features.words import QUANTILES, SPECS, Target, quantile_column
from models.distribution import DeathsDistribution
from models.forecaster import CELLS, Forecaster


@dataclass(frozen=True, eq=False)
class Issue:
    """What one level brings to a bulletin."""

    panel: Panel
    model: Registered
    forecaster: Forecaster
    samples: Samples


def is_scored(target: Target, samples: Samples) -> BoolArray:
    """Tell which regions get a score of a target at the newest month of the samples, (R,).

    Those whose coverage reaches the origin and whose past is eligible for the target.
    """
    scored: BoolArray = samples.eligible[-1]
    return np.asarray(scored & is_eligible(target, samples.deaths)[-1])


def scores_of(
    panel: Panel, samples: Samples, forecaster: Forecaster, model_version: str
) -> pd.DataFrame:
    """Return the scores of a level at the newest month of its samples, as in SCORES_SCHEMA.

    Only regions whose coverage reaches the origin have scores, and `onset` only those without a
    death in the last 24 months.
    """
    scored = samples.eligible[-1]
    regions = panel.regions.table[scored]
    indicators = pd.DataFrame(samples.indicators[-1][scored], columns=list(samples.names))
    forecasts = forecaster.predict(indicators)
    origin = int(samples.months[-1])
    parts = []
    for target, horizon in CELLS:
        part = pd.DataFrame(
            {
                "region": regions["id"],
                "name": regions["name"],
                "country": regions["country"],
                "level": forecaster.level,
                "target": target,
                "horizon": horizon,
                "target_month": format_month(origin + horizon),
                "threshold": threshold(target, samples.deaths, samples.tau)[-1][scored],
                "model_version": model_version,
            }
        )
        values = _values(forecasts, target, horizon)
        part = part.assign(**{name: column.to_numpy() for name, column in values.items()})
        parts.append(part[is_scored(target, samples)[scored]])
    scores: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return scores


def _values(forecasts: pd.DataFrame, target: Target, horizon: int) -> dict[str, pd.Series]:
    key = f"{horizon:02d}"
    columns = ["mean", *(quantile_column(level) for level in QUANTILES)]
    spec = SPECS[target]
    # The score of a level's threshold is the instability score: one distribution, one number.
    probability = forecasts[f"{spec.shares}_{key}"]
    nothing = pd.Series(np.nan, index=forecasts.index)
    return {"probability": probability} | {
        column: forecasts[f"{target}_{key}_{column}"] if spec.is_distribution else nothing
        for column in columns
    }


def distributions_of(issue: Issue) -> pd.DataFrame:
    """Return the distributions behind a level's `fatalities` scores, as DISTRIBUTIONS_SCHEMA."""
    samples, forecaster = issue.samples, issue.forecaster
    scored = samples.eligible[-1]
    indicators = samples.indicators[-1][scored].astype(np.float32)
    parts = []
    for horizon in SPECS["fatalities"].horizons:
        steps = steps_of(forecaster.cell("fatalities", horizon).deaths(indicators))
        parts.append(
            pd.DataFrame(
                {
                    "region": issue.panel.regions.table["id"][scored],
                    "level": forecaster.level,
                    "horizon": horizon,
                    "deaths": [deaths for deaths, _ in steps],
                    "exceedance": [exceedance for _, exceedance in steps],
                }
            )
        )
    table: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return table


def steps_of(distribution: DeathsDistribution) -> list[tuple[FloatArray, FloatArray]]:
    """Return each row's distinct deaths that may come, ascending, and P(at least so many)."""
    draws, weights = distribution.draws, distribution.weights
    at_least = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1]
    may_come = weights > 0
    steps = []
    for values, possible, tail in zip(draws, may_come, at_least, strict=True):
        deaths, first = np.unique(values[possible], return_index=True)
        exceedance = np.minimum(tail[possible][first], 1.0)
        exceedance[0] = 1.0  # which the sum of all weights is, but for rounding
        steps.append((deaths, exceedance))
    return steps
