from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from features.arrays import FloatArray
from features.indicators.catalogue import CATALOGUE, indicator_table
from features.indicators.encirclement import sector_of
from features.indicators.near import great_circle_km, lately, minimum_lately, pairs_between
from features.indicators.roads import crossed, near_roads, roads
from features.panel.panel import Panel
from features.places.regions import corridors, load_regions
from tests.features.indicators.slow_supply import SLOW
from tests.features.indicators.worlds import any_incidents, panel_of

NAMES = corridors()["corridor"].drop_duplicates().tolist()
KM = 1 / 111.195  # degrees of latitude


def corridors_near(latitude: float, longitude: float, km: float) -> set[str]:
    found = near_roads(np.array([latitude]), np.array([longitude]), km).toarray()[:, 0]
    return {name for name, there in zip(NAMES, found, strict=True) if there}


def test_pieces_of_a_corridor_are_short_and_follow_each_other() -> None:
    lines = roads()
    length = 6371.0088 * 2 * np.arcsin(np.linalg.norm(lines.end - lines.start, axis=1) / 2)
    assert length.max() <= 50 * (1 + 1e-9)
    same = lines.corridor[1:] == lines.corridor[:-1]
    assert_allclose(lines.end[:-1][same], lines.start[1:][same], atol=1e-12)
    assert_allclose(np.linalg.norm(lines.start, axis=1), 1)


def test_a_town_on_a_corridor_is_near_it_and_one_beside_it_as_far_as_it_is() -> None:
    assert "MLI-dakar" in corridors_near(14.45, -11.44, 25)
    assert "MLI-dakar-south" not in corridors_near(14.45, -11.44, 50)
    west_of_dakar = -17.44 - 30 * KM / np.cos(np.radians(14.69))
    assert corridors_near(14.69, west_of_dakar, 29.9) == set()
    assert "MLI-dakar" in corridors_near(14.69, west_of_dakar, 30.1)


def test_the_middle_of_a_leg_is_on_it_and_what_lies_north_of_it_is_near() -> None:
    # From Fada N'Gourma to Kantchari, 134 km, the road runs 21 degrees north of east.
    middle = (12.06 + 12.48) / 2, (0.36 + 1.51) / 2
    assert "BFA-niger-fada" in corridors_near(*middle, 1)
    across = 30 / np.cos(np.radians(20.5))
    assert "BFA-niger-fada" in corridors_near(middle[0] + across * KM, middle[1], 30.5)
    assert "BFA-niger-fada" not in corridors_near(middle[0] + across * KM, middle[1], 29.5)


def test_regions_are_crossed_by_what_goes_through_them_and_unknown_ones_by_none() -> None:
    regions = load_regions("country", ["MLI", "SEN", "CPV"])
    names = np.array(NAMES)
    through = {
        country: set(names[crossed(regions).toarray()[row] > 0])
        for row, country in enumerate(regions.ids)
    }
    assert through["CPV"] == set()
    assert {"MLI-dakar", "MLI-dakar-south", "SEN-mali"} <= through["SEN"]
    assert {name for name in NAMES if name.startswith("MLI-")} <= through["MLI"]
    strange = regions.table.assign(id=["X", "Y", "Z"])
    assert crossed(type(regions)("country", strange, regions.neighbours)).nnz == 0


def test_a_cell_is_crossed_by_the_roads_of_its_town() -> None:
    kayes = load_regions("priogrid").only([str(208 * 720 + 338)])
    assert kayes.table[["latitude", "longitude"]].to_numpy().tolist() == [[14.25, -11.25]]
    names = np.array(NAMES)[crossed(kayes).toarray()[0] > 0]
    assert "MLI-dakar" in names


@pytest.mark.parametrize("seed", range(2))
def test_in_real_regions_the_slow_double_says_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    regions = load_regions("admin1", ["MLI"])
    months, number = 18, len(regions)
    observed = rng.random((months, number)) < 0.9
    nothing = np.zeros((4, months, number))
    told = any_incidents(600, months, number, rng, 150)
    panel = panel_of(
        regions.table, observed, nothing, nothing, np.zeros((number, number)), np.ones(number), 600,
        told,
    )  # fmt: skip
    names = [i.name for i in CATALOGUE if i.family == "supply" and "reports" not in i.name]
    values = indicator_table(panel, names).values
    for position, name in enumerate(names):
        slow: Callable[[Panel], FloatArray] = SLOW[name]
        expected = np.where(observed, slow(panel), np.nan)
        assert_allclose(values[:, :, position], expected, rtol=2e-5, atol=1e-6, err_msg=name)
        assert np.nanmax(values[:, :, position]) > 0


@pytest.mark.parametrize(
    ("north", "east", "sector"),
    [(1, 0, 0), (1, 1, 1), (0, 1, 2), (-1, 1, 3), (-1, 0, 4), (-1, -1, 5), (0, -1, 6), (1, -1, 7)],
)
def test_sectors_are_counted_clockwise_from_north(north: int, east: int, sector: int) -> None:
    place = np.array([10.0]), np.array([179.9])
    there = np.array([10.0 + north]), np.array([179.9 + east])
    over_the_date_line = there[0], there[1] - 360
    assert sector_of(*place, *there) == sector
    assert sector_of(*place, *over_the_date_line) == sector


def test_pairs_are_all_that_are_near_and_no_others() -> None:
    rng = np.random.default_rng(1)
    places = rng.uniform(-89, 89, 40), rng.uniform(-180, 180, 40)
    points = rng.uniform(-89, 89, 300), rng.uniform(-180, 180, 300)
    places[0][7] = np.nan
    a, b, km = pairs_between(*places, *points, 2000)
    every = great_circle_km(*(p[:, None] for p in places), *(p[None] for p in points))
    expected = np.argwhere(every <= 2000)
    order = np.lexsort((b, a))
    assert_array_equal(np.column_stack([a, b])[order], expected)
    assert_array_equal(km[order], every[every <= 2000])
    assert 7 not in a


def test_what_happened_lately_is_forgotten_after_the_window() -> None:
    happened = np.array([0, 1, 0, 0, 0, 1, 1])[:, None] > 0
    assert lately(happened, 3)[:, 0].tolist() == [False, True, True, True, False, True, True]
    assert lately(happened, 30)[:, 0].tolist() == [False] + 6 * [True]


def test_the_least_of_a_window_is_of_this_month_and_the_ones_before() -> None:
    values = np.array([[5.0], [3], [4], [6], [7], [1]])
    assert minimum_lately(values, 3)[:, 0].tolist() == [5, 3, 3, 3, 4, 1]
    assert minimum_lately(values, 30)[:, 0].tolist() == [5, 3, 3, 3, 3, 1]
