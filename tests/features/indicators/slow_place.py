"""The same indicators as `features/indicators/place.py`, slow and obvious."""

import csv
from collections.abc import Callable
from math import atan2, cos, hypot, isnan, radians, sin

import numpy as np

from features.arrays import FloatArray
from features.panel.panel import Panel
from tests.paths import ROOT

CAPITALS = ROOT / "features" / "places" / "geography" / "capitals.csv"


def column(name: str) -> Callable[[Panel], FloatArray]:
    def slow(panel: Panel) -> FloatArray:
        rows = [[panel.regions.table[name][r] for r in range(len(panel.regions))]]
        return np.array(rows * len(panel.months), dtype=float)

    return slow


def km(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """The angle between two directions from the centre, by its tangent (Vincenty's form)."""
    here, there, turn = (radians(x) for x in (latitude, to_latitude, to_longitude - longitude))
    across = hypot(
        cos(there) * sin(turn), cos(here) * sin(there) - sin(here) * cos(there) * cos(turn)
    )
    along = sin(here) * sin(there) + cos(here) * cos(there) * cos(turn)
    return 6371.0088 * atan2(across, along)


def capital_distance(panel: Panel) -> FloatArray:
    with CAPITALS.open(encoding="utf-8") as file:
        seats = {row["country"]: row for row in csv.DictReader(file)}
    values = np.full(panel.observed.shape, np.nan)
    for r, (_, region) in enumerate(panel.regions.table.iterrows()):
        if not isnan(region["latitude"]):
            seat = seats[region["country"]]
            values[:, r] = km(
                region["latitude"],
                region["longitude"],
                float(seat["latitude"]),
                float(seat["longitude"]),
            )
    return values


SLOW: dict[str, Callable[[Panel], FloatArray]] = {
    name: column(name) for name in ("area", "latitude", "longitude", "border_distance")
} | {"capital_distance": capital_distance}
