"""Rings: in which directions around a place there was violence, and how far away the nearest was.

A sector is an eighth of the compass, the first one around north. What happened less than CENTRE_KM
from the place itself lies in no direction, but counts for the distance.
"""

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from features.indicators.distances import chord_of, km_of, unit_vectors
from features.indicators.near import IntArray, Violence, pairs_between
from features.panel import BoolArray, FloatArray

SECTORS = 8
CENTRE_KM = 5.0
"""How large a place is, and how well its position is known [km]."""

FARTHEST_KM = 1000.0
"""Where there is no violence within this distance [km], it stands for the nearest."""


def sector_of(
    latitude: FloatArray, longitude: FloatArray, to_latitude: FloatArray, to_longitude: FloatArray
) -> IntArray:
    """Return the sectors, 0 (north) to 7 clockwise, in which points lie from places [degrees]."""
    here, there = np.radians(latitude), np.radians(to_latitude)
    east = np.radians(to_longitude - longitude)
    bearing = np.arctan2(
        np.sin(east) * np.cos(there),
        np.cos(here) * np.sin(there) - np.sin(here) * np.cos(there) * np.cos(east),
    )
    return np.asarray(np.rint(bearing * SECTORS / (2 * np.pi)) % SECTORS, dtype=np.int64)


def rings(
    latitude: FloatArray, longitude: FloatArray, radii: tuple[int, ...], violence: Violence
) -> BoolArray:
    """Return (len(radii), T, n, SECTORS): was there violence that near to n places in the month?

    `radii` [km] ascend. A place without coordinates has none around it.
    """
    place, point, km = pairs_between(
        latitude, longitude, violence.latitude, violence.longitude, radii[-1]
    )
    sector = sector_of(
        latitude[place], longitude[place], violence.latitude[point], violence.longitude[point]
    )
    months = violence.counts.shape[1]
    seen = np.zeros((len(radii), months, len(latitude), SECTORS), dtype=bool)
    inner = CENTRE_KM
    for position, outer in enumerate(radii):
        band = (km >= inner) & (km <= outer)
        _mark(seen[position], place[band], sector[band], point[band], violence.counts)
        seen[position] |= seen[max(position - 1, 0)]
        inner = outer
    return seen


def _mark(
    seen: BoolArray, place: IntArray, sector: IntArray, point: IntArray, counts: sparse.csr_array
) -> None:
    """Mark in `seen` (T, n, SECTORS) the months in which there was an incident at the points."""
    cell = place * SECTORS + sector
    _, places, sectors = seen.shape
    shape = (places * sectors, counts.shape[0])
    around = sparse.coo_array((np.ones(len(cell), np.int32), (cell, point)), shape=shape)
    found = (around.tocsr() @ counts).tocoo()
    cell, month = found.coords
    seen[month, cell // SECTORS, cell % SECTORS] = True


def nearest_km(latitude: FloatArray, longitude: FloatArray, violence: Violence) -> FloatArray:
    """Return (T, n), the distance of the nearest violence of the month from n places [km].

    FARTHEST_KM where there is none within it, and for a place without coordinates.
    """
    known = np.flatnonzero(~np.isnan(latitude + longitude))
    places = unit_vectors(latitude[known], longitude[known])
    points = unit_vectors(violence.latitude, violence.longitude)
    by_month = violence.counts.tocsc()
    nearest = np.full((by_month.shape[1], len(latitude)), FARTHEST_KM)
    # A tree a month: what a month's distances are must not depend on any later month.
    for month, (start, end) in enumerate(zip(by_month.indptr, by_month.indptr[1:], strict=False)):
        if end > start:
            tree = cKDTree(points[np.sort(by_month.indices[start:end])])
            chord, _ = tree.query(places, distance_upper_bound=chord_of(FARTHEST_KM))
            nearest[month, known] = np.minimum(km_of(np.asarray(chord)), FARTHEST_KM)
    return nearest
