"""Worked by hand: Mali and Senegal for five years, attacks on the road from Dakar to Bamako."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.errors import CoverageError, InputError
from features.indicators.catalogue import indicator_table
from features.months import format_month
from features.panel.incidents import no_incidents
from features.panel.panel import Panel
from features.places.placement import place_admin1
from features.places.regions import load_regions
from features.scenarios.continuation import continued
from features.scenarios.panels import _sums, scenario_panels
from features.scenarios.statements import Scenario
from tests.features.indicators.worlds import incidents_of, panel_of
from tests.features.signs.test_corridors import FIRST, KAYES, MONTHS, SIKASSO

REGIONS = load_regions("admin1", ["MLI", "SEN"])
IDS = REGIONS.ids.tolist()
IN_KAYES, IN_SIKASSO, IN_MOPTI = map(IDS.index, ["MLI-kayes", "MLI-sikasso", "MLI-mopti"])
MOPTI = (14.5, -4.2)
ORIGIN = FIRST + MONTHS - 1

ATTACKS = [
    (2, IN_KAYES, KAYES, 1.0),
    (40, IN_KAYES, KAYES, 12.0),
    (50, IN_MOPTI, MOPTI, 7.0),
    (51, IN_MOPTI, MOPTI, 20.0),
    (55, IN_KAYES, KAYES, 2.0),
    (57, IN_KAYES, KAYES, 3.0),
    (59, IN_KAYES, KAYES, 4.0),
    (59, IN_SIKASSO, SIKASSO, 5.0),
]
"""Month, region, place and deaths of an event each."""


def road_panel() -> Panel:
    rows = [
        (FIRST + month, region, *place, deaths, 1, "JNIM", "Government of Mali")
        for month, region, place, deaths in ATTACKS
    ]
    number = len(REGIONS)
    nothing = np.zeros((4, MONTHS, number))
    panel = panel_of(
        REGIONS.table, np.ones((MONTHS, number), bool), nothing, nothing,
        REGIONS.neighbours.toarray(), np.zeros(number), FIRST, incidents_of(rows),
    )  # fmt: skip
    events, deaths = _sums(panel, panel.incidents)
    return replace(panel, events=events, deaths=deaths)


def supposed(months: int = 3, panel: Panel | None = None, **statements: Any) -> Panel:
    """The panel of a scenario."""
    asked = {"name": "test", "months": months, **statements}
    return scenario_panels(panel or road_panel(), Scenario.model_validate(asked)).scenario


def as_mopti(*period: str) -> dict[str, Any]:
    """Kayes as Mopti in a period."""
    return {"regions": ["MLI-kayes"], "as": {"region": "MLI-mopti", "period": period}}


def deaths_in(panel: Panel, region: int, months: int = 3) -> list[float]:
    values: list[float] = panel.total_deaths[-months:, region].tolist()
    return values


def test_without_a_statement_the_last_months_come_again() -> None:
    longer = continued(road_panel(), 3)
    assert format_month(int(longer.months[-1])) == format_month(ORIGIN + 3)
    assert deaths_in(longer, IN_KAYES, 6) == [3, 0, 4, 3, 0, 4]
    again = longer.incidents.at(longer.incidents.month > ORIGIN)
    assert (again.month - ORIGIN).tolist() == [1, 3, 3]
    assert again.latitude.tolist() == [KAYES[0], KAYES[0], SIKASSO[0]]


def test_nothing_supposed_changes_no_bit() -> None:
    continuation, scenario = scenario_panels(road_panel(), Scenario(name="nothing", months=3))
    assert scenario.digest() == continuation.digest()
    once = supposed(violence=[{"countries": ["MLI"], "times": 1}])
    assert once.digest() == continuation.digest()
    along = supposed(violence=[{"corridor": "MLI-dakar", "times": 1}])
    assert along.digest() == continuation.digest()


def test_what_is_supposed_says_nothing_of_the_months_to_the_origin() -> None:
    panel = road_panel()
    changed = supposed(violence=[{"countries": ["Mali"], "times": 3}])
    assert changed.until(ORIGIN).digest() == panel.digest()


def test_multiples_are_of_what_the_continuation_has() -> None:
    doubled = supposed(violence=[{"regions": ["MLI-kayes"], "times": 2}])
    assert deaths_in(doubled, IN_KAYES) == [6, 0, 8]
    assert deaths_in(doubled, IN_SIKASSO) == [0, 0, 5]
    twice = doubled.incidents.at(doubled.incidents.month > ORIGIN)
    assert (twice.region == IN_KAYES).sum() == 4
    half = supposed(violence=[{"regions": ["MLI-kayes"], "times": 0.5}])
    assert deaths_in(half, IN_KAYES) == [1.5, 0, 2]
    assert (half.incidents.month[half.incidents.region == IN_KAYES] > ORIGIN).sum() == 1
    none = supposed(violence=[{"countries": ["Mali"], "times": 0}])
    assert (none.incidents.month > ORIGIN).sum() == 0
    assert none.total_deaths[-3:].sum() == 0


def test_a_corridor_has_its_deadliest_quarter_again() -> None:
    worst = supposed(4, violence=[{"corridor": "MLI-dakar", "as": "worst quarter"}])
    # The first three months on end with most deaths are 38 to 40; then they begin again.
    assert deaths_in(worst, IN_KAYES, 4) == [0, 0, 12, 0]
    assert deaths_in(worst, IN_SIKASSO, 4) == [0, 0, 0, 5]  # not on that road
    attack = worst.incidents.at(worst.incidents.month == ORIGIN + 3)
    assert attack.latitude.tolist() == [KAYES[0]]
    assert [worst.incidents.names[side] for side in attack.actors[0]] == [
        "JNIM",
        "Government of Mali",
    ]


def test_a_worst_quarter_may_be_one_since_a_month() -> None:
    statement = {"corridor": "MLI-dakar", "as": "worst quarter", "since": "2022-08"}
    late = supposed(violence=[statement])
    assert deaths_in(late, IN_KAYES) == [3, 0, 4]


def test_a_region_is_as_another_was_in_its_deadliest_months() -> None:
    alike = supposed(2, violence=[as_mopti("2023-01", "2023-12")])
    assert deaths_in(alike, IN_KAYES, 2) == [7, 20]
    there = alike.incidents.at(
        (alike.incidents.month > ORIGIN) & (alike.incidents.region == IN_KAYES)
    )
    assert there.deaths.tolist() == [7, 20]
    country = np.array(["MLI"] * 2, dtype=object)
    ids = place_admin1(there.latitude, there.longitude, pd.Series(country))
    assert ids.tolist() == ["MLI-kayes"] * 2


def test_events_are_added_with_their_actors() -> None:
    event = {"latitude": KAYES[0], "longitude": KAYES[1], "month": 2, "deaths": 10, "count": 2}
    changed = supposed(events=[event | {"actors": ["New Front"], "violence": "one-sided"}])
    assert deaths_in(changed, IN_KAYES) == [3, 20, 4]
    assert changed.deaths[2, -2, IN_KAYES] == 20
    new = changed.incidents.at(changed.incidents.month == ORIGIN + 2)
    assert [changed.incidents.names[side] for side in new.actors[:, 0]] == ["New Front"] * 2
    table = indicator_table(changed, ["new_groups_12"])
    assert table.values[-1, IN_KAYES, 0] == 1
    by_region = supposed(events=[{"region": "MLI-kayes", "month": 1, "deaths": 1}])
    assert deaths_in(by_region, IN_KAYES) == [4, 0, 4]


def test_arrays_and_incidents_change_alike() -> None:
    statements: dict[str, Any] = {
        "violence": [
            {"corridor": "MLI-dakar", "as": "worst quarter"},
            {"regions": ["MLI-sikasso"], "times": 2},
        ],
        "events": [{"region": "MLI-mopti", "month": 1, "deaths": 3}],
    }
    changed = supposed(**statements)
    events, deaths = _sums(changed, changed.incidents)
    assert (events == changed.events).all()
    assert (deaths == changed.deaths).all()


def test_counts_without_incidents_change_in_their_arrays() -> None:
    panel = road_panel()
    untyped = np.zeros(panel.deaths.shape)
    untyped[3] = panel.total_deaths
    counts = replace(panel, deaths=untyped, incidents=no_incidents(), details=frozenset({"events"}))
    statements: dict[str, Any] = {
        "violence": [{"regions": ["MLI-kayes"], "times": 2}],
        "events": [{"region": "MLI-sikasso", "month": 1, "deaths": 3}],
    }
    changed = supposed(panel=counts, **statements)
    assert deaths_in(changed, IN_KAYES) == [6, 0, 8]
    assert changed.deaths[3, -3, IN_SIKASSO] == 3
    assert len(changed.incidents) == 0
    with pytest.raises(InputError, match="violence 1: corridor 'MLI-dakar': the history has no"):
        supposed(panel=counts, violence=[{"corridor": "MLI-dakar", "times": 2}])


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ({"violence": [{"regions": ["MLI-keyes"], "times": 2}]}, "did you mean MLI-kayes"),
        ({"violence": [{"countries": ["Chad"], "times": 2}]}, "no observed country 'Chad'"),
        ({"violence": [{"corridor": "MLI-dakkar", "times": 2}]}, "did you mean MLI-dakar"),
        (
            {"violence": [{"corridor": "SEN-mali-kedougou", "as": "worst quarter"}]},
            "nothing has happened along",
        ),
        (
            {"violence": [as_mopti("2023-01", "2024-06")]},
            "lies after the origin 2023-12",
        ),
        (
            {"violence": [as_mopti("2023-12", "2024-01")]},
            "lies after the origin 2023-12",
        ),
        (
            {"violence": [as_mopti("2023-01", "2023-02")]},
            "2 months cannot fill months = 3",
        ),
        (
            {"events": [{"latitude": 0, "longitude": 0, "month": 1, "deaths": 1}]},
            "events 1: latitude 0, longitude 0: no observed region",
        ),
    ],
)
def test_what_the_events_do_not_have_is_refused(statements: dict[str, Any], reason: str) -> None:
    with pytest.raises((InputError, CoverageError), match=reason):
        supposed(**statements)


def test_a_region_that_is_not_observed_any_more_cannot_be_spoken_of() -> None:
    panel = road_panel()
    observed = panel.observed.copy()
    observed[-1, IN_KAYES] = False
    with pytest.raises(InputError, match="is not observed in the months to the origin"):
        supposed(
            panel=replace(panel, observed=observed),
            violence=[{"regions": ["MLI-kayes"], "times": 2}],
        )
