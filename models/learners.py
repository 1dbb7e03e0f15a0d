"""The learners: indicators -> probability of an outcome, and -> expected size of violence.

Both have the scikit-learn form (fit, predict) and hold nothing but numbers, so they can be stored
without pickle.
"""

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import statsmodels.api as sm
from scipy.linalg import qr
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from features.errors import ModelError

FloatArray = npt.NDArray[np.float64]
RegionNumbers = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]

LearnerName = Literal["logistic", "boosting", "ensemble"]
LEARNERS: tuple[LearnerName, ...] = get_args(LearnerName)

FEWEST_CASES = 30
"""Fewer outcomes of either kind than this teach nothing: the base rate is the forecast."""

_PRIOR_CASES = 10


class BaseRate(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The frequency of the outcome in the training rows, whatever the indicators say."""

    rate: float = 0.0

    def fit(self, outcome: FloatArray) -> "BaseRate":
        """Take the frequency of `outcome` (0 or 1), shrunk by half a case of each kind."""
        self.rate = float((outcome.sum() + 0.5) / (len(outcome) + 1))
        return self

    def probability(self, indicators: Matrix) -> FloatArray:
        """Return the base rate for every row, (n,)."""
        return np.full(len(indicators), self.rate)


class Boosting(BaseEstimator):  # type: ignore[misc]
    """Gradient-boosted trees on the indicators as they are.

    `share_tried` of the indicators, drawn anew, are tried at each split.

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

    def fit(self, indicators: Matrix, outcome: FloatArray, regions: RegionNumbers) -> "Boosting":
        """Learn P(outcome = 1) from (n, k) indicators and (n,) outcomes; regions are not used."""
        del regions
        trees = HistGradientBoostingClassifier(**self._settings())
        self.trees = trees.fit(self._with_values(indicators), outcome)
        return self

    def fit_size(self, indicators: Matrix, deaths: FloatArray) -> "Boosting":
        """Learn E[log(1 + deaths)] from (n, k) indicators and (n,) deaths [deaths/month]."""
        trees = HistGradientBoostingRegressor(**self._settings())
        self.trees = trees.fit(self._with_values(indicators), np.log1p(deaths))
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
        # What begins later than the training is missing throughout, which scikit-learn refuses.
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

    `coefficients` and `standard_errors` (k + 1, the constant first) are what a person reads: the
    change in log-odds for one standard deviation of an indicator among those `used`. Standard
    errors, of `fit` only, are clustered by region, because months of one region are no
    independent witnesses.
    Every coefficient but the constant has a log-F prior, added as _PRIOR_CASES imagined cases
    (Greenland & Mansournia 2015, Statistics in Medicine 34(23)), so that a rare outcome cannot
    send one to infinity. The size of violence is a linear regression on the same columns.
    """

    def __init__(self, columns: tuple[int, ...] = ()) -> None:
        self.columns = columns

    def fit(self, indicators: Matrix, outcome: FloatArray, regions: RegionNumbers) -> "Logistic":
        """Fit on (n, k) indicators, (n,) outcomes (0 or 1) and (n,) region numbers.

        Raises ModelError when the likelihood has no finite maximum.
        """
        self._standardise(indicators)
        imagined = np.repeat(np.eye(len(self.used) + 1)[1:], _PRIOR_CASES, axis=0)
        half = np.arange(len(imagined)) % 2
        groups = np.concatenate([regions, regions.max() + 1 + np.arange(len(imagined))])
        model = sm.GLM(
            np.concatenate([outcome, half]),
            np.vstack([self._design(indicators), imagined]),
            family=sm.families.Binomial(),
        )
        result = model.fit(maxiter=100, cov_type="cluster", cov_kwds={"groups": groups})
        self.coefficients = np.asarray(result.params)
        self.standard_errors = np.asarray(result.bse)
        if not result.converged or not np.isfinite(self.coefficients).all():
            raise ModelError(
                "the logistic regression did not converge: give [logistic] fewer indicators "
                "or a longer training period"
            )
        return self

    def fit_size(self, indicators: Matrix, deaths: FloatArray) -> "Logistic":
        """Learn E[log(1 + deaths)] from (n, k) indicators and (n,) deaths [deaths/month]."""
        self._standardise(indicators)
        result = sm.OLS(np.log1p(deaths), self._design(indicators)).fit()
        self.coefficients = np.asarray(result.params)
        return self

    def probability(self, indicators: Matrix) -> FloatArray:
        """Return the probability of the outcome for (n, k) indicators, (n,)."""
        return np.asarray(expit(self.size(indicators)))

    def size(self, indicators: Matrix) -> FloatArray:
        """Return the linear predictor for (n, k) indicators, (n,)."""
        # Row by row: a matrix product rounds a row differently when there are more or fewer others.
        design = np.ascontiguousarray(self._design(indicators))
        return np.asarray((design * self.coefficients).sum(axis=1))

    def _standardise(self, indicators: Matrix) -> None:
        self.used = self.columns
        values = self._values(indicators)
        standard = values - values.mean(axis=0)
        # In small or quiet histories some indicators never move, or only together with others.
        self.used = tuple(self.columns[kept] for kept in _independent(standard))
        values = self._values(indicators)
        self.centre = values.mean(axis=0)
        self.scale = values.std(axis=0)

    def _design(self, indicators: Matrix) -> FloatArray:
        standard = (self._values(indicators) - self.centre) / self.scale
        return np.column_stack([np.ones(len(standard)), standard])

    def _values(self, indicators: Matrix) -> FloatArray:
        return np.arcsinh(indicators[:, list(self.used)].astype(np.float64))


def _independent(values: FloatArray) -> list[int]:
    """Return the columns of (n, k) values that no others determine, in order."""
    _, triangle, order = qr(values, mode="economic", pivoting=True)
    size = np.abs(np.diagonal(triangle))
    return sorted(int(column) for column in order[size > 1e-9 * size.max(initial=1.0)])
