"""Which regions, corridors and points of a panel a scenario means."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from difflib import get_close_matches
from typing import NoReturn

import numpy as np
import pandas as pd
import shapely

from features.arrays import BoolArray, IntArray, ObjectArray
from features.errors import InputError
from features.indicators.roads import near_roads
from features.indicators.supply import NEAR_KM
from features.panel.incidents import Incidents
from features.panel.panel import Panel
from features.places.countries import meant_country
from features.places.placement import country_at, place_admin1
from features.places.priogrid import place_priogrid
from features.places.regions import corridors, geometries

_FEW = 3


def region_number(panel: Panel, name: str) -> int:
    """Return the number of a region by its id; raises InputError for one that is not there."""
    ids = panel.regions.ids.tolist()
    if name not in ids:
        _refuse(f"no {panel.regions.level} region '{name}'", name, ids)
    return int(ids.index(name))


def region_numbers(panel: Panel, names: Iterable[str]) -> IntArray:
    """Return the numbers (n,) of regions by their ids; raises InputError for one not observed.

    Observed are those of the newest month.
    """
    numbers = {name: region_number(panel, name) for name in names}
    for name, number in numbers.items():
        if not panel.observed[-1, number]:
            raise InputError(f"region '{name}' is not observed in the months to the origin")
    return np.array(list(numbers.values()), dtype=np.int64)


def country_numbers(panel: Panel, names: Iterable[str]) -> IntArray:
    """Return the numbers (n,) of the observed regions of countries, by a code or a name each.

    Raises InputError for a country without any.
    """
    country = panel.regions.table["country"].to_numpy(dtype=str)
    parts = []
    for name in names:
        code = meant_country(name)
        inside = np.flatnonzero((country == code) & panel.observed[-1])
        if len(inside) == 0:
            _refuse(f"no observed country '{name}'", name, sorted(set(country)))
        parts.append(inside)
    return np.unique(np.concatenate(parts)).astype(np.int64)


def along_corridor(panel: Panel, name: str) -> BoolArray:
    """Return which incidents (n,) of a panel lie within NEAR_KM of a corridor.

    Raises InputError for an unknown one, and for a history that knows no places.
    """
    names = list(dict.fromkeys(corridors()["corridor"]))
    if name not in names:
        _refuse(f"no corridor '{name}'", name, names)
    if "places" not in panel.details:
        raise InputError(
            f"corridor '{name}': the history has no places of events; name regions in its stead"
        )
    incidents = panel.incidents
    located = np.flatnonzero(~np.isnan(incidents.latitude + incidents.longitude))
    near = near_roads(incidents.latitude[located], incidents.longitude[located], NEAR_KM)
    is_near = np.zeros(len(incidents), dtype=np.bool_)
    is_near[located] = near[[names.index(name)]].toarray()[0] > 0
    return is_near


def region_at(panel: Panel, latitude: float, longitude: float) -> int:
    """Return the number of the region that holds a point [degrees]; raises InputError if none."""
    points = np.array([latitude]), np.array([longitude])
    ids: ObjectArray = country_at(*points)
    if panel.regions.level == "admin1":
        ids = place_admin1(*points, pd.Series(ids, dtype=object))
    elif panel.regions.level == "priogrid":
        ids = place_priogrid(*points)
    if ids[0] is None or ids[0] not in panel.regions.ids:
        raise InputError(
            f"latitude {latitude:g}, longitude {longitude:g}: no observed region is there"
        )
    return int(region_numbers(panel, [ids[0]])[0])


def moved_into(panel: Panel, incidents: Incidents, source: int, target: int) -> Incidents:
    """Return incidents of one region as those of another.

    At the same distance and bearing, on a plane, from the region's own point; what would fall
    outside goes to the nearest point inside.
    """
    latitudes, longitudes = panel.regions.coordinates
    widen = np.cos(np.radians(latitudes[source])) / np.cos(np.radians(latitudes[target]))
    latitude = incidents.latitude - latitudes[source] + latitudes[target]
    longitude = (incidents.longitude - longitudes[source]) * widen + longitudes[target]
    located = np.flatnonzero(~np.isnan(latitude + longitude))
    (outline,) = geometries(panel.regions.level, [str(panel.regions.ids[target])])
    spots = shapely.points(longitude[located], latitude[located])
    nearest = shapely.get_point(shapely.shortest_line(outline, spots), 0)
    outside = ~shapely.intersects(outline, spots)
    latitude[located] = np.where(outside, shapely.get_y(nearest), latitude[located])
    longitude[located] = np.where(outside, shapely.get_x(nearest), longitude[located])
    region = np.full(len(incidents), target)
    return replace(incidents, region=region, latitude=latitude, longitude=longitude)


def _refuse(what: str, name: str, among: Collection[str]) -> NoReturn:
    by_case = {one.casefold(): one for one in among}
    near = [by_case[one] for one in get_close_matches(name.casefold(), by_case, _FEW, 0.5)]
    listed = (
        f"did you mean {' or '.join(near)}?"
        if near
        else f"such as {', '.join(sorted(among)[:_FEW])}"
    )
    raise InputError(f"{what} in the events of the bulletin: {listed}")
