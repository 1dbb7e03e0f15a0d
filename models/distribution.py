"""Distributions of deaths, and analogues: one for each region and month.

With probability p (the instability score) deaths reach the threshold tau, otherwise they
are fewer. Each part has the outcomes of past forecasts of the nearest expected size (analogues).
From tau on, half are outcomes as they were; the others are multiples of their region's recent
scale, times the present scale, so that a war larger than all others is not expected to shrink. No
draw is above the largest past outcome and the present scale, except tau where no outcome reached
it.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator

from features.arrays import FloatArray, IntArray

ANALOGUES = 100

_ONE_DEATH = 1.0  # added to every scale, so that quiet regions have one too


@dataclass(frozen=True, eq=False)
class DeathsDistribution:
    """Sorted draws and weights, both (n, m) [deaths/month]; each row of weights sums to 1."""

    draws: FloatArray
    weights: FloatArray

    def of(self, rows: IntArray) -> "DeathsDistribution":
        """Return the distributions of some rows."""
        return DeathsDistribution(self.draws[rows], self.weights[rows])

    def ordered(self) -> "DeathsDistribution":
        """Return the same with each row's draws in order."""
        order = np.argsort(self.draws, axis=1, kind="stable")
        draws, weights = (np.take_along_axis(a, order, axis=1) for a in (self.draws, self.weights))
        return DeathsDistribution(draws, weights)

    def mean(self) -> FloatArray:
        """Return the expected deaths, (n,) [deaths/month]."""
        return np.asarray((self.draws * self.weights).sum(axis=1))

    def exceedance(self, threshold: float) -> FloatArray:
        """Return P(deaths >= threshold), (n,)."""
        return np.asarray((self.weights * (self.draws >= threshold)).sum(axis=1))

    def reweighted(self, threshold: float, probability: FloatArray) -> "DeathsDistribution":
        """Return the same draws with P(deaths >= threshold) as given, (n,).

        A row without draws on one side of the threshold keeps its weights.
        """
        reaches = self.draws >= threshold
        before = (self.weights * reaches).sum(axis=1)
        both = (before > 0) & (before < 1)
        wanted = np.where(both, probability, before)
        up = wanted / np.where(before > 0, before, 1.0)
        down = (1 - wanted) / np.where(before < 1, 1 - before, 1.0)
        weights = self.weights * np.where(reaches, up[:, None], down[:, None])
        return DeathsDistribution(self.draws, weights / weights.sum(axis=1, keepdims=True))

    def quantiles(self, levels: tuple[float, ...]) -> FloatArray:
        """Return the least deaths whose cumulative probability reaches each level, (n, m)."""
        cumulative = np.cumsum(self.weights, axis=1)
        last = self.draws.shape[1] - 1
        columns = [np.minimum((cumulative < level - 1e-12).sum(axis=1), last) for level in levels]
        return np.asarray(np.take_along_axis(self.draws, np.stack(columns, axis=1), axis=1))


class Analogues(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Past forecasts of size and their outcomes, apart for outcomes below and from tau."""

    low_weights: FloatArray | None = None
    """How many outcomes below tau each of them stands for; None: itself alone."""

    def __init__(self, tau: float = 1.0, count: int = ANALOGUES) -> None:
        self.tau = tau
        self.count = count

    def fit(
        self,
        size: FloatArray,
        deaths: FloatArray,
        scale: FloatArray,
        weight: FloatArray | None = None,
    ) -> "Analogues":
        """Learn from forecasts of size, the deaths that followed and the recent scale, (n,) each.

        Deaths and scale in [deaths/month]. A part without outcomes has one draw: 0, or tau. Of
        `weight` (n,) those below tau are used: an outcome from tau on stands for itself alone.
        """
        # Outcomes of equal size are sorted, so that row order does not choose the multiples.
        order = np.lexsort((scale, deaths, size))
        size, deaths, scale = size[order], deaths[order], scale[order]
        reached = deaths >= self.tau
        self.low_size, self.low_deaths = _or_edge(size[~reached], deaths[~reached], 0.0)
        if weight is not None:
            _, self.low_weights = _or_edge(size[~reached], weight[order][~reached], 1.0)
        self.high_size, self.high_deaths = _or_edge(size[reached], deaths[reached], self.tau)
        self.high_scale = scale[reached] if reached.any() else np.zeros(1)
        self.largest = float(self.high_deaths.max())
        # Multiples of small wars overestimate large ones, in sum.
        self.correction = 1.0
        plain = _nearest(self.high_size, self.high_size, self.high_deaths, self.count)
        drawn = self._multiples(self.high_size, self.high_scale)
        self.correction = float(plain.mean(axis=1).sum() / drawn.mean(axis=1).sum())
        return self

    def predict(
        self, size: FloatArray, probability: FloatArray, scale: FloatArray
    ) -> DeathsDistribution:
        """Return the distribution for forecasts of size, P(deaths >= tau) and scale, (n,) each."""
        low, weight = self._low(size)
        plain = _nearest(size, self.high_size, self.high_deaths, self.count)
        high = np.sort(np.hstack([plain[:, 1::2], self._multiples(size, scale)[:, ::2]]), axis=1)
        p = probability[:, None]
        weights = np.hstack(
            [
                (1 - p) * weight / weight.sum(axis=1, keepdims=True),
                np.broadcast_to(p / high.shape[1], high.shape),
            ]
        )
        return DeathsDistribution(np.hstack([low, high]), weights)

    def _low(self, size: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the nearest outcomes below tau, in order, and how many each stands for, (n, m)."""
        low = _nearest(size, self.low_size, self.low_deaths, self.count)
        if self.low_weights is None:
            return np.sort(low, axis=1), np.ones(low.shape)
        order = np.argsort(low, axis=1, kind="stable")
        weight = _nearest(size, self.low_size, self.low_weights, self.count)
        return np.take_along_axis(low, order, axis=1), np.take_along_axis(weight, order, axis=1)

    def _multiples(self, size: FloatArray, scale: FloatArray) -> FloatArray:
        """Return the nearest outcomes from tau on at the present scale, (n, m), in whole deaths."""
        multiple = self.high_deaths / (self.high_scale + _ONE_DEATH)
        near = _nearest(size, self.high_size, multiple, self.count)
        drawn = near * (scale + _ONE_DEATH)[:, None] * self.correction
        highest = np.maximum(self.largest, scale)[:, None]
        return np.clip(np.rint(drawn), self.tau, highest)


def _or_edge(size: FloatArray, deaths: FloatArray, edge: float) -> tuple[FloatArray, FloatArray]:
    return (size, deaths) if len(size) else (np.zeros(1), np.full(1, edge))


def _nearest(target: FloatArray, size: FloatArray, deaths: FloatArray, count: int) -> FloatArray:
    # Sizes are sorted: a window centred at the target is near enough to its nearest ones.
    count = min(count, len(size))
    middle = (np.searchsorted(size, target, "left") + np.searchsorted(size, target, "right")) // 2
    start = np.clip(middle - count // 2, 0, len(size) - count)
    window: FloatArray = deaths[start[:, None] + np.arange(count)[None, :]]
    return window


def recent_scale(deaths: FloatArray) -> FloatArray:
    """Return the recent size of the violence, (...,) [deaths/month]; 0 for k = 0.

    The geometric mean of `deaths` (..., k) + 1, less 1: the last month's and means of longer spans,
    so that one bad month is not a large war.
    """
    if deaths.shape[-1] == 0:
        return np.zeros(deaths.shape[:-1])
    return np.asarray(np.expm1(np.log1p(np.nan_to_num(deaths)).mean(axis=-1)))
