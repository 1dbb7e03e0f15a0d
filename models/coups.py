"""Forecasts of coups: learners of rare events, the references they must beat, and success.

Arrays are (T months, C countries) unless said otherwise.
"""

from collections.abc import Mapping

import numpy as np
from sklearn.base import BaseEstimator

from features.arrays import FloatArray, IntArray, Matrix
from models.learners import FEWEST_CASES, BaseRate, RidgeLogistic

CoupLearner = RidgeLogistic | BaseRate

MONTHS_SINCE = ("attempt_years", "attempt_ever")
"""What the strongest reference reads: the time since the last attempt, and if there was one."""

RECENT_YEARS = 20
_RECENT_MONTHS = 12 * RECENT_YEARS
_OWN_MONTHS = 120  # of the base rate, in the country's own
_SHARE_ATTEMPTS = 10  # of all states, in a country's own share


def fit_coups(
    indicators: Matrix,
    outcome: FloatArray,
    attempts: int,
    horizon: int,
    columns: tuple[int, ...],
    penalty: float,
) -> CoupLearner:
    """Fit one horizon on n rows of which `columns` are read; the base rate where events are few.

    `attempts` are the events behind the outcomes (n,): rows overlap, so that one event makes up to
    `horizon` cases. Fewer than FEWEST_CASES are too few. `penalty` is of each independent row, and
    therefore taken `horizon` times.
    """
    cases = outcome.sum()
    if min(attempts, cases, len(outcome) - cases) < FEWEST_CASES:
        return BaseRate().fit(outcome)
    learner = RidgeLogistic(penalty=penalty * horizon, columns=columns)
    return learner.fit(indicators, outcome, np.zeros(len(outcome), dtype=np.int64))


class CoupForecaster(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A fitted learner a horizon, with the names of the indicators that its rows hold."""

    def __init__(
        self, names: tuple[str, ...] = (), learners: Mapping[str, CoupLearner] | None = None
    ) -> None:
        self.names = names
        self.learners = learners

    @property
    def horizons(self) -> tuple[int, ...]:
        """The horizons that are forecast [months], ascending."""
        return tuple(sorted(int(horizon) for horizon in self.learners or {}))

    def learner(self, horizon: int) -> CoupLearner:
        """Return the learner of a horizon [months]."""
        return (self.learners or {})[str(horizon)]


def base_rate(labels: FloatArray, horizon: int) -> FloatArray:
    """Return the frequency of all countries over the last 20 years of known labels, (T,).

    `labels` are 0, 1 or NaN by origin; that of origin t is known at t + horizon. Shrunk by half a
    case of each kind.
    """
    return _frequency(*_known_sums(labels, horizon))


def own_rate(labels: FloatArray, horizon: int) -> FloatArray:
    """Return each country's frequency over the same years, with ten years of the base rate."""
    ones, count = _known_sums(labels, horizon)
    base = _frequency(ones, count)[:, None]
    return np.asarray((ones + _OWN_MONTHS * base) / (count + _OWN_MONTHS))


def _frequency(ones: FloatArray, count: FloatArray) -> FloatArray:
    return np.asarray((ones.sum(axis=1) + 0.5) / (count.sum(axis=1) + 1))


def _known_sums(labels: FloatArray, horizon: int) -> tuple[FloatArray, FloatArray]:
    """Return the cases among the last known labels of each country, and their number."""
    known = np.full_like(labels, np.nan)
    known[horizon:] = labels[: max(0, len(labels) - horizon)]
    parts = np.nan_to_num(known), (~np.isnan(known)).astype(np.float64)
    return _recent_sum(parts[0]), _recent_sum(parts[1])


def _recent_sum(values: FloatArray) -> FloatArray:
    total = np.cumsum(values, axis=0)
    total[_RECENT_MONTHS:] = total[_RECENT_MONTHS:] - total[:-_RECENT_MONTHS].copy()
    return np.asarray(total)


def success_share(attempts: IntArray, successes: IntArray) -> FloatArray:
    """Return the share of attempts that is expected to succeed in each country, (T, C).

    That is its own share over the last 20 years with ten attempts of all states, whose share has
    one attempt of an even chance. An attempt that fails and one that succeeds have the same causes,
    as far as 2.4 events a year tell.
    """
    own = _recent_sum(attempts.astype(np.float64)), _recent_sum(successes.astype(np.float64))
    everywhere = (own[1].sum(axis=1) + 0.5) / (own[0].sum(axis=1) + 1)
    share = (own[1] + _SHARE_ATTEMPTS * everywhere[:, None]) / (own[0] + _SHARE_ATTEMPTS)
    return np.asarray(share)
