import pandas as pd
import pytest

from features.places.regions import capitals, gleditsch_ward_states, load_regions
from tests.paths import DATA, ROOT


@pytest.mark.parametrize(
    ("number", "country"),
    [
        (2, "USA"),
        (260, "DEU"),
        (345, "SRB"),
        (347, "XKX"),
        (365, "RUS"),
        (432, "MLI"),
        (437, "CIV"),
        (490, "COD"),
        (552, "ZWE"),
        (626, "SSD"),
        (678, "YEM"),
        (680, "YEM"),
        (775, "MMR"),
        (816, "VNM"),
    ],
)
def test_a_state_number_is_its_country(number: int, country: str) -> None:
    assert gleditsch_ward_states()[number] == country


def test_every_listed_country_has_a_region() -> None:
    listed = pd.read_csv(ROOT / "features/places/geography/gleditsch_ward.csv")
    assert listed["number"].is_unique
    assert set(listed["country"]) <= set(load_regions("country").ids)


def test_every_state_in_the_real_events_is_known_by_the_name_that_ucdp_gives_it() -> None:
    path = DATA / "ucdp_ged" / "GEDEvent_v23_0_10.csv"
    if not path.exists():
        pytest.skip(f"needs {path.name}: set TOCSIN_DATA to the directory of the real data")
    events = pd.read_csv(path, usecols=["country_id", "country"]).drop_duplicates()
    listed = pd.read_csv(ROOT / "features/places/geography/gleditsch_ward.csv")
    names = listed.set_index("number")["name"].to_dict()
    assert set(events["country_id"]) <= gleditsch_ward_states().keys()
    assert {n: names[n] for n in events["country_id"]} == dict(
        zip(events["country_id"], events["country"], strict=True)
    )


NOBODY_LIVES_THERE = {"ATF", "BVT", "HMD", "IOT", "UMI"}
NO_CAPITAL = {"TKL"}


def test_every_country_where_people_live_has_one_capital() -> None:
    listed = capitals()
    assert listed.columns.tolist() == ["country", "name", "latitude", "longitude"]
    assert not listed.isna().any(axis=None)
    assert listed["country"].is_unique
    assert listed["country"].is_monotonic_increasing
    countries = set(load_regions("country").ids)
    assert countries - set(listed["country"]) == NOBODY_LIVES_THERE | NO_CAPITAL
    assert set(listed["country"]) <= countries


def test_a_caller_who_writes_to_the_capitals_changes_only_its_own() -> None:
    mine = capitals()
    mine.loc[0, "name"] = "Atlantis"
    assert capitals().loc[0, "name"] != "Atlantis"
