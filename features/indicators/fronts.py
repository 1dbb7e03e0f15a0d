"""Fronts: how far armed groups have come, and how near those stand that are not here yet."""

import numpy as np
import numpy.typing as npt

from features.arrays import FloatArray
from features.indicators.groups import Fights, group_fights
from features.indicators.indicator import per_panel
from features.indicators.near import Pairs, pairs_within
from features.panel.panel import Panel

FRONT_MONTHS = 12
"""A front is where a group fought within so many months."""

FARTHEST_KM = 1000.0
"""Where no front is within this distance [km], it stands for the nearest."""

_BITS = 64
_Words = npt.NDArray[np.uint64]


def reached(fights: Fights) -> Fights:
    """Return the first months of groups in regions, but for those in which a group first fought."""
    first = fights.at(fights.is_first)
    began = np.full(fights.actor.max(initial=-1) + 1, np.iinfo(np.int64).max)
    np.minimum.at(began, first.actor, first.row)
    return first.at(first.row > began[first.actor])


@per_panel
def expansion(panel: Panel) -> FloatArray:
    """Return (T, R): the most regions that any group which fights near by has newly reached.

    Within FRONT_MONTHS; near by is in the region or in a neighbouring one.
    """
    fights = group_fights(panel)
    new = reached(fights)
    months, regions = panel.observed.shape
    groups = fights.actor.max(initial=-1) + 1
    changes = np.zeros((months + FRONT_MONTHS, groups), np.int64)
    np.add.at(changes, (new.row, new.actor), 1)
    np.add.at(changes, (new.row + FRONT_MONTHS, new.actor), -1)
    by_group = np.cumsum(changes, axis=0)
    own = np.zeros((months, regions))
    for later in range(FRONT_MONTHS):
        row = fights.row + later
        inside = row < months
        row, region, actor = row[inside], fights.region[inside], fights.actor[inside]
        np.maximum.at(own, (row, region), by_group[row, actor].astype(np.float64))
    links = panel.regions.neighbours.tocsr()
    around = own.copy()
    here = np.repeat(np.arange(regions), np.diff(links.indptr))
    for month in np.flatnonzero(own.any(axis=1)):
        np.maximum.at(around[month], here, own[month, links.indices])
    return around


@per_panel
def front_distance(panel: Panel) -> FloatArray:
    """Return (T, R): the distance [km] of the nearest front of a group that is not here.

    The distance between the points of the region and of another one, in which a group fought within
    FRONT_MONTHS that did not fight in the region itself. At most FARTHEST_KM, which also stands for
    a region without coordinates.
    """
    table = panel.regions.table
    latitude, longitude = (
        table[name].to_numpy(dtype=np.float64) for name in ("latitude", "longitude")
    )
    pairs = pairs_within(latitude, longitude, FARTHEST_KM)
    here = _present(panel)
    nearest = np.full(panel.observed.shape, FARTHEST_KM)
    for month, present in enumerate(here):
        _approach(nearest[month], pairs, present)
    return nearest


def _approach(nearest: FloatArray, pairs: Pairs, present: _Words) -> None:
    """Lower `nearest` (R,) to the distances of regions in which there is a group that is not here.

    `present` (R, words) has a bit a group.
    """
    busy = np.asarray((present > 0).any(axis=1))[pairs.b]
    a, b, km = pairs.a[busy], pairs.b[busy], pairs.km[busy]
    strange = (present[b] & ~present[a]).any(axis=1)
    np.minimum.at(nearest, a[strange], km[strange])


def _present(panel: Panel) -> _Words:
    """Return (T, R, words): a bit a group that fought in the region within FRONT_MONTHS."""
    fights = group_fights(panel)
    months, regions = panel.observed.shape
    _, group = np.unique(fights.actor, return_inverse=True)
    words = group.max(initial=0) // _BITS + 1
    present = np.zeros((months, regions, words), np.uint64)
    bit = np.left_shift(np.uint64(1), (group % _BITS).astype(np.uint64))
    for later in range(FRONT_MONTHS):
        row = fights.row + later
        inside = row < months
        place = row[inside], fights.region[inside], group[inside] // _BITS
        np.bitwise_or.at(present, place, bit[inside])
    return present
