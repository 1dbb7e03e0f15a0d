"""What signs look like on a map: circles and sectors around capitals, corridors as lines.

As GeoJSON geometries (RFC 7946) by id. The earth is a sphere of its mean radius. Across 180 degrees
longitudes go on, beyond 180.
"""

import math
from typing import get_args

import orjson

from service.signs.bodies import Direction
from service.signs.tables import corridor_rows, places_of, rings_of, sectors_of
from service.store.bulletins import Bulletin
from service.store.derived import derived

POLYGONS, LINES = ("Polygon",), ("LineString",)

_EARTH_RADIUS_KM = 6371.0088
_DIRECTIONS = get_args(Direction)
_WIDTH = 360 / len(_DIRECTIONS)
_STEP = 5.0  # degrees between two corners of an arc
_DECIMALS = 3  # of degrees: a hundred metres

Point = tuple[float, float]
"""Longitude and latitude [degrees]."""


@derived
def ring_shapes(bulletin: Bulletin) -> dict[str, bytes]:
    """Return the circles of the rings."""
    return {
        ring.id: _polygon(_arc((ring.longitude, ring.latitude), ring.radius_km, 0, 360))
        for ring in rings_of(bulletin)
    }


@derived
def sector_shapes(bulletin: Bulletin) -> dict[str, bytes]:
    """Return the sectors of all capitals; the city is a circle."""
    centres = {ring.country: (ring.longitude, ring.latitude) for ring in rings_of(bulletin)}
    shapes = {}
    for country, sectors in sectors_of(bulletin).items():
        centre = centres[country]
        for sector in sectors:
            first, last = 0.0, 360.0
            if sector.direction is not None:
                first = _WIDTH * (_DIRECTIONS.index(sector.direction) - 0.5)
                last = first + _WIDTH
            outer = _arc(centre, sector.to_km, first, last)
            inner = _arc(centre, sector.from_km, last, first) if sector.from_km else []
            shapes[sector.id] = _polygon(outer + inner)
    return shapes


@derived
def corridor_shapes(bulletin: Bulletin) -> dict[str, bytes]:
    """Return the corridors as lines from the capital outwards."""
    return {
        row["corridor"]: orjson.dumps(
            {
                "type": "LineString",
                "coordinates": [(place.longitude, place.latitude) for place in places_of(row)],
            }
        )
        for row in corridor_rows(bulletin)
    }


def _polygon(corners: list[Point]) -> bytes:
    """Return corners, clockwise and open, as a polygon, anticlockwise and closed."""
    ring = [*corners[::-1], corners[-1]]
    return orjson.dumps({"type": "Polygon", "coordinates": [ring]})


def _arc(centre: Point, km: float, first: float, last: float) -> list[Point]:
    """Return points at a distance from a centre, from one bearing to another [degrees]."""
    steps = max(1, round(abs(last - first) / _STEP))
    bearings = [first + (last - first) * step / steps for step in range(steps + 1)]
    return [_at(centre, km, bearing) for bearing in bearings]


def _at(centre: Point, km: float, bearing: float) -> Point:
    longitude, latitude = centre
    arc, angle, north = km / _EARTH_RADIUS_KM, math.radians(bearing), math.radians(latitude)
    to_north = math.asin(
        math.sin(north) * math.cos(arc) + math.cos(north) * math.sin(arc) * math.cos(angle)
    )
    east = math.atan2(
        math.sin(angle) * math.sin(arc) * math.cos(north),
        math.cos(arc) - math.sin(north) * math.sin(to_north),
    )
    east_of_centre = longitude + math.degrees(east)
    return round(east_of_centre, _DECIMALS), round(math.degrees(to_north), _DECIMALS)
