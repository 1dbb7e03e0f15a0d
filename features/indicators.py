"""The formulas of the indicators: pure functions on dense month x region arrays.

Every function takes and returns float arrays of shape (T months, R regions) in which NaN means
"not observed", and the value at month t depends on months <= t only. Unobserved months add
nothing: averages are taken over the observed months of their window.
"""

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.signal import lfilter

FloatArray = npt.NDArray[np.float64]


def lag(values: FloatArray, months: int) -> FloatArray:
    """Return the value `months` months earlier; NaN before the first month."""
    shifted = np.full_like(values, np.nan)
    shifted[months:] = values[: max(0, len(values) - months)]
    return shifted


def rolling_mean(values: FloatArray, months: int) -> FloatArray:
    """Return the mean over the observed months among the last `months`; NaN if there is none."""
    return _divide(_rolling_sum(np.nan_to_num(values), months), _observed(values, months))


def rolling_share(values: FloatArray, threshold: float, months: int) -> FloatArray:
    """Return the share of the observed months among the last `months` with at least `threshold`."""
    return rolling_mean(_at_least(values, threshold), months)


def long_run_mean(values: FloatArray) -> FloatArray:
    """Return the mean over all observed months so far."""
    return rolling_mean(values, len(values))


def long_run_share(values: FloatArray, threshold: float) -> FloatArray:
    """Return the share of all observed months so far with at least `threshold`."""
    return long_run_mean(_at_least(values, threshold))


def decayed_sum(values: FloatArray, half_life: float) -> FloatArray:
    """Return the sum over all months so far, each halved every `half_life` months.

    s(t) = x(t) + 2 ** (-1 / half_life) * s(t - 1). The decay functions of conflict early warning
    (Hegre et al. 2019, Journal of Peace Research 56(2)) have this form.
    """
    keep = 2.0 ** (-1.0 / half_life)
    total: FloatArray = lfilter([1.0], [1.0, -keep], np.nan_to_num(values), axis=0)
    return np.where(np.isnan(values), np.nan, total)


def months_since(values: FloatArray, threshold: float) -> FloatArray:
    """Return the months since the value last was at least `threshold` (0: this month).

    Where it never was, the count starts one month before the first observed month: "at least this
    long" as far as anyone has looked.
    """
    month = np.arange(len(values))[:, None]
    hit = np.where(np.nan_to_num(values, nan=-np.inf) >= threshold, month, -1)
    start = np.where(np.isnan(values), len(values), month).min(axis=0, initial=len(values)) - 1
    # Before the first observed month there is nothing to count from; those months are NaN anyway.
    last = np.maximum(np.maximum.accumulate(hit, axis=0), np.minimum(start, month))
    return np.where(np.isnan(values), np.nan, month - last)


def neighbour_mean(values: FloatArray, neighbours: sparse.csr_array) -> FloatArray:
    """Return the mean over a region's observed neighbours; 0 where none is observed.

    `neighbours` is (R, R), 1 where two regions touch. A first-order spatial lag.
    """
    total = (neighbours @ np.nan_to_num(values).T).T
    count = (neighbours @ (~np.isnan(values)).astype(np.float64).T).T
    return np.asarray(np.divide(total, count, out=np.zeros_like(total), where=count > 0))


def neighbours_observed(
    values: FloatArray, neighbours: sparse.csr_array, size: FloatArray
) -> FloatArray:
    """Return the share of a region's neighbours that are observed; 1 where it has none.

    `size` (R,) is how many neighbours a region has, those that `neighbours` leaves out included.
    """
    count = (neighbours @ (~np.isnan(values)).astype(np.float64).T).T
    return np.asarray(np.divide(count, size, out=np.ones_like(count), where=size > 0))


def year_angle(months: npt.NDArray[np.int64]) -> FloatArray:
    """Return the month of the year as an angle, (T,) [radians]; January is 0."""
    return np.asarray(2 * np.pi * (months % 12) / 12)


def _at_least(values: FloatArray, threshold: float) -> FloatArray:
    return np.where(np.isnan(values), np.nan, (values >= threshold).astype(np.float64))


def _observed(values: FloatArray, months: int) -> FloatArray:
    return _rolling_sum((~np.isnan(values)).astype(np.float64), months)


def _rolling_sum(values: FloatArray, months: int) -> FloatArray:
    # Counts are whole numbers, so differences of running totals are exact.
    total = np.cumsum(values, axis=0)
    total[months:] = total[months:] - total[:-months].copy()
    return total


def _divide(total: FloatArray, count: FloatArray) -> FloatArray:
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
