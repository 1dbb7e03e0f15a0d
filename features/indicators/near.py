"""Great-circle distances, and the distinct points of a panel's incidents with what is near them.

The earth is a sphere of its mean radius, off by 0.5 % at most. Coordinates are latitude and
longitude [degrees]; a place without them (NaN) is infinitely far away. Incidents of unknown place
or outside the panel's months are left out.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from features.arrays import BoolArray, FloatArray, IntArray
from features.indicators.indicator import per_panel
from features.panel.panel import Panel

EARTH_RADIUS_KM = 6371.0088  # mean radius (Moritz 2000, Geodetic Reference System 1980)
_ROUNDING_KM = 1e-3  # chords and arcs do not round alike; arcs decide


class Pairs(NamedTuple):
    """Ordered pairs of two different regions, (n,) each, by `a` and then by `b`, and their km."""

    a: IntArray
    b: IntArray
    km: FloatArray


def great_circle_km(
    latitude: FloatArray, longitude: FloatArray, to_latitude: FloatArray, to_longitude: FloatArray
) -> FloatArray:
    """Return the distances [km] between points by the haversine formula; shapes are broadcast."""
    here, there = np.radians(latitude), np.radians(to_latitude)
    height = np.sin((there - here) / 2) ** 2
    width = np.sin(np.radians(np.subtract(to_longitude, longitude)) / 2) ** 2
    haversine = np.minimum(height + np.cos(here) * np.cos(there) * width, 1.0)
    km = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(haversine))
    return np.where(np.isnan(km), np.inf, km)


def pairs_within(latitude: FloatArray, longitude: FloatArray, km: float) -> Pairs:
    """Return the pairs of n points that are at most `km` apart; no point is paired with itself."""
    located = np.flatnonzero(~np.isnan(latitude + longitude))
    tree = cKDTree(unit_vectors(latitude[located], longitude[located]))
    near = tree.query_pairs(chord_of(km + _ROUNDING_KM), output_type="ndarray")
    one, other = located[near[:, 0]], located[near[:, 1]]
    apart = great_circle_km(latitude[one], longitude[one], latitude[other], longitude[other])
    one, other, apart = one[apart <= km], other[apart <= km], apart[apart <= km]
    a, b = np.concatenate([one, other]), np.concatenate([other, one])
    order = np.argsort(a * len(latitude) + b, kind="stable")
    return Pairs(a[order], b[order], np.concatenate([apart, apart])[order])


def unit_vectors(latitude: FloatArray, longitude: FloatArray) -> FloatArray:
    """Return points (n,) as vectors (n, 3) from the centre of a sphere of radius 1."""
    phi, theta = np.radians(latitude), np.radians(longitude)
    return np.column_stack([np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi)])


def chord_of(km: float) -> float:
    """Return the straight line between unit vectors that are `km` of great circle apart."""
    return float(2 * np.sin(min(km / (2 * EARTH_RADIUS_KM), np.pi / 2)))


def km_of(chord: FloatArray) -> FloatArray:
    """Return the great-circle distance [km] of straight lines between unit vectors, inf of inf."""
    arc = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2, 1.0))
    return np.where(np.isinf(chord), np.inf, arc)


def placed_incidents(panel: Panel) -> IntArray:
    """Return the incidents that lie in a region and month of the panel."""
    row = panel.incidents.month - panel.months[0]
    return np.flatnonzero((panel.incidents.region >= 0) & (row >= 0) & (row < len(panel.months)))


def incident_counts(panel: Panel, placed: IntArray) -> FloatArray:
    """Return how many of some placed incidents there were, (T, R) [events/month]."""
    row, region = panel.incidents.month[placed] - panel.months[0], panel.incidents.region[placed]
    return counts_at(row, region, panel.observed.shape).toarray().astype(np.float64)


class Violence(NamedTuple):
    """Incidents of known place: n of them, at P distinct points, in T months.

    `incident` (n,) are their numbers in the panel, `row` (n,) is the month, `region` (n,) is -1 for
    none; points have `counts` (P, T) of incidents.
    """

    incident: IntArray
    row: IntArray
    region: IntArray
    point: IntArray
    latitude: FloatArray
    longitude: FloatArray
    counts: sparse.csr_array


@per_panel
def violence(panel: Panel) -> Violence:
    """Return the incidents of known place."""
    incidents = panel.incidents
    rows = incidents.month - panel.months[0]
    months = len(panel.months)
    located = np.flatnonzero(
        ~np.isnan(incidents.latitude + incidents.longitude) & (rows >= 0) & (rows < months)
    )
    row = rows[located]
    points, point = np.unique(
        incidents.latitude[located] + 1j * incidents.longitude[located], return_inverse=True
    )
    counts = counts_at(point, row, (len(points), months))
    latitude, longitude = np.ascontiguousarray(points.real), np.ascontiguousarray(points.imag)
    region = incidents.region[located]
    return Violence(located, row, region, point, latitude, longitude, counts)


def counts_at(row: IntArray, column: IntArray, shape: tuple[int, int]) -> sparse.csr_array:
    """Return how often each place stands among n places, given by `row` and `column` (n,)."""
    return sparse.coo_array((np.ones(len(row), np.int32), (row, column)), shape=shape).tocsr()


def pairs_between(
    latitude: FloatArray,
    longitude: FloatArray,
    to_latitude: FloatArray,
    to_longitude: FloatArray,
    km: float,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the pairs of one of n places and one of m points at most `km` apart, and their km."""
    located = np.flatnonzero(~np.isnan(latitude + longitude))
    places = cKDTree(unit_vectors(latitude[located], longitude[located]))
    points = cKDTree(unit_vectors(to_latitude, to_longitude))
    reach = chord_of(km + _ROUNDING_KM)
    pairs = places.sparse_distance_matrix(points, reach, output_type="ndarray")
    place = located[np.ascontiguousarray(pairs["i"])]
    point = np.ascontiguousarray(pairs["j"])
    apart = great_circle_km(
        latitude[place], longitude[place], to_latitude[point], to_longitude[point]
    )
    near = apart <= km
    return place[near], point[near], apart[near]


def lately(happened: BoolArray, months: int) -> BoolArray:
    """Return (T, ...): did it happen in any of the last `months` months, this one included?"""
    total = np.cumsum(happened, axis=0, dtype=np.int32)
    total[months:] = total[months:] - total[:-months].copy()
    return np.asarray(total > 0)


def minimum_lately(values: FloatArray, months: int) -> FloatArray:
    """Return (T, ...), the least value of the last `months` months, this one included."""
    least = values.copy()
    for back in range(1, min(months, len(values))):
        least[back:] = np.minimum(least[back:], values[:-back])
    return least
