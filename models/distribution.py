"""The predictive distribution of deaths: one for each region and month, from which all else comes.

It has two parts, split at the threshold tau: with probability p (the calibrated instability
score) deaths reach tau, otherwise they stay below. Inside each part the distribution is that of
the analogues: the outcomes of the past forecasts whose expected size was nearest. So every
exceedance, quantile and mean agrees with the score, and nothing larger than history has shown is
ever forecast, but for tau where history has not reached it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

FloatArray = npt.NDArray[np.float64]

ANALOGUES = 100


@dataclass(frozen=True, eq=False)
class DeathsDistribution:
    """Weighted draws of deaths, both (n, m) [deaths/month]; each row of weights sums to 1.

    Draws are sorted within a row.
    """

    draws: FloatArray
    weights: FloatArray

    def mean(self) -> FloatArray:
        """Return the expected deaths, (n,) [deaths/month]."""
        return np.asarray((self.draws * self.weights).sum(axis=1))

    def exceedance(self, threshold: float) -> FloatArray:
        """Return P(deaths >= threshold), (n,)."""
        return np.asarray((self.weights * (self.draws >= threshold)).sum(axis=1))

    def quantiles(self, levels: tuple[float, ...]) -> FloatArray:
        """Return the smallest deaths whose probability of not being exceeded reaches each level.

        (n, len(levels)) [deaths/month].
        """
        cumulative = np.cumsum(self.weights, axis=1)
        last = self.draws.shape[1] - 1
        columns = [np.minimum((cumulative < level - 1e-12).sum(axis=1), last) for level in levels]
        return np.asarray(np.take_along_axis(self.draws, np.stack(columns, axis=1), axis=1))


class Analogues(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Past forecasts of size and what came of them, apart for outcomes below tau and above."""

    def __init__(self, tau: float = 1.0, count: int = ANALOGUES) -> None:
        self.tau = tau
        self.count = count

    def fit(self, size: FloatArray, deaths: FloatArray) -> "Analogues":
        """Learn from forecasts of size (n,) and the deaths that followed (n,) [deaths/month].

        A part that history never saw is its own edge: 0 below the threshold, tau from it on.
        """
        order = np.argsort(size, kind="stable")
        size, deaths = size[order], deaths[order]
        reached = deaths >= self.tau
        self.low_size, self.low_deaths = _or_edge(size[~reached], deaths[~reached], 0.0)
        self.high_size, self.high_deaths = _or_edge(size[reached], deaths[reached], self.tau)
        return self

    def predict(self, size: FloatArray, probability: FloatArray) -> DeathsDistribution:
        """Return the distribution for forecasts of size (n,) and P(deaths >= tau) (n,)."""
        low = np.sort(_nearest(size, self.low_size, self.low_deaths, self.count), axis=1)
        high = np.sort(_nearest(size, self.high_size, self.high_deaths, self.count), axis=1)
        p = probability[:, None]
        weights = np.hstack(
            [
                np.broadcast_to((1 - p) / low.shape[1], low.shape),
                np.broadcast_to(p / high.shape[1], high.shape),
            ]
        )
        return DeathsDistribution(np.hstack([low, high]), weights)


def _or_edge(size: FloatArray, deaths: FloatArray, edge: float) -> tuple[FloatArray, FloatArray]:
    return (size, deaths) if len(size) else (np.zeros(1), np.full(1, edge))


def _nearest(wanted: FloatArray, size: FloatArray, deaths: FloatArray, count: int) -> FloatArray:
    # In sorted order the nearest ones lie in one window; centring it on the place is near enough.
    count = min(count, len(size))
    place = (np.searchsorted(size, wanted, "left") + np.searchsorted(size, wanted, "right")) // 2
    start = np.clip(place - count // 2, 0, len(size) - count)
    window: FloatArray = deaths[start[:, None] + np.arange(count)[None, :]]
    return window
