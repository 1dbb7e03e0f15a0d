import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from features.arrays import FloatArray
from features.indicators import windows as formula

NAN = np.nan

whole_numbers_or_missing = st.lists(
    st.one_of(st.just(NAN), st.integers(0, 1000).map(float)), min_size=1, max_size=40
).map(lambda values: np.array(values)[:, None])


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=float)[:, None]


def test_a_lag_looks_back_and_is_missing_before_the_first_month() -> None:
    assert_array_equal(formula.lag(column(1, 2, 3), 1), column(NAN, 1, 2))
    assert_array_equal(formula.lag(column(1, 2, 3), 0), column(1, 2, 3))


@pytest.mark.parametrize("months", [3, 4, 5, 100])
def test_a_lag_longer_than_the_history_is_missing_throughout(months: int) -> None:
    assert_array_equal(formula.lag(column(1, 2, 3), months), column(NAN, NAN, NAN))


def test_a_rolling_mean_counts_only_the_observed_months_of_its_window() -> None:
    values = column(NAN, 6, 2, NAN, NAN, 1, 4)
    assert_array_equal(formula.rolling_mean(values, 2), column(NAN, 6, 4, 2, NAN, 1, 2.5))
    assert_array_equal(formula.rolling_mean(values, 100), formula.long_run_mean(values))


def test_a_share_counts_the_threshold_itself() -> None:
    values = column(4, 5, NAN, 6)
    assert_array_equal(formula.rolling_share(values, 5, 2), column(0, 0.5, 1, 1))
    assert_array_equal(formula.long_run_share(values, 5), column(0, 0.5, 0.5, 2 / 3))


def test_a_decayed_sum_halves_every_half_life_through_unobserved_months_too() -> None:
    assert_allclose(formula.decayed_sum(column(8, 0, NAN, 1), 1), column(8, 4, NAN, 2))
    assert_allclose(formula.decayed_sum(column(8, 0, 0, 0, 3), 2)[::2], column(8, 4, 5))


def test_months_since_counts_calendar_months_from_the_newest_month_that_reached_it() -> None:
    values = column(5, 4, NAN, 0, 7, 0)
    assert_array_equal(formula.months_since(values, 5), column(0, 1, NAN, 3, 0, 1))


def test_months_since_what_never_was_counts_from_before_the_first_observed_month() -> None:
    values = column(NAN, NAN, 0, 0, NAN, 0)
    assert_array_equal(formula.months_since(values, 5), column(NAN, NAN, 1, 2, NAN, 4))
    assert_array_equal(formula.months_since(column(NAN, NAN), 5), column(NAN, NAN))


def test_a_rolling_maximum_and_spread_take_the_observed_months_of_their_window() -> None:
    values = column(NAN, 6, 2, NAN, NAN, 1, 4)
    assert_array_equal(formula.rolling_max(values, 2), column(NAN, 6, 6, 2, NAN, 1, 4))
    root = 2**0.5
    assert_allclose(formula.rolling_std(values, 2), column(NAN, 0, 2 * root, 0, NAN, 0, 1.5 * root))


def test_a_window_does_not_remember_what_has_left_it() -> None:
    values = column(1e9, 0.1, 0.1, 0.1, 0, 0, 0)
    assert_array_equal(formula.rolling_mean(values, 3)[[3, 6]], column(0.1 + 0.1 + 0.1, 0) / 3)
    assert_array_equal(formula.rolling_std(values, 3)[6], [0])


def test_a_trend_compares_two_windows_and_an_acceleration_three() -> None:
    values = np.expm1(column(1, 3, 2, 6, 9, 9))
    assert_allclose(formula.trend(values, 2), column(0, 0, 1.5, 2, 5, 5), atol=1e-12)
    assert_allclose(formula.acceleration(values, 2), column(0, 0, 0, 0, 3.5, 3), atol=1e-12)


def test_a_trend_from_or_to_the_unobserved_is_none() -> None:
    values = column(NAN, NAN, 5, 7, NAN, NAN, 9)
    assert_allclose(
        formula.trend(values, 2), np.log(column(1, 1, 1, 1, 8 / 6, 1, 10 / 8)), atol=1e-12
    )


def test_a_decay_is_one_in_the_month_and_half_after_a_half_life() -> None:
    values = column(0, 7, 0, 0)
    assert_allclose(formula.since_decay(values, 5, 2), column(0.5**0.5, 1, 0.5**0.5, 0.5))


def test_a_row_of_months_ends_with_a_quiet_or_an_unobserved_month() -> None:
    values = column(1, 2, 0, 1, NAN, 3, 4)
    assert_array_equal(formula.months_in_a_row(values, 1), column(1, 2, 0, 1, NAN, 1, 2))


def test_a_rank_is_among_the_earlier_months_only_and_equals_count_by_half() -> None:
    values = column(3, 0, NAN, 3, 0, 9)
    assert_array_equal(formula.past_rank(values), column(0.5, 0, NAN, 0.75, 1 / 6, 1))


def test_many_regions_are_worked_on_as_each_would_be_alone() -> None:
    rng = np.random.default_rng(1)
    values = np.where(rng.random((50, 1500)) < 0.2, NAN, rng.integers(0, 9, (50, 1500)))
    for compute in (
        lambda x: formula.rolling_mean(x, 12),
        lambda x: formula.rolling_max(x, 5),
        lambda x: formula.rolling_std(x, 12),
        formula.long_run_mean,
        lambda x: formula.months_since(x, 5),
        lambda x: formula.months_in_a_row(x, 1),
    ):
        together = compute(values)
        for region in (0, 654, 655, 1499):
            assert_array_equal(together[:, [region]], compute(values[:, [region]]))


@given(months=st.integers(1, 70), data=st.data())
def test_a_mean_of_fractions_does_not_depend_on_how_long_the_history_goes_on(
    months: int, data: st.DataObject
) -> None:
    values = np.random.default_rng(data.draw(st.integers(0, 2**32))).random((70, 3))
    for compute in (formula.long_run_mean, lambda x: formula.rolling_mean(x, 12)):
        assert compute(values[:months]).tobytes() == compute(values)[:months].tobytes()


def test_january_is_the_angle_zero_and_july_half_a_turn_in_every_year() -> None:
    months = np.array([0, 3, 6, 12 * 54, 12 * 54 + 6, -6])
    half = np.pi
    assert_allclose(formula.year_angle(months), [0, half / 2, half, 0, half, half])


@given(values=whole_numbers_or_missing, months=st.integers(1, 45), data=st.data())
def test_windows_of_whole_numbers_are_exact_wherever_they_stand(
    values: FloatArray, months: int, data: st.DataObject
) -> None:
    month = data.draw(st.integers(0, len(values) - 1))
    window = values[max(0, month + 1 - months) : month + 1, 0]
    seen = [int(value) for value in window if not np.isnan(value)]
    mean = formula.rolling_mean(values, months)[month, 0]
    assert_array_equal(mean, sum(seen) / len(seen) if seen else NAN)


@given(values=whole_numbers_or_missing, threshold=st.sampled_from([1, 5, 25]), data=st.data())
def test_months_since_is_what_counting_back_gives(
    values: FloatArray, threshold: int, data: st.DataObject
) -> None:
    month = data.draw(st.integers(0, len(values) - 1))
    first = next((m for m in range(len(values)) if not np.isnan(values[m, 0])), month)
    back = 0
    while month - back >= first and not values[month - back, 0] >= threshold:
        back += 1
    expected = NAN if np.isnan(values[month, 0]) else back
    assert_array_equal(formula.months_since(values, threshold)[month, 0], expected)
