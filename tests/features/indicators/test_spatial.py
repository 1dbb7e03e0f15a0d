import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array

from features.arrays import FloatArray
from features.indicators import spatial
from features.indicators.spatial import space_time_distance

NAN = np.nan
DEGREE = 6371.0088 * np.pi / 180
LINE = csr_array(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=float))


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=float)[:, None]


def test_a_neighbour_mean_leaves_out_the_region_itself_and_the_unobserved() -> None:
    values = np.array([[2.0, 10, 4], [2, 10, NAN], [NAN, 10, NAN]])
    expected = [[10, 3, 10], [10, 2, 10], [10, 0, 10]]
    assert_array_equal(spatial.neighbour_mean(values, LINE), expected)


def test_a_region_without_neighbours_has_a_neighbour_mean_of_zero_and_all_of_them_observed() -> (
    None
):
    alone = csr_array((1, 1), dtype=float)
    assert_array_equal(spatial.neighbour_mean(column(3, NAN), alone), column(0, 0))
    assert_array_equal(
        spatial.neighbours_observed(column(3, NAN), alone, np.zeros(1)), column(1, 1)
    )


def test_neighbours_that_the_panel_leaves_out_are_not_observed() -> None:
    values = np.array([[0.0, 0, 0], [0, 0, NAN], [NAN, NAN, NAN]])
    shares = spatial.neighbours_observed(values, LINE, np.array([4.0, 2, 1]))
    assert_array_equal(shares, [[0.25, 1, 1], [0.25, 0.5, 1], [0, 0, 0]])


def test_second_neighbours_are_reached_by_an_observed_neighbour_only() -> None:
    values = np.array([[2.0, 10, 4], [2, NAN, 4], [2, 10, NAN], [2, 10, 4]])
    expected = [[4, 0, 2], [0, 0, 0], [0, 0, 2], [4, 0, 2]]
    assert_array_equal(spatial.second_neighbour_mean(values, LINE), expected)


def test_a_neighbour_is_no_second_neighbour_though_there_is_a_way_around() -> None:
    triangle = csr_array(np.ones((3, 3)) - np.eye(3))
    assert_array_equal(spatial.second_neighbour_mean(np.ones((1, 3)), triangle), [[0, 0, 0]])


def test_the_rest_of_a_group_leaves_out_the_region_itself_and_the_unobserved() -> None:
    values = np.array([[2.0, 10, 4, 7], [2, NAN, 4, 7], [NAN, 10, NAN, NAN]])
    means = spatial.mean_of_others(values, np.array([0, 0, 0, 1]))
    assert_array_equal(means, [[7, 3, 6, 0], [4, 3, 2, 0], [10, 0, 10, 0]])


def test_the_rest_of_a_group_where_only_the_region_itself_has_deaths_is_exactly_zero() -> None:
    values = np.array([[0.0, 0.1 + 0.2, 0]])
    assert spatial.mean_of_others(values, np.zeros(3, int))[0, 1] == 0


def test_weights_are_of_distance_and_end_at_the_reach() -> None:
    latitude, longitude = np.array([0.0, 1, 3, NAN]), np.array([179.5, -179.5, 179.5, NAN])
    weights = spatial.distance_weights(latitude, longitude, 300, lambda km: 1 / km).toarray()
    assert_allclose(weights[0, 1], 1 / (2**0.5 * DEGREE), rtol=1e-4)
    assert_array_equal(weights, weights.T)
    assert_array_equal(weights > 0, [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]])


def test_a_weighted_sum_of_months_does_not_depend_on_the_other_months() -> None:
    rng = np.random.default_rng(1)
    weights, values = csr_array(rng.random((30, 30))), rng.random((20, 30))
    together = spatial.weighted_sum(values, weights)
    for months in (1, 2, 3, 7, 19):
        alone = spatial.weighted_sum(values[:months], weights)
        assert alone.tobytes() == np.ascontiguousarray(together[:months]).tobytes()


def test_space_time_distance_weighs_months_against_km() -> None:
    hits = np.array([[False, True, False], [False, False, False], [True, False, False]])
    latitude, longitude = np.array([0.0, 1, NAN]), np.zeros(3)
    distance = space_time_distance(hits, latitude, longitude, 20, 115)
    old = np.hypot(DEGREE, [0, 20])
    assert_allclose(distance[:, 0], [old[0], old[1], 115])
    assert_allclose(distance[:, 1], [115, 115, DEGREE])
    assert_array_equal(distance[:, 2], [115, 115, 115])


def test_two_regions_in_one_place_are_at_no_distance() -> None:
    hits = np.array([[True, True, False], [True, False, False]])
    distance = space_time_distance(hits, np.zeros(3), np.zeros(3), 20, 1000)
    assert_array_equal(distance, [[0, 0, 0], [20, 0, 0]])


@given(seed=st.integers(0, 2**32))
def test_the_nearest_in_space_and_time_is_what_looking_at_all_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hits = rng.random((8, 6)) < 0.2
    latitude, longitude = rng.uniform(-5, 5, 6), rng.uniform(-5, 5, 6)
    found = space_time_distance(hits, latitude, longitude, 30, 400)
    for region in range(6):
        ways = [
            (month, spatial_km(latitude, longitude, region, int(other)))
            for month, other in np.argwhere(hits)
            if other != region
        ]
        for t in range(8):
            far = [np.hypot(km, 30 * (t - month)) for month, km in ways if month <= t]
            assert_allclose(found[t, region], min([*far, 400]), atol=1e-6)


def spatial_km(latitude: FloatArray, longitude: FloatArray, a: int, b: int) -> float:
    y, x = np.radians(latitude), np.radians(longitude)
    cosine = np.sin(y[a]) * np.sin(y[b]) + np.cos(y[a]) * np.cos(y[b]) * np.cos(x[a] - x[b])
    return float(6371.0088 * np.arccos(min(cosine, 1.0)))
