"""Where and when there was violence: the distinct points of a panel's incidents, and what is near.

An incident whose place is not known is left out, and so is one outside the panel's months.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.spatial import cKDTree

from features.indicators.distances import chord_of, great_circle_km, unit_vectors
from features.indicators.memory import per_panel
from features.panel import BoolArray, FloatArray, Panel

IntArray = npt.NDArray[np.int64]

_ROUNDING_KM = 1e-3  # chords and arcs do not round alike; arcs decide


class Violence(NamedTuple):
    """Incidents of known place: n of them, at P distinct points, in T months.

    `row` (n,) is the month of each in the panel, `region` (n,) its region there (-1 for none) and
    `point` (n,) its point; `latitude` and `longitude` (P,) [degrees] are those of the points;
    `counts` (P, T) is how many incidents there were.
    """

    row: IntArray
    region: IntArray
    point: IntArray
    latitude: FloatArray
    longitude: FloatArray
    counts: sparse.csr_array


@per_panel
def violence(panel: Panel) -> Violence:
    """Return the incidents of known place."""
    told = panel.incidents
    rows = told.month - panel.months[0]
    months = len(panel.months)
    known = np.flatnonzero(
        ~np.isnan(told.latitude + told.longitude) & (rows >= 0) & (rows < months)
    )
    row = rows[known]
    points, point = np.unique(
        told.latitude[known] + 1j * told.longitude[known], return_inverse=True
    )
    counts = sparse.coo_array(
        (np.ones(len(row), np.int32), (point, row)), shape=(len(points), months)
    )
    latitude, longitude = np.ascontiguousarray(points.real), np.ascontiguousarray(points.imag)
    return Violence(row, told.region[known], point, latitude, longitude, counts.tocsr())


def pairs_between(
    latitude: FloatArray,
    longitude: FloatArray,
    to_latitude: FloatArray,
    to_longitude: FloatArray,
    km: float,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the pairs of one of n places and one of m points at most `km` apart, and their km.

    A place without coordinates (NaN) is near nothing.
    """
    known = np.flatnonzero(~np.isnan(latitude + longitude))
    places = cKDTree(unit_vectors(latitude[known], longitude[known]))
    points = cKDTree(unit_vectors(to_latitude, to_longitude))
    reach = chord_of(km + _ROUNDING_KM)
    found = places.sparse_distance_matrix(points, reach, output_type="ndarray")
    place = known[np.ascontiguousarray(found["i"])]
    point = np.ascontiguousarray(found["j"])
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
