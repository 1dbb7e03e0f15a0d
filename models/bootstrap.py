"""Intervals for the difference between the losses of two forecasts, and for means of months.

A draw takes circular blocks of neighbouring origins, because neither the regions of a month nor the
months of a war are independent. With fewer than two whole blocks the interval means little. Source:
Politis & Romano (1992), A circular block-resampling procedure for stationary data.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.arrays import FloatArray, IntArray
from models.metrics import reliability

BLOCK_MONTHS = 12
"""Length of a block: outcomes up to twelve months ahead overlap for as long."""

_DRAWS = 2000
INTERVAL = 2.5, 97.5
"""The percentiles at the ends of a 95 % interval."""


class Gain(NamedTuple):
    """The share of another loss saved, or a difference of errors; 95 % interval, NaN if none."""

    value: float
    low: float
    high: float

    @property
    def is_real(self) -> bool:
        """Whether the interval lies above zero."""
        return self.low > 0

    @property
    def is_real_loss(self) -> bool:
        """Whether the interval lies below zero."""
        return self.high < 0


def gain(
    loss: FloatArray,
    other: FloatArray,
    origin: IntArray,
    part: IntArray | None = None,
    *,
    seed: int,
    draws: int = _DRAWS,
    block: int = BLOCK_MONTHS,
) -> Gain:
    """Return 1 - mean(loss) / mean(other), with an interval from blocks of origins.

    `loss`, `other` and `origin` [months] are (n,), a row a forecast. With `part` (n,), numbered
    from 0, it is the mean over parts, which have the same draws, since a hard month is hard for
    all. Parts whose other loss is 0 are left out; NaN without any other.
    """
    place, weights = _resamples(origin, seed, draws, block)
    part = np.zeros(len(loss), np.int64) if part is None else part
    # Differences are per row, so that equal forecasts save exactly 0.
    saved, whole = (_sums(place, part, values) for values in (other - loss, other))
    value = _mean_share(saved.sum(axis=0), whole.sum(axis=0))
    return _with_interval(float(value), _mean_share(weights @ saved, weights @ whole))


def gains(
    losses: FloatArray,
    others: FloatArray,
    origin: IntArray,
    *,
    seed: int,
    draws: int = _DRAWS,
    block: int = BLOCK_MONTHS,
) -> list[Gain]:
    """Return the `gain` of each of k pairs of losses, which have the same draws.

    `losses` and `others` are (n, k), `origin` [months] (n,).
    """
    place, weights = _resamples(origin, seed, draws, block)
    months = np.zeros((weights.shape[1], len(origin)))
    months[place, np.arange(len(origin))] = 1
    saved, whole = months @ (others - losses), months @ others
    values = _mean_share(saved.sum(axis=0)[:, None], whole.sum(axis=0)[:, None])
    drawn_saved, drawn_whole = weights @ saved, weights @ whole
    return [
        _with_interval(
            float(value), _mean_share(drawn_saved[:, [column]], drawn_whole[:, [column]])
        )
        for column, value in enumerate(values)
    ]


def calibration_gain(
    outcome: FloatArray,
    probability: FloatArray,
    other: FloatArray,
    origin: IntArray,
    *,
    seed: int,
    draws: int = _DRAWS,
    block: int = BLOCK_MONTHS,
) -> Gain:
    """Return the expected calibration error of `other` less that of `probability`.

    `outcome` (0 or 1), both forecasts and `origin` [months] are (n,). The bins are the same in
    every draw.
    """
    place, weights = _resamples(origin, seed, draws, block)
    count = np.bincount(place).astype(np.float64)
    own, others = (_excess(outcome, p, place) for p in (probability, other))
    value = (np.abs(others.sum(axis=0)).sum() - np.abs(own.sum(axis=0)).sum()) / count.sum()
    errors = [np.abs(weights @ excess).sum(axis=1) for excess in (others, own)]
    return _with_interval(float(value), (errors[0] - errors[1]) / (weights @ count))


def period_means(
    values: FloatArray,
    origin: IntArray,
    length: int,
    *,
    seed: int,
    draws: int = _DRAWS,
    block: int = BLOCK_MONTHS,
) -> FloatArray:
    """Return the means of values over drawn periods of `length` months, (draws,).

    `values` and `origin` [months] are (n,), a row a forecast.
    """
    place, weights = _resamples(origin, seed, draws, min(block, length), length)
    sums, counts = np.bincount(place, weights=values), np.bincount(place)
    return np.asarray((weights @ sums) / (weights @ counts))


def _resamples(
    origin: IntArray, seed: int, draws: int, block: int, length: int | None = None
) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """Return each row's month index (n,), and how often each draw has each month.

    A draw has `length` months, by default as many as there are.
    """
    months, place = np.unique(origin, return_inverse=True)
    size = len(months)
    length = size if length is None else length
    starts = np.random.default_rng(seed).integers(size, size=(draws, -(-length // block)))
    drawn = (starts[:, :, None] + np.arange(block)) % size
    drawn = drawn.reshape(draws, -1)[:, :length] + size * np.arange(draws)[:, None]
    weights = np.bincount(drawn.ravel(), minlength=draws * size).reshape(draws, size)
    return place, weights.astype(np.float64)


def _sums(
    place: npt.NDArray[np.intp], part: npt.NDArray[np.intp], values: FloatArray
) -> FloatArray:
    """Return the sums of values by month and part, (months, parts)."""
    months, parts = place.max() + 1, part.max() + 1
    sums = np.bincount(place * parts + part, weights=values, minlength=months * parts)
    return np.asarray(sums.reshape(months, parts), np.float64)


def _excess(
    outcome: FloatArray, probability: FloatArray, place: npt.NDArray[np.intp]
) -> FloatArray:
    """Return the sums of probability - outcome by month and bin, (months, bins)."""
    _, _, size = reliability(outcome, probability)
    last = np.sort(probability)[np.cumsum(size).astype(np.int64) - 1]
    return _sums(place, np.searchsorted(last, probability), probability - outcome)


def _mean_share(saved: FloatArray, whole: FloatArray) -> FloatArray:
    usable = whole > 0
    share = np.divide(saved, whole, out=np.zeros_like(saved), where=usable)
    count = usable.sum(axis=-1)
    total = np.asarray(share.sum(axis=-1))
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return np.asarray(mean)


def _with_interval(value: float, drawn: FloatArray) -> Gain:
    if not np.isfinite(drawn).any():
        return Gain(value, np.nan, np.nan)
    low, high = np.nanpercentile(drawn, INTERVAL)
    return Gain(value, float(low), float(high))
