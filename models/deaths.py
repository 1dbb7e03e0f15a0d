"""How many deaths: a linear pool of a region's own decaying records and of analogues elsewhere.

Analogues get the weight that their CRPS on the calibration months has earned, apart for small and
large violence, so that the record of a large war can take it all. The probability of the
threshold then reweights the draws from it on, so that no score contradicts another.
"""

import numpy as np
from scipy.special import expit
from sklearn.base import BaseEstimator, clone

from features.arrays import FloatArray, IntArray, Matrix
from models.distribution import Analogues, DeathsDistribution, recent_scale
from models.learners import Learner
from models.metrics import crps_ensemble, crps_weighted
from models.record import LAST_YEAR, RegionRecords

SIZE_EDGES = (10.0, 100.0)
"""Mean deaths a month in the last year at which the next class of size begins."""

_RATE = 20.0
_PRIOR_LOG_ODDS = -1.0
_PRIOR_ROWS = 100
_LEAST_SHARE = 0.01  # so that deaths which a record never saw are possible


class DeathsModel(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The distribution of deaths at one horizon; `scale_columns` tell the recent violence."""

    def __init__(self, tau: float = 1.0, scale_columns: tuple[int, ...] = ()) -> None:
        self.tau = tau
        self.scale_columns = scale_columns

    def fit_size(self, template: Learner, indicators: Matrix, deaths: FloatArray) -> "DeathsModel":
        """Learn the expected size from (n, k) indicators and (n,) deaths [deaths/month]."""
        learner: Learner = clone(template)
        self.size = learner.fit_size(indicators, deaths)
        return self

    def fit(
        self,
        indicators: Matrix,
        records: RegionRecords,
        deaths: FloatArray,
        probability: FloatArray,
        regions: IntArray,
    ) -> "DeathsModel":
        """Learn analogues and their shares from n rows that the size was not learned from.

        `probability` (n,) is that of the threshold. Analogues are judged by regions whose outcomes
        they do not hold.
        """
        size, scale = self.size.size(indicators), self._scale(indicators)
        losses = np.zeros((len(deaths), 3))
        for half in (0, 1):
            other, own = regions % 2 != half, regions % 2 == half
            analogues = Analogues(self.tau).fit(size[other], deaths[other], scale[other])
            members = (
                analogues.predict(size[own], probability[own], scale[own]),
                records.of(own).distribution(),
            )
            own_losses = [crps_weighted(deaths[own], m.draws, m.weights) for m in members]
            own_losses.append(crps_ensemble(deaths[own], records.deaths[own, :LAST_YEAR]))
            losses[own] = np.column_stack(own_losses)
        self.shares = _shares(losses, _size_class(records))
        self.analogues = Analogues(self.tau).fit(size, deaths, scale)
        return self

    def predict(
        self, indicators: Matrix, records: RegionRecords, probability: FloatArray
    ) -> DeathsDistribution:
        """Return the distribution for n rows; P(deaths >= tau) is `probability` (n,)."""
        own = records.distribution()
        size, scale = self.size.size(indicators), self._scale(indicators)
        other = self.analogues.predict(size, probability, scale)
        share = self.shares[_size_class(records)][:, None]
        draws = np.hstack([own.draws, other.draws])
        weights = np.hstack([(1 - share) * own.weights, share * other.weights])
        return DeathsDistribution(draws, weights).ordered().reweighted(self.tau, probability)

    def _scale(self, indicators: Matrix) -> FloatArray:
        return recent_scale(indicators[:, list(self.scale_columns)].astype(np.float64))


def _size_class(records: RegionRecords) -> IntArray:
    """Return the class of each row's mean deaths in the last year, (n,)."""
    last_year = np.nanmean(records.deaths[:, :LAST_YEAR], axis=1)
    return np.asarray(np.searchsorted(SIZE_EDGES, last_year, side="right"))


def _shares(losses: FloatArray, size_class: IntArray) -> FloatArray:
    """Return the share of analogues in each class, from CRPS of them, records and last year (n, 3).

    Its log-odds fall by _RATE times what they lose to the records, relative to the last year; in a
    class shrunk to that in all by _PRIOR_ROWS rows.
    """

    def lost(rows: FloatArray) -> float:
        analogues, records, last_year = rows.sum(axis=0)
        return float((analogues - records) / last_year) if last_year > 0 else 0.0

    everywhere = lost(losses)
    shares = []
    for number in range(len(SIZE_EDGES) + 1):
        rows = losses[size_class == number]
        trust = len(rows) / (len(rows) + _PRIOR_ROWS)
        loss = trust * lost(rows) + (1 - trust) * everywhere
        shares.append(float(expit(_PRIOR_LOG_ODDS - _RATE * loss)))
    return np.clip(shares, _LEAST_SHARE, 1 - _LEAST_SHARE)
