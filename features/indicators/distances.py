"""Great-circle distances, on a sphere of the earth's mean radius.

Coordinates are arrays of latitude and longitude [degrees]; whoever has none (NaN) is infinitely far
from everyone. The sphere is off by 0.5% at most.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from features.panel import FloatArray

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth [km] (Moritz 2000, Geodetic Reference System 1980)."""

_ROUNDING_KM = 1e-3  # chords and arcs do not round alike; arcs decide


class Pairs(NamedTuple):
    """Ordered pairs of two different regions, (n,) each, by `a` and then by `b`, and their km."""

    a: npt.NDArray[np.int64]
    b: npt.NDArray[np.int64]
    km: FloatArray


def great_circle_km(
    latitude: FloatArray, longitude: FloatArray, to_latitude: FloatArray, to_longitude: FloatArray
) -> FloatArray:
    """Return the distances [km] between points, one by one; shapes are broadcast.

    The haversine formula: exact for near points too. The distance is the same both ways.
    """
    here, there = np.radians(latitude), np.radians(to_latitude)
    height = np.sin((there - here) / 2) ** 2
    width = np.sin(np.radians(np.subtract(to_longitude, longitude)) / 2) ** 2
    haversine = np.minimum(height + np.cos(here) * np.cos(there) * width, 1.0)
    km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(haversine))
    return np.where(np.isnan(km), np.inf, km)


def distances_km(
    latitude: FloatArray, longitude: FloatArray, to_latitude: FloatArray, to_longitude: FloatArray
) -> FloatArray:
    """Return the distances (n, m) [km] from each of n points to each of m points."""
    return great_circle_km(
        latitude[:, None], longitude[:, None], to_latitude[None, :], to_longitude[None, :]
    )


def pairs_within(latitude: FloatArray, longitude: FloatArray, km: float) -> Pairs:
    """Return the pairs of n points that are at most `km` apart; no point is paired with itself."""
    known = np.flatnonzero(~np.isnan(latitude + longitude))
    tree = cKDTree(unit_vectors(latitude[known], longitude[known]))
    near = tree.query_pairs(chord_of(km + _ROUNDING_KM), output_type="ndarray")
    one, other = known[near[:, 0]], known[near[:, 1]]
    apart = great_circle_km(latitude[one], longitude[one], latitude[other], longitude[other])
    one, other, apart = one[apart <= km], other[apart <= km], apart[apart <= km]
    a, b = np.concatenate([one, other]), np.concatenate([other, one])
    order = np.argsort(a * len(latitude) + b, kind="stable")
    return Pairs(a[order], b[order], np.concatenate([apart, apart])[order])


def unit_vectors(latitude: FloatArray, longitude: FloatArray) -> FloatArray:
    """Return points (n,) as vectors (n, 3) from the centre of a sphere of radius 1.

    The nearest of them by straight line is the nearest by great circle too.
    """
    phi, theta = np.radians(latitude), np.radians(longitude)
    return np.column_stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)])


def chord_of(km: float) -> float:
    """Return the straight line between unit vectors that are so many km of great circle apart."""
    return float(2 * np.sin(min(km / (2 * EARTH_RADIUS_KM), np.pi / 2)))


def km_of(chord: FloatArray) -> FloatArray:
    """Return the great-circle distance [km] of straight lines between unit vectors, inf of inf."""
    arc = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2, 1.0))
    return np.where(np.isinf(chord), np.inf, arc)
