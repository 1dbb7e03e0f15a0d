"""The tables of signs of the example bulletin: two capitals, two corridors, two armed groups."""

from collections.abc import Collection, Iterator
from itertools import pairwise, product
from typing import Any

import pyarrow as pa

from bulletins.signs import (
    ACTORS_FILE,
    CAPITAL_RINGS_FILE,
    CAPITAL_SECTORS_FILE,
    CORRIDOR_QUARTERS_FILE,
    CORRIDORS_FILE,
    DYADS_FILE,
    SIGNS_SCHEMAS,
)
from features.months import format_month, parse_month

Row = dict[str, Any]

CAPITALS = {"MLI": ("Bamako", 12.64, -8.0), "NER": ("Niamey", 13.51, 2.11)}
DIRECTIONS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
EDGES = (5.0, 50.0, 100.0, 200.0, 400.0)
NORTH_EVENTS = {"MLI": (0, 0, 2, 3), "NER": (0, 1, 0, 0)}
"""Events north of each capital, by band; east of Bamako nobody observes, elsewhere it is quiet."""

PLACES = {
    "MLI-abidjan": ("Bamako", "Sikasso", "Abidjan"),
    "MLI-dakar": ("Bamako", "Kayes", "Dakar"),
    "MLI-dakar-south": ("Bamako", "Kita", "Dakar"),
}
QUARTERS_TOLD = 13
ROAD_EVENTS = {("MLI-dakar", 1): 2, ("MLI-dakar", 2): 1}
"""Events of the newest quarter by corridor and leg; those before had none on any."""

HILLS, RIVER = "hills-front-0a1b2c", "river-band-3d4e5f"
ACTORS = {HILLS: "Hills Front", RIVER: "River Band"}
SEEN = {
    # group, region -> months ago of the first and last time, events of 3, 12 and all months
    (HILLS, "MLI-gao"): (60, 0, 4, 9, 40),
    (HILLS, "MLI-mopti"): (1, 0, 2, 2, 2),
    (RIVER, "MLI-gao"): (30, 20, 0, 0, 5),
    (RIVER, "NER-tillaberi"): (8, 5, 0, 3, 3),
}


def signs_tables(regions: Collection[str], origin: str) -> dict[str, pa.Table]:
    """The tables by file; groups are only in the regions of the bulletin."""
    rows = {
        CAPITAL_RINGS_FILE: _rings(origin),
        CAPITAL_SECTORS_FILE: _sectors(origin),
        CORRIDORS_FILE: _corridors(origin),
        CORRIDOR_QUARTERS_FILE: _quarters(origin),
        ACTORS_FILE: _actors(regions, origin),
        DYADS_FILE: _dyads(regions, origin),
    }
    return {name: pa.Table.from_pylist([*of], SIGNS_SCHEMAS[name]) for name, of in rows.items()}


def _ago(origin: str, months: int) -> str:
    return format_month(parse_month(origin) - months)


def _rings(origin: str) -> Iterator[Row]:
    for country, (name, latitude, longitude) in CAPITALS.items():
        for number, radius in enumerate(EDGES[1:], 1):
            events = sum(NORTH_EVENTS[country][:number])
            yield {
                "country": country,
                "capital": name,
                "latitude": latitude,
                "longitude": longitude,
                "radius_km": int(radius),
                "closed": int(events > 0),
                "closed_12": 3 if events else 0,
                "unobserved": int(country == "MLI"),
                "closed_before": 0.25,
                "closed_most": 1.0,
                "percentile": 91.0 if events else 40.0,
                "since": _ago(origin, 4) if events else None,
                "events": events,
                "deaths": 3 * events,
                "events_before": 0.5,
                "deaths_before": 1.25,
                "events_12": 2 * events,
                "deaths_12": 7 * events,
            }


def _sectors(origin: str) -> Iterator[Row]:
    for country in CAPITALS:
        yield _sector(country, None, (0.0, EDGES[0]), 0, origin)
        for (band, edges), direction in product(enumerate(pairwise(EDGES)), DIRECTIONS):
            events = NORTH_EVENTS[country][band] if direction == "N" else 0
            yield _sector(country, direction, edges, events, origin)


def _sector(
    country: str, direction: str | None, edges: tuple[float, float], events: int, origin: str
) -> Row:
    is_observed = (country, direction) != ("MLI", "E")
    figures = {
        "events": events,
        "deaths": 3 * events,
        "events_before": 0.5 * events,
        "deaths_before": 1.25 * events,
        "percentile": 95.0 if events else 40.0,
    }
    known = figures if is_observed else dict.fromkeys(figures)
    return {
        "country": country,
        "direction": direction,
        "from_km": edges[0],
        "to_km": edges[1],
        "observed": float(is_observed),
        "since": _ago(origin, 4) if events else None,
        **known,
    }


def _corridors(origin: str) -> Iterator[Row]:
    for corridor, places in PLACES.items():
        by_leg = [ROAD_EVENTS.get((corridor, leg), 0) for leg in (1, 2)]
        events = sum(by_leg)
        yield {
            "corridor": corridor,
            "country": "MLI",
            "places": places,
            "kinds": ["capital", "waypoint", "port"],
            "latitudes": [12.64, 13.5, 14.7],
            "longitudes": [-8.0, -10.5, -17.4],
            "km": 1100.0,
            "observed": 1.0,
            "events": events,
            "deaths": 4 * events,
            "reports": None,
            "events_before": 0.25,
            "deaths_before": 0.75,
            "events_12": 2 * events,
            "deaths_12": 7 * events,
            "percentile": 97.0 if events else 45.0,
            "attacked_leg": 1 if events else None,
            "since": _ago(origin, 2) if events else None,
        }


def _quarters(origin: str) -> Iterator[Row]:
    for corridor, leg, quarter in product(PLACES, (1, 2), range(QUARTERS_TOLD)):
        is_newest = quarter == QUARTERS_TOLD - 1
        events = ROAD_EVENTS.get((corridor, leg), 0) * is_newest
        yield {
            "corridor": corridor,
            "leg": leg,
            "first_month": _ago(origin, 3 * (QUARTERS_TOLD - quarter) - 1),
            "observed": True,
            "events": events,
            "deaths": 4 * events,
            "reports": None,
        }


def _figures(actor: str, region: str, origin: str) -> Row:
    first, last, late, year, every = SEEN[actor, region]
    return {
        "first_month": _ago(origin, first),
        "last_month": _ago(origin, last),
        "events": every,
        "deaths": 5 * every,
        "events_3": late,
        "deaths_3": 5 * late,
        "events_12": year,
        "deaths_12": 5 * year,
    }


def _actors(regions: Collection[str], origin: str) -> Iterator[Row]:
    began = {actor: max(first for (a, _), (first, *_) in SEEN.items() if a == actor)
             for actor in ACTORS}  # fmt: skip
    for actor, region in SEEN:
        if region in regions:
            yield {
                "actor": actor,
                "name": ACTORS[actor],
                "level": "admin1",
                "region": region,
                **_figures(actor, region, origin),
                "began": _ago(origin, began[actor]),
                "aliases": ["Front des Collines"] if actor == HILLS else [],
                "predecessors": ["Valley Front"] if actor == HILLS else [],
            }


def _dyads(regions: Collection[str], origin: str) -> Iterator[Row]:
    for actor, region in SEEN:
        if region in regions:
            is_gao = region == "MLI-gao"
            yield {
                "actor": actor,
                "name": ACTORS[actor],
                "opponent": None,
                "opponent_name": "Government of Mali" if is_gao else None,
                "opponent_kind": "state" if is_gao else "civilians",
                "level": "admin1",
                "region": region,
                **_figures(actor, region, origin),
            }
