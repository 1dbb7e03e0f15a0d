"""Formulas over space: pure functions on dense month x region arrays.

They take and return float arrays (T months, R regions) in which NaN means "not observed" and adds
nothing. A sum over regions has a fixed order, so that months do not change each other by a bit.
"""

from collections.abc import Callable

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from features.arrays import BoolArray, FloatArray, IntArray
from features.indicators.near import km_of, pairs_within, unit_vectors


def weighted_sum(values: FloatArray, weights: sparse.csr_array) -> FloatArray:
    """Return the sum over the observed regions, each by its weight; `weights` is (R, R)."""
    return np.asarray((weights @ np.where(np.isnan(values), 0.0, values).T).T)


def neighbour_mean(values: FloatArray, neighbours: sparse.csr_array) -> FloatArray:
    """Return the mean over a region's observed neighbours (R, R), a first-order lag; 0 of none."""
    total = weighted_sum(values, neighbours)
    count = _number_observed(values, neighbours)
    return np.asarray(np.divide(total, count, out=np.zeros_like(total), where=count > 0))


def neighbours_observed(
    values: FloatArray, neighbours: sparse.csr_array, size: FloatArray
) -> FloatArray:
    """Return the share of a region's neighbours that are observed; 1 where it has none.

    `size` (R,) is how many neighbours a region has, those that `neighbours` leaves out included.
    """
    count = _number_observed(values, neighbours)
    return np.asarray(np.divide(count, size, out=np.ones_like(count), where=size > 0))


def second_neighbour_mean(values: FloatArray, neighbours: sparse.csr_array) -> FloatArray:
    """Return the mean over the neighbours of a region's neighbours, a second-order lag; 0 of none.

    Neither the region nor its neighbours are among them. The neighbour between must be observed in
    the month too: which others a panel holds depends on what is observed later.
    """
    observed = ~np.isnan(values)
    result = np.zeros(values.shape)
    changes = np.flatnonzero((observed[1:] != observed[:-1]).any(axis=1)) + 1
    for months in np.split(np.arange(len(values)), changes):
        ring = _second_ring(neighbours, observed[months[0]])
        result[months] = neighbour_mean(values[months], ring)
    return result


def mean_of_others(values: FloatArray, group: IntArray) -> FloatArray:
    """Return the mean over the other observed regions of a region's `group` (R,); 0 of none."""
    result = np.zeros(values.shape)
    for number in np.unique(group):
        members = np.flatnonzero(group == number)
        observed = ~np.isnan(values[:, members])
        total = _sum_of_others(np.where(observed, values[:, members], 0.0))
        count = _sum_of_others(observed.astype(np.float64))
        result[:, members] = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    return result


def distance_weights(
    latitude: FloatArray,
    longitude: FloatArray,
    reach: float,
    weight: Callable[[FloatArray], FloatArray],
) -> sparse.csr_array:
    """Return weights (R, R) by the distance [km] between regions (R,) at most `reach` km apart.

    `weight` is of an array of km. A region has none for itself, nor for one without coordinates.
    """
    pairs, size = pairs_within(latitude, longitude, reach), len(latitude)
    start = np.searchsorted(pairs.a, np.arange(size + 1))
    return sparse.csr_array((weight(pairs.km), pairs.b, start), shape=(size, size))


def _number_observed(values: FloatArray, neighbours: sparse.csr_array) -> FloatArray:
    return np.asarray((neighbours @ (~np.isnan(values)).astype(np.float64).T).T)


def _second_ring(neighbours: sparse.csr_array, through: BoolArray) -> sparse.csr_array:
    bridge = neighbours[:, np.flatnonzero(through)]
    reached = (bridge @ bridge.T).tocoo()
    a, b = reached.coords
    near = neighbours.tocoo()
    size = neighbours.shape[0]
    is_neighbour = np.isin(a * size + b, near.coords[0] * size + near.coords[1])
    ring = ~is_neighbour & (a != b)
    ones = np.ones(int(ring.sum()))
    return sparse.csr_array((ones, (a[ring], b[ring])), shape=neighbours.shape)


def _sum_of_others(values: FloatArray) -> FloatArray:
    """Return the sum over the other columns: those before and those after, nothing subtracted."""
    total = np.zeros(values.shape)
    total[:, 1:] = np.cumsum(values[:, :-1], axis=1)
    total[:, :-1] += np.cumsum(values[:, :0:-1], axis=1)[:, ::-1]
    return total


def space_time_distance(
    hits: BoolArray, latitude: FloatArray, longitude: FloatArray, km_a_month: float, reach: float
) -> FloatArray:
    """Return how far (T, R) [km] each region is from the nearest hit of another region so far.

    `hits` is (T, R); regions lie at `latitude` and `longitude` (R,) [degrees]. Distance is sqrt(km
    ** 2 + (km_a_month * months ago) ** 2), `reach` at most and for a region without coordinates.
    """
    nearest = _nearest_others(hits, latitude, longitude) ** 2
    shortest = np.minimum(nearest, reach**2)
    for ago in range(1, min(int(reach / km_a_month) + 1, len(hits))):
        earlier = nearest[:-ago] + (km_a_month * ago) ** 2
        np.minimum(shortest[ago:], earlier, out=shortest[ago:])
    return np.asarray(np.sqrt(shortest))


def _nearest_others(hits: BoolArray, latitude: FloatArray, longitude: FloatArray) -> FloatArray:
    """Return the distance (T, R) [km] to the nearest other region hit in the month, inf if none."""
    located = ~np.isnan(latitude + longitude)
    points = unit_vectors(latitude, longitude)
    nearest = np.full(hits.shape, np.inf)
    for month in np.flatnonzero((hits & located).any(axis=1)):
        hit = hits[month] & located
        tree = cKDTree(points[hit])
        quiet = located & ~hit
        nearest[month, quiet] = tree.query(points[quiet])[0]
        # The nearest to a region that was hit is that region itself; another one comes second.
        nearest[month, hit] = np.asarray(tree.query(points[hit], k=[2])[0])[:, 0]
    return km_of(nearest)
