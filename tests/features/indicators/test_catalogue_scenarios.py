"""Drawn scenarios: campaigns that death counts of the region itself do not show in time.

In each the first death in the region comes in the month FALL, and the campaign starts in START.
"""

from math import asin, atan2, cos, degrees, radians, sin

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from features.indicators.catalogue import indicator_table
from features.panel.panel import Panel
from tests.features.indicators.worlds import incidents_of, panel_of

START, FALL, MONTHS = 15, 36, 40
EARLY = FALL - 6
FIRST = 600
BAMAKO, AROUND = 0, 1
CAPITAL = (12.64, -8.00)

Attack = tuple[int, float, float]
"""Month, latitude, longitude."""


def world(attacks: list[Attack], ids: tuple[str, str], topic: str = "") -> Panel:
    """Two regions of Mali: the capital, and what lies around it, where all attacks happen."""
    table = pd.DataFrame(
        {
            "id": ids,
            "name": ids,
            "country": "MLI",
            "latitude": [CAPITAL[0], 14.0],
            "longitude": [CAPITAL[1], -10.5],
        }
    )
    attacks = sorted(attacks)
    rows = [(FIRST + m, AROUND, y, x, 1.0, 1, "Front", "Government of Mali") for m, y, x in attacks]
    rows += [(FIRST + m, BAMAKO, *CAPITAL, 9.0, 1, "Front", "") for m in range(FALL, MONTHS)]
    topics = dict.fromkeys(range(len(attacks)), topic) if topic else {}
    deaths, events = np.zeros((2, 4, MONTHS, 2))
    for month, _, _ in attacks:
        deaths[0, month, AROUND] += 1
        events[0, month, AROUND] += 1
    deaths[0, FALL:, BAMAKO], events[0, FALL:, BAMAKO] = 9, 1
    links = np.array([[0.0, 1], [1, 0]])
    seen = np.ones((MONTHS, 2), dtype=bool)
    told = incidents_of(rows, topics)
    return panel_of(table, seen, events, deaths, links, np.zeros(2), FIRST, told)


def column(panel: Panel, name: str, region: int = BAMAKO) -> npt.NDArray[np.float32]:
    values: npt.NDArray[np.float32] = indicator_table(panel, [name]).values[:, region, 0]
    return values


def from_capital(bearing: float, km: float) -> tuple[float, float]:
    arc, way, phi = km / 6371.0088, radians(bearing), radians(CAPITAL[0])
    north = asin(sin(phi) * cos(arc) + cos(phi) * sin(arc) * cos(way))
    east = atan2(sin(way) * sin(arc) * cos(phi), cos(arc) - sin(phi) * sin(north))
    return degrees(north), CAPITAL[1] + degrees(east)


def ring(turn: float, farther: float = 0.0) -> Panel:
    """Two attacks a month, ever nearer, each `turn` degrees on from the one before."""
    attacks = [
        (month, *from_capital(turn * attack, 260 - 11 * (month - START) + farther))
        for month in range(START, FALL)
        for attack in (2 * month, 2 * month + 1)
    ]
    return world(attacks, ("town", "around"))


RINGS = ["capital_ring_200km_6", "capital_ring_400km_6", "own_ring_200km_12"]
DISTANCES = ["capital_violence_distance_3", "own_violence_distance_3"]


def test_a_ring_that_closes_is_seen_months_before_the_first_death_in_the_town() -> None:
    panel = ring(turn=135)
    assert (column(panel, "deaths_mean_12")[:FALL] == 0).all()
    for name in RINGS:
        share = column(panel, name)
        assert (share[:START] == 0).all(), name
        assert (share[EARLY:FALL] == 1).all(), name
    part = column(panel, "capital_ring_part_200km_6", AROUND)
    assert (part[:START] == 0).all()
    assert (part[EARLY:FALL] == 8).all()


def test_a_ring_that_closes_comes_nearer_month_by_month() -> None:
    panel = ring(turn=135)
    for name in DISTANCES:
        distance = column(panel, name)
        assert (distance[:START] == 1000).all(), name
        assert (np.diff(distance[START:FALL]) < 0).all(), name
        assert distance[EARLY] < 100, name
        change = column(panel, name.replace("distance", "distance_change"))
        assert (change[:START] == 0).all(), name
        assert (change[START + 3 : FALL] < -30).all(), name


@pytest.mark.parametrize("name", RINGS)
def test_as_many_attacks_in_one_direction_are_no_ring(name: str) -> None:
    assert column(ring(turn=0), name)[:FALL].max() == 1 / 8


@pytest.mark.parametrize("name", RINGS)
def test_a_ring_that_closes_far_away_is_none_around_the_town(name: str) -> None:
    assert column(ring(turn=135, farther=500), name)[:FALL].max() == 0


@pytest.mark.parametrize("name", DISTANCES)
def test_what_closes_far_away_stays_far(name: str) -> None:
    assert column(ring(turn=135, farther=500), name)[:FALL].min() > 500


ROAD = [(14.47, -12.20), (14.45, -11.44), (14.73, -10.31), (14.54, -9.19), (13.57, -8.03)]
"""Diboli, Kayes, Sandaré, Diéma, Kolokani: the road from the border towards Bamako."""

ON_THE_ROAD = [
    "corridor_events_25km_3",
    "corridor_events_50km_12",
    "corridors_attacked_3",
    "crossing_events_25km_3",
]
TOLD = ["country_convoy_reports_3", "country_convoy_reports_12"]


def campaign(places: list[tuple[float, float]], topic: str = "convoy") -> Panel:
    """Two attacks a month, at place after place: three or four months at each."""
    span = FALL - START
    attacks = [
        (month, *places[(month - START) * len(places) // span])
        for month in range(START, FALL)
        for _ in range(2)
    ]
    return world(attacks, ("MLI-bamako", "MLI-kayes"), topic)


def test_a_war_on_convoys_is_seen_months_before_the_first_death_in_the_capital() -> None:
    panel = campaign(ROAD)
    assert (column(panel, "deaths_mean_12")[:FALL] == 0).all()
    for name in ON_THE_ROAD:
        values = column(panel, name)
        assert (values[:START] == 0).all(), name
        assert (values[START + 3 : FALL] > 0).all(), name
    assert (column(panel, "corridor_events_25km_3")[START + 3 : FALL] == 2).all()
    rise = column(panel, "corridor_events_change_25km_3")
    assert (rise[:START] == 0).all()
    assert (rise[START : START + 12] > 0).all()


def test_a_war_on_convoys_is_seen_in_the_region_that_the_road_crosses() -> None:
    panel = campaign(ROAD)
    crossing = column(panel, "crossing_events_25km_3", AROUND)
    assert (crossing[START + 3 : FALL] == 2).all()
    assert (column(panel, "crossing_events_inside_3", AROUND)[START:FALL] == 1).all()


@pytest.mark.parametrize("name", TOLD)
def test_reports_of_convoys_are_counted_months_before_the_first_death(name: str) -> None:
    values = column(campaign(ROAD), name)
    assert np.isnan(values[:START]).all()
    assert (values[START:FALL] == 2).all()


@pytest.mark.parametrize("name", [*ON_THE_ROAD, "corridor_events_change_25km_3"])
@pytest.mark.parametrize(
    "off_the_road",
    [[(13.6, -10.8)], [(20.0, -4.0), (19.0, -3.0)]],
    ids=["in the bush of Kayes", "in the desert"],
)
def test_as_many_attacks_off_the_roads_are_no_war_on_them(
    name: str, off_the_road: list[tuple[float, float]]
) -> None:
    panel = campaign(off_the_road)
    assert panel.total_deaths[:FALL].sum() == campaign(ROAD).total_deaths[:FALL].sum()
    assert (column(panel, name)[:FALL] == 0).all()


@pytest.mark.parametrize("name", TOLD)
def test_attacks_of_which_texts_tell_something_else_are_no_reports_of_convoys(name: str) -> None:
    values = column(campaign(ROAD, topic="siege"), name)
    assert (values[START:FALL] == 0).all()
