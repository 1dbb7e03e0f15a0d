"""Where and when the armed groups of a panel fought: sparse, by pairs of a group and a region.

An armed group is an actor that is no state force. Spans of months are added up as changes (a group
comes, a group goes), in whole numbers, so what a month shows does not depend on later ones.
"""

from typing import NamedTuple

import numpy as np

from features.arrays import BoolArray, FloatArray, IntArray
from features.indicators.indicator import per_panel
from features.panel.panel import Panel


class Fights(NamedTuple):
    """Months of actors in regions, (n,) each, by actor, region and month.

    `actor` is a number, `region` and `row` are places in the panel, `events` [events/month] is in
    how many events of the month the actor took part. `is_first` is true in the first month of an
    actor in a region, and `since` is how many months after the one before, 0 in the first.
    """

    actor: IntArray
    region: IntArray
    row: IntArray
    events: IntArray
    is_first: BoolArray
    since: IntArray

    def at(self, wanted: BoolArray) -> "Fights":
        """Return some of them."""
        return Fights(
            self.actor[wanted],
            self.region[wanted],
            self.row[wanted],
            self.events[wanted],
            self.is_first[wanted],
            self.since[wanted],
        )


@per_panel
def group_fights(panel: Panel) -> Fights:
    """Return the months in which each armed group fought in each region."""
    told, placed = panel.incidents, _placed(panel)
    groups = np.append(~told.is_state, False)
    actors = told.actors[placed]
    actors = np.where(groups[actors], actors, -1)
    actors[:, 1] = np.where(actors[:, 1] == actors[:, 0], -1, actors[:, 1])
    event, side = np.nonzero(actors >= 0)
    return _fights(panel, actors[event, side], placed[event])


@per_panel
def dyad_fights(panel: Panel) -> Fights:
    """Return the months in which each two actors, state forces among them, fought each other."""
    placed = _placed(panel)
    actors = np.sort(panel.incidents.actors[placed], axis=1)
    both = (actors >= 0).all(axis=1)
    dyad = actors[both] @ np.array([len(panel.incidents.names), 1])
    return _fights(panel, dyad, placed[both])


@per_panel
def state_events(panel: Panel) -> tuple[FloatArray, FloatArray]:
    """Return (T, R): events with state forces, and events with any actor [events/month]."""
    told, placed = panel.incidents, _placed(panel)
    state = np.append(told.is_state, False)[told.actors[placed]].any(axis=1)
    known = (told.actors[placed] >= 0).any(axis=1)
    place = told.month[placed] - panel.months[0], told.region[placed]
    counts = []
    for chosen in (state, known):
        count = np.zeros(panel.observed.shape)
        np.add.at(count, place, chosen.astype(np.float64))
        counts.append(count)
    return counts[0], counts[1]


def spans(panel: Panel, fights: Fights, months: int) -> FloatArray:
    """Return (T, R): how many fights began in the last `months` months, this one included."""
    changes = np.zeros((len(panel.months) + months, panel.observed.shape[1]), np.int64)
    np.add.at(changes, (fights.row, fights.region), 1)
    np.add.at(changes, (fights.row + months, fights.region), -1)
    return np.cumsum(changes, axis=0)[: len(panel.months)].astype(np.float64)


def active(panel: Panel, fights: Fights, months: int) -> FloatArray:
    """Return (T, R): how many different actors fought in the last `months` months."""
    return _summed(panel, fights, months, np.sign)


def events_together(panel: Panel, fights: Fights, months: int) -> tuple[FloatArray, FloatArray]:
    """Return (T, R): the events of all actors in the last `months` months, and the sum of squares.

    An event in which two of the actors took part counts for both.
    """
    return (
        _summed(panel, fights, months, np.positive),
        _summed(panel, fights, months, np.square),
    )


def _summed(panel: Panel, fights: Fights, months: int, function: np.ufunc) -> FloatArray:
    """Return (T, R), the sum over actors of a function of their events in the last months."""
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


def _placed(panel: Panel) -> IntArray:
    """Return the incidents that lie in a region and month of the panel."""
    row = panel.incidents.month - panel.months[0]
    return np.flatnonzero((panel.incidents.region >= 0) & (row >= 0) & (row < len(panel.months)))


def _fights(panel: Panel, actor: IntArray, incident: IntArray) -> Fights:
    region = panel.incidents.region[incident]
    row = panel.incidents.month[incident] - panel.months[0]
    keys = np.stack([actor, region, row], axis=1)
    (actor, region, row), events = _distinct(keys)
    same = np.zeros(len(row), dtype=bool)
    same[1:] = (actor[1:] == actor[:-1]) & (region[1:] == region[:-1])
    since = np.where(same, np.diff(row, prepend=0), 0)
    return Fights(actor, region, row, events, ~same, since)


def _distinct(keys: IntArray) -> tuple[tuple[IntArray, IntArray, IntArray], IntArray]:
    """Return the distinct rows of (n, 3), sorted, and how often each stands there."""
    ordered = keys[np.lexsort(keys.T[::-1])]
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    start = np.flatnonzero(new)
    events = np.diff(np.append(start, len(ordered)))
    kept = ordered[start]
    return (kept[:, 0], kept[:, 1], kept[:, 2]), events
