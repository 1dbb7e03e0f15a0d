import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from models.coups import CoupForecaster, base_rate, fit_coups, own_rate, success_share
from models.learners import BaseRate, RidgeLogistic

NAN = np.nan


def test_the_base_rate_is_of_all_countries_and_of_what_is_known() -> None:
    labels = np.array([[1.0, 0], [0, 0], [NAN, 1]])
    # Two months ahead, the labels of the first month are known in the third.
    assert_allclose(base_rate(labels, 2), [0.5, 0.5, 1.5 / 3])
    assert_allclose(base_rate(labels, 1), [0.5, 1.5 / 3, 1.5 / 5])


def test_the_base_rate_forgets_after_twenty_years() -> None:
    labels = np.zeros((300, 1))
    labels[0] = 1
    assert_allclose(base_rate(labels, 1)[[240, 241]], [1.5 / 241, 0.5 / 241])


def test_a_countrys_own_rate_has_ten_years_of_the_base_rate() -> None:
    labels = np.array([[1.0, 0], [0, 0]])
    base = base_rate(labels, 1)[1]
    assert base == 0.5
    assert_allclose(own_rate(labels, 1)[1], [(1 + 60) / 121, 60 / 121])


def test_the_share_of_success_is_shrunk_to_that_of_all() -> None:
    attempts = np.array([[4, 0], [0, 0]])
    successes = np.array([[3, 0], [0, 0]])
    everywhere = 3.5 / 5
    share = success_share(attempts, successes)
    assert_allclose(share[1], [(3 + 10 * everywhere) / 14, everywhere])
    assert_allclose(success_share(np.zeros((1, 1), np.int64), np.zeros((1, 1), np.int64)), 0.5)


@pytest.mark.parametrize(("attempts", "kind"), [(29, BaseRate), (30, RidgeLogistic)])
def test_events_are_counted_and_not_the_rows_that_overlap(attempts: int, kind: type) -> None:
    draw = np.random.default_rng(0)
    outcome = (draw.random(3000) < 0.2).astype(float)
    assert outcome.sum() > 300
    indicators = draw.normal(size=(3000, 2)).astype(np.float32)
    assert isinstance(fit_coups(indicators, outcome, attempts, 12, (0,), 1.0), kind)


def test_rows_that_repeat_do_not_weaken_the_penalty() -> None:
    draw = np.random.default_rng(0)
    indicators = draw.normal(size=(200, 1)).astype(np.float32)
    outcome = (draw.random(200) < 0.4).astype(float)
    once = fit_coups(indicators, outcome, 80, 1, (0,), 5.0)
    again = fit_coups(np.tile(indicators, (6, 1)), np.tile(outcome, 6), 80, 6, (0,), 5.0)
    assert_allclose(once.probability(indicators), again.probability(indicators), atol=1e-4)


def test_a_forecaster_has_a_learner_a_horizon() -> None:
    learners = {"12": BaseRate(), "1": BaseRate()}
    forecaster = CoupForecaster(("a",), learners)
    assert_array_equal(forecaster.horizons, (1, 12))
    assert forecaster.learner(12) is learners["12"]
