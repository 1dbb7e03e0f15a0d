import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from features.indicators.near import (
    EARTH_RADIUS_KM,
    chord_of,
    great_circle_km,
    km_of,
    pairs_within,
    unit_vectors,
)

NAN = np.nan
QUARTER = EARTH_RADIUS_KM * np.pi / 2


def test_great_circles_of_known_length() -> None:
    km = great_circle_km(
        np.array([0.0, 0, 90, 12.65]),
        np.array([0.0, 170, 5, -8.0]),
        np.array([0.0, 0, -90, 14.69]),
        np.array([90.0, -170, 77, -17.45]),
    )
    assert_allclose(km[:3], [QUARTER, QUARTER * 2 / 9, 2 * QUARTER])
    assert 1040 < km[3] < 1050  # Bamako to Dakar


def test_who_has_no_coordinates_is_infinitely_far_from_everyone() -> None:
    apart = great_circle_km(np.array([0.0, NAN]), np.zeros(2), np.zeros(1), np.zeros(1))
    assert_array_equal(apart, [0, np.inf])
    assert_array_equal(km_of(np.array([np.inf, 0.0])), [np.inf, 0])


@given(seed=st.integers(0, 2**32), km=st.floats(1, 21000))
def test_pairs_within_a_distance_are_those_of_the_whole_table(seed: int, km: float) -> None:
    rng = np.random.default_rng(seed)
    latitude, longitude = rng.uniform(-90, 90, 9), rng.uniform(-180, 180, 9)
    latitude[1], longitude[1] = latitude[0], longitude[0]
    latitude[8] = NAN
    apart = great_circle_km(latitude[:, None], longitude[:, None], latitude, longitude)
    pairs = pairs_within(latitude, longitude, km)
    wanted = (apart <= km) & ~np.eye(9, dtype=bool)
    assert_array_equal(np.stack([pairs.a, pairs.b], axis=1), np.argwhere(wanted))
    assert_array_equal(pairs.km, apart[wanted])


@given(seed=st.integers(0, 2**32))
def test_a_chord_is_as_long_as_its_great_circle_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    latitude, longitude = rng.uniform(-90, 90, 2), rng.uniform(-180, 180, 2)
    one, other = unit_vectors(latitude, longitude)
    km = great_circle_km(latitude[0], longitude[0], latitude[1], longitude[1])
    chord = float(np.linalg.norm(one - other))
    assert_allclose(km_of(np.array(chord)), km, rtol=1e-6)
    assert_allclose(chord_of(float(km)), chord, atol=1e-9)
