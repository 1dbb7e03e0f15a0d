"""The targets: what is forecast, computed from what came true.

All arrays are (T months, R regions). A label stands at its origin t and speaks of months t+1 to
t+h; it is NaN where those months, or the months its definition looks back on, are not all
observed, so a label at t is known only at t+h.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from features.indicators.windows import lag

FloatArray = npt.NDArray[np.float64]
Target = Literal["fatalities", "instability", "escalation", "onset"]

TARGETS: tuple[Target, ...] = get_args(Target)
HORIZONS: dict[Target, tuple[int, ...]] = {
    "fatalities": tuple(range(1, 13)),
    "instability": tuple(range(1, 13)),
    "escalation": (3, 6, 12),
    "onset": (3, 6, 12),
}
"""Horizons [months ahead] at which each target is forecast; for the last two, window lengths."""

BASELINE_MONTHS = 12
QUIET_MONTHS = 24


def label(target: Target, deaths: FloatArray, horizon: int, tau: float) -> FloatArray:
    """Return the outcome of a target at every origin: deaths for `fatalities`, otherwise 0 or 1.

    `deaths` [deaths/month], NaN where not observed; `tau` is the level's threshold
    [deaths/month].
    """
    if target == "fatalities":
        return ahead(deaths, horizon)
    if target == "instability":
        month = ahead(deaths, horizon)
        return _where_known([month], month >= tau)
    if target == "escalation":
        window, needed = window_mean_ahead(deaths, horizon), escalation_threshold(deaths, tau)
        return _where_known([window, needed], window >= needed)
    window = window_mean_ahead(deaths, horizon)
    known = _where_known([window], window > 0)
    return np.where(is_quiet(deaths), known, np.nan)


def ahead(values: FloatArray, months: int) -> FloatArray:
    """Return the value `months` months later; NaN after the last month."""
    shifted = np.full_like(values, np.nan)
    shifted[: max(0, len(values) - months)] = values[months:]
    return shifted


def window_mean_ahead(deaths: FloatArray, horizon: int) -> FloatArray:
    """Return mean monthly deaths over t+1..t+horizon; NaN unless all of them are observed."""
    return ahead(_trailing_mean(deaths, horizon), horizon)


def escalation_threshold(deaths: FloatArray, tau: float) -> FloatArray:
    """Return what a window's mean must reach to be an escalation [deaths/month].

    max(tau, 2 x the mean over t-11..t); NaN unless all twelve months are observed.
    """
    baseline = _trailing_mean(deaths, BASELINE_MONTHS)
    return np.where(np.isnan(baseline), np.nan, np.maximum(tau, 2 * baseline))


def is_quiet(deaths: FloatArray) -> npt.NDArray[np.bool_]:
    """Return where the 24 months to t are all observed and saw no death."""
    return np.asarray(_trailing_mean(deaths, QUIET_MONTHS) == 0)


def threshold(target: Target, deaths: FloatArray, tau: float) -> FloatArray:
    """Return the threshold that a score is reported with, at every origin [deaths/month]."""
    if target == "escalation":
        return escalation_threshold(deaths, tau)
    return np.full_like(deaths, 1.0 if target == "onset" else tau)


def _trailing_mean(values: FloatArray, months: int) -> FloatArray:
    total = np.zeros_like(values)
    for back in range(months):
        total += lag(values, back)
    return total / months


def _where_known(needed: Sequence[FloatArray], outcome: npt.NDArray[np.bool_]) -> FloatArray:
    unknown = np.isnan(np.stack(needed)).any(axis=0)
    return np.where(unknown, np.nan, outcome.astype(np.float64))
