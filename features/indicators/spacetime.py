"""Distance in space and time at once: how near, and how long ago, was the last violence?"""

import numpy as np
from scipy.spatial import cKDTree

from features.indicators.distances import km_of, unit_vectors
from features.panel import BoolArray, FloatArray


def space_time_distance(
    hits: BoolArray, latitude: FloatArray, longitude: FloatArray, km_a_month: float, reach: float
) -> FloatArray:
    """Return how far (T, R) [km] each region is from the nearest hit of another region so far.

    `hits` (T, R) says in which months a region was hit; regions lie at `latitude` and `longitude`
    (R,) [degrees]. Distance is sqrt(km ** 2 + (km_a_month * months ago) ** 2), `reach` at most, and
    `reach` for a region without coordinates.
    """
    nearest = _nearest_others(hits, latitude, longitude) ** 2
    shortest = np.minimum(nearest, reach**2)
    for ago in range(1, min(int(reach / km_a_month) + 1, len(hits))):
        earlier = nearest[:-ago] + (km_a_month * ago) ** 2
        np.minimum(shortest[ago:], earlier, out=shortest[ago:])
    return np.asarray(np.sqrt(shortest))


def _nearest_others(hits: BoolArray, latitude: FloatArray, longitude: FloatArray) -> FloatArray:
    """Return the distance (T, R) [km] to the nearest other region hit in the month, inf if none."""
    placed = ~np.isnan(latitude + longitude)
    points = unit_vectors(latitude, longitude)
    nearest = np.full(hits.shape, np.inf)
    for month in np.flatnonzero((hits & placed).any(axis=1)):
        hit = hits[month] & placed
        tree = cKDTree(points[hit])
        quiet = placed & ~hit
        nearest[month, quiet] = tree.query(points[quiet])[0]
        # The nearest to a region that was hit is that region itself; another one comes second.
        nearest[month, hit] = np.asarray(tree.query(points[hit], k=[2])[0])[:, 0]
    return km_of(nearest)
