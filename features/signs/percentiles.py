"""Where a value stands: in the region's own past, and among all regions in the month.

A percentile is the per cent of the others that are lower, equal ones by half, rounded down: 100 is
higher than every one of them, 0 is lower than nearly all. It follows the percentile rank of Roscoe
(1975), Fundamental Research Statistics, with the value itself left out.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from features.arrays import FloatArray

Values = npt.NDArray[np.floating[Any]]
"""Values by month and region, NaN where not known."""

FEWEST_MONTHS = 24
"""Earlier months that a value is compared with at least."""


def own_percentiles(values: Values, months: int) -> FloatArray:
    """Return the percentiles of the last `months` among the earlier months of each region.

    From values (T, R) to (min(months, T), R) [per cent]. A month is compared with all before it
    that are known; NaN where it is not known itself, or FEWEST_MONTHS are not.
    """
    last = range(max(0, len(values) - months), len(values))
    percentiles = np.full((len(last), values.shape[1]), np.nan)
    for place, month in enumerate(last):
        percentiles[place] = percentiles_in(values[:month], values[month], FEWEST_MONTHS)
    return percentiles


def percentiles_in(past: Values, now: Values, fewest: int) -> FloatArray:
    """Return the percentiles (R,) of values among those of the past (n, R) that are known [%].

    NaN where the value is not known, or fewer than `fewest` of the past are.
    """
    lower = np.sum(past < now, axis=0, dtype=np.int64)
    not_higher = np.sum(past <= now, axis=0, dtype=np.int64)
    known = np.sum(~np.isnan(past), axis=0, dtype=np.int64)
    percentile = (lower + not_higher) * 50 // np.maximum(known, 1)
    is_known = ~np.isnan(now) & (known >= fewest)
    return np.where(is_known, percentile.astype(np.float64), np.nan)


def percentiles_among_regions(values: Values) -> FloatArray:
    """Return the percentiles of values (T, R) among the other regions of their month [per cent].

    NaN where the value is not known, or no other is.
    """
    percentiles = np.full(values.shape, np.nan)
    for place, month in enumerate(values):
        is_known = ~np.isnan(month)
        others = int(is_known.sum()) - 1
        if others > 0:
            known, ordered = month[is_known], np.sort(month[is_known])
            lower = np.searchsorted(ordered, known, "left")
            not_higher = np.searchsorted(ordered, known, "right") - 1  # without itself
            percentiles[place, is_known] = (lower + not_higher) * 50 // others
    return percentiles
