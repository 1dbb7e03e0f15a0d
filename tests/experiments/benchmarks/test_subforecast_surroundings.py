from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from experiments.benchmarks.subforecast_data import AdminCounts
from experiments.benchmarks.subforecast_surroundings import (
    FARTHEST_KM,
    UnitMap,
    map_of,
    surroundings,
)
from features.arrays import FloatArray

JANUARY_2014, INF, NAN = 528, np.inf, np.nan
UNITS = [
    ("Mali", "Gao region"),
    ("Mali", "Kidal region"),
    ("Niger", "Tillabéri region"),
    ("Niger", "Diffa region"),
    ("Niger", "Nowhere"),
]
GAO, KIDAL, TILLABERI, DIFFA, NOWHERE = range(5)


def counts_of(events: FloatArray, units: list[tuple[str, str]] = UNITS) -> AdminCounts:
    months = JANUARY_2014 + np.arange(len(events))
    countries, regions = zip(*units, strict=True)
    by_type = np.stack([events, 0 * events, 0 * events], axis=-1)
    return AdminCounts(months, countries, regions, events, by_type, events * 2)


def in_a_row(*km: float, country: tuple[int, ...]) -> UnitMap:
    """Units on a line, so many km from the first; NaN where nobody knows."""
    position = np.array(km)
    apart = np.abs(position[:, None] - position[None, :])
    apart = np.where(np.isnan(apart), INF, apart)
    np.fill_diagonal(apart, INF)
    return UnitMap(np.array(country), apart)


def test_names_have_places_across_borders_and_unknown_ones_none() -> None:
    places = map_of(counts_of(np.zeros((3, 5))))
    assert_array_equal(places.country[:, None] == places.country[None, :], np.array(
        [[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 1, 1, 1]]
    ))  # fmt: skip
    assert_array_equal(places.where_known, [1, 1, 1, 1, NAN])
    assert_array_equal(places.km, places.km.T)
    assert np.isinf(np.diagonal(places.km)).all()
    assert np.isinf(places.km[NOWHERE]).all()
    assert 200 < places.km[GAO, TILLABERI] < 500
    assert 1000 < places.km[GAO, DIFFA] < 1600


def test_what_is_around_is_what_it_is_called() -> None:
    events = np.zeros((14, 4))
    events[13] = [0, 2, 0, 5]
    places = in_a_row(0, 50, 150, NAN, country=(0, 0, 1, 1))
    counts = counts_of(events, UNITS[:4])
    last = {name: values[-1] for name, values in surroundings(counts, places).items()}
    assert_array_equal(last["country_active_1"], [1, 0, 1, 0])
    assert_array_equal(last["country_units"], [1, 1, 1, 1])
    assert_array_equal(last["country_units_active_1"], [1, 0, 1, 0])
    assert_array_equal(last["share_of_country"], [0, 1, 0, 1])
    near = np.log1p(2) * np.exp([-50 / 50, -100 / 50])
    assert_allclose(last["within_50_log_events_1"], [near[0], 0, near[1], NAN])
    across = np.exp(-100 / 150) / 12
    assert_allclose(last["across_border_active_12"], [0, 0, across, NAN])
    assert_array_equal(last["km_to_active_1"], [50, FARTHEST_KM, 100, NAN])
    # Each knows two others, so that of four only two count.
    assert_allclose(last["nearest_4_active_3"], [1 / 12, 0, 1 / 12, NAN])
    assert_array_equal(last["world_active_1"], [0.5] * 4)
    assert_array_equal(last["month"], [2] * 4)  # March, as January is 0


def test_far_kernels_weigh_more_than_near_ones() -> None:
    events = np.ones((3, 2))
    near = surroundings(counts_of(events, UNITS[:2]), in_a_row(0, 100, country=(0, 1)))
    result = [near[f"within_{km}_active_1"][-1, 0] for km in (50, 150, 400)]
    assert result == pytest.approx([np.exp(-100 / km) for km in (50, 150, 400)])
    assert all(a < b for a, b in pairwise(result))


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32), cut=st.integers(1, 40))
def test_no_column_looks_ahead_and_the_order_of_units_is_of_no_account(seed: int, cut: int) -> None:
    rng = np.random.default_rng(seed)
    events = rng.poisson(0.5, (41, 5)).astype(float)
    order = rng.permutation(5)
    counts = counts_of(events)
    turned = counts_of(events[:, order], [UNITS[k] for k in order])
    whole, before, again = (
        surroundings(c, map_of(c)) for c in (counts, counts.until(JANUARY_2014 + cut), turned)
    )
    for name, values in whole.items():
        assert values.shape == events.shape
        assert_array_equal(values[: cut + 1], before[name], err_msg=name)
        assert_allclose(values[:, order], again[name], err_msg=name, atol=1e-12)
