"""A row's weight is how often it stands there."""

import numpy as np
import numpy.typing as npt
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.base import clone

from features.arrays import IntArray, Matrix
from models.learners import BaseRate, Boosting, Learner, Logistic, LogOddsMean, RidgeLogistic

Values = npt.NDArray[np.float64]
BOOSTING = Boosting(iterations=20, leaves=4, smallest_leaf=1)
LEARNERS = [
    Logistic((0, 1)),
    BOOSTING,
    RidgeLogistic(penalty=10.0),
    LogOddsMean((RidgeLogistic(penalty=10.0), BOOSTING)),
]
NAMES = [type(learner).__name__ for learner in LEARNERS]


def drawn(rows: int, seed: int = 1) -> tuple[Matrix, Values, IntArray]:
    """Two indicators of ten values each, rare outcomes and regions."""
    rng = np.random.default_rng(seed)
    indicators = rng.integers(0, 10, (rows, 2)).astype(np.float32)
    odds = -4 + np.arcsinh(indicators) @ np.array([1.2, -0.4])
    return indicators, (rng.random(rows) < expit(odds)).astype(float), np.arange(rows) % 40


@pytest.mark.parametrize("learner", LEARNERS, ids=NAMES)
def test_a_weight_of_three_is_the_row_three_times(learner: Learner) -> None:
    indicators, outcome, regions = drawn(1500)
    weights = np.where(outcome > 0, 1, 3)
    again = np.repeat(np.arange(1500), weights)
    weighted = clone(learner).fit(indicators, outcome, regions, weights.astype(float))
    repeated = clone(learner).fit(indicators[again], outcome[again], regions[again])
    assert_allclose(
        weighted.probability(indicators), repeated.probability(indicators), rtol=2e-3, atol=1e-5
    )
    weighted = clone(learner).fit_size(indicators, 9 * outcome, weights.astype(float))
    repeated = clone(learner).fit_size(indicators[again], 9 * outcome[again])
    assert_allclose(weighted.size(indicators), repeated.size(indicators), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("learner", LEARNERS, ids=NAMES)
def test_weights_of_one_are_no_weights_to_the_last_bit(learner: Learner) -> None:
    indicators, outcome, regions = drawn(1500)
    indicators[::7, 1] = np.nan if not isinstance(learner, Logistic) else 0
    fits = [clone(learner).fit(indicators, outcome, regions, w) for w in (None, np.ones(1500))]
    sizes = [clone(learner).fit_size(indicators, outcome, w) for w in (None, np.ones(1500))]
    assert_array_equal(*(fitted.probability(indicators) for fitted in fits))
    assert_array_equal(*(fitted.size(indicators) for fitted in sizes))


@pytest.mark.parametrize("learner", LEARNERS, ids=NAMES)
def test_a_sample_of_the_rows_without_an_outcome_leaves_the_probabilities_calibrated(
    learner: Learner,
) -> None:
    indicators, outcome, regions = drawn(60_000)
    kept = (outcome > 0) | (np.random.default_rng(5).random(60_000) < 0.1)
    weights = np.where(outcome[kept] > 0, 1.0, 10.0)
    fitted = clone(learner).fit(indicators[kept], outcome[kept], regions[kept], weights)
    probability = fitted.probability(indicators)
    assert outcome.mean() < 0.12
    assert_allclose(probability.mean(), outcome.mean(), rtol=0.04)
    every = clone(learner).fit(indicators, outcome, regions).probability(indicators)
    assert np.abs(probability - every).mean() < 0.1 * outcome.mean()
    blind = clone(learner).fit(indicators[kept], outcome[kept], regions[kept])
    assert blind.probability(indicators).mean() > 3 * outcome.mean()


def test_clustered_errors_are_those_of_the_repeated_rows() -> None:
    indicators, outcome, regions = drawn(1500)
    again = np.repeat(np.arange(1500), 2)
    twice = Logistic((0, 1)).fit(indicators[again], outcome[again], regions[again])
    weighted = Logistic((0, 1)).fit(indicators, outcome, regions, np.full(1500, 2.0))
    assert_allclose(weighted.coefficients, twice.coefficients, rtol=1e-6)
    assert_allclose(weighted.standard_errors, twice.standard_errors, rtol=2e-3)


def test_the_base_rate_counts_what_rows_stand_for() -> None:
    fitted = BaseRate().fit(np.array([1.0, 0, 0]), np.array([1.0, 10, 10]))
    assert fitted.rate == 1.5 / 22
