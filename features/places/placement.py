"""The region of an event: by its coordinates, among the regions of the country it is coded to.

Place names vary and are not used. Coverage is by country, so an event of Mali a little beyond the
border must count in Mali, or a region would hold deaths of a country that was not observed.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely

from features.arrays import BoolArray, FloatArray, IntArray, ObjectArray
from features.places.priogrid import cell_of
from features.places.regions import TERRITORIES, geometries, load_regions

LAST_PRECISION = {"country": 5, "admin1": 4, "priogrid": 3}
"""The vaguest where_prec (UCDP GED's) that is a place at a level: 4 knows the first-order unit, 5 a
stretch or a part of the country, whose point is a stand-in, 6 the country only."""
FARTHEST_KM = 50.0
"""How far from its country a point in no country may lie [km]: at sea, or on a lake."""
FARTHEST_ABROAD_KM = 10.0
"""How far from its country a point in another one may lie [km]. Beyond that the event is of a
former state (Juba is coded to Sudan until 2011), or mistaken."""
_KM_PER_DEGREE = 111.2
_POINTS_AT_ONCE = 1000  # each is measured on its own copy of the outlines around it


def place_admin1(latitude: FloatArray, longitude: FloatArray, country: pd.Series) -> ObjectArray:
    """Return the admin1 region ids (n,) of points (n,) [degrees] that are coded to countries (n,).

    A point lies in the region of its country that contains it (on a border, the first id), else in
    the nearest one within FARTHEST_KM, or FARTHEST_ABROAD_KM if it is in another country. None if
    it is too far away, has no coordinates or country, or lies in one of its state's TERRITORIES.
    """
    world = _world()
    coded = _codes(country)
    point, region = _containing(latitude, longitude)
    holder = world.country[region]
    own = coded[point] == holder
    number = np.full(len(coded), -1)
    number[point[own][::-1]] = region[own][::-1]
    reach = np.full(len(coded), FARTHEST_KM)
    reach[point[~own]] = FARTHEST_ABROAD_KM
    reach[point[_in_territory(coded[point], holder)]] = 0.0
    lost = np.flatnonzero((number < 0) & (reach > 0) & (cell_of(latitude, longitude) > 0))
    for some in np.array_split(lost, len(lost) // _POINTS_AT_ONCE + 1):
        spot, near = _nearest(latitude[some], longitude[some], coded[some], reach[some])
        number[some[spot]] = near
    ids: ObjectArray = world.ids[number]
    ids[number < 0] = None
    return ids


def place_country(latitude: FloatArray, longitude: FloatArray, country: pd.Series) -> ObjectArray:
    """Return the countries (n,) [ISO 3166-1 alpha-3] in which events count, None where unknown.

    The one they are coded to, or that of its TERRITORIES in which the point [degrees] lies.
    """
    countries = _codes(country)
    point, region = _containing(latitude, longitude)
    holder = _world().country[region]
    apart = _in_territory(countries[point], holder)
    countries[point[apart]] = holder[apart]
    return countries


def country_at(latitude: FloatArray, longitude: FloatArray) -> ObjectArray:
    """Return the countries (n,) [ISO 3166-1 alpha-3] that hold points [degrees], None at sea."""
    point, region = _containing(latitude, longitude)
    holder: ObjectArray = np.full(len(latitude), None)
    holder[point[::-1]] = _world().country[region[::-1]]
    return holder


def _codes(country: pd.Series) -> ObjectArray:
    return np.array(country.astype(object).where(country.notna(), None))


class _World(NamedTuple):
    """The admin1 regions, in the order of their ids."""

    ids: ObjectArray
    country: ObjectArray
    outlines: ObjectArray
    tree: shapely.STRtree


@cache
def _world() -> _World:
    table = load_regions("admin1").table
    outlines = geometries("admin1")
    ids, country = (table[column].to_numpy(dtype=object) for column in ("id", "country"))
    return _World(ids, country, outlines, shapely.STRtree(outlines))


def _containing(latitude: FloatArray, longitude: FloatArray) -> tuple[IntArray, IntArray]:
    """Return pairs of a point and a region that contains it, the first region first."""
    on_globe = np.flatnonzero(cell_of(latitude, longitude) > 0)
    spots = shapely.points(longitude[on_globe], latitude[on_globe])
    spot, region = _world().tree.query(spots, predicate="intersects")
    order = np.lexsort((region, spot))
    return on_globe[spot[order]], region[order]


def _in_territory(coded: ObjectArray, holder: ObjectArray) -> BoolArray:
    """Tell where the holder of a place is a territory of the state that an event is coded to."""
    return np.asarray(pd.Series(coded, dtype=object).map(TERRITORIES).to_numpy() == holder)


def _nearest(
    latitude: FloatArray, longitude: FloatArray, country: ObjectArray, reach: FloatArray
) -> tuple[IntArray, IntArray]:
    """Return pairs of a point and the nearest region of its country within reach (n,) [km].

    On a plane scaled at the point's latitude, right to 1 %, that ends at 180 degrees east.
    """
    world = _world()
    scale = np.maximum(np.cos(np.radians(latitude)), 0.01)
    margin = reach / _KM_PER_DEGREE
    frames = shapely.box(
        longitude - margin / scale, latitude - margin, longitude + margin / scale, latitude + margin
    )
    point, region = world.tree.query(frames)
    own = country[point] == world.country[region]
    point, region = point[own], region[own]
    outlines = world.outlines[region]
    squeeze = np.repeat(scale[point], shapely.get_num_coordinates(outlines))
    plane = np.column_stack([squeeze, np.ones(len(squeeze))])
    outlines = shapely.transform(outlines, lambda degrees: degrees * plane)
    spots = shapely.points(longitude[point] * scale[point], latitude[point])
    distance = shapely.distance(spots, outlines) * _KM_PER_DEGREE
    near = distance <= reach[point]
    point, region, distance = point[near], region[near], distance[near]
    order = np.lexsort((region, distance, point))
    point, first = np.unique(point[order], return_index=True)
    return point, region[order][first]
