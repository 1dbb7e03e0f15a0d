"""The reference forecasts: what a score must beat to be worth anything.

Each is computed from labels that were known at the origin: a label at origin t with horizon h is
known at t + h. Probabilities are shrunk towards the frequency of all regions together by the
weight of one observation, so that no reference ever says "never" and all can be judged by the
logarithmic score.
"""

from typing import Literal, get_args

import numpy as np

from features.arrays import FloatArray
from features.indicators.windows import lag

Reference = Literal["climatology", "conflictology", "persistence"]
REFERENCES: tuple[Reference, ...] = get_args(Reference)

RECENT_MONTHS = 12
_PRIOR = 0.5  # of one region-month, so that even a record without a single case has odds


def reference_probability(
    reference: Reference, labels: FloatArray, horizon: int, *, recent: int = RECENT_MONTHS
) -> FloatArray:
    """Return a reference's probability at every origin, (T, R).

    `labels` is (T, R) of 0, 1 or NaN (undefined), standing at their origins. Climatology is the
    region's own record of all known labels, conflictology of those that became known in the last
    `recent` months (Hegre et al. 2025, the VIEWS Prediction Challenge); persistence is how often
    regions whose newest label was the same have had a 1, and the frequency of all regions together
    where that label, the one of `horizon` months ago, is undefined.
    """
    known = lag(labels, horizon)
    base = _pooled_frequency(known)
    if reference == "persistence":
        return _same_state_frequency(labels, known, horizon, base)
    months = len(known) if reference == "climatology" else recent
    ones, count = _window_sum(np.nan_to_num(known), months), _window_sum(_given(known), months)
    return (ones + base[:, None]) / (count + 1)


def reference_draws(
    reference: Reference, deaths: FloatArray, row: int, *, recent: int = RECENT_MONTHS
) -> FloatArray:
    """Return the past deaths that a reference takes as equally likely, (R, draws), NaN-padded.

    `deaths` is (T, R) [deaths/month], `row` the origin's index: all months so far (climatology),
    the last `recent` (conflictology) or the last one (persistence).
    """
    months = {"climatology": row + 1, "conflictology": recent, "persistence": 1}[reference]
    return deaths[max(0, row + 1 - months) : row + 1].T


def _pooled_frequency(known: FloatArray) -> FloatArray:
    ones = np.cumsum(np.nan_to_num(known).sum(axis=1))
    count = np.cumsum(_given(known).sum(axis=1))
    return np.asarray((ones + _PRIOR) / (count + 2 * _PRIOR))


def _same_state_frequency(
    labels: FloatArray, known: FloatArray, horizon: int, base: FloatArray
) -> FloatArray:
    # What stood beside each label when it was issued, seen once the label itself is known.
    state_then = lag(known, horizon)
    probability = np.broadcast_to(base[:, None], labels.shape).copy()
    for state in (0.0, 1.0):
        pairs = (state_then == state) & ~np.isnan(known)
        ones = np.cumsum((pairs & (known == 1)).sum(axis=1))
        count = np.cumsum(pairs.sum(axis=1))
        frequency = (ones + base) / (count + 1)
        probability = np.where(known == state, frequency[:, None], probability)
    return probability


def _given(values: FloatArray) -> FloatArray:
    return (~np.isnan(values)).astype(np.float64)


def _window_sum(values: FloatArray, months: int) -> FloatArray:
    total = np.cumsum(values, axis=0)
    total[months:] = total[months:] - total[:-months].copy()
    return total
