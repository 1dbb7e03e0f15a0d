import time

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from features.places.placement import country_at, place_admin1, place_country
from features.places.regions import geometries, gleditsch_ward_states, load_regions
from tests.paths import DATA


def place(latitude: float, longitude: float, country: str | None) -> str | None:
    places = place_admin1(np.array([latitude]), np.array([longitude]), pd.Series([country]))
    return places.tolist()[0]  # type: ignore[no-any-return]


def read_events(name: str) -> pd.DataFrame:
    path = DATA / "ucdp_ged" / name
    if not path.exists():
        pytest.skip(f"needs {path.name}: set TOCSIN_DATA to the directory of the real data")
    columns = ["latitude", "longitude", "country_id", "adm_1", "best"]
    events = pd.read_csv(path, usecols=columns).rename(columns={"adm_1": "admin1"})
    return events.assign(country=events["country_id"].map(gleditsch_ward_states()))


@pytest.mark.parametrize(
    ("latitude", "longitude", "country", "region"),
    [
        (14.4843, -4.1960, "MLI", "MLI-mopti"),
        (13.5116, 2.1254, "NER", "NER-niamey"),
        (14.0354, -0.0345, "BFA", "BFA-sahel"),
        (11.8333, 13.1500, "NGA", "NGA-borno"),
        (44.9521, 34.1024, "UKR", "UKR-crimea"),
        (31.5, 34.45, "PSE", "PSE-gaza-strip"),
    ],
)
def test_a_town_is_in_its_region(
    latitude: float, longitude: float, country: str, region: str
) -> None:
    assert place(latitude, longitude, country) == region


def test_every_region_holds_its_own_point() -> None:
    table = load_regions("admin1").table
    places = place_admin1(
        table["latitude"].to_numpy(), table["longitude"].to_numpy(), table["country"]
    )
    assert places.tolist() == table["id"].tolist()


def test_a_point_at_sea_goes_to_the_nearest_region_within_50_km() -> None:
    assert place(6.2, 3.4, "NGA") == "NGA-lagos"
    assert place(5.9, 3.4, "NGA") is None


def test_a_point_a_little_beyond_the_border_stays_in_the_country_it_is_coded_to() -> None:
    assert place(12.53, 14.25, "NGA") == place(12.45, 14.15, "NGA") == "NGA-borno"
    assert place(12.53, 14.25, "CMR") == "CMR-extreme-nord"


def test_a_point_deep_inside_another_country_is_not_placed() -> None:
    assert place(4.85, 31.6, "SDN") is None
    assert place(9.22, 29.17, "SDN") is None
    assert place(4.85, 31.6, "SSD") == "SSD-central-equatoria"


@pytest.mark.parametrize(
    ("latitude", "longitude", "country"),
    [(np.nan, 0, "MLI"), (14, np.nan, "MLI"), (95, 0, "MLI"), (14, -4, "XXX"), (14, -4, None)],
)
def test_a_point_without_place_or_country_is_not_placed(
    latitude: float, longitude: float, country: str | None
) -> None:
    assert place(latitude, longitude, country) is None


def test_a_point_on_a_common_border_is_in_the_first_region_of_the_alphabet() -> None:
    gao, kidal = geometries("admin1", ["MLI-gao", "MLI-kidal"])
    border = shapely.get_coordinates(shapely.intersection(gao, kidal))
    latitude, longitude = border[:, 1], border[:, 0]
    places = place_admin1(latitude, longitude, pd.Series(["MLI"] * len(border)))
    assert len(border) > 5
    assert set(places) == {"MLI-gao"}


def test_a_missing_country_of_any_kind_is_not_placed() -> None:
    latitude, longitude = np.full(3, 14.5), np.full(3, -4.2)
    country = pd.Series(["MLI", None, "MLI"], dtype="string")
    assert place_admin1(latitude, longitude, country).tolist() == ["MLI-mopti", None, "MLI-mopti"]


def test_no_points_give_no_places() -> None:
    nothing = np.array([], dtype=float)
    assert place_admin1(nothing, nothing, pd.Series([], dtype="str")).tolist() == []


def test_gaza_counts_in_palestine_though_it_is_coded_to_israel() -> None:
    latitude, longitude = np.array([31.5, 32.08]), np.array([34.45, 34.78])
    coded = pd.Series(["ISR", "ISR"])
    assert place_admin1(latitude, longitude, coded).tolist() == [None, "ISR-tel-aviv"]
    country = place_country(latitude, longitude, coded)
    assert country.tolist() == ["PSE", "ISR"]
    assert place_admin1(latitude, longitude, pd.Series(country)).tolist() == [
        "PSE-gaza-strip",
        "ISR-tel-aviv",
    ]


def test_a_country_without_a_place_is_left_as_it_is_coded() -> None:
    country = place_country(np.array([np.nan, 5.0]), np.array([0.0, 5.0]), pd.Series(["ISR", None]))
    assert country.tolist() == ["ISR", None]


points = st.lists(
    st.tuples(
        st.floats(-90, 90), st.floats(-180, 180), st.sampled_from(["MLI", "NER", "IDN", "SDN"])
    ),
    min_size=1,
    max_size=30,
)


@settings(deadline=None)
@given(points)
def test_a_place_is_always_in_the_coded_country(where: list[tuple[float, float, str]]) -> None:
    latitude, longitude, country = zip(*where, strict=True)
    places = place_admin1(np.array(latitude), np.array(longitude), pd.Series(country))
    placed = [(p, c) for p, c in zip(places, country, strict=True) if p is not None]
    assert all(region.startswith(code) for region, code in placed)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_place_depends_on_its_own_point_only(data: st.DataObject) -> None:
    table = load_regions("admin1", ["BFA", "MLI", "NER"]).table
    rows = data.draw(st.lists(st.integers(0, len(table) - 1), min_size=1, max_size=20))
    shift = data.draw(st.floats(-1, 1))
    some = table.iloc[rows]
    latitude, longitude = some["latitude"].to_numpy() + shift, some["longitude"].to_numpy()
    together = place_admin1(latitude, longitude, some["country"]).tolist()
    alone = [place(*point) for point in zip(latitude, longitude, some["country"], strict=True)]
    assert together == alone


def test_the_places_of_a_million_events_take_seconds_of_processor_time() -> None:
    table = load_regions("admin1", ["BFA", "MLI", "NER", "NGA"]).table
    rng = np.random.default_rng(1)
    rows = rng.integers(0, len(table), 50_000)
    towns = table.iloc[rows][["latitude", "longitude"]].to_numpy() + rng.normal(0, 0.2, (50_000, 2))
    start = time.process_time()
    places = place_admin1(towns[:, 0], towns[:, 1], table["country"].iloc[rows])
    assert time.process_time() - start < 5
    assert pd.notna(places).mean() > 0.95


def test_nearly_all_real_events_are_placed() -> None:
    events = read_events("ged_events_16_countries_1989_2023.csv.gz")
    coordinates = events["latitude"].to_numpy(), events["longitude"].to_numpy()
    placed = pd.Series(place_admin1(*coordinates, events["country"])).notna()
    share = placed.groupby(events["country"]).mean()
    assert share.drop("SDN").min() > 0.998
    before_2011_in_the_south = share["SDN"]
    assert 0.76 < before_2011_in_the_south < 0.78


@pytest.mark.parametrize(
    ("country", "share"), [("MLI", 0.99), ("BFA", 0.985), ("NER", 0.99), ("NGA", 0.985)]
)
def test_places_agree_with_the_names_that_coders_wrote(country: str, share: float) -> None:
    events = read_events("ged_events_16_countries_1989_2023.csv.gz")
    events = events[events["country"].eq(country) & events["admin1"].notna()]
    coordinates = events["latitude"].to_numpy(), events["longitude"].to_numpy()
    placed = pd.Series(place_admin1(*coordinates, events["country"]), index=events.index)
    regions = load_regions("admin1").table.set_index("id")["name"]
    written = _bare(events["admin1"]).replace(
        {"tombouctou": "timbuktu", "menaka": "gao", "nassarawa": "nasarawa"}
    )
    assert (written == _bare(placed.map(regions))).mean() > share


def _bare(names: pd.Series) -> pd.Series:
    words = names.str.lower().str.replace(
        r"\b(region|state|department|territory)\b", "", regex=True
    )
    plain = words.str.normalize("NFKD").str.encode("ascii", "ignore").str.decode("ascii")
    return plain.str.replace(r"[^a-z]", "", regex=True)


def test_the_deaths_of_the_regions_never_exceed_those_of_their_country() -> None:
    events = read_events("GEDEvent_v23_0_10.csv")
    coordinates = events["latitude"].to_numpy(), events["longitude"].to_numpy()
    events["country"] = place_country(*coordinates, events["country"])
    events["region"] = place_admin1(*coordinates, events["country"])
    by_country = events.groupby("country")["best"].sum()
    placed = events[events["region"].notna()]
    by_region = placed.groupby(placed["region"].str[:3])["best"].sum()
    assert (by_region <= by_country.reindex(by_region.index)).all()
    assert by_country["PSE"] > by_country["ISR"]


def test_points_are_in_the_country_that_holds_them_and_in_none_at_sea() -> None:
    latitude, longitude = np.array([12.64, 14.69, 0.0]), np.array([-8.0, -17.44, -30.0])
    assert country_at(latitude, longitude).tolist() == ["MLI", "SEN", None]
