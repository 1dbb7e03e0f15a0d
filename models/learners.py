"""The learners: indicators -> probability of an outcome, and -> expected size of violence.

They are scikit-learn estimators of numbers alone, so they can be stored without pickle.
"""

from typing import Any, Literal

import numpy as np
import statsmodels.api as sm
from scipy.linalg import qr
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from statsmodels.stats.sandwich_covariance import cov_cluster

from features.arrays import BoolArray, FloatArray, Matrix, RegionNumbers
from features.errors import ModelError

LearnerName = Literal["logistic", "boosting", "ensemble"]

Weight = FloatArray | None
"""How many rows each row stands for, (n,), at least 1; None: itself alone."""

FEWEST_CASES = 30
"""With fewer outcomes of either kind the forecast is the base rate."""

_PRIOR_CASES = 10


class BaseRate(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The frequency of the outcome in the training rows, without regard to indicators."""

    rate: float = 0.0

    def fit(self, outcome: FloatArray, weight: Weight = None) -> "BaseRate":
        """Learn the frequency of `outcome` (0 or 1), shrunk by half a case of each kind."""
        each = np.ones(len(outcome)) if weight is None else weight
        self.rate = float(((each * outcome).sum() + 0.5) / (each.sum() + 1))
        return self

    def probability(self, indicators: Matrix) -> FloatArray:
        """Return the base rate for every row, (n,)."""
        return np.full(len(indicators), self.rate)


class Boosting(BaseEstimator):  # type: ignore[misc]
    """Gradient-boosted trees on raw indicators; each split tries a random `share_tried` of them.

    Source: Friedman (2001), Annals of Statistics 29(5), in scikit-learn's histogram form.
    """

    def __init__(
        self,
        *,
        iterations: int = 100,
        learning_rate: float = 0.06,
        leaves: int = 15,
        smallest_leaf: int = 100,
        l2: float = 1.0,
        share_tried: float = 1.0,
        seed: int = 0,
    ) -> None:
        self.iterations = iterations
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.smallest_leaf = smallest_leaf
        self.l2 = l2
        self.share_tried = share_tried
        self.seed = seed

    def fit(
        self, indicators: Matrix, outcome: FloatArray, regions: RegionNumbers, weight: Weight = None
    ) -> "Boosting":
        """Learn P(outcome = 1) from (n, k) indicators and (n,) outcomes; regions are not used."""
        del regions
        trees = HistGradientBoostingClassifier(**self._settings())
        self.trees = trees.fit(self._with_values(indicators), outcome, weight)
        return self

    def fit_size(self, indicators: Matrix, deaths: FloatArray, weight: Weight = None) -> "Boosting":
        """Learn E[log(1 + deaths)] from (n, k) indicators and (n,) deaths [deaths/month]."""
        trees = HistGradientBoostingRegressor(**self._settings())
        self.trees = trees.fit(self._with_values(indicators), np.log1p(deaths), weight)
        return self

    def probability(self, indicators: Matrix) -> FloatArray:
        """Return the probability of the outcome for (n, k) indicators, (n,)."""
        if len(indicators) == 0:  # which scikit-learn refuses
            return np.empty(0)
        return np.asarray(self.trees.predict_proba(indicators[:, self.used])[:, 1])

    def size(self, indicators: Matrix) -> FloatArray:
        """Return the expected log(1 + deaths) for (n, k) indicators, (n,)."""
        if len(indicators) == 0:
            return np.empty(0)
        return np.asarray(self.trees.predict(indicators[:, self.used]))

    def _with_values(self, indicators: Matrix) -> Matrix:
        # scikit-learn refuses columns of NaN: indicators that begin after the training.
        self.used = np.flatnonzero(~np.isnan(indicators).all(axis=0))
        return indicators[:, self.used]

    def _settings(self) -> dict[str, Any]:
        return {
            "max_iter": self.iterations,
            "learning_rate": self.learning_rate,
            "max_leaf_nodes": self.leaves,
            "min_samples_leaf": self.smallest_leaf,
            "l2_regularization": self.l2,
            "max_features": self.share_tried,
            "random_state": self.seed,
            "early_stopping": False,
        }


class Logistic(BaseEstimator):  # type: ignore[misc]
    """A binomial GLM with logit link on standardised inverse-hyperbolic-sine indicators.

    `coefficients` and `standard_errors` (k + 1, the constant first) are changes in log-odds for one
    standard deviation of an indicator among those `used`; standard errors, of `fit` only, are
    clustered by region. Coefficients but the constant have a log-F prior, _PRIOR_CASES imagined
    cases (Greenland & Mansournia 2015, Statistics in Medicine 34(23)). The size of violence is a
    linear regression on the same columns.
    """

    def __init__(self, columns: tuple[int, ...] = ()) -> None:
        self.columns = columns

    def fit(
        self, indicators: Matrix, outcome: FloatArray, regions: RegionNumbers, weight: Weight = None
    ) -> "Logistic":
        """Fit on (n, k) indicators, (n,) outcomes and regions; raises ModelError if it diverges."""
        self._standardise(indicators, weight)
        imagined = np.repeat(np.eye(len(self.used) + 1)[1:], _PRIOR_CASES, axis=0)
        half = np.arange(len(imagined)) % 2
        groups = np.concatenate([regions, regions.max() + 1 + np.arange(len(imagined))])
        model = sm.GLM(
            np.concatenate([outcome, half]),
            np.vstack([self._design(indicators), imagined]),
            family=sm.families.Binomial(),
            var_weights=None if weight is None else np.append(weight, np.ones(len(imagined))),
        )
        result = model.fit(maxiter=100)
        self.coefficients = np.asarray(result.params)
        self.standard_errors = np.sqrt(np.diag(cov_cluster(result, groups)))
        if not result.converged or not np.isfinite(self.coefficients).all():
            raise ModelError(
                "the logistic regression did not converge: give [logistic] fewer indicators "
                "or a longer training period"
            )
        return self

    def fit_size(self, indicators: Matrix, deaths: FloatArray, weight: Weight = None) -> "Logistic":
        """Learn E[log(1 + deaths)] from (n, k) indicators and (n,) deaths [deaths/month]."""
        self._standardise(indicators, weight)
        each = 1.0 if weight is None else weight
        result = sm.WLS(np.log1p(deaths), self._design(indicators), each).fit()
        self.coefficients = np.asarray(result.params)
        return self

    def probability(self, indicators: Matrix) -> FloatArray:
        """Return the probability of the outcome for (n, k) indicators, (n,)."""
        return np.asarray(expit(self.size(indicators)))

    def size(self, indicators: Matrix) -> FloatArray:
        """Return the linear predictor for (n, k) indicators, (n,)."""
        # Not a matrix product, which rounds a row differently for another number of rows.
        design = np.ascontiguousarray(self._design(indicators))
        return np.asarray((design * self.coefficients).sum(axis=1))

    def _standardise(self, indicators: Matrix, weight: Weight) -> None:
        self.used = self.columns
        values = self._values(indicators)
        standard = values - values.mean(axis=0)
        # In small or quiet histories some indicators are constant or depend on others.
        self.used = tuple(self.columns[column] for column in _independent(standard))
        values = self._values(indicators)
        if weight is None:
            self.centre, self.scale = values.mean(axis=0), values.std(axis=0)
            return
        self.centre = np.average(values, axis=0, weights=weight)
        self.scale = np.sqrt(np.average(np.square(values - self.centre), axis=0, weights=weight))

    def _design(self, indicators: Matrix) -> FloatArray:
        standard = (self._values(indicators) - self.centre) / self.scale
        return np.column_stack([np.ones(len(standard)), standard])

    def _values(self, indicators: Matrix) -> FloatArray:
        return np.arcsinh(indicators[:, list(self.used)].astype(np.float64))


def _independent(values: FloatArray) -> list[int]:
    """Return the linearly independent columns of (n, k) values, in order."""
    _, triangle, order = qr(values, mode="economic", pivoting=True)
    size = np.abs(np.diagonal(triangle))
    return sorted(int(column) for column in order[size > 1e-9 * size.max(initial=1.0)])


_EDGE = 1e-6
_FARTHEST = 4.0


class RidgeLogistic(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Logistic regression on many correlated indicators, `columns` or all.

    Indicators become sign(x) log(1 + |x|), are standardised, and clipped at four standard
    deviations. A missing one has its mean; an extra indicator marks rows with any missing. The
    penalty is `penalty` / 2 times the sum of squared coefficients, without the constant, against
    the summed log-likelihood. Source: le Cessie & van Houwelingen (1992), Applied Statistics 41(1).
    The size of violence is a linear regression with the same penalty.
    """

    def __init__(self, *, penalty: float = 100.0, columns: tuple[int, ...] = ()) -> None:
        self.penalty = penalty
        self.columns = columns

    def fit(
        self, indicators: Matrix, outcome: FloatArray, regions: RegionNumbers, weight: Weight = None
    ) -> "RidgeLogistic":
        """Learn P(outcome = 1) from (n, k) indicators and (n,) outcomes; regions are not used."""
        del regions
        design = self._standardise(indicators, weight)
        model = LogisticRegression(C=1 / self.penalty, max_iter=1000)
        model.fit(design, outcome, sample_weight=weight)
        self.coefficients = np.concatenate([model.intercept_, model.coef_[0]])
        return self

    def fit_size(
        self, indicators: Matrix, deaths: FloatArray, weight: Weight = None
    ) -> "RidgeLogistic":
        """Learn E[log(1 + deaths)] from (n, k) indicators and (n,) deaths [deaths/month]."""
        design = self._standardise(indicators, weight)
        model = Ridge(alpha=self.penalty, copy_X=False)
        model.fit(design, np.log1p(deaths), sample_weight=weight)
        self.coefficients = np.concatenate([[model.intercept_], model.coef_])
        return self

    def probability(self, indicators: Matrix) -> FloatArray:
        """Return the probability of the outcome for (n, k) indicators, (n,)."""
        return np.asarray(expit(self.size(indicators)))

    def size(self, indicators: Matrix) -> FloatArray:
        """Return the linear predictor for (n, k) indicators, (n,)."""
        design, is_missing = self._logs(indicators)
        self._clip(self._centred(design, is_missing))
        # Not a matrix product, which rounds a row differently for another number of rows.
        return np.asarray((design * self.coefficients[1:]).sum(axis=1) + self.coefficients[0])

    # One array is changed in place: of a grid's rows every copy takes hundreds of megabytes.

    def _standardise(self, indicators: Matrix, weight: Weight) -> FloatArray:
        design, is_missing = self._logs(indicators)
        each = np.ones(len(design)) if weight is None else weight
        count = np.maximum(np.einsum("n,nk->k", each, ~is_missing), 1)
        self.centre = np.einsum("n,nk->k", each, design[:, :-1]) / count
        off = self._centred(design, is_missing)
        # A constant column has no scale, and stays 0.
        self.scale = np.maximum(np.sqrt(np.einsum("n,nk,nk->k", each, off, off) / count), 1e-9)
        self._clip(off)
        return design

    def _logs(self, indicators: Matrix) -> tuple[FloatArray, BoolArray]:
        """Return sign(x) log(1 + |x|), 0 where missing, a column for that, and what is missing."""
        read = indicators[:, list(self.columns)] if self.columns else indicators
        is_missing = np.isnan(read)
        design = np.empty((len(read), read.shape[1] + 1))
        values = design[:, :-1]
        np.abs(read, out=values)
        np.log1p(values, out=values)
        np.copysign(values, read, out=values)
        values[is_missing] = 0
        design[:, -1] = is_missing.any(axis=1)
        return design, is_missing

    def _centred(self, design: FloatArray, is_missing: BoolArray) -> FloatArray:
        values = design[:, :-1]
        values -= self.centre
        values[is_missing] = 0
        return values

    def _clip(self, off: FloatArray) -> None:
        off /= self.scale
        np.clip(off, -_FARTHEST, _FARTHEST, out=off)


Member = Logistic | Boosting | RidgeLogistic


class LogOddsMean(BaseEstimator):  # type: ignore[misc]
    """The mean of several learners' log-odds: the logarithmic opinion pool.

    Where members disagree it is less certain than they are. Source: Genest & Zidek (1986),
    Statistical Science 1(1).
    """

    def __init__(self, members: tuple[Member, ...] = ()) -> None:
        self.members = members

    def fit(
        self, indicators: Matrix, outcome: FloatArray, regions: RegionNumbers, weight: Weight = None
    ) -> "LogOddsMean":
        """Fit each on (n, k) indicators, (n,) outcomes (0 or 1) and (n,) region numbers."""
        self.fitted = [clone(member) for member in self.members]
        for member in self.fitted:
            member.fit(indicators, outcome, regions, weight)
        return self

    def probability(self, indicators: Matrix) -> FloatArray:
        """Return the probability of the outcome for (n, k) indicators, (n,)."""
        forecasts = [member.probability(indicators) for member in self.fitted]
        odds = logit(np.clip(forecasts, _EDGE, 1 - _EDGE))
        return np.asarray(expit(odds.mean(axis=0)))

    def fit_size(
        self, indicators: Matrix, deaths: FloatArray, weight: Weight = None
    ) -> "LogOddsMean":
        """Fit each to E[log(1 + deaths)] on (n, k) indicators and (n,) deaths [deaths/month]."""
        self.fitted = [clone(member) for member in self.members]
        for member in self.fitted:
            member.fit_size(indicators, deaths, weight)
        return self

    def size(self, indicators: Matrix) -> FloatArray:
        """Return the mean of the members' expected log(1 + deaths) for (n, k) indicators, (n,)."""
        return np.asarray(np.mean([member.size(indicators) for member in self.fitted], axis=0))


Learner = Member | LogOddsMean
"""The learners that a cell may have."""
