"""How many deaths: a linear pool of a region's own decaying records and of analogues elsewhere.

The share of analogues is fixed: where it was learned from the last two years, one war decided it.
The probability of the threshold then reweights the draws from it on, so that no score contradicts
another.
"""

import numpy as np
from sklearn.base import BaseEstimator, clone

from features.arrays import FloatArray, Matrix
from models.distribution import Analogues, DeathsDistribution, recent_scale
from models.learners import Learner, Weight
from models.record import LAST_YEAR, RegionRecords

_LEAST_SHARE = 0.01  # so that deaths which a record never saw are possible


class DeathsModel(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The distribution of deaths at one horizon.

    `scale_columns` are the indicators of recent violence [deaths/month]. Analogues are `share` of
    the pool, and half as much with every `halving` deaths a month in the last year.
    """

    def __init__(
        self,
        tau: float = 1.0,
        scale_columns: tuple[int, ...] = (),
        share: float = 0.5,
        halving: float = 300.0,
    ) -> None:
        self.tau = tau
        self.scale_columns = scale_columns
        self.share = share
        self.halving = halving

    def fit_size(
        self,
        template: Learner,
        indicators: Matrix,
        deaths: FloatArray,
        weight: Weight = None,
    ) -> "DeathsModel":
        """Learn the expected size from (n, k) indicators and (n,) deaths [deaths/month]."""
        learner: Learner = clone(template)
        self.size = learner.fit_size(indicators, deaths, weight)
        return self

    def fit(self, indicators: Matrix, deaths: FloatArray, weight: Weight = None) -> "DeathsModel":
        """Learn analogues from n rows that the size was not learned from."""
        size, scale = self.size.size(indicators), self._scale(indicators)
        self.analogues = Analogues(self.tau).fit(size, deaths, scale, weight)
        return self

    def predict(
        self, indicators: Matrix, records: RegionRecords, probability: FloatArray
    ) -> DeathsDistribution:
        """Return the distribution for n rows; P(deaths >= tau) is `probability` (n,)."""
        own = records.distribution()
        size, scale = self.size.size(indicators), self._scale(indicators)
        other = self.analogues.predict(size, probability, scale)
        share = self.analogue_share(records)[:, None]
        draws = np.hstack([own.draws, other.draws])
        weights = np.hstack([(1 - share) * own.weights, share * other.weights])
        return DeathsDistribution(draws, weights).ordered().reweighted(self.tau, probability)

    def analogue_share(self, records: RegionRecords) -> FloatArray:
        """Return the share of analogues in the pool of each row, (n,)."""
        last_year = np.nanmean(records.deaths[:, :LAST_YEAR], axis=1)
        share = self.share * 0.5 ** (last_year / self.halving)
        return np.asarray(np.maximum(share, _LEAST_SHARE))

    def _scale(self, indicators: Matrix) -> FloatArray:
        return recent_scale(indicators[:, list(self.scale_columns)].astype(np.float64))
