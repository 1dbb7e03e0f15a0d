import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from features.errors import InputError
from features.places.spelling import slug
from tests.paths import ROOT
from tools.geography.borders import border_distance_km, length_km
from tools.geography.build import build, joined_pairs, region_ids, write
from tools.geography.shapes import area_km2, interior_points, simplify


def unit(code: str, country: str, name: str, west: float, region: str = "") -> dict[str, object]:
    return {
        "adm1_code": code,
        "iso_3166_2": f"{code[:2]}-1",
        "name": name,
        "name_en": name,
        "name_fr": "",
        "type_en": "",
        "region": region,
        "geonunit": "",
        "adm0_a3": country,
        "admin": f"The {country}",
        "geometry": shapely.box(west, 10, west + 1, 11),
    }


Tables = dict[str, pd.DataFrame]


def some_units() -> pd.DataFrame:
    return pd.DataFrame(
        [
            unit("MLI-1", "MLI", "Ségou", 0),
            unit("BFA-1", "BFA", "Oudalan", 1, "Sahel"),
            unit("BFA-2", "BFA", "Soum", 2, "Sahel"),
            unit("BFA-3", "BFA", "Gourma", 3, "Est"),
            unit("SDS-1", "SDS", "Lakes", 4),
            unit("RUS-283", "RUS", "Crimea", 5),
            unit("RUS-1", "RUS", "Rostov", 6),
            unit("UKR-1", "UKR", "L'viv", 7),
            unit("PGA+00?", "PGA", "Spratly Islands", 8),
            unit("VEN-44", "VEN", "Dependencias Federales", 10),
            unit("VEN+99?", "VEN", "", 12),
        ]
    )


def some_pairs() -> pd.DataFrame:
    links = [("MLI-1", "BFA-1"), ("BFA-2", "BFA-1"), ("BFA-3", "BFA-2"), ("BFA-3", "SDS-1"),
             ("SDS-1", "RUS-283"), ("RUS-1", "RUS-283"), ("RUS-1", "PGA+00?")]  # fmt: skip
    return pd.DataFrame(links, columns=["a", "b"])


@pytest.fixture
def units() -> pd.DataFrame:
    """Units that a test may change."""
    return some_units()


@pytest.fixture
def pairs() -> pd.DataFrame:
    return some_pairs()


@pytest.fixture(scope="module")
def tables() -> Tables:
    """What is built of the units as they are; not to be changed."""
    return build(some_units(), some_pairs())


def test_provinces_become_regions_and_codes_become_iso(tables: Tables) -> None:
    admin1 = tables["admin1"].set_index("id")
    assert admin1["name"].to_dict() == {
        "BFA-est": "Est",
        "BFA-sahel": "Sahel",
        "MLI-segou": "Ségou",
        "RUS-rostov": "Rostov",
        "SSD-lakes": "Lakes",
        "UKR-crimea": "Crimea",
        "UKR-lviv": "L'viv",
        "VEN-dependencias-federales": "Dependencias Federales",
    }
    assert admin1["geometry"].to_dict()["BFA-sahel"].equals(shapely.box(1, 10, 3, 11))
    assert admin1["iso_3166_2"].isna().to_dict()["BFA-sahel"]
    assert admin1["iso_3166_2"].to_dict()["MLI-segou"] == "ML-1"


def test_a_nameless_scrap_joins_the_unit_it_belongs_to(tables: Tables) -> None:
    admin1 = tables["admin1"].set_index("id")
    outline = admin1["geometry"].to_dict()["VEN-dependencias-federales"]
    assert shapely.get_num_geometries(outline) == 2


def test_neighbours_are_mapped_through_the_dissolve(tables: Tables) -> None:
    assert tables["admin1_neighbours"][["a", "b"]].to_numpy().tolist() == [
        ["BFA-est", "BFA-sahel"],
        ["BFA-est", "SSD-lakes"],
        ["BFA-sahel", "MLI-segou"],
        ["RUS-rostov", "UKR-crimea"],
        ["SSD-lakes", "UKR-crimea"],
    ]
    assert tables["country_neighbours"][["a", "b"]].to_numpy().tolist() == [
        ["BFA", "MLI"],
        ["BFA", "SSD"],
        ["RUS", "UKR"],
        ["SSD", "UKR"],
    ]


def test_borders_are_measured_where_outlines_meet(units: pd.DataFrame, pairs: pd.DataFrame) -> None:
    units.loc[4, "geometry"] = shapely.box(4, 11, 5, 12)
    tables = build(units, pairs)
    degree = 6371.0088 * np.pi / 180
    for name in ("admin1_neighbours", "country_neighbours"):
        km = {(a[:3], b[:3]): km for a, b, km in tables[name].to_numpy().tolist()}
        assert km["BFA", "MLI"] == pytest.approx(degree, abs=0.01)
        assert km["BFA", "SSD"] == 0  # they touch in a point


def test_points_know_how_far_the_nearest_border_between_countries_is(tables: Tables) -> None:
    distance = tables["admin1"].set_index("id")["border_distance_km"]
    # The point of Sahel lies a degree east of Mali, and farther from Lakes; that of Est half a
    # degree west of Lakes. The islands of Venezuela, whose point is in 10.5 E, look to Ukraine.
    for name, degrees in (("BFA-sahel", 1), ("BFA-est", 0.5), ("MLI-segou", 0.5)):
        arc = 6371.0088 * np.radians(degrees) * np.cos(np.radians(10.5))
        assert distance[name] == pytest.approx(arc, rel=1e-3)
    assert distance["VEN-dependencias-federales"] > 300
    cells = tables["priogrid"].set_index("gid")["border_distance_km"]
    row, column = round((10.25 - -89.75) / 0.5), round((0.75 - -179.75) / 0.5)
    arc = 6371.0088 * np.radians(0.25) * np.cos(np.radians(10.25))
    assert cells[row * 720 + column + 1] == pytest.approx(arc, abs=0.2)


def test_without_any_border_the_nearest_is_infinitely_far() -> None:
    nowhere = border_distance_km(np.array([1.0]), np.array([2.0]), np.array([], dtype=object))
    assert nowhere.tolist() == [np.inf]


def test_a_border_of_several_parts_is_as_long_as_all_of_them() -> None:
    parts = [shapely.LineString([(0, 0), (0, 1), (0, 2)]), shapely.LineString([(0, 3), (0, 4)])]
    borders = np.array(
        [
            shapely.Point(5, 5),
            shapely.MultiLineString(parts),
            shapely.LineString([(0, 60), (1, 60)]),
        ]
    )
    degree = 6371.0088 * np.pi / 180
    assert length_km(borders) == pytest.approx([0, 3 * degree, degree / 2], rel=1e-4)


def test_a_country_takes_its_usual_name_and_is_made_of_its_regions(tables: Tables) -> None:
    countries = tables["countries"].set_index("id")
    assert countries.loc["SSD", "name"] == "South Sudan"
    assert countries.loc["MLI", "name"] == "The MLI"
    assert countries["geometry"].to_dict()["BFA"].equals(shapely.box(1, 10, 4, 11))


def test_other_names_are_kept_with_their_region_and_parts_without_one(
    units: pd.DataFrame, pairs: pd.DataFrame
) -> None:
    units.loc[0, "name_fr"] = "Région de Ségou"
    units.loc[3, "name_fr"] = "Bogandé"
    units.loc[5, "name_en"] = "Kirim"
    units.loc[6, ["name_en", "type_en"]] = "Rostow", "Federal City"
    units.loc[2, ["name", "type_en"]] = "Sahel", "Province"
    names = build(units, pairs)["admin1_names"]
    assert names.fillna("").to_numpy().tolist() == [
        ["BFA", "Bogandé", "BFA-est"],
        ["BFA", "Gourma", "BFA-est"],
        ["BFA", "Oudalan", ""],
        ["BFA", "Sahel Province", ""],
        ["BFA", "Soum", ""],
        ["RUS", "Rostov City", "RUS-rostov"],
        ["RUS", "Rostow City", "RUS-rostov"],
        ["UKR", "Kirim", "UKR-crimea"],
    ]


def test_a_cell_is_of_the_country_with_the_larger_part(
    units: pd.DataFrame, pairs: pd.DataFrame
) -> None:
    units.loc[0, "geometry"] = shapely.box(0, 10, 1.3, 11)
    units.loc[1, "geometry"] = shapely.box(1.3, 10, 2, 11)
    cells = build(units, pairs)["priogrid"].set_index("gid")["country"]
    row, column = round((10.25 - -89.75) / 0.5), round((1.25 - -179.75) / 0.5)
    assert cells[row * 720 + column + 1] == "MLI"
    assert cells[row * 720 + column + 2] == "BFA"


def test_the_same_input_gives_the_same_bytes_in_any_order(
    tables: Tables, units: pd.DataFrame, pairs: pd.DataFrame, tmp_path: Path
) -> None:
    shuffled = units.sample(frac=1, random_state=1), pairs.sample(frac=1, random_state=2)
    for name, result in (("first", tables), ("second", build(*shuffled))):
        (tmp_path / name).mkdir()
        write(result, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert len(files) == 6
    for file in files:
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (unit("QQQ-1", "QQQ", "Somewhere", 14), "no ISO 3166-1 country: QQQ-1"),
        (unit("NER-1", "NER", "", 14), "no name: NER-1"),
        (unit("GIN-1", "GIN", "Kouroussa", 14), "no name: GIN-1"),
        (unit("KAB+00?", "KAB", "Baikonur", 14), "no unit to be merged with"),
    ],
)
def test_a_unit_that_needs_a_decision_stops_the_build(
    units: pd.DataFrame, pairs: pd.DataFrame, row: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        build(pd.concat([units, pd.DataFrame([row])]), pairs)


def test_a_missing_source_is_told_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.geography.build", "--source", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "is missing" in run.stderr
    assert len(run.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ségou", "segou"),
        ("Provence-Alpes-Côte-d'Azur", "provence-alpes-cote-dazur"),
        ("Luhans'k", "luhansk"),
        ("Šumadijski", "sumadijski"),
        ("Şəki City", "saki-city"),
        ("I\N{LATIN SMALL LETTER G WITH BREVE}d\N{LATIN SMALL LETTER DOTLESS I}r", "igdir"),
        ("Ben Arous (Tunis Sud)", "ben-arous-tunis-sud"),
        ("Đồng Nai", "dong-nai"),
    ],
)
def test_a_slug_is_plain_ascii(name: str, expected: str) -> None:
    assert slug(name) == expected


@pytest.mark.parametrize("name", ["", "--", "Москва"])
def test_a_name_that_has_no_slug_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="ASCII"):
        slug(name)


def test_ids_that_repeat_are_told_apart_by_their_key() -> None:
    ids = region_ids(
        pd.Series(["IRL", "IRL", "USA"]),
        pd.Series(["Cork", "Cork", "Cork"]),
        pd.Series(list("123")),
    )
    assert ids.tolist() == ["IRL-cork-1", "IRL-cork-2", "USA-cork"]


def test_pairs_within_one_whole_are_no_neighbours() -> None:
    pairs = pd.DataFrame({"a": ["x", "y", "z"], "b": ["y", "z", "w"]})
    joined = joined_pairs(pairs, pd.Series({"x": "A", "y": "A", "z": "B"}))
    assert joined.to_numpy().tolist() == [["A", "B"]]


def test_simplification_keeps_a_common_border() -> None:
    wave = np.column_stack([np.linspace(0, 1, 101), 1 + 0.004 * np.sin(np.arange(101))])
    south = shapely.Polygon([(1, 0), (0, 0), *wave])
    north = shapely.Polygon([(1, 2), (0, 2), *wave])
    simple = simplify(np.array([south, north]))
    assert shapely.get_num_coordinates(simple).max() < 20
    assert shapely.coverage_is_valid(simple)
    assert shapely.length(shapely.intersection(*simple)) == pytest.approx(1, abs=0.01)


def test_overlapping_units_stop_the_build() -> None:
    with pytest.raises(InputError, match="overlap"):
        simplify(np.array([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)]))


@pytest.mark.parametrize("south", [-1, 0, 14, 59])
def test_a_square_degree_has_the_area_of_the_ellipsoid(south: int) -> None:
    a, e2 = 6378.137, 0.00669437999014
    latitude = np.radians(south + (np.arange(1000) + 0.5) / 1000)
    meridian = a * (1 - e2) / (1 - e2 * np.sin(latitude) ** 2) ** 1.5
    parallel = a * np.cos(latitude) / np.sqrt(1 - e2 * np.sin(latitude) ** 2)
    expected = (meridian * parallel).mean() * np.radians(1) ** 2
    area = area_km2(np.array([shapely.box(10, south, 11, south + 1)]))
    assert area[0] == pytest.approx(expected, rel=1e-8)


def test_the_whole_ellipsoid_has_its_known_area() -> None:
    area = area_km2(np.array([shapely.box(-180, -90, 180, 90)]))
    assert area[0] == pytest.approx(510_065_621.7, rel=1e-9)


def test_the_point_of_a_region_lies_in_its_largest_part() -> None:
    islands = shapely.MultiPolygon([shapely.box(-180, 0, -179.5, 1), shapely.box(178, 0, 180, 1)])
    ring = shapely.box(0, 0, 3, 3) - shapely.box(1, 1, 2, 2)
    points = interior_points(np.array([islands, ring]))
    assert points[0].tolist() == [179.0, 0.5]
    assert ring.contains(shapely.Point(points[1]))
