import re
from typing import get_args

import numpy as np
import pytest
import shapely

from features.errors import InputError
from features.places.priogrid import cell_of
from features.places.regions import Regions, geometries, load_regions
from features.words import Level

LEVELS = get_args(Level)
MALI = {"Bamako", "Gao", "Kayes", "Kidal", "Koulikoro", "Mopti", "Ségou", "Sikasso", "Timbuktu"}


def neighbours_of(regions: Regions, name: str) -> set[str]:
    row = int(np.flatnonzero(regions.ids == name)[0])
    return set(regions.ids[regions.neighbours[[row]].indices].tolist())


@pytest.fixture(params=LEVELS)
def world(request: pytest.FixtureRequest) -> Regions:
    return load_regions(request.param)


def test_regions_are_sorted_and_have_distinct_ids(world: Regions) -> None:
    places = ["id", "name", "country", "latitude", "longitude", "area", "border_distance"]
    assert world.table.columns.tolist() == places
    assert (world.ids[:-1] < world.ids[1:]).all()
    assert world.table.index.tolist() == list(range(len(world)))
    assert not world.table.isna().any(axis=None)


def test_ids_are_safe_in_a_url(world: Regions) -> None:
    assert all(re.fullmatch(r"[A-Z]{3}(-[a-z0-9]+)*|\d+", name) for name in world.ids)


def test_neighbours_are_mutual_and_never_oneself(world: Regions) -> None:
    assert world.neighbours.shape == (len(world), len(world))
    assert world.neighbours.dtype == np.float64
    assert set(world.neighbours.data) == {1.0}
    assert abs(world.neighbours - world.neighbours.T).sum() == 0
    assert world.neighbours.diagonal().sum() == 0


def test_borders_are_as_long_from_both_sides_and_only_between_neighbours(world: Regions) -> None:
    assert world.borders.shape == world.neighbours.shape
    assert (world.borders.data > 0).all()
    assert abs(world.borders - world.borders.T).sum() == 0
    assert world.borders.multiply(world.neighbours).sum() == world.borders.sum()
    lengths, links = world.borders.sum(axis=1), world.neighbours.sum(axis=1)
    assert (lengths[links == 0] == 0).all()
    assert 0 < world.borders.nnz < world.neighbours.nnz


def test_a_map_without_lengths_takes_all_borders_for_alike() -> None:
    mali = load_regions("admin1", ["MLI"])
    bare = Regions("admin1", mali.table, mali.neighbours)
    assert (bare.borders.toarray() == bare.neighbours.toarray()).all()
    assert (bare.only(["MLI-gao", "MLI-kidal"]).borders.toarray() == [[0, 1], [1, 0]]).all()


def border_km(regions: Regions, one: str, other: str) -> float:
    a, b = np.searchsorted(regions.ids, [one, other])
    return float(regions.borders[[a]].toarray()[0, b])


@pytest.mark.parametrize(
    ("level", "one", "other", "at_least", "at_most"),
    [("country", "BFA", "MLI", 1150, 1330), ("country", "MLI", "NER", 800, 850),
     ("country", "USA", "CAN", 7500, 9000), ("country", "BWA", "ZMB", 0, 0),
     ("admin1", "MLI-mopti", "BFA-sahel", 170, 210), ("admin1", "USA-utah", "USA-new-mexico", 0, 0),
     ("admin1", "USA-colorado", "USA-wyoming", 418, 420)],
)  # fmt: skip
def test_known_borders_have_about_their_length(
    level: Level, one: str, other: str, at_least: float, at_most: float
) -> None:
    world = load_regions(level)
    assert other in neighbours_of(world, one)
    assert at_least <= border_km(world, one, other) <= at_most


def test_the_borders_of_countries_are_those_of_their_regions() -> None:
    admin1, countries = load_regions("admin1"), load_regions("country")
    links = admin1.borders.tocoo()
    code = np.searchsorted(countries.ids, admin1.table["country"].to_numpy(str))
    total = np.zeros((len(countries), len(countries)))
    np.add.at(total, (code[links.row], code[links.col]), links.data)
    np.fill_diagonal(total, 0)
    assert np.abs(total - countries.borders.toarray()).max() < 0.1


def test_areas_of_countries_are_sums_and_areas_of_cells_shrink_towards_the_poles() -> None:
    admin1, countries = load_regions("admin1").table, load_regions("country").table
    total = admin1.groupby("country")["area"].sum()
    assert np.allclose(total.loc[countries["id"]], countries["area"], atol=0.06)
    mali = countries.set_index("id").loc["MLI", "area"]
    assert mali == pytest.approx(1_240_192, rel=0.02)
    cells = load_regions("priogrid").table.set_index("id")
    assert cells.loc["147945", "area"] == pytest.approx(55.5975**2 * 0.975342, rel=1e-5)
    assert cells["area"].max() <= 55.5975**2


def test_distances_from_the_border_are_those_of_the_map() -> None:
    distance = load_regions("admin1").table.set_index("id")["border_distance"]
    assert distance["LKA-central"] > 1000
    assert 90 < distance["MLI-bamako"] < 130
    cells = load_regions("priogrid", ["MLI"]).table
    mali = geometries("country", ["MLI"])[0]
    points = shapely.points(cells["longitude"], cells["latitude"])
    degrees = shapely.distance(points, shapely.boundary(mali))
    assert (cells["border_distance"] < 111.3 * degrees + 1).all()
    assert (cells["border_distance"] > 111.1 * np.cos(np.radians(25)) * degrees - 1).all()


def test_every_region_holds_its_own_point(world: Regions) -> None:
    table = world.table
    outlines = geometries(world.level)
    assert shapely.contains_xy(outlines, table["longitude"], table["latitude"]).all()


@pytest.mark.parametrize("level", ["country", "admin1"])
def test_outlines_neither_overlap_nor_break(level: Level) -> None:
    outlines = geometries(level)
    assert shapely.is_valid(outlines).all()
    assert shapely.coverage_is_valid(outlines)


def test_a_country_is_the_union_of_its_regions() -> None:
    regions = load_regions("admin1", ["NER"])
    niger = geometries("country", ["NER"])[0]
    assert shapely.union_all(geometries("admin1", regions.ids)).equals(niger)


def test_mali_has_its_nine_regions_of_before_2016() -> None:
    mali = load_regions("admin1", ["MLI"])
    assert set(mali.table["name"]) == MALI
    assert "MLI-segou" in mali.ids


@pytest.mark.parametrize(
    ("country", "number"),
    [("BFA", 13), ("GIN", 8), ("PHL", 17), ("UGA", 4), ("FRA", 13), ("GBR", 4), ("ITA", 20),
     ("LKA", 9), ("UKR", 27), ("SSD", 10), ("SDN", 17), ("IRQ", 18), ("NGA", 37), ("ETH", 11),
     ("MMR", 14), ("PSE", 2), ("SOM", 14), ("CYP", 6), ("XKX", 7)],
)  # fmt: skip
def test_first_order_regions_are_counted(country: str, number: int) -> None:
    assert len(load_regions("admin1", [country])) == number


def test_crimea_is_of_ukraine_and_has_the_neighbour_kherson() -> None:
    ukraine = load_regions("admin1", ["UKR"])
    assert "UKR-kherson" in neighbours_of(ukraine, "UKR-crimea")


def test_neighbours_cross_state_borders() -> None:
    assert {"BFA-sahel", "BFA-nord", "MLI-segou"} <= neighbours_of(
        load_regions("admin1"), "MLI-mopti"
    )
    assert neighbours_of(load_regions("country"), "MLI") == {
        "BFA", "CIV", "DZA", "GIN", "MRT", "NER", "SEN",
    }  # fmt: skip


def test_overseas_territories_make_no_neighbours_of_their_state() -> None:
    assert "BRA" not in neighbours_of(load_regions("country"), "FRA")


def test_a_subset_keeps_the_borders_inside_it() -> None:
    world = load_regions("admin1")
    sahel = world.within(["NER", "MLI", "BFA"])
    rows = np.flatnonzero(np.isin(world.table["country"], ["BFA", "MLI", "NER"]))
    assert sahel.ids.tolist() == world.ids[rows].tolist()
    assert sahel.table.index.tolist() == list(range(len(rows)))
    expected = world.neighbours.toarray()[np.ix_(rows, rows)]
    assert (sahel.neighbours.toarray() == expected).all()
    assert (sahel.borders.toarray() == world.borders.toarray()[np.ix_(rows, rows)]).all()


def test_loading_some_countries_is_loading_all_and_choosing() -> None:
    chosen, loaded = load_regions("priogrid").within(["MLI"]), load_regions("priogrid", ["MLI"])
    assert chosen.table.equals(loaded.table)


@pytest.mark.parametrize("countries", [["MLI", "MAL"], "MLI"])
def test_an_unknown_country_is_refused(countries: list[str] | str) -> None:
    with pytest.raises(InputError, match="unknown country code"):
        load_regions("admin1", countries)


def test_no_country_is_no_region() -> None:
    assert len(load_regions("admin1", [])) == 0


def test_a_caller_who_writes_to_the_table_does_not_change_the_world() -> None:
    mine = load_regions("country")
    mine.table.loc[0, "name"] = "Atlantis"
    mine.neighbours.data[:] = 7
    mine.borders.data[:] = 7
    assert load_regions("country").table.loc[0, "name"] == "Aruba"
    assert set(load_regions("country").neighbours.data) == {1.0}
    assert load_regions("country").borders.data.max() > 7000


def test_outlines_come_in_the_order_of_the_ids() -> None:
    there = geometries("admin1", ["NER-agadez", "BFA-sahel"])
    back = geometries("admin1", ["BFA-sahel", "NER-agadez"])
    assert [there[0].wkb, there[1].wkb] == [back[1].wkb, back[0].wkb]


@pytest.mark.parametrize("level", LEVELS)
def test_an_unknown_region_has_no_outline(level: Level) -> None:
    with pytest.raises(InputError, match=f"unknown {level} id"):
        geometries(level, ["NOWHERE"])


def test_a_cell_is_named_and_placed_by_its_number() -> None:
    cells = load_regions("priogrid", ["MLI"]).table.set_index("id")
    bamako = cells.loc["147945"]
    assert (bamako["name"], bamako["latitude"], bamako["longitude"]) == (
        "cell 147945",
        12.75,
        -7.75,
    )
    assert cell_of(np.array([12.75]), np.array([-7.75])).tolist() == [147945]


def test_a_cell_on_a_border_is_of_the_country_with_the_larger_part() -> None:
    cells = load_regions("priogrid")
    outlines = {code: geometries("country", [code])[0] for code in ("MLI", "BFA", "NER")}
    shared = cells.table[cells.table["country"].isin(list(outlines))]
    boxes = geometries("priogrid", shared["id"])
    shapely.prepare(list(outlines.values()))
    areas = np.stack([shapely.area(shapely.intersection(boxes, o)) for o in outlines.values()])
    largest = np.array(list(outlines))[areas.argmax(axis=0)]
    clear = np.sort(areas, axis=0)[-1] - np.sort(areas, axis=0)[-2] > 0.02
    assert (largest == shared["country"].to_numpy())[clear].all()
