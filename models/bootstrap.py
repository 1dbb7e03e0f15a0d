"""Intervals for the difference that one forecast makes against another."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

BLOCK_MONTHS = 12
"""Length of a block: outcomes up to twelve months ahead overlap for so long."""

_LOW, _HIGH = 2.5, 97.5


class Gain(NamedTuple):
    """How much smaller a loss is than another, as a share of the other, with a 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def is_real(self) -> bool:
        """Does the interval leave out zero on the good side?"""
        return self.low > 0


def gain(
    loss: FloatArray,
    other: FloatArray,
    origin: npt.NDArray[np.int64],
    *,
    seed: int,
    draws: int = 2000,
    block: int = BLOCK_MONTHS,
) -> Gain:
    """Return 1 - mean(loss) / mean(other), with an interval from blocks of origins.

    `loss`, `other` and `origin` [months] are (n,), a row a forecast. Forecasts of an origin stay
    together, and neighbouring origins are drawn together in circular blocks, so that neither the
    regions of a month nor the months of a war pass for independent witnesses. NaN where the other
    loss is nothing. Source: Politis & Romano (1992), A circular block-resampling procedure for
    stationary data.
    """
    months, place = np.unique(origin, return_inverse=True)
    own, others = (np.bincount(place, weights=values) for values in (loss, other))
    starts = np.random.default_rng(seed).integers(
        len(months), size=(draws, -(-len(months) // block))
    )
    drawn = (starts[:, :, None] + np.arange(block)) % len(months)
    drawn = drawn.reshape(draws, -1)[:, : len(months)]
    gains = _share(own[drawn].sum(axis=1), others[drawn].sum(axis=1))
    low, high = (
        np.nanpercentile(gains, [_LOW, _HIGH]) if np.isfinite(gains).any() else (np.nan,) * 2
    )
    return Gain(float(_share(own.sum(), others.sum())), float(low), float(high))


def _share(own: npt.ArrayLike, other: npt.ArrayLike) -> FloatArray:
    top, bottom = np.asarray(own, np.float64), np.asarray(other, np.float64)
    ratio = np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)
    return np.asarray(1 - ratio)
