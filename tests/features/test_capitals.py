import numpy as np
import shapely

from features.capitals import capitals
from features.regions import geometries, load_regions

NOBODY_LIVES_THERE = {"ATF", "BVT", "HMD", "IOT", "UMI"}
NO_CAPITAL = {"TKL"}


def test_every_country_where_people_live_has_one_capital() -> None:
    listed = capitals()
    assert listed.columns.tolist() == ["country", "name", "latitude", "longitude"]
    assert not listed.isna().any(axis=None)
    assert listed["country"].is_unique
    countries = set(load_regions("country").ids)
    assert countries - set(listed["country"]) == NOBODY_LIVES_THERE | NO_CAPITAL


def test_capitals_lie_in_their_country() -> None:
    listed = capitals()
    outlines = geometries("country", listed["country"])
    spots = shapely.points(listed["longitude"], listed["latitude"])
    degrees = shapely.distance(spots, outlines)
    assert listed.loc[degrees > 0.11, "name"].tolist() == []
    assert np.mean(degrees == 0) > 0.8


def test_a_caller_who_writes_to_the_capitals_changes_only_its_own() -> None:
    mine = capitals()
    mine.loc[0, "name"] = "Atlantis"
    assert capitals().loc[0, "name"] != "Atlantis"
