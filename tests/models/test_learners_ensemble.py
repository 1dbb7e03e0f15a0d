import numpy as np
import pytest
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, logit
from sklearn.base import clone

from features.arrays import FloatArray, Matrix, RegionNumbers
from models.learners import Boosting, LogOddsMean, RidgeLogistic


def of_logs(*columns: FloatArray) -> Matrix:
    """Indicators whose logarithms, as RidgeLogistic takes them, are these columns."""
    logs = np.column_stack(columns)
    return (np.sign(logs) * np.expm1(np.abs(logs))).astype(np.float32)


def two_halves() -> tuple[Matrix, FloatArray, RegionNumbers]:
    """One indicator of -1 and 1; of 30 rows each, 6 and 24 had an outcome."""
    outcome = np.concatenate([np.arange(30) < 6, np.arange(30) < 24]).astype(float)
    return of_logs(np.repeat([-1.0, 1.0], 30)), outcome, np.arange(60)


def drawn(rows: int = 600) -> tuple[Matrix, FloatArray, RegionNumbers]:
    rng = np.random.default_rng(1)
    logs = rng.normal(size=(rows, 3))
    outcome = (rng.random(rows) < expit(-1 + logs @ [1.0, -0.5, 0.0])).astype(float)
    return of_logs(*logs.T), outcome, np.arange(rows) % 50


def test_the_penalty_holds_a_coefficient_back() -> None:
    # By symmetry the constant is 0; log 3 gives p = 3/4 and 48 - 60 p = 3, which the penalty meets.
    fitted = RidgeLogistic(penalty=3 / np.log(3)).fit(*two_halves())
    assert_allclose(fitted.coefficients, [0, np.log(3), 0], atol=1e-3)
    assert_allclose(fitted.probability(two_halves()[0])[[0, -1]], [0.25, 0.75], atol=1e-3)


def test_without_a_penalty_the_frequencies_are_met() -> None:
    fitted = RidgeLogistic(penalty=1e-6).fit(*two_halves())
    assert_allclose(fitted.probability(two_halves()[0])[[0, -1]], [0.2, 0.8], atol=1e-4)


def test_columns_that_say_the_same_share_an_effect() -> None:
    indicators, outcome, regions = two_halves()
    still = np.full_like(indicators, 7)
    twice = np.column_stack([indicators, still, indicators])
    fitted = RidgeLogistic(penalty=1.0).fit(twice, outcome, regions)
    assert fitted.coefficients[1] == pytest.approx(fitted.coefficients[3])
    assert fitted.coefficients[2] == 0
    # Two halves of an effect are penalised half as much as the whole.
    once = RidgeLogistic(penalty=0.5).fit(indicators, outcome, regions)
    assert_allclose(fitted.probability(twice), once.probability(indicators), atol=1e-4)


def test_what_is_missing_counts_as_the_mean_and_says_so() -> None:
    indicators, outcome, regions = two_halves()
    gone = np.full((60, 1), np.nan, np.float32)
    every = np.concatenate([indicators, gone])
    fitted = RidgeLogistic(penalty=1e-3).fit(
        every, np.r_[outcome, outcome * 0 + 1], np.r_[regions, regions]
    )
    assert fitted.centre[0] == pytest.approx(0, abs=1e-6)
    assert_allclose(fitted.probability(every)[[0, 59]], [0.2, 0.8], atol=1e-3)
    assert fitted.probability(gone).min() > 0.99


def test_extremes_are_cut_at_four_standard_deviations() -> None:
    fitted = RidgeLogistic(penalty=1.0).fit(*two_halves())
    low, high, beyond = fitted.probability(of_logs(np.array([-5.0, 5.0, 40.0])))
    assert high == beyond == pytest.approx(1 - low)
    assert high > fitted.probability(of_logs(np.array([3.0])))[0]


@pytest.mark.parametrize("learner", [RidgeLogistic(), LogOddsMean((RidgeLogistic(),))])
def test_a_row_is_forecast_alike_alone_and_among_others(
    learner: RidgeLogistic | LogOddsMean,
) -> None:
    indicators, outcome, regions = drawn()
    fitted = clone(learner).fit(indicators, outcome, regions)
    alone = [fitted.probability(indicators[k : k + 1])[0] for k in range(20)]
    assert_array_equal(fitted.probability(indicators)[:20], alone)


def test_the_odds_of_an_ensemble_are_the_geometric_mean() -> None:
    indicators, outcome, regions = drawn()
    members = RidgeLogistic(), Boosting(iterations=20), Boosting(iterations=20, share_tried=0.4)
    each = [clone(m).fit(indicators, outcome, regions).probability(indicators) for m in members]
    together = LogOddsMean(members).fit(indicators, outcome, regions).probability(indicators)
    odds = np.prod([p / (1 - p) for p in each], axis=0) ** (1 / 3)
    assert_allclose(together, odds / (1 + odds), rtol=1e-9)
    assert np.abs(logit(each[1]) - logit(each[2])).max() > 0.01


def test_fitting_changes_neither_rows_nor_templates() -> None:
    indicators, outcome, regions = drawn()
    template = LogOddsMean((RidgeLogistic(), Boosting(iterations=20)))
    before = indicators.copy()
    template.fit(indicators, outcome, regions)
    assert_array_equal(indicators, before)
    assert not hasattr(template.members[0], "coefficients")


def test_it_is_stored_without_pickle() -> None:
    indicators, outcome, regions = drawn()
    fitted = LogOddsMean((RidgeLogistic(), Boosting(iterations=5))).fit(
        indicators, outcome, regions
    )
    stored = skops.io.dumps(fitted)
    types = skops.io.get_untrusted_types(data=stored)
    assert {name.split(".")[0] for name in types} <= {"models", "sklearn"}
    again = skops.io.loads(stored, trusted=types)
    assert_array_equal(again.probability(indicators), fitted.probability(indicators))


def test_only_the_columns_named_are_read() -> None:
    indicators, outcome, regions = drawn()
    fitted = RidgeLogistic(columns=(1,)).fit(indicators, outcome, regions)
    alone = RidgeLogistic().fit(indicators[:, [1]], outcome, regions)
    assert_array_equal(fitted.probability(indicators), alone.probability(indicators[:, [1]]))


def test_size_is_a_regression_on_the_logarithm_of_deaths() -> None:
    # log(1 + deaths) is 2 and 4 where the indicator is -1 and 1: 3 + 1 x; 60 rows and a penalty of
    # 60 halve the slope.
    indicators, _, _ = two_halves()
    deaths = np.expm1(np.repeat([2.0, 4.0], 30))
    free = RidgeLogistic(penalty=1e-9).fit_size(indicators, deaths)
    assert_allclose(free.size(indicators)[[0, -1]], [2, 4], atol=1e-6)
    held = RidgeLogistic(penalty=60).fit_size(indicators, deaths)
    assert_allclose(held.size(indicators)[[0, -1]], [2.5, 3.5], atol=1e-6)


def test_the_size_of_an_ensemble_is_the_mean_of_its_members() -> None:
    indicators, _, _ = two_halves()
    deaths = np.expm1(np.repeat([2.0, 4.0], 30))
    members = (RidgeLogistic(penalty=1e-9), RidgeLogistic(penalty=60))
    fitted = LogOddsMean(members).fit_size(indicators, deaths)
    assert_allclose(fitted.size(indicators)[[0, -1]], [2.25, 3.75], atol=1e-6)
