import csv

import pandas as pd
import pytest

from features.errors import InputError
from features.places.divisions import doubts
from features.places.matching import match_places
from features.places.region_names import match_name
from features.places.regions import load_regions
from tests.paths import ROOT


def matched(country: str, *names: str, corrections: pd.DataFrame | None = None) -> pd.DataFrame:
    table = pd.DataFrame({"country": country, "name": names})
    return match_places(table, "admin1", corrections)


def regions(country: str, *names: str) -> list[str | None]:
    return [None if pd.isna(region) else region for region in matched(country, *names)["region"]]


@pytest.mark.parametrize(
    ("country", "names", "found"),
    [
        ("KAZ", ["Almaty", "Almaty oblast"], ["KAZ-almaty-city", "KAZ-almaty"]),
        ("KAZ", ["Almaty", "Almaty City"], ["KAZ-almaty", "KAZ-almaty-city"]),
        ("KAZ", ["Almatinskaya", "Almaty"], ["KAZ-almaty", "KAZ-almaty-city"]),
        ("BLR", ["Minsk City", "Minsk"], ["BLR-city-of-minsk", "BLR-minsk"]),
        ("UZB", ["Toshkent shahri", "Tashkent"], ["UZB-tashkent-city", "UZB-tashkent"]),
        ("MOZ", ["Maputo", "Tete"], [None, "MOZ-tete"]),
        ("UKR", ["Kiev", "Kyiv", "Odesa"], [None, None, "UKR-odessa"]),
        ("UKR", ["Kyiv oblast", "Lviv"], ["UKR-kyiv", "UKR-lviv"]),
    ],
)
def test_a_bare_name_of_a_city_and_its_land_is_what_no_other_name_is(
    country: str, names: list[str], found: list[str | None]
) -> None:
    assert regions(country, *names) == found
    assert regions(country, *reversed(names)) == found[::-1]


def test_a_bare_name_that_nothing_settles_is_told() -> None:
    (note,) = doubts(matched("MOZ", "Maputo", "Tete", "Sofala"))
    assert note.startswith(
        "Maputo (MOZ) may be MOZ-maputo or MOZ-maputo-city, so it has no outline"
    )


def test_a_correction_settles_a_bare_name() -> None:
    table = pd.DataFrame({"country": ["UKR"], "name": ["Kyiv"], "region": ["UKR-kyiv-city"]})
    found = matched("UKR", "Kyiv", "Lviv", corrections=table)
    assert found["region"].tolist() == ["UKR-kyiv-city", "UKR-lviv"]
    assert doubts(found) == ()


def test_names_of_both_divisions_take_no_outline_beside_new_ones_and_do_beside_old_ones() -> None:
    assert regions("NPL", "Karnali Province", "Madhesh Province") == [None, None]
    assert regions("NPL", "Karnali", "Seti") == ["NPL-karnali", "NPL-seti"]
    (note,) = doubts(matched("NPL", "Karnali", "Madhesh"))
    assert "older than its division of 2015: names of both (Karnali) take none" in note


def test_an_old_name_of_less_land_keeps_its_outline_and_is_told() -> None:
    found = matched("MLI", "Gao", "Région de Ménaka", "Kidal", "Mopti", "Kayes", "Segou")
    assert found["region"].iloc[0] == "MLI-gao"
    assert doubts(found) == (
        "the outline of Gao (MLI) is that of before 2016, with Région de Ménaka",
    )
    assert doubts(matched("MLI", "Gao", "Kidal")) == ()


def test_two_names_of_one_region_and_many_without_outline_are_told() -> None:
    one, other = doubts(matched("CIV", "Lacs", "Moronou", "Bélier", "Savanes", "Savannes"))
    assert one == "Savanes and Savannes (CIV) count in one region, CIV-savanes"
    assert other.startswith("no outline is known of Moronou and Bélier (CIV)")
    assert other.endswith("another extent of Lacs, Savanes and Savannes")
    assert doubts(matched("MLI", "Mopti", "Région de Mopti", "Gao")) == ()


@pytest.mark.parametrize(
    "rows",
    [
        [("MLI", "Western Africa"), ("NER", "Western Africa")],
        [("MLI", "Afrique occidentale")],
        [("MLI", "Sahel belt"), ("NER", "sahel BELT"), ("UKR", "Eastern Europe")],
    ],
)
def test_parts_of_the_world_are_no_regions(rows: list[tuple[str, str]]) -> None:
    names = pd.DataFrame(rows, columns=["country", "name"])
    with pytest.raises(InputError, match="part of the world: is it a table of countries"):
        match_places(names, "admin1", None)
    both = pd.concat([names, pd.DataFrame({"country": ["MLI"], "name": ["Gao"]})])
    assert match_places(both, "admin1", None)["region"].notna().sum() == 1


def test_the_regions_that_were_redrawn_are_bundled_and_their_new_names_are_not() -> None:
    path = ROOT / "features" / "places" / "geography" / "redrawn.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 40
    for row in rows:
        ids = [f"{row['country']}-{region}" for region in row["regions"].split(";")]
        assert set(ids) <= set(load_regions("admin1").ids)
        for name in row["names"].split(";"):
            assert match_name(row["country"], name) == (None, "unmatched"), name
