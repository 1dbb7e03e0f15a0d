import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array

from features import indicators as formula

NAN = np.nan
LINE = csr_array(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=float))

whole_numbers_or_missing = st.lists(
    st.one_of(st.just(NAN), st.integers(0, 1000).map(float)), min_size=1, max_size=40
).map(lambda values: np.array(values)[:, None])


def column(*values: float) -> npt.NDArray[np.float64]:
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


def test_a_neighbour_mean_leaves_out_the_region_itself_and_the_unobserved() -> None:
    values = np.array([[2.0, 10, 4], [2, 10, NAN], [NAN, 10, NAN]])
    expected = [[10, 3, 10], [10, 2, 10], [10, 0, 10]]
    assert_array_equal(formula.neighbour_mean(values, LINE), expected)


def test_a_region_without_neighbours_has_a_neighbour_mean_of_zero_and_all_of_them_observed() -> (
    None
):
    alone = csr_array((1, 1), dtype=float)
    assert_array_equal(formula.neighbour_mean(column(3, NAN), alone), column(0, 0))
    assert_array_equal(
        formula.neighbours_observed(column(3, NAN), alone, np.zeros(1)), column(1, 1)
    )


def test_neighbours_that_the_panel_leaves_out_are_not_observed() -> None:
    values = np.array([[0.0, 0, 0], [0, 0, NAN], [NAN, NAN, NAN]])
    shares = formula.neighbours_observed(values, LINE, np.array([4.0, 2, 1]))
    assert_array_equal(shares, [[0.25, 1, 1], [0.25, 0.5, 1], [0, 0, 0]])


def test_january_is_the_angle_zero_and_july_half_a_turn_in_every_year() -> None:
    months = np.array([0, 3, 6, 12 * 54, 12 * 54 + 6, -6])
    half = np.pi
    assert_allclose(formula.year_angle(months), [0, half / 2, half, 0, half, half])


@given(values=whole_numbers_or_missing, months=st.integers(1, 45), data=st.data())
def test_windows_of_whole_numbers_are_exact_wherever_they_stand(
    values: npt.NDArray[np.float64], months: int, data: st.DataObject
) -> None:
    month = data.draw(st.integers(0, len(values) - 1))
    window = values[max(0, month + 1 - months) : month + 1, 0]
    seen = [int(value) for value in window if not np.isnan(value)]
    mean = formula.rolling_mean(values, months)[month, 0]
    assert_array_equal(mean, sum(seen) / len(seen) if seen else NAN)


@given(values=whole_numbers_or_missing, threshold=st.sampled_from([1, 5, 25]), data=st.data())
def test_months_since_is_what_counting_back_gives(
    values: npt.NDArray[np.float64], threshold: int, data: st.DataObject
) -> None:
    month = data.draw(st.integers(0, len(values) - 1))
    first = next((m for m in range(len(values)) if not np.isnan(values[m, 0])), month)
    back = 0
    while month - back >= first and not values[month - back, 0] >= threshold:
        back += 1
    expected = NAN if np.isnan(values[month, 0]) else back
    assert_array_equal(formula.months_since(values, threshold)[month, 0], expected)
