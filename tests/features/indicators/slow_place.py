"""The same indicators as `features/indicators/place.py`, slow and obvious."""

import csv
from functools import cache
from math import atan2, cos, hypot, isnan, radians, sin

from features.panel.panel import Panel
from tests.features.indicators.worlds import NAN, Slow, everywhere
from tests.paths import ROOT

CAPITALS = ROOT / "features" / "places" / "geography" / "capitals.csv"


def column(name: str) -> Slow:
    return everywhere(lambda panel, t, r: panel.regions.table[name][r])


def km(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """The angle between two directions from the centre, by its tangent (Vincenty's form)."""
    here, there, turn = (radians(x) for x in (latitude, to_latitude, to_longitude - longitude))
    across = hypot(
        cos(there) * sin(turn), cos(here) * sin(there) - sin(here) * cos(there) * cos(turn)
    )
    along = sin(here) * sin(there) + cos(here) * cos(there) * cos(turn)
    return 6371.0088 * atan2(across, along)


@cache
def seats() -> dict[str, dict[str, str]]:
    with CAPITALS.open(encoding="utf-8") as file:
        return {row["country"]: row for row in csv.DictReader(file)}


def capital_distance(panel: Panel, t: int, r: int) -> float:
    region = panel.regions.table.iloc[r]
    if isnan(region["latitude"]):
        return NAN
    seat = seats()[region["country"]]
    to = float(seat["latitude"]), float(seat["longitude"])
    return km(region["latitude"], region["longitude"], *to)


SLOW: dict[str, Slow] = {
    name: column(name) for name in ("area", "latitude", "longitude", "border_distance")
} | {"capital_distance": everywhere(capital_distance)}
