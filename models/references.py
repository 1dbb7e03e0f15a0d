"""The reference forecasts, which a score must beat.

They read labels observed by the origin: of origin t at horizon h, at t + h. Probabilities are
shrunk to the frequency of all regions by the weight of one observation, so that none is 0.
"""

from typing import Literal, get_args

import numpy as np

from features.arrays import FloatArray
from features.indicators.windows import lag
from models.distribution import DeathsDistribution
from models.record import (
    LAST_YEAR,
    MONTHS,
    REFERENCE,
    RecordPool,
    last_months,
)

Reference = Literal["climatology", "conflictology", "persistence", "decaying_record"]
REFERENCES: tuple[Reference, ...] = get_args(Reference)

SPREAD: frozenset[Reference] = frozenset({"decaying_record"})
"""The references whose deaths are spread the more, the later the month."""

_PRIOR = 0.5  # of one region-month, so that a record without a case has odds


def reference_probability(
    reference: Reference, labels: FloatArray, horizon: int, *, recent: int = LAST_YEAR
) -> FloatArray:
    """Return a reference's probability at every origin, (T, R).

    `labels` is (T, R) of 0, 1 or NaN (undefined) by origin. Climatology is the region's frequency
    over all observed labels, conflictology over those of the last `recent` months (Hegre et al.
    2025, the VIEWS Prediction Challenge). The decaying record is the same over those of the last
    MONTHS, weighted as in REFERENCE. Persistence is the frequency among regions with the same
    newest label, or of all regions if it is undefined.
    """
    observed = lag(labels, horizon)
    cases, is_observed = np.nan_to_num(observed), (~np.isnan(observed)).astype(np.float64)
    ones, count = (np.cumsum(values.sum(axis=1)) for values in (cases, is_observed))
    base = np.asarray((ones + _PRIOR) / (count + 2 * _PRIOR))
    if reference == "persistence":
        return _same_state_frequency(labels, observed, horizon, base)
    if reference == "decaying_record":
        return (_decaying_sum(cases) + base[:, None]) / (_decaying_sum(is_observed) + 1)
    months = len(observed) if reference == "climatology" else recent
    return (_window_sum(cases, months) + base[:, None]) / (_window_sum(is_observed, months) + 1)


def reference_deaths(
    reference: Reference,
    deaths: FloatArray,
    row: int,
    horizon: int,
    *,
    recent: int = LAST_YEAR,
) -> DeathsDistribution:
    """Return a reference's distribution of deaths in every region at one origin, R rows.

    `deaths` is (T, R) [deaths/month], NaN where missing, `row` the origin's index. Past months
    count equally, but for the decaying record.
    """
    if reference == "decaying_record":
        regions = np.arange(deaths.shape[1])
        past = last_months(deaths, np.full(len(regions), row), regions)
        pool = RecordPool((REFERENCE.half_life,), (REFERENCE.spread,))
        return pool.distribution(past, np.ones((len(regions), 1)), horizon)
    months = {"climatology": row + 1, "conflictology": recent, "persistence": 1}[reference]
    draws = deaths[max(0, row + 1 - months) : row + 1].T
    is_draw = ~np.isnan(draws)
    weights = is_draw / np.maximum(is_draw.sum(axis=1, keepdims=True), 1)
    return DeathsDistribution(np.nan_to_num(draws), weights)


def _same_state_frequency(
    labels: FloatArray, observed: FloatArray, horizon: int, base: FloatArray
) -> FloatArray:
    # The newest label at the origin of each observed label.
    state_then = lag(observed, horizon)
    probability = np.broadcast_to(base[:, None], labels.shape).copy()
    for state in (0.0, 1.0):
        pairs = (state_then == state) & ~np.isnan(observed)
        ones = np.cumsum((pairs & (observed == 1)).sum(axis=1))
        count = np.cumsum(pairs.sum(axis=1))
        frequency = (ones + base) / (count + 1)
        probability = np.where(observed == state, frequency[:, None], probability)
    return probability


def _decaying_sum(values: FloatArray) -> FloatArray:
    total = np.zeros_like(values)
    weights = REFERENCE.month_weights()
    for back in range(min(MONTHS, len(values))):
        total[back:] += weights[back] / weights[0] * values[: len(values) - back]
    return total


def _window_sum(values: FloatArray, months: int) -> FloatArray:
    total = np.cumsum(values, axis=0)
    total[months:] = total[months:] - total[:-months].copy()
    return total
