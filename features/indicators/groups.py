"""Armed groups: where and when they fought, how far they have come, how near their fronts are.

An armed group is an actor that is no state force. Spans of months are summed as changes in whole
numbers, so a month's value does not depend on later months.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from features.arrays import BoolArray, FloatArray, IntArray
from features.indicators.indicator import per_panel
from features.indicators.near import incident_counts, placed_incidents
from features.indicators.spatial import distance_weights
from features.panel.panel import Panel

FRONT_MONTHS = 12  # within which a group fought at its front
FARTHEST_KM = 1000.0  # stands for the nearest front where none is within it
_BITS = 64
_Words = npt.NDArray[np.uint64]


class Fights(NamedTuple):
    """Months of actors in regions, (n,) each, by actor, region and month.

    `actor` is a number, `region` and `row` are places in the panel, `events` [events/month] counts
    the actor's events in the month. `is_first` marks an actor's first month in a region, `since`
    [months] goes back to the one before, 0 in the first.
    """

    actor: IntArray
    region: IntArray
    row: IntArray
    events: IntArray
    is_first: BoolArray
    since: IntArray

    def at(self, selection: BoolArray) -> "Fights":
        """Return some of them."""
        return Fights._make(values[selection] for values in self)


@per_panel
def group_fights(panel: Panel) -> Fights:
    """Return the months in which each armed group fought in each region."""
    actor, _, incident = sides_of_groups(panel)
    return _fights(panel, actor, incident)


def sides_of_groups(panel: Panel) -> tuple[IntArray, IntArray, IntArray]:
    """Return (n,) each: an armed group, its opponent (-1 for none or no actor) and the incident.

    An incident between two groups is there twice, one of a group with itself once.
    """
    incidents, placed = panel.incidents, placed_incidents(panel)
    groups = np.append(~incidents.is_state, False)
    sides = incidents.actors[placed]
    alone = sides[:, 1] == sides[:, 0]
    sides[alone, 1] = -1
    actors = np.where(groups[sides], sides, -1)
    event, side = np.nonzero(actors >= 0)
    return actors[event, side], sides[event, 1 - side], placed[event]


@per_panel
def dyad_fights(panel: Panel) -> Fights:
    """Return the months in which each two actors, state forces among them, fought each other."""
    placed = placed_incidents(panel)
    actors = np.sort(panel.incidents.actors[placed], axis=1)
    both = (actors >= 0).all(axis=1)
    dyad = actors[both] @ np.array([len(panel.incidents.names), 1])
    return _fights(panel, dyad, placed[both])


@per_panel
def state_events(panel: Panel) -> tuple[FloatArray, FloatArray]:
    """Return (T, R): events with state forces, and events with any actor [events/month]."""
    incidents, placed = panel.incidents, placed_incidents(panel)
    state = np.append(incidents.is_state, False)[incidents.actors[placed]].any(axis=1)
    has_actor = (incidents.actors[placed] >= 0).any(axis=1)
    return incident_counts(panel, placed[state]), incident_counts(panel, placed[has_actor])


def spans(panel: Panel, fights: Fights, months: int) -> FloatArray:
    """Return (T, R): how many fights began in the last `months` months, this one included."""
    return _spans(fights.row, fights.region, months, panel.observed.shape).astype(np.float64)


def _spans(row: IntArray, column: IntArray, months: int, shape: tuple[int, ...]) -> IntArray:
    """Return `shape` (T, n): how many of the (row, column) were in the last `months` months."""
    changes = np.zeros((shape[0] + months, shape[1]), np.int64)
    np.add.at(changes, (row, column), 1)
    np.add.at(changes, (row + months, column), -1)
    return np.cumsum(changes, axis=0)[: shape[0]]


def summed(panel: Panel, months: int, function: np.ufunc) -> FloatArray:
    """Return (T, R), the sum over groups of a function of their events in the last `months` months.

    An event in which two groups took part counts for both.
    """
    fights = group_fights(panel)
    pair = np.cumsum(fights.is_first) - 1
    everyone, when = np.tile(pair, 2), np.concatenate([fights.row, fights.row + months])
    change = np.concatenate([fights.events, -fights.events])
    order = np.lexsort([when, everyone])
    # Of one pair all changes add up to nothing, so one running sum does for all pairs.
    after = np.cumsum(change[order])
    before = after - change[order]
    steps = function(after) - function(before)
    changes = np.zeros((len(panel.months) + months, panel.observed.shape[1]), np.int64)
    np.add.at(changes, (when[order], np.tile(fights.region, 2)[order]), steps)
    return np.cumsum(changes, axis=0)[: len(panel.months)].astype(np.float64)


def _fights(panel: Panel, actor: IntArray, incident: IntArray) -> Fights:
    region = panel.incidents.region[incident]
    row = panel.incidents.month[incident] - panel.months[0]
    months, regions = panel.observed.shape
    keys, events = np.unique((actor * regions + region) * months + row, return_counts=True)
    pair, row = np.divmod(keys, months)
    actor, region = np.divmod(pair, regions)
    same = np.zeros(len(row), dtype=bool)
    same[1:] = pair[1:] == pair[:-1]
    since = np.where(same, np.diff(row, prepend=0), 0)
    return Fights(actor, region, row, events, ~same, since)


def reached(fights: Fights) -> Fights:
    """Return the first months of groups in regions, but for those in which a group first fought."""
    first = fights.at(fights.is_first)
    began = np.full(fights.actor.max(initial=-1) + 1, np.iinfo(np.int64).max)
    np.minimum.at(began, first.actor, first.row)
    return first.at(first.row > began[first.actor])


@per_panel
def expansion(panel: Panel) -> FloatArray:
    """Return (T, R): most regions newly reached in FRONT_MONTHS by a group here or next door."""
    fights = group_fights(panel)
    new = reached(fights)
    months, regions = panel.observed.shape
    groups = fights.actor.max(initial=-1) + 1
    by_group = _spans(new.row, new.actor, FRONT_MONTHS, (months, groups))
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
    """Return (T, R): how far [km] the nearest front of a group not here is, FARTHEST_KM at most."""
    near = distance_weights(*panel.regions.coordinates, FARTHEST_KM, lambda km: km)
    nearest = np.full(panel.observed.shape, FARTHEST_KM)
    for month, present in enumerate(_present(panel)):
        _approach(nearest[month], near, present)
    return nearest


def _approach(nearest: FloatArray, near: sparse.csr_array, present: _Words) -> None:
    """Lower `nearest` (R,) to the distances of groups not here; `present` has a bit a group.

    `near` are the distances [km] between regions, (R, R).
    """
    busy = np.flatnonzero((present > 0).any(axis=1))
    away = near[busy]
    there = np.repeat(busy, np.diff(away.indptr))
    strange = (present[there] & ~present[away.indices]).any(axis=1)
    np.minimum.at(nearest, away.indices[strange], away.data[strange])


def _present(panel: Panel) -> Iterator[_Words]:
    """Yield for each month (R, words): a bit a group that fought in the region in FRONT_MONTHS."""
    fights = group_fights(panel)
    months, regions = panel.observed.shape
    _, group = np.unique(fights.actor, return_inverse=True)
    word, bit = np.divmod(group, _BITS)
    mask = np.left_shift(np.uint64(1), bit.astype(np.uint64))
    order = np.argsort(fights.row, kind="stable")
    start = np.searchsorted(fights.row[order], np.arange(months + 1))
    for month in range(months):
        lately = order[start[max(0, month + 1 - FRONT_MONTHS)] : start[month + 1]]
        present = np.zeros((regions, word.max(initial=0) + 1), np.uint64)
        np.bitwise_or.at(present, (fights.region[lately], word[lately]), mask[lately])
        yield present
