"""The probability integral transform: where in its forecast distribution an outcome came to lie.

Of calibrated forecasts it is uniform. Deaths are counts, so a whole interval of the distribution
belongs to an outcome and no single place; its two ends are kept, and the histogram spreads it
evenly over them, without drawing random numbers. Source: Czado, Gneiting & Held (2009), Predictive
model assessment for count data, Biometrics 65(4).
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_NARROW = 1e-12
"""Ends so near to each other are one place."""


def pit_bounds(
    outcome: FloatArray, draws: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return P(X < y) and P(X <= y) of weighted draws, (n,) each.

    `outcome` y is (n,), `draws` of X and their `weights` are (n, m); each row of weights sums to 1.
    A weight of zero takes a draw out, even where it is NaN.
    """
    below = (weights * (draws < outcome[:, None])).sum(axis=1)
    upto = (weights * (draws <= outcome[:, None])).sum(axis=1)
    # A sum of weights may miss 1 by its last digit.
    return np.minimum(below, 1.0), np.minimum(upto, 1.0)


def pit_histogram(below: FloatArray, upto: FloatArray, bins: int = 10) -> FloatArray:
    """Return the share of the forecasts in each of equally wide bins of the PIT, (bins,).

    `below` and `upto` (n,) are those of `pit_bounds`, n > 0. Calibrated forecasts have 1 / bins
    everywhere; a U says that they are too sure, a heap in the middle that they are too wide, a
    slope that they say too little (rising) or too much (falling).
    """
    # Everywhere inside, so that an outcome beyond all draws falls into the first or last bin.
    inner = np.linspace(0, 1, bins + 1)[1:-1, None]
    width = upto - below
    wide = width > _NARROW
    place = np.divide(inner - below, width, out=np.zeros((bins - 1, len(width))), where=wide)
    share = np.where(wide, np.clip(place, 0, 1), inner >= upto)
    return np.diff(share.mean(axis=1), prepend=0.0, append=1.0)
