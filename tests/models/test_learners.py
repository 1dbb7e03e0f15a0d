import warnings

import numpy as np
import numpy.typing as npt
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.base import clone

from features.arrays import IntArray, Matrix
from models.learners import BaseRate, Boosting, Learner, Logistic

Values = npt.NDArray[np.float64]

EFFECTS = np.array([1.0, -0.5, 0.0])


def drawn(rows: int, seed: int = 1) -> tuple[Matrix, Values, IntArray]:
    """Indicators whose inverse hyperbolic sines are standard normal, outcomes and regions."""
    rng = np.random.default_rng(seed)
    indicators = np.sinh(rng.normal(size=(rows, 3))).astype(np.float32)
    odds = -1.5 + np.arcsinh(indicators) @ EFFECTS
    return indicators, (rng.random(rows) < expit(odds)).astype(float), np.arange(rows) % 50


def plain_glm(indicators: Matrix, outcome: Values) -> tuple[Values, Values]:
    values = np.arcsinh(indicators.astype(float))
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    model = sm.GLM(outcome, sm.add_constant(standard), family=sm.families.Binomial())
    result = model.fit()
    return np.asarray(result.params), np.asarray(result.bse)


def logistic(columns: int = 3) -> Logistic:
    return Logistic(tuple(range(columns)))


def test_the_base_rate_is_shrunk_by_half_a_case_of_each_kind() -> None:
    fitted = BaseRate().fit(np.array([1.0, 0, 0]))
    assert_array_equal(fitted.probability(np.empty((2, 5), np.float32)), [1.5 / 4, 1.5 / 4])
    assert BaseRate().fit(np.zeros(9)).rate == 0.05
    assert BaseRate().fit(np.empty(0)).rate == 0.5


def test_with_many_rows_the_logistic_regression_is_the_plain_glm() -> None:
    indicators, outcome, regions = drawn(40_000)
    fitted = logistic().fit(indicators, outcome, regions)
    coefficients, errors = plain_glm(indicators, outcome)
    assert_allclose(fitted.coefficients, coefficients, atol=2e-3)
    assert_allclose(fitted.coefficients[1:], EFFECTS, atol=0.05)
    assert_allclose(fitted.standard_errors, errors, rtol=0.25)


def test_with_few_rows_the_prior_pulls_every_coefficient_but_the_constant_to_zero() -> None:
    indicators, outcome, regions = drawn(100)
    fitted = logistic().fit(indicators, outcome, regions)
    coefficients, _ = plain_glm(indicators, outcome)
    assert (np.abs(fitted.coefficients[1:3]) < 0.9 * np.abs(coefficients[1:3])).all()
    assert_array_equal(np.sign(fitted.coefficients[1:3]), np.sign(coefficients[1:3]))
    assert fitted.probability(indicators).mean() == pytest.approx(outcome.mean(), abs=1e-6)


def test_ten_imagined_cases_of_even_odds_hold_one_coefficient() -> None:
    # One indicator of -1 and 1, standardised already. Of 30 rows each, 6 and 24 had an outcome, so
    # by symmetry the constant is 0, and 48 - 60 p + 5 - 10 p = 0 gives p = 53 / 70.
    indicators = np.sinh(np.repeat([-1.0, 1.0], 30))[:, None].astype(np.float32)
    outcome = np.concatenate([np.arange(30) < 6, np.arange(30) < 24]).astype(float)
    fitted = logistic(1).fit(indicators, outcome, np.arange(60))
    assert_allclose(fitted.coefficients, [0, np.log(53 / 17)], atol=1e-6)
    assert_allclose(fitted.probability(indicators[[0, 59]]), [17 / 70, 53 / 70], rtol=1e-6)


def test_rows_that_repeat_a_region_make_clustered_errors_larger_than_naive_ones() -> None:
    indicators, outcome, _ = drawn(300)
    repeated, outcomes = np.repeat(indicators, 20, axis=0), np.repeat(outcome, 20)
    clustered = logistic().fit(repeated, outcomes, np.repeat(np.arange(300), 20))
    _, naive = plain_glm(repeated, outcomes)
    once = logistic().fit(repeated, outcomes, np.arange(6000))
    assert (clustered.standard_errors > 3 * naive).all()
    assert_allclose(clustered.coefficients, once.coefficients)
    assert_allclose(clustered.standard_errors / once.standard_errors, np.sqrt(20), rtol=0.15)


@pytest.mark.parametrize("cases", [20, 1, 39])
def test_a_perfect_separation_of_forty_rows_stays_moderate(cases: int) -> None:
    indicators = np.arange(40, dtype=np.float32)[:, None]
    outcome = (np.arange(40) >= 40 - cases).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = logistic(1).fit(indicators, outcome, np.arange(40) % 8)
    assert 0 < fitted.coefficients[1] < 4
    assert np.abs(fitted.coefficients[0]) < 5
    assert np.isfinite(fitted.standard_errors).all()
    assert np.ptp(fitted.probability(indicators)) > 0.01


@pytest.mark.parametrize("size", [False, True])
def test_constant_and_collinear_columns_are_dropped(size: bool) -> None:
    indicators, outcome, regions = drawn(400)
    first, second, third = indicators.T
    constant = np.full(400, 7, dtype=np.float32)
    wide = np.column_stack([constant, first, second, first, -second, third, 0 * constant])

    def fit(columns: int, matrix: Matrix) -> Logistic:
        if size:
            return logistic(columns).fit_size(matrix, 10 * outcome)
        return logistic(columns).fit(matrix, outcome, regions)

    fitted, plain = fit(7, wide), fit(3, indicators)
    assert len(fitted.used) == 3
    assert {1, 3} & set(fitted.used)
    assert {2, 4} & set(fitted.used)
    assert 5 in fitted.used
    assert_allclose(fitted.probability(wide), plain.probability(indicators), rtol=1e-6)


@pytest.mark.parametrize("columns", [(), (0,)])
def test_without_a_column_that_moves_only_the_constant_is_left(columns: tuple[int, ...]) -> None:
    still = np.full((40, 1), 3, dtype=np.float32)
    outcome = (np.arange(40) < 10).astype(float)
    fitted = Logistic(columns).fit(still, outcome, np.arange(40))
    assert fitted.used == ()
    assert_allclose(fitted.probability(still), np.full(40, 0.25), rtol=1e-6)
    assert_allclose(Logistic(columns).fit_size(still, outcome).size(still), np.log(2) / 4)


def test_only_the_columns_chosen_are_read() -> None:
    indicators, outcome, regions = drawn(400)
    fitted = Logistic((2, 0)).fit(indicators, outcome, regions)
    changed = indicators.copy()
    changed[:, 1] = 1e6
    assert fitted.used == (2, 0)
    assert_array_equal(fitted.probability(changed), fitted.probability(indicators))


def test_the_size_of_violence_is_a_straight_line_in_logarithms() -> None:
    heights = np.repeat([-1.0, 1.0], 5)
    indicators = np.sinh(heights)[:, None].astype(np.float32)
    fitted = logistic(1).fit_size(indicators, np.where(heights > 0, np.e**3, np.e) - 1)
    assert_allclose(fitted.coefficients, [2, 1], rtol=1e-6)
    assert_allclose(fitted.size(np.sinh([[2.0]]).astype(np.float32)), [4], rtol=1e-6)


def test_trees_learn_a_step_and_its_size() -> None:
    indicators = np.repeat([0.0, 1.0], 500)[:, None].astype(np.float32)
    outcome = np.concatenate([np.arange(500) < 50, np.arange(500) < 400]).astype(float)
    trees = Boosting(iterations=100).fit(indicators, outcome, np.arange(1000))
    assert_allclose(trees.probability(indicators[[0, 999]]), [0.1, 0.8], atol=0.01)
    size = Boosting(iterations=100).fit_size(indicators, np.repeat([0.0, 99.0], 500))
    assert_allclose(size.size(indicators[[0, 999]]), [0, np.log(100)], atol=0.05)


def test_trees_of_a_seed_are_the_same_every_time() -> None:
    indicators, outcome, regions = drawn(2000)
    template = Boosting(iterations=20, seed=5)
    twice = [clone(template).fit(indicators, outcome, regions) for _ in range(2)]
    assert twice[0].probability(indicators).tobytes() == twice[1].probability(indicators).tobytes()
    sizes = [clone(template).fit_size(indicators, 9 * outcome) for _ in range(2)]
    assert sizes[0].size(indicators).tobytes() == sizes[1].size(indicators).tobytes()


@pytest.mark.parametrize("learner", [logistic(), Boosting(iterations=20)])
def test_fitting_changes_neither_the_rows_nor_the_template(learner: Learner) -> None:
    indicators, outcome, regions = drawn(500)
    before = indicators.copy(), outcome.copy(), learner.get_params()
    fitted = clone(learner).fit(indicators, outcome, regions)
    probability = fitted.probability(indicators)
    assert_array_equal(indicators, before[0])
    assert_array_equal(outcome, before[1])
    assert learner.get_params() == before[2] == fitted.get_params()
    assert 0 < probability.min() <= probability.max() < 1


def test_boosting_does_without_an_indicator_that_begins_after_the_training() -> None:
    rng = np.random.default_rng(4)
    told = rng.normal(size=(300, 2)).astype(np.float32)
    outcome = (told[:, 0] > 0).astype(float)
    later = np.column_stack([told[:, 0], np.full(300, np.nan), told[:, 1]]).astype(np.float32)
    template = Boosting(iterations=5, smallest_leaf=20)
    fitted = clone(template).fit(later, outcome, np.arange(300))
    alone = clone(template).fit(told, outcome, np.arange(300))
    later[:, 1] = 7.0
    assert np.array_equal(fitted.probability(later), alone.probability(told))
    size = clone(template).fit_size(np.where(later == 7.0, np.nan, later), outcome)
    assert size.size(later)[outcome == 1].min() > size.size(later)[outcome == 0].max()
