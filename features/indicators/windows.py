"""Formulas over time: pure functions on dense month x region arrays.

They take and return float arrays (T months, R regions) in which NaN means "not observed"; the value
at month t depends on months <= t only. Averages are over the observed months of their window.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec

import numpy as np
from scipy.signal import lfilter

from features.arrays import FloatArray, IntArray

_P = ParamSpec("_P")
_Formula = Callable[Concatenate[FloatArray, _P], FloatArray]

_BLOCK = 2**15  # values that are worked on at a time


def _by_block(formula: _Formula[_P]) -> _Formula[_P]:
    """Apply a formula to a few regions at a time, in the cache: several times as fast."""

    def of_all(values: FloatArray, /, *args: _P.args, **kwargs: _P.kwargs) -> FloatArray:
        result = np.empty(values.shape)
        width = max(1, _BLOCK // max(1, len(values)))
        for start in range(0, values.shape[1], width):
            block = slice(start, start + width)
            result[:, block] = formula(values[:, block], *args, **kwargs)
        return result

    update_wrapper(of_all, formula)
    return of_all


def lag(values: FloatArray, months: int) -> FloatArray:
    """Return the value `months` months earlier; NaN before the first month."""
    shifted = np.full_like(values, np.nan)
    shifted[months:] = values[: max(0, len(values) - months)]
    return shifted


@_by_block
def rolling_mean(values: FloatArray, months: int) -> FloatArray:
    """Return the mean over the observed months among the last `months`; NaN if there is none."""
    filled, count = _filled(values, months)
    return _divide(_rolled(filled, months, np.add), count)


@_by_block
def rolling_max(values: FloatArray, months: int) -> FloatArray:
    """Return the highest value of the observed months among the last `months`; NaN if none is."""
    return _rolled(values, months, np.fmax)


@_by_block
def rolling_std(values: FloatArray, months: int) -> FloatArray:
    """Return the sample standard deviation of the last `months` observed; 0 of one, NaN of none."""
    filled, count = _filled(values, months)
    total = _rolled(filled, months, np.add)
    spread = _rolled(np.square(filled), months, np.add)
    spread *= count
    spread -= np.square(total)
    # Of whole numbers the difference is exact; of others it may fall below 0 by a rounding.
    np.maximum(spread, 0.0, out=spread)
    spread /= np.where(count > 0, np.maximum(count * (count - 1), 1.0), np.nan)
    return np.sqrt(spread, out=spread)


def rolling_share(values: FloatArray, threshold: float, months: int) -> FloatArray:
    """Return the share of the observed months among the last `months` with at least `threshold`."""
    return rolling_mean(_at_least(values, threshold), months)


@_by_block
def long_run_mean(values: FloatArray) -> FloatArray:
    """Return the mean over all observed months so far."""
    filled, count = _filled(values, _ever(values))
    return _divide(_rolled(filled, _ever(values), np.add), count)


def long_run_share(values: FloatArray, threshold: float) -> FloatArray:
    """Return the share of all observed months so far with at least `threshold`."""
    return long_run_mean(_at_least(values, threshold))


def trend(values: FloatArray, months: int) -> FloatArray:
    """Return the mean of log(1 + x) over the last `months` minus that over the `months` before.

    0 where nothing was observed in one of the two windows.
    """
    return np.nan_to_num(_step(np.log1p(values), months))


def acceleration(values: FloatArray, months: int) -> FloatArray:
    """Return the trend minus the trend `months` months earlier; 0 if a window was not observed."""
    step = _step(np.log1p(values), months)
    return np.nan_to_num(step - lag(step, months))


@_by_block
def decayed_sum(values: FloatArray, half_life: float) -> FloatArray:
    """Return the sum over all months so far, each halved every `half_life` months.

    s(t) = x(t) + 2 ** (-1 / half_life) * s(t - 1): the discounted stock of past violence of
    Mueller & Rauh (2022), Journal of the European Economic Association 20(6).
    """
    missing = np.isnan(values)
    keep = 2.0 ** (-1.0 / half_life)
    total: FloatArray = lfilter([1.0], [1.0, -keep], np.where(missing, 0.0, values), axis=0)
    return np.where(missing, np.nan, total)


@_by_block
def months_since(values: FloatArray, threshold: float) -> FloatArray:
    """Return the months since the value last was at least `threshold` (0: this month).

    Where it never was, the count starts one month before the first observed month.
    """
    month = np.arange(float(len(values)))[:, None]
    missing = np.isnan(values)
    start = np.logical_and.accumulate(missing, axis=0).sum(axis=0) - 1.0
    # Before the first observed month there is nothing to count from; those months are NaN anyway.
    hit = np.where(values >= threshold, month, np.minimum(start, month))
    return np.where(missing, np.nan, month - _rolled(hit, _ever(values), np.maximum))


def since_decay(values: FloatArray, threshold: float, half_life: float) -> FloatArray:
    """Return 1 in a month with at least `threshold`, then halved every `half_life` months.

    The decay functions of ViEWS: Hegre et al. (2019), Journal of Peace Research 56(2).
    """
    return np.exp2(-months_since(values, threshold) / half_life)


@_by_block
def months_in_a_row(values: FloatArray, threshold: float) -> FloatArray:
    """Return the observed months on end, to this one, with at least `threshold`."""
    month = np.arange(float(len(values)))[:, None]
    missed = np.where(values >= threshold, -1.0, month)
    last = _rolled(missed, _ever(values), np.maximum)
    return np.where(np.isnan(values), np.nan, month - last)


def past_rank(values: FloatArray) -> FloatArray:
    """Return the share of the observed months before with a lower value, equal ones by half.

    0.5 where none was observed before. Values must not be negative.
    """
    observed, zero = ~np.isnan(values), values == 0
    before = np.cumsum(observed, axis=0) - observed
    lower = (np.cumsum(zero, axis=0) - zero) / 2.0
    for month, now in enumerate(values):
        some = np.flatnonzero(now > 0)  # few are: what is as low as can be needs no comparison
        past = values[:month, some]
        ranks = (past < now[some]).sum(axis=0) + (past <= now[some]).sum(axis=0)
        lower[month, some] = ranks / 2.0
    rank = np.divide(lower, before, out=np.full_like(lower, 0.5), where=before > 0)
    return np.where(observed, rank, np.nan)


def year_angle(months: IntArray) -> FloatArray:
    """Return the month of the year as an angle, (T,) [radians]; January is 0."""
    return np.asarray(2 * np.pi * (months % 12) / 12)


def _at_least(values: FloatArray, threshold: float) -> FloatArray:
    return np.where(np.isnan(values), np.nan, (values >= threshold).astype(np.float64))


def _filled(values: FloatArray, months: int) -> tuple[FloatArray, FloatArray]:
    """Return values with 0 for NaN, and the observed months of each window, (T, R) or (T, 1)."""
    missing = np.isnan(values)
    if not missing.any():
        return values, np.minimum(np.arange(1.0, len(values) + 1), months)[:, None]
    count = _rolled((~missing).astype(np.float64), months, np.add)
    return np.where(missing, 0.0, values), count


def _step(values: FloatArray, months: int) -> FloatArray:
    mean = rolling_mean(values, months)
    return mean - lag(mean, months)


def _rolled(values: FloatArray, months: int, combine: np.ufunc) -> FloatArray:
    """Combine the last `months` values, or as many as there are, of spans of 1, 2, 4, ... months.

    Nothing is subtracted, so a value does not depend on what came before its window.
    """
    span, length = values, 1
    window, covered = None, 0
    while True:
        if months & length:
            window = span if window is None else _joined(window, span, covered, combine)
            covered += length
        if covered == months:
            return np.asarray(window)
        span = _joined(span, span, length, combine)
        length *= 2


def _ever(values: FloatArray) -> int:
    """Return a window for all so far: a power of two, for the same sums at any length."""
    return 1 << (len(values) - 1).bit_length()


def _joined(late: FloatArray, early: FloatArray, months: int, combine: np.ufunc) -> FloatArray:
    joined = np.empty_like(late)
    joined[:months] = late[:months]
    combine(late[months:], early[: max(0, len(early) - months)], out=joined[months:])
    return joined


def _divide(total: FloatArray, count: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore"):  # 0 of 0 observed months is NaN, as it should be
        return np.asarray(total / count)
