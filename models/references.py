"""The reference forecasts, which a score must beat.

They read labels observed by the origin: of origin t at horizon h, at t + h. Probabilities are
shrunk to the frequency of all regions by the weight of one observation, so that none is 0.
"""

from typing import Literal, get_args

import numpy as np

from features.arrays import FloatArray
from features.indicators.windows import lag

Reference = Literal["climatology", "conflictology", "persistence"]
REFERENCES: tuple[Reference, ...] = get_args(Reference)

RECENT_MONTHS = 12
_PRIOR = 0.5  # of one region-month, so that a record without a case has odds


def reference_probability(
    reference: Reference, labels: FloatArray, horizon: int, *, recent: int = RECENT_MONTHS
) -> FloatArray:
    """Return a reference's probability at every origin, (T, R).

    `labels` is (T, R) of 0, 1 or NaN (undefined) by origin. Climatology is the region's frequency
    over all observed labels, conflictology over those of the last `recent` months (Hegre et al.
    2025, the VIEWS Prediction Challenge). Persistence is the frequency among regions with the same
    newest label, or of all regions if it is undefined.
    """
    observed = lag(labels, horizon)
    cases, is_observed = np.nan_to_num(observed), (~np.isnan(observed)).astype(np.float64)
    ones, count = (np.cumsum(values.sum(axis=1)) for values in (cases, is_observed))
    base = np.asarray((ones + _PRIOR) / (count + 2 * _PRIOR))
    if reference == "persistence":
        return _same_state_frequency(labels, observed, horizon, base)
    months = len(observed) if reference == "climatology" else recent
    return (_window_sum(cases, months) + base[:, None]) / (_window_sum(is_observed, months) + 1)


def reference_draws(
    reference: Reference, deaths: FloatArray, row: int, *, recent: int = RECENT_MONTHS
) -> FloatArray:
    """Return the past deaths that a reference draws from with equal weights, (R, draws).

    `deaths` is (T, R) [deaths/month], NaN where missing, `row` the origin's index.
    """
    months = {"climatology": row + 1, "conflictology": recent, "persistence": 1}[reference]
    return deaths[max(0, row + 1 - months) : row + 1].T


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


def _window_sum(values: FloatArray, months: int) -> FloatArray:
    total = np.cumsum(values, axis=0)
    total[months:] = total[months:] - total[:-months].copy()
    return total
