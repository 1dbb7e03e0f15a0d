"""Calibration of a learner's probabilities."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.base import BaseEstimator

from features.arrays import FloatArray

_TRUST = 4.0
_EDGE = 1e-6


class LogisticCalibration(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A straight line in log-odds, fitted on later forecasts and outcomes than the learner's.

    logit(calibrated) = intercept + slope * logit(forecast), by maximum likelihood with a normal
    prior of precision 4 at the identity. Source: Platt (1999), whose prior is centred at zero.
    """

    intercept: float = 0.0
    slope: float = 1.0

    def fit(self, probability: FloatArray, outcome: FloatArray) -> "LogisticCalibration":
        """Fit on forecasts and outcomes (0 or 1), both (n,); with n = 0 it is the identity."""
        odds = self._odds(probability)

        def loss(line: FloatArray) -> tuple[float, FloatArray]:
            eta = line[0] + line[1] * odds
            off = line - np.array([0.0, 1.0])
            value = np.sum(np.logaddexp(0, eta) - outcome * eta) + _TRUST / 2 * off @ off
            miss = expit(eta) - outcome
            return float(value), np.array([miss.sum(), miss @ odds]) + _TRUST * off

        best = minimize(loss, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B")
        self.intercept, self.slope = float(best.x[0]), float(best.x[1])
        return self

    def predict(self, probability: FloatArray) -> FloatArray:
        """Return the calibrated probabilities, (n,)."""
        return np.asarray(expit(self.intercept + self.slope * self._odds(probability)))

    @staticmethod
    def _odds(probability: FloatArray) -> FloatArray:
        return np.asarray(logit(np.clip(probability, _EDGE, 1 - _EDGE)), dtype=np.float64)
