"""The same indicators as `features/indicators/encirclement.py`, slow and obvious."""

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from math import acos, atan2, cos, degrees, dist, isnan, radians, sin
from typing import NamedTuple

from features.panel.panel import Panel
from features.places.regions import capitals
from tests.features.indicators.worlds import Slow, everywhere

Place = tuple[float, float]
Places = Callable[[Panel], list[Place]]
NOWHERE = (float("nan"), float("nan"))
_WHERE = ("latitude", "longitude")
SEATS: dict[str, Place] = {
    country: (latitude, longitude)
    for country, _, latitude, longitude in capitals().itertuples(index=False)
}


class Event(NamedTuple):
    row: int
    region: int
    place: Place


@lru_cache(maxsize=4)
def events_of(panel: Panel) -> list[Event]:
    told = panel.incidents
    rows = (told.month - panel.months[0]).tolist()
    where = zip(told.latitude.tolist(), told.longitude.tolist(), strict=True)
    every = map(Event, rows, told.region.tolist(), where)
    return [event for event in every if 0 <= event.row < len(panel.months)]


def vector(place: Place) -> tuple[float, float, float]:
    phi, theta = radians(place[0]), radians(place[1])
    return cos(phi) * cos(theta), cos(phi) * sin(theta), sin(phi)


def dot(a: Iterable[float], b: Iterable[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


@cache
def km_between(a: Place, b: Place) -> float:
    if isnan(a[0] + a[1] + b[0] + b[1]):
        return float("inf")
    chord = dist(vector(a), vector(b))
    return 6371.0088 * acos(1 - chord**2 / 2) if chord > 1e-3 else 6371.0088 * chord


@cache
def sector(a: Place, b: Place) -> str:
    phi, theta = radians(a[0]), radians(a[1])
    north = (-sin(phi) * cos(theta), -sin(phi) * sin(theta), cos(phi))
    east = (-sin(theta), cos(theta), 0.0)
    bearing = degrees(atan2(dot(vector(b), east), dot(vector(b), north)))
    names = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
    return names[int(((bearing + 22.5) % 360) // 45)]


def places_of(panel: Panel) -> list[Place]:
    table = panel.regions.table
    latitude, longitude = (table[name].to_numpy(float).tolist() for name in _WHERE)
    return list(zip(latitude, longitude, strict=True))


def seats_of(panel: Panel) -> list[Place]:
    return [SEATS.get(country, NOWHERE) for country in panel.regions.table["country"]]


def sectors_seen(events: list[Event], place: Place, row: int, months: int, radius: int) -> set[str]:
    return {
        sector(place, event.place)
        for event in events
        if row - months < event.row <= row and 5 <= km_between(place, event.place) <= radius
    }


def nearest(events: list[Event], place: Place, first: int, last: int) -> float:
    found = [km_between(place, event.place) for event in events if first <= event.row <= last]
    return min([1000.0, *found])


def ring(places: Places, radius: int, months: int) -> Slow:
    def share(panel: Panel, t: int, r: int) -> float:
        return len(sectors_seen(events_of(panel), places(panel)[r], t, months, radius)) / 8

    return everywhere(share)


def distance(places: Places) -> Slow:
    return everywhere(lambda panel, t, r: nearest(events_of(panel), places(panel)[r], t - 2, t))


def approach(places: Places) -> Slow:
    def change(panel: Panel, t: int, r: int) -> float:
        events, place = events_of(panel), places(panel)[r]
        before = nearest(events, place, t - 14, t - 3)
        return nearest(events, place, t - 2, t) - before if t >= 3 else 0.0

    return everywhere(change)


def part(radius: int, months: int) -> Slow:
    def sectors(panel: Panel, t: int, r: int) -> float:
        own = [event for event in events_of(panel) if event.region == r]
        return len(sectors_seen(own, seats_of(panel)[r], t, months, radius))

    return everywhere(sectors)


SLOW: dict[str, Slow] = {
    "capital_violence_distance_3": distance(seats_of),
    "capital_violence_distance_change_3": approach(seats_of),
    "own_violence_distance_3": distance(places_of),
    "own_violence_distance_change_3": approach(places_of),
}
for km in (50, 100, 200, 400):
    for window in (3, 6, 12):
        SLOW[f"capital_ring_{km}km_{window}"] = ring(seats_of, km, window)
for km in (50, 100, 200):
    for window in (3, 12):
        SLOW[f"own_ring_{km}km_{window}"] = ring(places_of, km, window)
for km in (200, 400):
    for window in (6, 12):
        SLOW[f"capital_ring_part_{km}km_{window}"] = part(km, window)
