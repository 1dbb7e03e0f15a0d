"""PRIO-GRID by arithmetic: half-degree cells, numbered row by row from 90S 180W.

Tollefsen, Strand & Buhaug (2012), PRIO-GRID: A unified spatial data structure, Journal of Peace
Research 49(2).
"""

import numpy as np
import shapely
from scipy import sparse

from features.arrays import FloatArray, IntArray, ObjectArray

CELL_SIZE = 0.5  # [degrees]
POLE, ANTIMERIDIAN = 90.0, 180.0  # the ends of latitude and longitude [degrees]
ROWS, COLUMNS = round(2 * POLE / CELL_SIZE), round(2 * ANTIMERIDIAN / CELL_SIZE)
SIDE_KM = CELL_SIZE * 111.195  # along a meridian, on a sphere

_SIDES = [(-1, 0), (0, -1), (0, 1), (1, 0)]
_CORNERS = [(-1, -1), (-1, 1), (1, -1), (1, 1)]


def cell_of(latitude: FloatArray, longitude: FloatArray) -> IntArray:
    """Return the cells (n,) of points (n,) [degrees], 0 where a point is not on the globe.

    A cell owns its southern and western edge; the pole is in the last row, and 180E is 180W.
    """
    on_globe = (np.abs(latitude) <= POLE) & (np.abs(longitude) <= ANTIMERIDIAN)
    # Counted from 0N 0E, where division by a power of two is exact: adding 90 first would round a
    # point just south of the equator to the north of it.
    row = _cells_from_zero(np.where(on_globe, latitude, 0.0)) + ROWS // 2
    column = _cells_from_zero(np.where(on_globe, longitude, 0.0)) + COLUMNS // 2
    cell = np.minimum(row, ROWS - 1) * COLUMNS + column % COLUMNS + 1
    return np.where(on_globe, cell, 0)


def _cells_from_zero(degrees: FloatArray) -> IntArray:
    return np.floor(degrees / CELL_SIZE).astype(np.int64)


def place_priogrid(latitude: FloatArray, longitude: FloatArray) -> ObjectArray:
    """Return the cells (n,) of points (n,) [degrees] as region ids, None for one off the globe."""
    cell = cell_of(latitude, longitude)
    ids = cell.astype(str).astype(object)
    ids[cell == 0] = None
    return ids


def centres(cells: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return latitude (n,) and longitude (n,) [degrees] of the centres of cells (n,)."""
    row, column = np.divmod(cells - 1, COLUMNS)
    return CELL_SIZE * (row + 0.5) - POLE, CELL_SIZE * (column + 0.5) - ANTIMERIDIAN


def boxes(cells: IntArray) -> ObjectArray:
    """Return the outlines (n,) of cells (n,) as shapely polygons [degrees]."""
    latitude, longitude = centres(cells)
    half = CELL_SIZE / 2
    south_west = longitude - half, latitude - half
    north_east = longitude + half, latitude + half
    return np.asarray(shapely.box(*south_west, *north_east))


def areas(cells: IntArray) -> FloatArray:
    """Return the areas (n,) [km2] of cells (n,), land and water."""
    latitude, _ = centres(cells)
    return np.asarray(SIDE_KM**2 * np.cos(np.radians(latitude)))


def neighbours(cells: IntArray) -> sparse.csr_array:
    """Return which distinct cells (n,) touch, corners and 180 degrees included, as 0/1 (n, n)."""
    a, b = _touching(cells, _SIDES + _CORNERS)
    return sparse.csr_array((np.ones(len(a)), (a, b)), shape=(len(cells), len(cells)))


def borders(cells: IntArray) -> sparse.csr_array:
    """Return the lengths (n, n) [km] of the sides that distinct cells (n,) share."""
    a, b = _touching(cells, _SIDES)
    latitude, _ = centres(cells)
    # The side between two rows lies on the parallel half-way; that within a row on a meridian.
    parallel = np.cos(np.radians((latitude[a] + latitude[b]) / 2))
    length = SIDE_KM * np.where(latitude[a] == latitude[b], 1.0, parallel)
    return sparse.csr_array((length, (a, b)), shape=(len(cells), len(cells)))


def _touching(cells: IntArray, steps: list[tuple[int, int]]) -> tuple[IntArray, IntArray]:
    """Return the pairs of places in `cells` of which the second is a step from the first."""
    place = np.full(ROWS * COLUMNS + 1, -1)
    place[cells] = np.arange(len(cells))
    row, column = np.divmod(cells - 1, COLUMNS)
    pairs = []
    for step_row, step_column in steps:
        other_row = row + step_row
        other = other_row * COLUMNS + (column + step_column) % COLUMNS + 1
        inside = (other_row >= 0) & (other_row < ROWS)
        place_of_other = np.where(inside, place[np.where(inside, other, 0)], -1)
        here = np.flatnonzero(place_of_other >= 0)
        pairs.append(np.stack([here, place_of_other[here]]))
    a, b = np.concatenate(pairs, axis=1)
    return a, b
