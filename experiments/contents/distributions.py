"""`distributions.parquet`: how likely every number of deaths is."""

import numpy as np
import pandas as pd

from experiments.scoring import Issue
from features.targets import HORIZONS
from models.distribution import DeathsDistribution, FloatArray


def distributions_of(issue: Issue) -> pd.DataFrame:
    """Return the distributions behind a level's `fatalities` scores, as DISTRIBUTIONS_SCHEMA."""
    samples, forecaster = issue.samples, issue.forecaster
    scored = samples.eligible[-1]
    indicators = samples.indicators[-1][scored].astype(np.float32)
    parts = []
    for horizon in HORIZONS["fatalities"]:
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
