"""Pooling: one predictive distribution out of several, and how much each of them counts.

A linear pool draws from the members, each in proportion to its weight. Source: Stone (1961), The
opinion pool, Annals of Mathematical Statistics 32(4).
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, minimize

from features.arrays import BoolArray, FloatArray
from models.metrics import DEATHS_BINS

AnyFloat = npt.NDArray[np.floating]
Draws = TypeVar("Draws", npt.NDArray[np.float32], FloatArray)

_THIN = 100
_PRIOR = 1e-3
"""What each bin has beside the members' draws, as one more in a thousand."""


class PastForecasts(NamedTuple):
    """Outcomes (n,) at one past origin, and each member's sorted draws (n, m) [deaths/month]."""

    outcome: FloatArray
    members: Sequence[AnyFloat]

    def where(self, mask: BoolArray) -> "PastForecasts":
        """Return those of some outcomes (n,)."""
        return PastForecasts(self.outcome[mask], [draws[mask] for draws in self.members])


def quantiles_of(draws: Draws, count: int) -> Draws:
    """Return `count` even quantiles (..., count) of sorted, equally likely draws (..., m)."""
    size = draws.shape[-1]
    place = ((np.arange(count) + 0.5) / count * size).astype(np.int64)
    return draws[..., place]


def pool(members: Sequence[Draws], weights: FloatArray, count: int) -> Draws:
    """Return `count` sorted, equally likely draws (..., count) of the linear pool.

    `members` are sorted draws (..., m), each of its own m; `weights` (members,) sum to 1.
    """
    until = np.rint(np.cumsum(weights) * count).astype(np.int64)
    until[-1] = count
    sizes = np.diff(until, prepend=0)
    parts = [quantiles_of(draws, k) for draws, k in zip(members, sizes, strict=True)]
    return np.sort(np.concatenate(parts, axis=-1), axis=-1)


def stacking_weights(past: Sequence[PastForecasts]) -> FloatArray:
    """Return the weights (members,) of the linear pool that would have served best in the past.

    Best is the least sum of CRPS and ignorance in DEATHS_BINS, each relative to the members' mean
    at the same origin, so that no great war decides alone. Both are convex in the weights. Sources:
    Gneiting & Raftery (2007), JASA 102(477), for the scores; Breiman (1996), Stacked regressions,
    Machine Learning 24.
    """
    terms = [_terms(forecasts) for forecasts in past]
    size = len(past[0].members)
    alone = np.eye(size)
    bars = [[np.mean([score(t, w) for w in alone]) for score in (_crps, _ignorance)] for t in terms]

    def loss(weights: FloatArray) -> float:
        shares = [
            _crps(t, weights) / crps + _ignorance(t, weights) / ignorance
            for t, (crps, ignorance) in zip(terms, bars, strict=True)
            if crps > 0
        ]
        return float(np.sum(shares))

    best = minimize(
        loss,
        np.full(size, 1 / size, np.float64),
        method="SLSQP",
        bounds=Bounds(np.zeros(size), np.ones(size)),
        constraints=LinearConstraint(np.ones(size), 1.0, 1.0),
    )
    weights = np.clip(best.x, 0.0, None)
    return np.asarray(weights / weights.sum())


class _Terms(NamedTuple):
    """Mean distances of members to outcomes (k,) and to each other (k, k); bin odds (n, k)."""

    distance: FloatArray
    between: FloatArray
    hit: FloatArray


def _terms(past: PastForecasts) -> _Terms:
    thin = [
        quantiles_of(draws, min(_THIN, draws.shape[1])).astype(np.float64) for draws in past.members
    ]
    outcome = past.outcome[:, None]
    distance = np.array([np.abs(draws - outcome).mean() for draws in thin])
    between = np.array([[_mean_distance(a, b) for b in thin] for a in thin])
    inside = np.searchsorted(DEATHS_BINS, outcome)
    hit = [(np.searchsorted(DEATHS_BINS, m) == inside).mean(axis=1) for m in past.members]
    return _Terms(distance, between, np.stack(hit, axis=1))


def _mean_distance(one: FloatArray, other: FloatArray) -> float:
    return float(np.mean([np.abs(one - column[:, None]).mean() for column in other.T]))


def _crps(terms: _Terms, weights: FloatArray) -> float:
    return float(terms.distance @ weights - weights @ terms.between @ weights / 2)


def _ignorance(terms: _Terms, weights: FloatArray) -> float:
    whole = 1 + _PRIOR * (len(DEATHS_BINS) + 1)
    return float(-np.log2((terms.hit @ weights + _PRIOR) / whole).mean())
