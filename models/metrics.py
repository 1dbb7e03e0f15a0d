"""Measures of skill. Lower is better for Brier, logarithmic score, CRPS and calibration error.

Thin, checked wrappers over scikit-learn where it has the measure; the formula where it does not.
All need at least one forecast, but for those that say what they are without any.
"""

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

FloatArray = npt.NDArray[np.float64]
SMALLEST_PROBABILITY = 1e-6
"""A forecast of 0 or 1 is scored as this far from it, so that one surprise is not infinite."""


def brier(outcome: FloatArray, probability: FloatArray) -> float:
    """Return the mean squared difference of probability and outcome (0 or 1); both (n,).

    Source: Brier (1950), Monthly Weather Review 78(1).
    """
    return float(np.mean((probability - outcome) ** 2))


def log_score(outcome: FloatArray, probability: FloatArray) -> float:
    """Return minus the mean natural logarithm of the probability given to what happened [nats].

    Source: Good (1952), Journal of the Royal Statistical Society B 14(1).
    """
    p = np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return float(-np.mean(outcome * np.log(p) + (1 - outcome) * np.log1p(-p)))


def auc(outcome: FloatArray, probability: FloatArray) -> float:
    """Return the area under the ROC curve; NaN when all outcomes are the same."""
    if np.ptp(outcome) == 0:
        return float("nan")
    return float(roc_auc_score(outcome, probability))


def average_precision(outcome: FloatArray, probability: FloatArray) -> float:
    """Return the area under the precision-recall curve; NaN when there is no positive outcome."""
    if not outcome.any():
        return float("nan")
    return float(average_precision_score(outcome, probability))


def skill(score: float, reference: float) -> float:
    """Return 1 - score / reference: 0 is no better than the reference, 1 is perfect."""
    return 1 - score / reference if reference > 0 else float("nan")


def reliability(
    outcome: FloatArray, probability: FloatArray, bins: int = 20
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean probability, observed frequency and number of forecasts in equal-count bins.

    Forecasts are sorted by probability and cut into at most `bins` groups of equal size. Equal
    forecasts stay together, so that the order of the rows decides nothing: with many of them the
    groups are fewer, and not of equal size.
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


def crps_ensemble(outcome: FloatArray, draws: FloatArray) -> FloatArray:
    """Return the continuous ranked probability score of equally likely draws, (n,).

    mean|x - y| - 1/2 mean|x - x'| with `outcome` y (n,) and `draws` x (n, m), NaN for absent
    draws, of which each row has one at least. The second mean is taken from sorted draws: sum over
    i of (2i - m - 1) x_i / m^2. Source: Gneiting & Raftery (2007), JASA 102(477).
    """
    ordered = np.sort(draws, axis=1)
    count = (~np.isnan(ordered)).sum(axis=1, keepdims=True)
    rank = np.arange(1, draws.shape[1] + 1)[None, :]
    spread = np.nansum((2 * rank - count - 1) * ordered, axis=1) / count[:, 0] ** 2
    distance = np.nansum(np.abs(ordered - outcome[:, None]), axis=1) / count[:, 0]
    return np.asarray(distance - spread)


def crps_weighted(outcome: FloatArray, draws: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the continuous ranked probability score of weighted draws, (n,).

    `draws` and `weights` are (n, m); each row of weights sums to 1. Source as for
    `crps_ensemble`; half the expected distance of two draws is sum w_i x_i (2 W_i - w_i - 1), with
    W_i the running sum of the weights w_i of the sorted draws x_i.
    """
    order = np.argsort(draws, axis=1, kind="stable")
    x = np.take_along_axis(draws, order, axis=1)
    w = np.take_along_axis(weights, order, axis=1)
    distance = (weights * np.abs(draws - outcome[:, None])).sum(axis=1)
    half_spread = (w * x * (2 * np.cumsum(w, axis=1) - w - 1)).sum(axis=1)
    return np.asarray(distance - half_spread)


def quantile_score(outcome: FloatArray, quantiles: FloatArray, levels: tuple[float, ...]) -> float:
    """Return twice the mean pinball loss of quantiles (n, m) at levels (m,); unit of the outcome.

    Over many even levels it approaches the CRPS; NaN when there is no outcome yet. Source:
    Gneiting & Raftery (2007), JASA 102(477).
    """
    if len(outcome) == 0:
        return float("nan")
    off = outcome[:, None] - quantiles
    level = np.asarray(levels)[None, :]
    return float(2 * np.mean(np.maximum(level * off, (level - 1) * off)))
