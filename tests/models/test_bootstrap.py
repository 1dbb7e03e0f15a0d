import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bootstrap import gain

ORIGINS = np.repeat(np.arange(60), 5)


def test_the_gain_is_the_share_of_the_loss_that_is_saved() -> None:
    loss, other = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 4.0])
    assert gain(loss, other, np.array([0, 0, 1]), seed=1).value == pytest.approx(0.25)


def test_a_gain_that_is_the_same_in_every_month_has_no_width() -> None:
    found = gain(np.full(300, 0.9), np.ones(300), ORIGINS, seed=1)
    assert found == pytest.approx((0.1, 0.1, 0.1))
    assert found.is_real


def test_one_month_that_makes_all_the_difference_proves_nothing() -> None:
    loss, other = np.ones(300), np.ones(300)
    other[ORIGINS == 7] = 3.0
    found = gain(loss, other, ORIGINS, seed=1)
    assert found.value > 0
    assert found.low == 0
    assert not found.is_real


def test_a_run_of_good_months_is_drawn_together_and_widens_the_interval() -> None:
    rng = np.random.default_rng(5)
    scattered = rng.normal(0.05, 0.3, 60)
    runs = np.sort(scattered)
    widths = []
    for difference in (scattered, runs):
        found = gain(1 - difference, np.ones(60), np.arange(60), seed=1)
        widths.append(found.high - found.low)
    assert widths[1] > 1.5 * widths[0]


def test_nothing_can_be_gained_on_a_forecast_that_is_never_wrong() -> None:
    assert np.isnan(gain(np.ones(60), np.zeros(60), np.arange(60), seed=1)).all()


@given(st.integers(0, 2**32), st.floats(0.1, 10))
def test_neither_the_order_of_rows_nor_the_unit_decides(seed: int, unit: float) -> None:
    rng = np.random.default_rng(seed)
    loss, other, order = rng.random(300), rng.random(300), rng.permutation(300)
    first = gain(loss, other, ORIGINS, seed=2, draws=50)
    second = gain(unit * loss[order], unit * other[order], ORIGINS[order], seed=2, draws=50)
    assert first == pytest.approx(second)
