"""The same indicators as `features/indicators/supply.py`, slow and obvious.

The distance from a leg of a corridor is looked for by trisection: along a leg it falls to the
nearest place, then rises.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
import shapely

from features.arrays import FloatArray
from features.panel.panel import Panel
from features.panel.topics import TOPICS
from features.places.regions import corridors, geometries, load_regions
from tests.features.indicators.slow_encirclement import Event, Place, events_of
from tests.features.indicators.worlds import Slow, Value, everywhere

RADIUS = 6371.0088


def unit(latitude: FloatArray, longitude: FloatArray) -> FloatArray:
    phi, theta = np.radians(latitude), np.radians(longitude)
    return np.stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)], -1)


@cache
def legs() -> list[tuple[str, str, FloatArray, FloatArray]]:
    """The legs of every corridor: its name, whom it supplies, and both ends."""
    table = corridors()
    ends = list(unit(table["latitude"].to_numpy(), table["longitude"].to_numpy()))
    names, countries = table["corridor"].tolist(), table["country"].tolist()
    return [
        (names[k], countries[k], ends[k], ends[k + 1])
        for k, (name, following) in enumerate(pairwise(names))
        if name == following
    ]


@cache
def starts_and_ends(names: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    own = [leg for leg in legs() if leg[0] in names]
    return np.array([leg[2] for leg in own]), np.array([leg[3] for leg in own])


def along(start: FloatArray, end: FloatArray, share: FloatArray) -> FloatArray:
    """The great circle is the straight line seen from the centre of the globe."""
    straight = start + share[:, None] * (end - start)
    return np.asarray(straight / np.linalg.norm(straight, axis=1)[:, None])


@cache
def km_off(place: Place, names: tuple[str, ...]) -> float:
    """How far a place lies from the nearest of some corridors."""
    point = unit(np.array(place[0]), np.array(place[1]))
    start, end = starts_and_ends(names)
    low, high = np.zeros(len(start)), np.ones(len(start))
    for _ in range(40):  # to a ten-millionth of a leg
        a, b = low + (high - low) / 3, high - (high - low) / 3
        off_a = np.linalg.norm(along(start, end, a) - point, axis=1)
        off_b = np.linalg.norm(along(start, end, b) - point, axis=1)
        low, high = np.where(off_a > off_b, a, low), np.where(off_a > off_b, high, b)
    chord = np.linalg.norm(along(start, end, (low + high) / 2) - point, axis=1)
    return float(2 * RADIUS * np.arcsin(chord.min() / 2))


@cache
def supplying(country: str) -> list[str]:
    return sorted({name for name, supplied, *_ in legs() if supplied == country})


@cache
def crossing(region: str, level: str) -> list[str]:
    """The corridors of which a point, looked for every 250 m, lies in the region."""
    assert level == "admin1"
    if region not in load_regions("admin1").ids:
        return []
    (outline,) = geometries("admin1", [region])
    west, south, east, north = shapely.bounds(outline)
    found = set()
    for name, _, start, end in legs():
        km = 2 * RADIUS * np.arcsin(np.linalg.norm(start - end) / 2)
        way = along(start[None], end[None], np.linspace(0, 1, int(4 * km) + 2))
        latitude, longitude = (
            np.degrees(np.arcsin(way[:, 2])),
            np.degrees(np.arctan2(way[:, 1], way[:, 0])),
        )
        framed = (longitude >= west) & (longitude <= east)
        framed &= (latitude >= south) & (latitude <= north)
        if shapely.contains_xy(outline, longitude[framed], latitude[framed]).any():
            found.add(name)
    return sorted(found)


def near(event: Event, names: list[str], km: float) -> bool:
    if not names or np.isnan(event.place[0] + event.place[1]):
        return False
    return km_off(event.place, tuple(names)) <= km


def own(panel: Panel, region: int) -> list[str]:
    return supplying(panel.regions.table["country"].iloc[region])


def through(panel: Panel, region: int) -> list[str]:
    return crossing(panel.regions.table["id"].iloc[region], panel.regions.level)


def mean(panel: Panel, region: int, months: range, counts: Callable[[int], float]) -> float | None:
    """The mean over the observed months among some."""
    seen = [t for t in months if t >= 0 and panel.observed[t, region]]
    return sum(counts(t) for t in seen) / len(seen) if seen else None


def counted(
    panel: Panel, names: list[str], km: float, region: int | None = None
) -> Callable[[int], float]:
    hits = rows_near(panel, tuple(names), km, region)
    return lambda t: float(hits.count(t))


@lru_cache(maxsize=200)
def rows_near(panel: Panel, names: tuple[str, ...], km: float, region: int | None) -> list[int]:
    events = [event for event in events_of(panel) if region is None or event.region == region]
    return [event.row for event in events if near(event, list(names), km)]


def rate(roads: Callable[[Panel, int], list[str]], km: float, months: int) -> Value:
    def value(panel: Panel, t: int, r: int) -> float:
        window = range(t - months + 1, t + 1)
        return mean(panel, r, window, counted(panel, roads(panel, r), km)) or 0.0

    return value


def rise(roads: Callable[[Panel, int], list[str]]) -> Value:
    def value(panel: Panel, t: int, r: int) -> float:
        counts = counted(panel, roads(panel, r), 25)
        before = mean(panel, r, range(t - 14, t - 2), counts)
        now = mean(panel, r, range(t - 2, t + 1), counts)
        return 0.0 if before is None or now is None else now - before

    return value


def attacked(months: int) -> Value:
    def value(panel: Panel, t: int, r: int) -> float:
        late = [event for event in events_of(panel) if t - months < event.row <= t]
        names = own(panel, r)
        hit = [name for name in names if any(near(event, [name], 25) for event in late)]
        return len(hit) / len(names) if names else 0.0

    return value


def inside(months: int) -> Value:
    def value(panel: Panel, t: int, r: int) -> float:
        names, window = through(panel, r), range(t - months + 1, t + 1)
        anywhere = mean(panel, r, window, counted(panel, names, 25))
        here = mean(panel, r, window, counted(panel, names, 25, r))
        return here / anywhere if here and anywhere else 0.0

    return value


@lru_cache(maxsize=200)
def report_rows(panel: Panel, topic: int, region: int, whole_country: bool) -> list[int]:
    country = panel.regions.table["country"].tolist()
    regions = [
        k
        for k in range(len(country))
        if k == region or (whole_country and country[k] == country[region])
    ]
    incidents = panel.incidents
    about = incidents.topics[:, topic] & np.isin(incidents.region, regions)
    return [int(month - panel.months[0]) for month in incidents.month[about]]


def reports(topic: int, months: int, whole_country: bool) -> Value:
    def value(panel: Panel, t: int, r: int) -> float:
        described = panel.incidents.month[panel.incidents.has_text]
        since = int(min(described, default=panel.months[0] + t) - panel.months[0])
        hits = report_rows(panel, topic, r, whole_country)
        window = range(max(since, t - months + 1), t + 1)
        rate = mean(panel, r, window, lambda month: float(hits.count(month)))
        return np.nan if rate is None or not len(described) else rate

    return value


SLOW: dict[str, Slow] = {
    "corridors_crossing": everywhere(lambda panel, t, r: len(through(panel, r))),
    "corridor_events_change_25km_3": everywhere(rise(own)),
    "crossing_events_change_25km_3": everywhere(rise(through)),
}
for window in (3, 12):
    for distance in (25, 50):
        SLOW[f"corridor_events_{distance}km_{window}"] = everywhere(rate(own, distance, window))
    SLOW[f"corridors_attacked_{window}"] = everywhere(attacked(window))
    SLOW[f"crossing_events_25km_{window}"] = everywhere(rate(through, 25, window))
    SLOW[f"crossing_events_inside_{window}"] = everywhere(inside(window))
    for number, subject in enumerate(TOPICS):
        name = f"{subject}_reports_{window}"
        SLOW[name] = everywhere(reports(number, window, whole_country=False))
        SLOW[f"country_{name}"] = everywhere(reports(number, window, whole_country=True))
