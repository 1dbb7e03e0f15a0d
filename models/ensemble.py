"""Ensembles of classifiers: several learners of one outcome, averaged in log-odds.

In the form of the learners, with numbers only, so that they can be stored without pickle.
"""

import numpy as np
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression, Ridge

from models.learners import Boosting, FloatArray, Logistic, Matrix, RegionNumbers

_EDGE = 1e-6
_FARTHEST = 4.0


class RidgeLogistic(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Logistic regression on many indicators, however much they say the same.

    It reads `columns`, all of them when none is named. Indicators are taken as sign(x) times
    log(1 + |x|), standardised, and cut at four standard deviations; one that is missing counts as
    its mean, and that any is missing is an indicator of its own. Coefficients, but for the
    constant, are shrunk by a quadratic penalty, `penalty` / 2 times the sum of their squares
    against the summed log-likelihood. Source: le Cessie & van Houwelingen (1992), Applied
    Statistics 41(1). The size of violence is a linear regression with the same penalty.
    """

    def __init__(self, *, penalty: float = 100.0, columns: tuple[int, ...] = ()) -> None:
        self.penalty = penalty
        self.columns = columns

    def fit(
        self, indicators: Matrix, outcome: FloatArray, regions: RegionNumbers
    ) -> "RidgeLogistic":
        """Learn P(outcome = 1) from (n, k) indicators and (n,) outcomes; regions are not used."""
        del regions
        design = self._standardise(indicators)
        model = LogisticRegression(C=1 / self.penalty, max_iter=1000).fit(design, outcome)
        self.coefficients = np.concatenate([model.intercept_, model.coef_[0]])
        return self

    def fit_size(self, indicators: Matrix, deaths: FloatArray) -> "RidgeLogistic":
        """Learn E[log(1 + deaths)] from (n, k) indicators and (n,) deaths [deaths/month]."""
        design = self._standardise(indicators)
        model = Ridge(alpha=self.penalty).fit(design, np.log1p(deaths))
        self.coefficients = np.concatenate([[model.intercept_], model.coef_])
        return self

    def probability(self, indicators: Matrix) -> FloatArray:
        """Return the probability of the outcome for (n, k) indicators, (n,)."""
        return np.asarray(expit(self.size(indicators)))

    def size(self, indicators: Matrix) -> FloatArray:
        """Return the linear predictor for (n, k) indicators, (n,)."""
        # Row by row: a matrix product rounds a row differently when there are more or fewer others.
        design = np.ascontiguousarray(self._design(self._logs(indicators)))
        return np.asarray((design * self.coefficients[1:]).sum(axis=1) + self.coefficients[0])

    def _standardise(self, indicators: Matrix) -> FloatArray:
        values = self._logs(indicators)
        seen = ~np.isnan(values)
        count = np.maximum(seen.sum(axis=0), 1)
        self.centre = np.where(seen, values, 0.0).sum(axis=0) / count
        off = np.where(seen, values - self.centre, 0.0)
        # What never moves has no scale, and stays 0.
        self.scale = np.maximum(np.sqrt(np.square(off).sum(axis=0) / count), 1e-9)
        return self._design(values)

    def _design(self, values: FloatArray) -> FloatArray:
        standard = np.clip((values - self.centre) / self.scale, -_FARTHEST, _FARTHEST)
        missing = np.isnan(values).any(axis=1)
        return np.column_stack([np.nan_to_num(standard, nan=0.0), missing])

    def _logs(self, indicators: Matrix) -> FloatArray:
        read = indicators[:, list(self.columns)] if self.columns else indicators
        values = read.astype(np.float64)
        return np.asarray(np.sign(values) * np.log1p(np.abs(values)))


Member = Logistic | Boosting | RidgeLogistic


class LogOddsMean(BaseEstimator):  # type: ignore[misc]
    """Several learners, whose forecasts are averaged in log-odds: the logarithmic opinion pool.

    It is more timid than its members where they disagree, so these may be a little too bold.
    Source: Genest & Zidek (1986), Statistical Science 1(1).
    """

    def __init__(self, members: tuple[Member, ...] = ()) -> None:
        self.members = members

    def fit(self, indicators: Matrix, outcome: FloatArray, regions: RegionNumbers) -> "LogOddsMean":
        """Fit each on (n, k) indicators, (n,) outcomes (0 or 1) and (n,) region numbers."""
        self.fitted = [clone(member) for member in self.members]
        for member in self.fitted:
            member.fit(indicators, outcome, regions)
        return self

    def probability(self, indicators: Matrix) -> FloatArray:
        """Return the probability of the outcome for (n, k) indicators, (n,)."""
        forecasts = [member.probability(indicators) for member in self.fitted]
        odds = logit(np.clip(forecasts, _EDGE, 1 - _EDGE))
        return np.asarray(expit(odds.mean(axis=0)))

    def fit_size(self, indicators: Matrix, deaths: FloatArray) -> "LogOddsMean":
        """Fit each to E[log(1 + deaths)] on (n, k) indicators and (n,) deaths [deaths/month]."""
        self.fitted = [clone(member) for member in self.members]
        for member in self.fitted:
            member.fit_size(indicators, deaths)
        return self

    def size(self, indicators: Matrix) -> FloatArray:
        """Return the mean of the members' expected log(1 + deaths) for (n, k) indicators, (n,)."""
        return np.asarray(np.mean([member.size(indicators) for member in self.fitted], axis=0))


Learner = Member | LogOddsMean
"""What a cell may be learned by."""
