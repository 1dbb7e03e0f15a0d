from functools import cache

import numpy as np
import pandas as pd
import shapely

from features.arrays import FloatArray
from features.indicators.near import great_circle_km
from features.places.regions import capitals, corridors, geometries, load_regions

KM_PER_DEGREE = 111.195
LANDLOCKED_OR_AT_WAR = {
    *("MLI", "BFA", "NER", "TCD", "CAF", "SSD", "ETH", "UGA", "RWA", "BDI", "ZMB", "ZWE", "MWI"),
    *("BWA", "LSO", "SWZ", "AFG", "NPL", "BTN", "LAO", "MNG", "KAZ", "KGZ", "TJK", "TKM", "UZB"),
    *("ARM", "AZE", "BOL", "PRY", "MDA", "SRB", "MKD", "XKX", "SDN", "SOM", "COD", "NGA", "CMR"),
    *("MOZ", "YEM", "IRQ", "SYR", "LBY", "UKR", "MMR", "COL", "HTI"),
}


@cache
def outlines() -> dict[str, shapely.Geometry]:
    ids = load_regions("country").ids
    return dict(zip(ids.tolist(), geometries("country"), strict=True))


def km_from(country: str, latitude: float, longitude: float) -> float:
    """How far a point is from a country, on a plane that is right around the point."""
    squeeze = np.array([np.cos(np.radians(latitude)), 1.0])
    flat = shapely.transform(outlines()[country], lambda degrees: degrees * squeeze)
    spot = shapely.Point(longitude * squeeze[0], latitude)
    return float(shapely.distance(flat, spot)) * KM_PER_DEGREE


def distinct_places(table: pd.DataFrame) -> list[tuple[str, str, str, float, float]]:
    """Name, country, kind, latitude and longitude of every place."""
    names = ["place", "place_country"]
    distinct = table.drop_duplicates(names)
    texts = (distinct[name].tolist() for name in (*names, "kind"))
    degrees = (distinct[name].to_numpy(float).tolist() for name in WHERE)
    return list(zip(*texts, *degrees, strict=True))


def legs(table: pd.DataFrame) -> FloatArray:
    following = table.shift(-1)
    same = (table["corridor"] == following["corridor"]).to_numpy()
    ends = (frame[name].to_numpy(float) for frame in (table, following) for name in WHERE)
    return great_circle_km(*ends)[same]


WHERE = ("latitude", "longitude")


def test_a_capital_lies_in_its_country() -> None:
    off = {
        country: km_from(country, latitude, longitude)
        for country, latitude, longitude in capitals()[["country", *WHERE]].itertuples(index=False)
    }
    assert [country for country, km in off.items() if km >= 12] == []
    assert np.mean([km == 0 for km in off.values()]) > 0.8


def test_the_countries_that_depend_on_long_roads_have_corridors() -> None:
    assert set(corridors()["country"]) >= LANDLOCKED_OR_AT_WAR


def test_a_corridor_goes_from_the_capital_to_a_port_or_a_crossing() -> None:
    seats = capitals().set_index("country")
    for name, corridor in corridors().groupby("corridor"):
        assert corridor["order"].tolist() == list(range(1, len(corridor) + 1)), name
        start = corridor.iloc[0]
        seat = seats.loc[start["country"]]
        assert str(name).startswith(f"{start['country']}-"), name
        assert start["kind"] == "capital", name
        assert [start[c] for c in ("place", *WHERE)] == [seat[c] for c in ("name", *WHERE)], name
        assert corridor["kind"].iloc[-1] in {"port", "crossing"}, name
        assert set(corridor["kind"].iloc[1:-1]) <= {"waypoint", "crossing"}, name


def test_a_corridor_is_listed_in_one_piece() -> None:
    names = corridors()["corridor"]
    assert (names != names.shift()).sum() == names.nunique()


def test_a_place_is_the_same_wherever_it_is_listed() -> None:
    places = corridors()[["place", "place_country", *WHERE]].drop_duplicates()
    assert not places.duplicated(["place", "place_country"]).any()


def test_places_lie_in_their_countries() -> None:
    for place, country, kind, latitude, longitude in distinct_places(corridors()):
        off = km_from(country, latitude, longitude)
        assert off < (15 if kind == "crossing" else 5), place


def test_a_border_crossing_is_near_the_border() -> None:
    for place, country, _, latitude, longitude in distinct_places(
        corridors().query("kind == 'crossing'")
    ):
        spot = shapely.Point(longitude, latitude)
        near = [c for c in outlines() if c != country and shapely.dwithin(outlines()[c], spot, 1)]
        assert min(km_from(c, latitude, longitude) for c in near) < 50, place


def test_legs_are_short_enough_to_follow_the_road() -> None:
    lengths = legs(corridors())
    assert lengths.max() < 600
    assert lengths.min() > 1
    assert np.median(lengths) < 200


def test_no_corridor_comes_near_the_edge_of_the_map() -> None:
    assert corridors()["longitude"].abs().max() < 170
    assert corridors()["latitude"].abs().max() < 70
