import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bootstrap import Gain, calibration_gain, gain, gains, period_means
from models.metrics import calibration_error

ORIGINS = np.repeat(np.arange(60), 5)


def test_the_gain_is_the_share_of_the_loss_that_is_saved() -> None:
    loss, other = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 4.0])
    assert gain(loss, other, np.array([0, 0, 1]), seed=1).value == pytest.approx(0.25)


def test_a_gain_that_is_the_same_in_every_month_has_no_width() -> None:
    interval = gain(np.full(300, 0.9), np.ones(300), ORIGINS, seed=1)
    assert interval == pytest.approx((0.1, 0.1, 0.1))
    assert interval.is_real


def test_one_month_that_makes_all_the_difference_proves_nothing() -> None:
    loss, other = np.ones(300), np.ones(300)
    other[ORIGINS == 7] = 3.0
    interval = gain(loss, other, ORIGINS, seed=1)
    assert interval.value > 0
    assert interval.low == 0
    assert not interval.is_real


def test_a_run_of_good_months_is_drawn_together_and_widens_the_interval() -> None:
    rng = np.random.default_rng(5)
    scattered = rng.normal(0.05, 0.3, 60)
    runs = np.sort(scattered)
    widths = []
    for difference in (scattered, runs):
        interval = gain(1 - difference, np.ones(60), np.arange(60), seed=1)
        widths.append(interval.high - interval.low)
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


@given(st.integers(0, 2**32))
def test_equal_losses_save_exactly_nothing(seed: int) -> None:
    loss = np.random.default_rng(seed).random(300)
    assert gain(loss, loss.copy(), ORIGINS, seed=seed, draws=50) == (0, 0, 0)


def test_a_loss_in_every_month_is_real_and_no_gain() -> None:
    interval = gain(np.full(300, 1.1), np.ones(300), ORIGINS, seed=1)
    assert (interval.is_real, interval.is_real_loss) == (False, True)
    assert not Gain(-0.1, -0.3, 0.1).is_real_loss
    assert not Gain(np.nan, np.nan, np.nan).is_real_loss


@given(st.integers(0, 2**32))
def test_the_mean_over_one_part_is_its_gain(seed: int) -> None:
    rng = np.random.default_rng(seed)
    loss, other = rng.random(300), rng.random(300)
    one = gain(loss, other, ORIGINS, np.zeros(300, np.int64), seed=3, draws=50)
    assert one == gain(loss, other, ORIGINS, seed=3, draws=50)


def test_every_part_has_the_same_weight_however_many_rows_it_has() -> None:
    part = np.array([0, 0, 0, 1])
    loss, other = np.array([1.0, 1.0, 1.0, 30.0]), np.array([2.0, 2.0, 2.0, 40.0])
    interval = gain(loss, other, np.array([0, 0, 1, 1]), part, seed=1)
    assert interval.value == pytest.approx((0.5 + 0.25) / 2)


def test_parts_are_drawn_on_the_same_months_so_that_opposite_errors_cancel() -> None:
    swing = np.random.default_rng(4).normal(0, 0.3, 60)
    loss = np.concatenate([1 - swing, 1 + swing])
    part = np.repeat([0, 1], 60)
    interval = gain(loss, np.ones(120), np.tile(np.arange(60), 2), part, seed=1)
    assert interval == pytest.approx((0, 0, 0), abs=1e-12)
    alone = gain(loss[:60], np.ones(60), np.arange(60), seed=1)
    assert alone.high - alone.low > 0.05


def test_a_part_in_which_nothing_can_be_saved_is_left_out_of_the_mean() -> None:
    part = np.repeat([0, 1], 60)
    other = np.concatenate([np.ones(60), np.zeros(60)])
    interval = gain(np.full(120, 0.75), other, np.tile(np.arange(60), 2), part, seed=1)
    assert interval == pytest.approx((0.25, 0.25, 0.25))


def test_a_part_that_is_not_in_every_month_counts_where_it_is() -> None:
    origin = np.concatenate([np.arange(60), np.arange(6)])
    part = np.repeat([0, 1], [60, 6])
    loss = np.repeat([0.9, 0.5], [60, 6])
    interval = gain(loss, np.ones(66), origin, part, seed=1)
    assert interval == pytest.approx((0.3, 0.1, 0.3))


def test_the_calibration_that_is_gained_is_worked_by_hand() -> None:
    outcome = np.tile([1.0, 0.0, 0.0, 0.0], 60)
    origin = np.repeat(np.arange(60), 4)
    right, wrong = np.full(240, 0.25), np.full(240, 0.45)
    interval = calibration_gain(outcome, right, wrong, origin, seed=1)
    assert interval == pytest.approx((0.2, 0.2, 0.2))
    interval = calibration_gain(outcome, wrong, right, origin, seed=1)
    assert interval == pytest.approx((-0.2, -0.2, -0.2))


def test_a_month_of_bad_calibration_proves_nothing() -> None:
    outcome, origin = np.tile([1.0, 0.0], 60), np.repeat(np.arange(60), 2)
    fair = np.full(120, 0.5)
    off = np.where(origin == 7, 0.9, fair)
    interval = calibration_gain(outcome, off, fair, origin, seed=1)
    assert interval.value == pytest.approx(-0.4 / 60)
    assert not interval.is_real_loss


@given(st.integers(0, 2**32), st.integers(1, 300))
def test_it_is_the_difference_of_the_calibration_errors_and_turns_its_sign(
    seed: int, distinct: int
) -> None:
    rng = np.random.default_rng(seed)
    outcome = (rng.random(300) < 0.3).astype(float)
    own, other = rng.random(300), rng.choice(rng.random(distinct), 300)
    interval = calibration_gain(outcome, own, other, ORIGINS, seed=2, draws=50)
    errors = calibration_error(outcome, own), calibration_error(outcome, other)
    assert interval.value == pytest.approx(errors[1] - errors[0])
    turned = calibration_gain(outcome, other, own, ORIGINS, seed=2, draws=50)
    assert turned == pytest.approx((-interval.value, -interval.high, -interval.low))


def test_means_of_drawn_periods_are_those_of_blocks_of_neighbours() -> None:
    origin = np.repeat(np.arange(4), 2)
    values = np.array([0.0, 2, 2, 4, 4, 6, 6, 8])  # 1, 3, 5 and 7 by month
    pairs = period_means(values, origin, 2, seed=1, draws=200, block=12)
    # Two neighbours, the last month beside the first.
    assert set(pairs) == {2.0, 4.0, 6.0}
    assert set(period_means(values, origin, 1, seed=1, draws=200)) == {1.0, 3.0, 5.0, 7.0}


def test_gains_are_those_of_each_pair_with_the_same_draws() -> None:
    rng = np.random.default_rng(7)
    losses, others = rng.random((90, 3)), rng.random((90, 3))
    others[:, 2] = 0
    origin = np.repeat(np.arange(30), 3)
    together = gains(losses, others, origin, seed=4)
    for column, own in enumerate(together):
        alone = gain(losses[:, column], others[:, column], origin, seed=4)
        assert own == pytest.approx(alone, nan_ok=True)
