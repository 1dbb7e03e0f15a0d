"""Measures of forecasts. Lower is better for Brier, logarithmic score, CRPS, calibration error.

Each is its formula: scikit-learn's checks take ten times as long on small groups. All need at least
one forecast unless they say otherwise.
"""

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import rankdata

from features.arrays import FloatArray

SMALLEST_PROBABILITY = 1e-6
"""Forecasts of 0 and 1 are scored as this far from it, so that no score is infinite."""

DEATHS_BINS = (0.5, 2.5, 5.5, 10.5, 25.5, 50.5, 100.5, 250.5, 500.5, 1000.5)
"""The edges of the eleven bins of the VIEWS challenge: 0, 1-2, 3-5, 6-10, ..., 1001+ [deaths]."""


def brier(outcome: FloatArray, probability: FloatArray) -> float:
    """Return the mean squared error of probabilities, both (n,); Brier (1950), MWR 78(1)."""
    return float(np.mean((probability - outcome) ** 2))


def log_score(outcome: FloatArray, probability: FloatArray) -> float:
    """Return the mean logarithmic loss, both (n,) [nats]; Good (1952), JRSS B 14(1)."""
    return float(np.mean(log_losses(outcome, probability)))


def log_losses(outcome: FloatArray, probability: FloatArray) -> FloatArray:
    """Return the logarithmic score of each forecast, (n,) [nats]."""
    p = np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return np.asarray(-(outcome * np.log(p) + (1 - outcome) * np.log1p(-p)))


def auc_weighted(outcome: FloatArray, probability: FloatArray, weights: FloatArray) -> float:
    """Return the area under the ROC curve of weighted forecasts, (n,) each; NaN as in `auc`."""
    _, value = np.unique(probability, return_inverse=True)
    ones = np.bincount(value, weights=weights * outcome)
    zeros = np.bincount(value, weights=weights * (1 - outcome))
    pairs = ones.sum() * zeros.sum()
    above = np.cumsum(zeros) - zeros / 2
    return float((ones * above).sum() / pairs) if pairs > 0 else float("nan")


def auc(outcome: FloatArray, probability: FloatArray) -> float:
    """Return the area under the ROC curve; NaN when all outcomes are the same.

    Equal forecasts count half. Source: Hanley & McNeil (1982), Radiology 143(1).
    """
    if np.ptp(outcome) == 0:
        return float("nan")
    ones, zeros = float(outcome.sum()), float((1 - outcome).sum())
    above = rankdata(probability)[outcome == 1].sum() - ones * (ones + 1) / 2
    return float(above / (ones * zeros))


def average_precision(outcome: FloatArray, probability: FloatArray) -> float:
    """Return the mean precision over distinct forecasts by the cases they add; NaN if no case."""
    if not outcome.any():
        return float("nan")
    _, value = np.unique(-probability, return_inverse=True)
    cases, size = np.bincount(value, weights=outcome), np.bincount(value)
    precision = np.cumsum(cases) / np.cumsum(size)
    return float(np.average(precision, weights=cases))


def reliability(
    outcome: FloatArray, probability: FloatArray, bins: int = 20
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean probability, observed frequency and number of forecasts in equal-count bins.

    There are at most `bins`. Equal forecasts share one, so that row order does not matter.
    """
    _, value, size = np.unique(probability, return_inverse=True, return_counts=True)
    twice_middle = 2 * np.cumsum(size) - size
    group = (twice_middle * min(bins, len(probability)) // (2 * len(probability)))[value]
    _, group, count = np.unique(group, return_inverse=True, return_counts=True)
    return (
        np.bincount(group, weights=probability) / count,
        np.bincount(group, weights=outcome) / count,
        count.astype(np.float64),
    )


def calibration_error(outcome: FloatArray, probability: FloatArray, bins: int = 20) -> float:
    """Return the expected calibration error: mean |probability - frequency| over the bins."""
    forecast, observed, size = reliability(outcome, probability, bins)
    return float(np.average(np.abs(forecast - observed), weights=size))


def reliability_slope(outcome: FloatArray, probability: FloatArray) -> float:
    """Return the slope of the outcome's log-odds on the forecast's; both (n,), outcome 0 or 1.

    From a logistic regression without penalty: below 1 forecasts are overconfident, above 1
    underconfident. NaN where the slope is not finite. Source: Cox (1958), Two further applications
    of a model for binary regression, Biometrika 45.
    """
    odds = logit(np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))
    ones, zeros = odds[outcome == 1], odds[outcome == 0]
    if min(len(ones), len(zeros)) == 0:
        return float("nan")
    if ones.min() >= zeros.max() or zeros.min() >= ones.max():
        return float("nan")
    scale = odds.std()
    design = np.column_stack([np.ones_like(odds), (odds - odds.mean()) / scale])

    def loss(line: FloatArray) -> tuple[float, FloatArray]:
        eta = design @ line
        value = np.mean(np.logaddexp(0, eta) - outcome * eta)
        return float(value), design.T @ (expit(eta) - outcome) / len(eta)

    def curvature(line: FloatArray) -> FloatArray:
        fitted = expit(design @ line)
        return np.asarray((design * (fitted * (1 - fitted))[:, None]).T @ design / len(fitted))

    best = minimize(
        loss, np.zeros(2), jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-9}
    )
    return float(best.x[1] / scale)


def ignorance(
    outcome: FloatArray, draws: npt.NDArray[np.floating], edges: tuple[float, ...] = DEATHS_BINS
) -> FloatArray:
    """Return the ignorance score, (n,) [bits], of equally likely draws (n, m) put into bins.

    -log2((k + 1) / (m + bins)) for k draws in the bin of the outcome (n,). Source: Hegre et al.
    (2025), The 2023/24 VIEWS Prediction Challenge, Journal of Peace Research, after Roulston &
    Smith (2002), MWR 130(6).
    """
    inside = np.searchsorted(edges, outcome, side="right")
    low, high = np.array([-np.inf, *edges])[inside], np.array([*edges, np.inf])[inside]
    hits = ((draws >= low[:, None]) & (draws < high[:, None])).sum(axis=1)
    return np.asarray(-np.log2((hits + 1) / (draws.shape[1] + len(edges) + 1)))


def interval_score(
    outcome: FloatArray, draws: npt.NDArray[np.floating], level: float = 0.9
) -> FloatArray:
    """Return the score of the draws' central interval, (n,); unit of the outcome.

    Its width, and 2 / (1 - level) times how far the outcome (n,) lies outside; quantiles of the
    draws (n, m) are interpolated linearly. Source: Gneiting & Raftery (2007), JASA 102(477).
    """
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=1).astype(np.float64)
    miss = np.maximum(low - outcome, 0) + np.maximum(outcome - high, 0)
    return np.asarray(high - low + miss / tail)


def crps_ensemble(outcome: FloatArray, draws: FloatArray) -> FloatArray:
    """Return the continuous ranked probability score of equally likely draws, (n,).

    mean|x - y| - 1/2 mean|x - x'| with `outcome` y (n,) and `draws` x (n, m), NaN for absent draws,
    at least one a row. The second mean is the sum of (2i - m - 1) x_i / m^2 over sorted draws.
    Source: Gneiting & Raftery (2007), JASA 102(477).
    """
    ordered = np.sort(draws, axis=1)
    count = (~np.isnan(ordered)).sum(axis=1, keepdims=True)
    rank = np.arange(1, draws.shape[1] + 1)[None, :]
    spread = np.nansum((2 * rank - count - 1) * ordered, axis=1) / count[:, 0] ** 2
    distance = np.nansum(np.abs(ordered - outcome[:, None]), axis=1) / count[:, 0]
    return np.asarray(distance - spread)


def crps_weighted(outcome: FloatArray, draws: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the continuous ranked probability score of weighted draws, (n,).

    `draws` x and `weights` w are (n, m); each row of weights sums to 1. As `crps_ensemble`, with
    sum w_i x_i (2 W_i - w_i - 1) over sorted draws, W_i the running sum of weights.
    """
    order = np.argsort(draws, axis=1, kind="stable")
    x = np.take_along_axis(draws, order, axis=1)
    w = np.take_along_axis(weights, order, axis=1)
    distance = (weights * np.abs(draws - outcome[:, None])).sum(axis=1)
    half_spread = (w * x * (2 * np.cumsum(w, axis=1) - w - 1)).sum(axis=1)
    return np.asarray(distance - half_spread)


def quantile_score(outcome: FloatArray, quantiles: FloatArray, levels: tuple[float, ...]) -> float:
    """Return twice the mean pinball loss of quantiles (n, m) at levels (m,); unit of the outcome.

    NaN without an outcome. Source: Gneiting & Raftery (2007), JASA 102(477).
    """
    if len(outcome) == 0:
        return float("nan")
    off = outcome[:, None] - quantiles
    level = np.asarray(levels)[None, :]
    return float(2 * np.mean(np.maximum(level * off, (level - 1) * off)))


_NARROW = 1e-12
"""Narrower intervals count as a point."""


def pit_bounds(
    outcome: FloatArray, draws: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return P(X < y) and P(X <= y) of weighted draws, (n,) each.

    `outcome` y is (n,), `draws` X and `weights` (n, m); each row of weights sums to 1. A draw of
    weight 0 may be NaN.
    """
    below = (weights * (draws < outcome[:, None])).sum(axis=1)
    upto = (weights * (draws <= outcome[:, None])).sum(axis=1)
    # Rounding may lift a sum of weights above 1.
    return np.minimum(below, 1.0), np.minimum(upto, 1.0)


def pit_histogram(below: FloatArray, upto: FloatArray, bins: int = 10) -> FloatArray:
    """Return the share of the forecasts in each of equally wide bins of the PIT, (bins,).

    `below` and `upto` (n,) are those of `pit_bounds`, n > 0. A U means too narrow forecasts, a hump
    too wide, a rising (falling) slope too low (high).
    """
    # Inner edges only, so that an outcome beyond all draws falls into the first or last bin.
    inner = np.linspace(0, 1, bins + 1)[1:-1, None]
    width = upto - below
    wide = width > _NARROW
    place = np.divide(inner - below, width, out=np.zeros((bins - 1, len(width))), where=wide)
    share = np.where(wide, np.clip(place, 0, 1), inner >= upto)
    return np.diff(share.mean(axis=1), prepend=0.0, append=1.0)
