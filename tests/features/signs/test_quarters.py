import numpy as np
from numpy.testing import assert_array_equal

from features.signs.quarters import (
    first_months,
    observed_quarters,
    percentile,
    quarter_sums,
    since,
    usual,
)
from tests.features.indicators.worlds import world_on_a_line

NAN = np.nan


def test_quarters_are_counted_back_from_the_last_month() -> None:
    panel = world_on_a_line().until(world_on_a_line().months[10])  # 11 months: 2 are left out
    assert_array_equal(first_months(panel) - panel.months[0], [8, 5, 2])
    rows, places = np.array([0, 1, 2, 4, 5, 10, 10]), np.array([0, 0, 0, 0, 1, 1, 0])
    sums = quarter_sums(panel, rows, places, np.array([1.0, 2, 4, 8, 16, 32, 64]), 2)
    assert sums.tolist() == [[64, 0, 12], [32, 16, 0]]


def test_a_country_is_observed_in_a_quarter_when_any_region_is_in_every_month() -> None:
    # Mali's A always is; Mauritania's C is not in the months 6 to 11.
    mali, mauritania = observed_quarters(world_on_a_line()).tolist()
    assert mali == [True] * 9
    assert mauritania == [True] * 5 + [False] * 2 + [True] * 2


def test_the_usual_quarter_is_the_mean_of_those_observed_in_three_years_before() -> None:
    values = np.array([[99.0, 1, 2, 3, *[0] * 9, 1000]])
    observed = np.ones((1, 14), bool)
    assert usual(values, observed).tolist() == [0.5]
    observed[0, 1:12] = False
    assert usual(values, observed).tolist() == [0]
    assert np.isnan(usual(values[:, :1], observed[:, :1])).all()


def test_the_place_in_the_past_counts_equal_quarters_by_half_and_needs_three_years() -> None:
    values = np.array([[2.0, 1, 2, 3, *[0] * 9]])
    observed = np.ones((1, 13), bool)
    assert percentile(values, observed).tolist() == [87]  # of 12, 10 are lower and one is equal
    observed[0, 5] = False
    assert np.isnan(percentile(values, observed)).all()


def test_a_run_begins_after_its_last_break() -> None:
    panel = world_on_a_line()
    holds = np.ones((3, 27), bool)
    holds[1, 20], holds[2, 26] = False, False
    assert_array_equal(since(panel, holds) - panel.months[0], [0, 21, NAN])
