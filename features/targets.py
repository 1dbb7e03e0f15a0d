"""The targets: what is forecast, computed from what came true.

All arrays are (T months, R regions); where a target counts coups, `deaths` are attempts. The label
at origin t is about months t+1 to t+h; it is NaN where one of those, or of the months that its
definition looks back on, is not observed.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from features.arrays import BoolArray, FloatArray
from features.words import SPECS, Target

BASELINE_MONTHS = 12
QUIET_MONTHS = 24
USUAL_MONTHS = 8
LEAST_RISE = 2
_ROUNDING = 1e-6


def label(target: Target, deaths: FloatArray, horizon: int, tau: float) -> FloatArray:
    """Return the outcome of a target at every origin: deaths for a distribution, otherwise 0 or 1.

    `deaths` [deaths/month], NaN where not observed; `tau` is the level's threshold [deaths/month].
    """
    spec = SPECS[target]
    mean = window_mean_ahead(deaths, horizon) if spec.is_window else ahead(deaths, horizon)
    if spec.is_distribution:
        return mean
    needed = threshold(target, deaths, tau)
    is_known = ~np.isnan(mean) & ~np.isnan(needed) & is_eligible(target, deaths)
    return np.where(is_known, came_true(target, mean, needed), np.nan)


def came_true(target: Target, mean: FloatArray, needed: FloatArray) -> BoolArray:
    """Tell whether mean deaths over the target's month or window make the target come true.

    `mean` and `needed` (its `threshold`) [deaths/month] have one shape; unknown deaths are False.
    """
    return _FORMULAS[target].came_true(mean, needed)


def threshold(target: Target, deaths: FloatArray, tau: float) -> FloatArray:
    """Return the threshold that a score is reported with, at every origin [deaths/month]."""
    return _FORMULAS[target].threshold(deaths, tau)


def is_eligible(target: Target, deaths: FloatArray) -> BoolArray:
    """Return at which origins the deaths so far allow the target to be forecast at all."""
    return _FORMULAS[target].is_eligible(deaths)


class GroupRule(NamedTuple):
    """A rule that makes one score of those of several countries, and what it takes for granted."""

    name: str
    assumption: str


INDEPENDENT_ATTEMPTS = GroupRule(
    "independent attempts",
    "Attempts are independent, given the scores: what countries share, as the rate of the world, "
    "is in their scores, and none makes another more likely within the window.",
)
"""The rule of `any_of`. Model averages find no contagion: Miller, Joseph & Ohl 2018, Journal of
Conflict Resolution 62(2)."""


def any_of(probabilities: FloatArray) -> float:
    """Return the probability that at least one of n countries sees an attempt, 0 for none.

    1 - (1 - p1)(1 - p2)..., by INDEPENDENT_ATTEMPTS.
    """
    return float(-np.expm1(np.log1p(-np.asarray(probabilities, dtype=np.float64)).sum()))


def ahead(values: FloatArray, months: int) -> FloatArray:
    """Return the value `months` months later; NaN after the last month."""
    shifted = np.full_like(values, np.nan)
    shifted[: max(0, len(values) - months)] = values[months:]
    return shifted


def window_mean_ahead(deaths: FloatArray, horizon: int) -> FloatArray:
    """Return mean monthly deaths over t+1..t+horizon; NaN unless all of them are observed."""
    return ahead(_trailing_mean(deaths, horizon), horizon)


def _trailing_mean(values: FloatArray, months: int) -> FloatArray:
    total = np.zeros_like(values)
    for back in range(months):
        total[:back] = np.nan
        total[back:] += values[: max(0, len(values) - back)]
    return total / months


def _level_threshold(deaths: FloatArray, tau: float) -> FloatArray:
    return np.full_like(deaths, tau)


def _one(deaths: FloatArray, _: float) -> FloatArray:
    return np.full_like(deaths, 1.0)


def _twice_last_year(deaths: FloatArray, tau: float) -> FloatArray:
    """Return max(tau, 2 x the mean over t-11..t); NaN unless all twelve months are observed."""
    baseline = _trailing_mean(deaths, BASELINE_MONTHS)
    return np.where(np.isnan(baseline), np.nan, np.maximum(tau, 2 * baseline))


def _above_usual(deaths: FloatArray, _: float) -> FloatArray:
    """Return the least whole number above mean + sd of t-7..t, and at least 2 above the mean."""
    n = USUAL_MONTHS
    mean, square = _trailing_mean(deaths, n), _trailing_mean(deaths**2, n)
    variance = np.maximum(square - mean**2, 0) * n / (n - 1)
    # Whole numbers may be reached exactly, which is not above.
    above = np.floor(mean + np.sqrt(variance) + _ROUNDING) + 1
    return np.asarray(np.maximum(above, np.ceil(mean + LEAST_RISE)))


def _reaches(mean: FloatArray, needed: FloatArray) -> BoolArray:
    return np.asarray(mean >= needed)


def _any(mean: FloatArray, _: FloatArray) -> BoolArray:
    return np.asarray(mean > 0)


def _everywhere(deaths: FloatArray) -> BoolArray:
    return np.ones(deaths.shape, dtype=np.bool_)


def _quiet(deaths: FloatArray) -> BoolArray:
    """Return where the 24 months to t are all observed and saw no death."""
    return np.asarray(_trailing_mean(deaths, QUIET_MONTHS) == 0)


class _Formula(NamedTuple):
    threshold: Callable[[FloatArray, float], FloatArray]
    came_true: Callable[[FloatArray, FloatArray], BoolArray] = _reaches
    is_eligible: Callable[[FloatArray], BoolArray] = _everywhere


_FORMULAS: dict[Target, _Formula] = {
    "fatalities": _Formula(_level_threshold),
    "instability": _Formula(_level_threshold),
    "escalation": _Formula(_twice_last_year),
    "onset": _Formula(_one, _any, _quiet),
    "surge": _Formula(_above_usual),
    "coup": _Formula(_one, _any),
}
