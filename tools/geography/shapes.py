"""The geometry of the build: dissolve, simplify, measure. Pure functions on shapely arrays."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from features.arrays import FloatArray
from features.errors import InputError

Geometries = npt.NDArray[np.object_]

TOLERANCE = 0.025
"""Side of the triangles that simplification may leave out [degrees]; about 2.8 km."""
STEPS_PER_DEGREE = 2**14
"""Coordinates lie on a grid of about 7 m. A power of two, so that the low bits of every number are
zero, and half of the bytes compress to nothing."""

_EQUATORIAL_RADIUS = 6378.137
_ECCENTRICITY = 0.0818191908426215


def dissolve(geometries: Geometries, groups: Sequence[int], count: int) -> Geometries:
    """Return the unions (count,) of geometries (n,) that share a group number, 0..count-1.

    Inner borders vanish because neighbours share their vertices (a valid coverage).
    """
    numbers = np.asarray(groups)
    order = np.argsort(numbers, kind="stable")
    parts = np.split(geometries[order], np.searchsorted(numbers[order], np.arange(1, count)))
    unions: Geometries = np.array([shapely.coverage_union_all(part) for part in parts])
    return unions


def simplify(geometries: Geometries, tolerance: float = TOLERANCE) -> Geometries:
    """Return geometries (n,) with fewer vertices [degrees]; neighbours keep a common border.

    Visvalingam & Whyatt (1993) on the whole coverage, then rounding to the grid. Raises InputError
    when the input is no valid coverage, or when rounding made shapes overlap.
    """
    if not shapely.coverage_is_valid(geometries):
        raise InputError("units overlap or do not share their vertices: repair the source first")
    simple: Geometries = shapely.transform(
        shapely.coverage_simplify(geometries, tolerance),
        lambda points: np.round(points * STEPS_PER_DEGREE) / STEPS_PER_DEGREE,
    )
    if not (shapely.is_valid(simple).all() and shapely.coverage_is_valid(simple)):
        raise InputError("rounding broke a border: use more STEPS_PER_DEGREE in shapes.py")
    return simple


def area_km2(geometries: Geometries) -> FloatArray:
    """Return areas (n,) [km2] on the WGS 84 ellipsoid of geometries (n,) [degrees].

    Measured in the cylindrical equal-area projection (Snyder 1987, Map Projections: A Working
    Manual, equations 10-14, 10-15 and 3-12).
    """
    areas: FloatArray = shapely.area(shapely.transform(geometries, _equal_area))
    return areas


def _equal_area(points: FloatArray) -> FloatArray:
    e = _ECCENTRICITY
    sine = np.sin(np.radians(points[:, 1]))
    q = (1 - e**2) * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
    return np.column_stack(
        [_EQUATORIAL_RADIUS * np.radians(points[:, 0]), _EQUATORIAL_RADIUS * q / 2]
    )


def interior_points(geometries: Geometries) -> FloatArray:
    """Return a point (n, 2) inside each geometry: longitude and latitude [degrees].

    It is the centroid of the largest part if that lies inside, else a point on the surface of the
    largest part; so a country in two hemispheres is not put into the ocean between.
    """
    parts, owner = shapely.get_parts(geometries, return_index=True)
    order = np.lexsort((-shapely.area(parts), owner))
    largest = parts[order][np.searchsorted(owner[order], np.arange(len(geometries)))]
    centroid = shapely.centroid(largest)
    inside = shapely.contains(largest, centroid)
    points = np.where(inside, centroid, shapely.point_on_surface(largest))
    coordinates: FloatArray = shapely.get_coordinates(points).round(5)
    if not shapely.contains_xy(largest, *coordinates.T).all():
        raise InputError("a region is too small to hold a point with five decimals: merge or drop")
    return coordinates
