"""The indicators of encirclement, worked by hand."""

from functools import cache
from math import asin, cos, radians, sin, sqrt

import numpy as np
import pandas as pd

from features.panel.panel import Panel
from tests.features.indicators.worlds import NAN, incidents_of, panel_of

A, B, C, D = range(4)
BAMAKO = (12.64, -8.00)


@cache
def around_bamako() -> Panel:
    """A and D are in Mali, B in Cape Verde, whose capital is far from everything; C is far away, in
    a country without capital. Nobody knows where D is.
    """
    table = pd.DataFrame(
        {
            "id": ["A", "B", "C", "D"],
            "name": ["A", "B", "C", "D"],
            "country": ["MLI", "CPV", "ATF", "MLI"],
            "latitude": [13.64, 11.64, -49.0, NAN],
            "longitude": [-8.0, -9.0, 69.0, NAN],
        }
    )
    events = [
        (2, A, 13.00, -8.0),  # 40 km north of Bamako
        (10, A, 12.64, -7.2),  # 87 km east
        (15, A, 11.04, -8.0),  # 178 km south
        (16, D, 12.64, -11.0),  # 325 km west
        (17, A, 12.66, -8.0),  # 2 km north, in the town itself
        (17, B, 11.64, -9.0),  # 155 km south-west, at the very point of B
        (17, A, NAN, NAN),
    ]
    first = 600
    rows = [
        (first + month, region, latitude, longitude, 1.0, 1, "Front", "River Band")
        for month, region, latitude, longitude in events
    ]
    nothing = np.zeros((4, 18, 4))
    return panel_of(
        table,
        np.ones((18, 4), dtype=bool),
        nothing,
        nothing,
        np.zeros((4, 4)),
        np.zeros(4),
        first,
        incidents_of(rows),
    )


def haversine(latitude: float, longitude: float, there: float, east: float) -> float:
    half = sin(radians(there - latitude) / 2) ** 2 + cos(radians(latitude)) * cos(
        radians(there)
    ) * (sin(radians(east - longitude) / 2) ** 2)
    return 2 * 6371.0088 * asin(sqrt(half))


DEGREE = 111.195080  # 6371.0088 km * pi / 180
TOWN = 0.02 * DEGREE
EAST_OF_BAMAKO = haversine(12.64, -8.0, 12.64, -7.2)
EAST_OF_A = haversine(13.64, -8.0, 12.64, -7.2)
EAST_OF_B = haversine(11.64, -9.0, 12.64, -7.2)
FIRST_OF_B = haversine(11.64, -9.0, 13.00, -8.0)

WORLD = around_bamako
ROWS = (2, 17)
NORTH = (1 / 8, 0, 0, 1 / 8)
NONE = (0, 0, 0, 0)


def of_mali(eighths: int) -> tuple[float, ...]:
    return (eighths / 8, 0, 0, eighths / 8)


WORKED: dict[str, tuple[tuple[float, ...], ...]] = {
    "capital_ring_50km_3": (NORTH, NONE),  # what is within 5 km has no direction
    "capital_ring_50km_6": (NORTH, NONE),
    "capital_ring_50km_12": (NORTH, NONE),  # months 6 to 17: the one north was in month 2
    "capital_ring_100km_3": (NORTH, NONE),
    "capital_ring_100km_6": (NORTH, NONE),
    "capital_ring_100km_12": (NORTH, of_mali(1)),  # E
    "capital_ring_200km_3": (NORTH, of_mali(2)),  # S, SW
    "capital_ring_200km_6": (NORTH, of_mali(2)),
    "capital_ring_200km_12": (NORTH, of_mali(3)),  # and E
    "capital_ring_400km_3": (NORTH, of_mali(3)),  # S, SW, W
    "capital_ring_400km_6": (NORTH, of_mali(3)),
    "capital_ring_400km_12": (NORTH, of_mali(4)),  # and E
    "capital_violence_distance_3": (
        (0.36 * DEGREE, 1000, 1000, 0.36 * DEGREE),
        (TOWN, 1000, 1000, TOWN),
    ),
    "capital_violence_distance_change_3": (
        NONE,
        (TOWN - EAST_OF_BAMAKO, 0, 0, TOWN - EAST_OF_BAMAKO),  # months 15-17, and 3-14
    ),
    # Around A: month 2 71 km south, month 10 141 km south-east, month 17 109 km south; around B:
    # month 2 186 km north-east, month 15 128 km south-east, month 17 157 km north-east.
    "own_ring_50km_3": (NONE, NONE),
    "own_ring_50km_12": (NONE, NONE),
    "own_ring_100km_3": ((1 / 8, 0, 0, 0), NONE),
    "own_ring_100km_12": ((1 / 8, 0, 0, 0), NONE),
    "own_ring_200km_3": ((1 / 8, 1 / 8, 0, 0), (1 / 8, 2 / 8, 0, 0)),
    "own_ring_200km_12": ((1 / 8, 1 / 8, 0, 0), (2 / 8, 2 / 8, 0, 0)),
    "own_violence_distance_3": (
        (0.64 * DEGREE, FIRST_OF_B, 1000, 1000),
        (0.98 * DEGREE, 0, 1000, 1000),
    ),
    "own_violence_distance_change_3": (
        NONE,
        (0.98 * DEGREE - EAST_OF_A, -EAST_OF_B, 0, 0),
    ),
    "capital_ring_part_200km_6": ((1, 0, 0, 0), (1, 0, 0, 0)),  # A: S
    "capital_ring_part_200km_12": ((1, 0, 0, 0), (2, 0, 0, 0)),  # A: S, E
    "capital_ring_part_400km_6": ((1, 0, 0, 0), (1, 0, 0, 1)),  # D: W
    "capital_ring_part_400km_12": ((1, 0, 0, 0), (2, 0, 0, 1)),
}
