import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import expit, logit

from models.calibration import LogisticCalibration

Values = npt.NDArray[np.float64]
GRID = np.array([0.001, 0.02, 0.1, 0.5, 0.9, 0.999])


def simulated(count: int, intercept: float, slope: float) -> tuple[Values, Values]:
    rng = np.random.default_rng(1)
    odds = rng.normal(-2, 1.5, count)
    true = expit(intercept + slope * odds)
    return expit(odds), (rng.random(count) < true).astype(float)


def test_unfitted_and_without_data_it_changes_nothing() -> None:
    empty = LogisticCalibration().fit(np.empty(0), np.empty(0))
    assert (empty.intercept, empty.slope) == (0, 1)
    assert_allclose(LogisticCalibration().predict(GRID), GRID, rtol=1e-12)
    assert_allclose(empty.predict(GRID), GRID, rtol=1e-12)


@pytest.mark.parametrize(("intercept", "slope"), [(0, 1), (0.8, 0.5), (-1, 1.5), (0.5, 1)])
def test_a_known_distortion_is_undone(intercept: float, slope: float) -> None:
    fitted = LogisticCalibration().fit(*simulated(50_000, intercept, slope))
    assert fitted.intercept == pytest.approx(intercept, abs=0.06)
    assert fitted.slope == pytest.approx(slope, abs=0.04)
    assert_allclose(logit(fitted.predict(GRID)), intercept + slope * logit(GRID), atol=0.2)


@pytest.mark.parametrize("outcome", [(1, 1, 1), (0, 0, 0), (0, 1, 0)])
def test_three_cases_change_little(outcome: tuple[float, ...]) -> None:
    forecast = np.array([0.3, 0.5, 0.6])
    fitted = LogisticCalibration().fit(forecast, np.array(outcome, dtype=float))
    assert abs(fitted.intercept) < 0.35
    assert abs(fitted.slope - 1) < 0.2
    assert_allclose(fitted.predict(forecast), forecast, atol=0.1)


def test_one_case_moves_the_odds_by_what_the_prior_allows() -> None:
    # At even odds the slope is free of it: the intercept a solves 4 a = 1 / (1 + exp(a)).
    fitted = LogisticCalibration().fit(np.array([0.5]), np.array([1.0]))
    assert fitted.intercept == pytest.approx(0.117655, abs=1e-5)
    assert fitted.slope == pytest.approx(1)


def test_ten_forecasts_a_side_that_came_true_the_wrong_way_round_flatten_the_line() -> None:
    # Odds of -1 and 1 with 7 and 3 outcomes of 10: the slope b solves 20 p(b) - 6 + 4 (b - 1) = 0
    # with p(b) = 1 / (1 + exp(-b)), that is b = 0; by symmetry the intercept is 0 too.
    forecast = expit(np.repeat([-1.0, 1.0], 10))
    outcome = np.concatenate([np.arange(10) < 7, np.arange(10) < 3]).astype(float)
    fitted = LogisticCalibration().fit(forecast, outcome)
    assert_allclose([fitted.intercept, fitted.slope], [0, 0], atol=1e-5)
    assert_allclose(fitted.predict(GRID), 0.5, atol=1e-4)


def test_afterwards_forecasts_are_as_frequent_as_outcomes() -> None:
    forecast, outcome = simulated(20_000, 1, 0.7)
    assert LogisticCalibration().fit(forecast, outcome).predict(forecast).mean() == pytest.approx(
        outcome.mean(), abs=1e-3
    )


@settings(max_examples=30)
@given(
    forecast=st.lists(st.floats(0, 1), min_size=1, max_size=30),
    seed=st.integers(0, 2**32),
)
def test_certain_forecasts_and_any_outcomes_leave_probabilities_strictly_inside(
    forecast: list[float], seed: int
) -> None:
    outcome = np.random.default_rng(seed).integers(0, 2, len(forecast)).astype(float)
    fitted = LogisticCalibration().fit(np.array(forecast), outcome)
    calibrated = fitted.predict(np.array([0, *GRID, 1]))
    assert np.isfinite([fitted.intercept, fitted.slope]).all()
    assert calibrated.min() > 0
    assert calibrated.max() < 1
