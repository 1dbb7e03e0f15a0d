"""Corridors as lines on the globe: how near points lie to them, and which regions they cross.

A corridor runs from place to place along great circles. It is cut into pieces of at most PIECE_KM.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import shapely
from scipy import sparse
from scipy.spatial import cKDTree

from features.arrays import FloatArray, IntArray, ObjectArray
from features.indicators.near import (
    EARTH_RADIUS_KM,
    chord_of,
    counts_at,
    great_circle_km,
    km_of,
    unit_vectors,
)
from features.places.regions import Regions, corridors, geometries, load_regions

PIECE_KM = 50.0
_ROUNDING_KM = 1e-3


class Roads(NamedTuple):
    """K corridors in n pieces: `country` (K,) that each supplies, `corridor` (n,) of each piece.

    `start` and `end` (n, 3) of a piece are unit vectors; `place` (n,) is the row in `corridors()`
    of the last place before it.
    """

    country: tuple[str, ...]
    corridor: IntArray
    place: IntArray
    start: FloatArray
    end: FloatArray


@cache
def roads() -> Roads:
    """Return the bundled corridors."""
    waypoints = corridors()
    number, _ = waypoints["corridor"].factorize()
    latitude, longitude = waypoints["latitude"].to_numpy(), waypoints["longitude"].to_numpy()
    place = unit_vectors(latitude, longitude)
    leg = np.flatnonzero(number[1:] == number[:-1])
    length = great_circle_km(latitude[leg], longitude[leg], latitude[leg + 1], longitude[leg + 1])
    cuts = np.ceil(length / PIECE_KM).astype(np.int64)
    of = np.repeat(leg, cuts)
    nth = np.arange(len(of)) - np.repeat(np.cumsum(cuts) - cuts, cuts)
    share, angle = nth / cuts.repeat(cuts), np.repeat(length, cuts) / EARTH_RADIUS_KM
    start = _between(place[of], place[of + 1], angle, share)
    end = _between(place[of], place[of + 1], angle, share + 1 / cuts.repeat(cuts))
    country = waypoints.drop_duplicates("corridor")["country"]
    return Roads(tuple(country), number[of], of, start, end)


def _between(a: FloatArray, b: FloatArray, angle: FloatArray, share: FloatArray) -> FloatArray:
    """Return the points (n, 3) at a share of the way from a to b, `angle` [radians] apart."""
    first, second = np.sin((1 - share) * angle), np.sin(share * angle)
    return np.asarray((first[:, None] * a + second[:, None] * b) / np.sin(angle)[:, None])


def near_roads(latitude: FloatArray, longitude: FloatArray, km: float) -> sparse.csr_array:
    """Return (K, P) 1 where a corridor comes within `km` of one of P points [degrees]."""
    near = nearest_pieces(latitude, longitude, km)
    corridor = roads().corridor[near.piece]
    return counts_at(corridor, near.point, (len(roads().country), len(latitude)))


class Nearness(NamedTuple):
    """Points near corridors, once a corridor: the nearest `piece` of it, and its distance [km]."""

    point: IntArray
    piece: IntArray
    km: FloatArray


def nearest_pieces(latitude: FloatArray, longitude: FloatArray, km: float) -> Nearness:
    """Return which of P points [degrees] lie within `km` of a corridor, by corridor and point."""
    lines = roads()
    points = unit_vectors(latitude, longitude)
    middle = lines.start + lines.end
    middle /= np.sqrt((middle**2).sum(axis=1, keepdims=True))
    reach = chord_of(km + PIECE_KM / 2 + _ROUNDING_KM)
    close = cKDTree(middle).sparse_distance_matrix(cKDTree(points), reach, output_type="ndarray")
    piece, point = np.ascontiguousarray(close["i"]), np.ascontiguousarray(close["j"])
    distance = _off_road_km(points[point], lines.start[piece], lines.end[piece])
    near = distance <= km
    piece, point, distance = piece[near], point[near], distance[near]
    # Where two pieces meet both are as near, but for rounding: the first counts.
    order = np.lexsort((piece, distance.round(6), point, lines.corridor[piece]))
    pairs = lines.corridor[piece] * max(len(points), 1) + point
    _, first = np.unique(pairs[order], return_index=True)
    return Nearness(point[order][first], piece[order][first], distance[order][first])


def _off_road_km(point: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
    """Return the distances (n,) [km] of points from pieces of great circles, all unit vectors."""
    pole = np.cross(start, end)
    pole /= np.sqrt(_dot(pole, pole))[:, None]
    abreast = (_dot(np.cross(pole, start), point) >= 0) & (_dot(np.cross(pole, end), point) <= 0)
    across = EARTH_RADIUS_KM * np.arcsin(np.minimum(np.abs(_dot(pole, point)), 1.0))
    gaps = (_dot(point - start, point - start), _dot(point - end, point - end))
    return np.where(abreast, across, km_of(np.sqrt(np.minimum(*gaps))))


def _dot(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray((a * b).sum(axis=1))


def crossed(regions: Regions) -> sparse.csr_array:
    """Return (R, K) 1 where a corridor crosses a region; none crosses one without an outline."""
    bundled = np.flatnonzero(np.isin(regions.ids, load_regions(regions.level).ids))
    outlines = geometries(regions.level, regions.ids[bundled])
    row, corridor = shapely.STRtree(_polylines()).query(outlines, predicate="intersects")
    return counts_at(bundled[row], corridor, (len(regions), len(roads().country)))


@cache
def _polylines() -> ObjectArray:
    """Return the corridors (K,) as lines [degrees]; none of them comes near 180 degrees east."""
    lines = roads()
    ends = np.stack([lines.start, lines.end], axis=1)
    latitude = np.degrees(np.arcsin(ends[..., 2]))
    longitude = np.degrees(np.arctan2(ends[..., 1], ends[..., 0]))
    pieces = shapely.linestrings(np.stack([longitude, latitude], axis=-1))
    return np.asarray(shapely.multilinestrings(pieces, indices=lines.corridor), dtype=object)
