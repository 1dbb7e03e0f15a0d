from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from features.arrays import FloatArray
from features.signs.percentiles import (
    FEWEST_MONTHS,
    own_percentiles,
    percentiles_among_regions,
)

NAN = np.nan
VALUES = st.one_of(st.integers(0, 4).map(float), st.just(NAN))
PANELS = st.tuples(st.integers(1, 40), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=VALUES)
)


def test_a_month_is_placed_among_the_earlier_months_of_its_region() -> None:
    quiet = [0.0] * 20 + [2.0] * 5
    values = np.array([[*quiet, 3.0, 2.0, 1.0, 0.0]]).T
    # 25 earlier months are lower; then 20 and half of 5 of 26, 20 of 27, and half of 20 of 28.
    expected = [100, 100 * 22.5 // 26, 100 * 20 // 27, 100 * 10 // 28]
    assert_array_equal(own_percentiles(values, 4)[:, 0], expected)


def test_a_value_has_no_place_in_a_short_past_or_where_it_is_not_known() -> None:
    values = np.arange(FEWEST_MONTHS + 2.0)[:, None]
    values[-1] = NAN
    assert_array_equal(own_percentiles(values, 3)[:, 0], [NAN, 100, NAN])


def test_a_region_is_placed_among_the_others_of_the_month() -> None:
    values = np.array([[0.0, 0.0, 1.0, 5.0, NAN], [NAN, NAN, NAN, 7.0, NAN]])
    expected = [[100 * 0.5 // 3, 100 * 0.5 // 3, 100 * 2 // 3, 100, NAN], [NAN] * 5]
    assert_array_equal(percentiles_among_regions(values), expected)


@given(PANELS)
def test_later_months_change_no_percentile_and_the_order_of_earlier_ones_does_not_count(
    values: FloatArray,
) -> None:
    whole = own_percentiles(values, len(values))
    assert_array_equal(own_percentiles(values[:-1], len(values)), whole[:-1])
    turned = np.vstack([values[:-1][::-1], values[-1:]])
    assert_array_equal(own_percentiles(turned, 1), whole[-1:])


@given(PANELS)
def test_percentiles_are_what_counting_one_by_one_gives(values: FloatArray) -> None:
    whole, among = own_percentiles(values, 3), percentiles_among_regions(values)
    months = range(max(0, len(values) - 3), len(values))
    for (place, month), region in product(enumerate(months), range(values.shape[1])):
        now, others = values[month, region], np.delete(values[month], region)
        expected = slowly(now, values[:month, region], FEWEST_MONTHS)
        assert_array_equal(whole[place, region], expected)
        assert_array_equal(among[month, region], slowly(now, others, 1))


def slowly(now: float, others: FloatArray, fewest: int) -> float:
    known = [other for other in others.tolist() if not np.isnan(other)]
    if np.isnan(now) or len(known) < fewest:
        return NAN
    return float(sum(2 * (other < now) + (other == now) for other in known) * 50 // len(known))
