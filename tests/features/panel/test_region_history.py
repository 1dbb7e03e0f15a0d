from datetime import date

import pytest

from features.archive.releases import Archive
from features.archive.vintage import Vintage, open_vintage
from features.errors import InputError
from features.panel.region_history import region_history
from features.words import Level
from tests.features.archive.deliveries import JANUARY, a_delivery

EMPTY = dict.fromkeys(
    ["events", "deaths", "state_based", "non_state", "one_sided", "placed_nowhere"]
)
PEACE = dict.fromkeys(EMPTY, 0)


@pytest.fixture(scope="module")
def vintage(tmp_path_factory: pytest.TempPathFactory) -> Vintage:
    """Mali: 5 deaths in Gao and 2 somewhere in January, nothing in February; Niger to March."""
    events = [("MLI", JANUARY, 1, 5), ("MLI", JANUARY, 3, 2)]
    spans = [("MLI", JANUARY, JANUARY + 1), ("NER", JANUARY, JANUARY + 2)]
    delivery = a_delivery("1", events, spans)
    delivery.events["admin1"] = ["MLI-gao", None]
    home = tmp_path_factory.mktemp("home")
    Archive(home).add(delivery)
    return open_vintage(Archive(home), date(2021, 1, 1))


@pytest.mark.parametrize(
    ("level", "region", "january"),
    [
        ("country", "MLI", {"events": 2, "deaths": 7, "state_based": 5, "one_sided": 2}),
        ("country", "Mali", {"events": 2, "deaths": 7, "state_based": 5, "one_sided": 2}),
        ("admin1", "MLI-gao", {"events": 1, "deaths": 5, "state_based": 5}),
        ("admin1", "MLI-mopti", {}),
    ],
)
def test_a_region_is_told_by_month_and_null_where_it_was_not_observed(
    vintage: Vintage, level: Level, region: str, january: dict[str, int]
) -> None:
    assert region_history(vintage, level, region) == [
        {"month": "2020-01"} | PEACE | january | {"placed_nowhere": 2},
        {"month": "2020-02"} | PEACE,
        {"month": "2020-03"} | EMPTY,
    ]


def test_months_may_be_asked_for_that_nobody_observed(vintage: Vintage) -> None:
    rows = region_history(vintage, "admin1", "NER-dosso", JANUARY - 1, JANUARY)
    assert rows == [{"month": "2019-12"} | EMPTY, {"month": "2020-01"} | PEACE]


def test_a_region_that_is_not_there_is_refused_with_one_that_is_meant(vintage: Vintage) -> None:
    with pytest.raises(InputError, match="no admin1 region 'MLI-mopty': write its id, such as MLI"):
        region_history(vintage, "admin1", "MLI-mopty")
