"""Countries through their regions, worked by hand: the roads of Mali and Senegal."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from features.errors import InputError
from features.panel.incidents import no_incidents
from features.panel.panel import Panel
from features.places.regions import load_regions
from features.scenarios.countries import country_panels
from features.scenarios.panels import ScenarioPanels, scenario_panels
from features.scenarios.statements import Scenario
from tests.features.scenarios.test_panels import ORIGIN, REGIONS, road_panel

COUNTRIES = load_regions("country", ["MLI", "SEN"])
MALI = COUNTRIES.ids.tolist().index("MLI")
NOWHERE = 3.0
"""Deaths of an event in the last month of which only the country is known."""


def region_panel() -> Panel:
    """Regions, with one event more that lies in none of them."""
    panel = road_panel()
    last = panel.incidents.at(np.arange(len(panel.incidents)) == len(panel.incidents) - 1)
    lost = replace(last, region=np.array([-1]), deaths=np.array([NOWHERE]))
    lost = replace(lost, latitude=np.array([np.nan]), longitude=np.array([np.nan]))
    every = np.append(np.arange(len(panel.incidents)), len(panel.incidents) - 1)
    incidents = panel.incidents.at(every)
    for name in ("region", "deaths", "latitude", "longitude"):
        values = getattr(incidents, name).copy()
        values[-1:] = getattr(lost, name)
        incidents = replace(incidents, **{name: values})
    return replace(panel, incidents=incidents)


def country_panel() -> Panel:
    """The countries of the same events."""
    regions = region_panel()
    of = COUNTRIES.ids.tolist()
    number = np.array([of.index(code) for code in REGIONS.table["country"]])
    is_in = (number[:, None] == np.arange(len(of))).astype(float)
    events, deaths = regions.events @ is_in, regions.deaths @ is_in
    events[0, -1, MALI] += 1
    deaths[0, -1, MALI] += NOWHERE
    place = np.where(regions.incidents.region < 0, MALI, number[regions.incidents.region])
    return replace(
        regions,
        regions=COUNTRIES,
        observed=np.ones((len(regions.months), len(of)), dtype=bool),
        events=events,
        deaths=deaths,
        incidents=replace(regions.incidents, region=place),
    )


def supposed(**statements: Any) -> ScenarioPanels:
    """The panels of countries in a scenario of regions."""
    scenario = Scenario.model_validate({"name": "test", "months": 3, **statements})
    return country_panels(country_panel(), scenario_panels(region_panel(), scenario), 3)


def deaths_of(panel: Panel) -> list[float]:
    values: list[float] = panel.total_deaths[-3:, MALI].tolist()
    return values


def test_nothing_supposed_changes_no_bit() -> None:
    for statement in ({}, {"violence": [{"countries": ["MLI"], "times": 1}]}):
        continuation, scenario = supposed(**statement)
        assert scenario.digest() == continuation.digest()
        assert deaths_of(continuation) == [3, 0, 9 + NOWHERE]
        coming = continuation.incidents.at(continuation.incidents.month > ORIGIN)
        assert coming.region.tolist() == [MALI] * 4


def test_a_country_has_what_its_regions_have_more_or_less() -> None:
    doubled = supposed(violence=[{"regions": ["MLI-kayes"], "times": 2}]).scenario
    assert deaths_of(doubled) == [6, 0, 13 + NOWHERE]
    assert doubled.total_events[-3:, MALI].tolist() == [2, 0, 4]
    assert (doubled.incidents.month > ORIGIN).sum() == 6
    senegal = 1 - MALI
    assert doubled.total_deaths[-3:, senegal].sum() == 0
    event = {"region": "MLI-kayes", "month": 2, "deaths": 4, "actors": ["New Front"]}
    more = supposed(events=[event]).scenario
    assert deaths_of(more) == [3, 4, 9 + NOWHERE]
    new = more.incidents.at(more.incidents.month == ORIGIN + 2)
    assert new.region.tolist() == [MALI]
    assert more.incidents.names[new.actors[0, 0]] == "New Front"


def test_what_lies_in_no_region_goes_on_unchanged() -> None:
    peace = supposed(violence=[{"countries": ["MLI"], "times": 0}]).scenario
    assert deaths_of(peace) == [0, 0, NOWHERE]
    assert peace.incidents.at(peace.incidents.month > ORIGIN).deaths.tolist() == [NOWHERE]


def test_what_is_supposed_says_nothing_of_the_months_to_the_origin() -> None:
    tripled = supposed(violence=[{"countries": ["MLI"], "times": 3}]).scenario
    assert tripled.until(ORIGIN).digest() == country_panel().digest()


def test_counts_have_no_incidents_and_other_events_are_refused() -> None:
    regions, countries = (
        replace(panel, incidents=no_incidents()) for panel in (region_panel(), country_panel())
    )
    twice = Scenario.model_validate(
        {"name": "a", "months": 3, "violence": [{"regions": ["MLI-kayes"], "times": 2}]}
    )
    panels = scenario_panels(regions, twice)
    assert deaths_of(country_panels(countries, panels, 3).scenario) == [6, 0, 13 + NOWHERE]
    with pytest.raises(InputError, match="admin1 regions count events of several months otherwise"):
        country_panels(country_panel(), panels, 3)
