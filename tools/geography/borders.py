"""Borders: how long regions share one, and how far a point is from one between countries."""

import numpy as np
import shapely
from scipy.spatial import KDTree

from features.arrays import FloatArray, IntArray
from features.indicators.near import great_circle_km, km_of, unit_vectors
from tools.geography.shapes import Geometries

STEP = 0.01
"""Borders are looked at every so many degrees, about 1 km: less than simplification moves them."""


def shared_borders(geometries: Geometries, a: IntArray, b: IntArray) -> Geometries:
    """Return what the outlines of pairs (k,) of geometries (n,) [degrees] have in common.

    Neighbours share their vertices (a valid coverage), so these are whole edges, or points where
    two regions only touch.
    """
    outlines = shapely.boundary(geometries)
    shared: Geometries = shapely.intersection(outlines[a], outlines[b])
    return shared


def length_km(borders: Geometries) -> FloatArray:
    """Return the lengths (k,) [km] of borders: great circles from vertex to vertex."""
    parts, owner = shapely.get_parts(borders, return_index=True)
    is_line = shapely.get_dimensions(parts) == 1
    points, line = shapely.get_coordinates(parts[is_line], return_index=True)
    longitude, latitude = points.T
    edges = great_circle_km(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:])
    border = owner[is_line][line]
    within = line[:-1] == line[1:]
    total = np.zeros(len(borders))
    np.add.at(total, border[:-1][within], edges[within])
    return total


def border_distance_km(
    latitude: FloatArray, longitude: FloatArray, borders: Geometries
) -> FloatArray:
    """Return the distances (n,) [km] of points (n,) [degrees] from the nearest of some borders.

    Right to half of STEP; infinite where there is no border at all. Points where regions only touch
    count as borders.
    """
    east, north = shapely.get_coordinates(shapely.segmentize(borders, STEP)).T
    chord, _ = KDTree(unit_vectors(north, east)).query(unit_vectors(latitude, longitude))
    return km_of(np.asarray(chord))
