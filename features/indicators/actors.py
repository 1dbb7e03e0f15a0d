"""Family `actors`: who fights here, who is new, and who is on the way.

An armed group is an actor that is no state force. What is new is new to the record, so in its first
years every group is.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from features.arrays import FloatArray
from features.indicators import groups, spatial
from features.indicators.groups import FARTHEST_KM, FRONT_MONTHS, group_fights, spans
from features.indicators.indicator import Indicator, per_panel
from features.indicators.windows import rolling_mean
from features.panel.panel import Detail, Panel

_FRAGMENTATION = "Bakke, Cunningham & Seymour 2012, Perspectives on Politics 10(2)"
_DIFFUSION = "Schutte & Weidmann 2011, Political Geography 30(3): relocation and escalation"
_YEAR = 12
_LULL, _REVIVED = 12, 3
_RIVALS = 2
_indicator = partial(Indicator, family="actors", needs=frozenset[Detail]({"actors"}))
_technical = partial(_indicator, alarming=None)


def actors() -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    for m in (3, 12):
        meaning = f"Armed groups that fought in the region in the last {m} months"
        yield _indicator(f"active_groups_{m}", meaning, "groups", partial(_active, months=m))
    meaning = "Concentration of events on armed groups over the last 12 months, 0 without any"
    name, source = "group_concentration_12", _FRAGMENTATION
    yield _technical(name, meaning, "1", _concentration, source=source, highest=1)
    meaning = "Armed groups of equal size that would be as fragmented, over the last 12 months"
    yield _technical("effective_groups_12", meaning, "groups", _effective, source=_FRAGMENTATION)
    for m in (12, 36):
        last = f"in the last {m} months"
        meaning = f"Armed groups that fought in the region for the first time {last}"
        new = partial(_new, months=m)
        yield _indicator(f"new_groups_{m}", meaning, "groups", new, source=_DIFFUSION)
        meaning = f"Mean over the neighbouring regions: armed groups new there {last}"
        name, around = f"neighbour_new_groups_{m}", partial(_new_around, months=m)
        yield _indicator(name, meaning, "groups", around, source=_DIFFUSION)
    meaning = (
        "Regions newly reached in the last 12 months by the armed group that reached most, of the "
        "groups in the region and in the neighbouring ones"
    )
    yield _indicator("group_expansion_12", meaning, "regions", groups.expansion, source=_DIFFUSION)
    meaning = (
        "Distance to the nearest region in which an armed group fought in the last 12 months that "
        f"did not fight here, at most {FARTHEST_KM:,.0f} km"
    )
    name, compute, farthest = "front_distance_12", groups.front_distance, FARTHEST_KM
    alarming = partial(_indicator, source=_DIFFUSION, alarming="low")
    yield alarming(name, meaning, "km", compute, highest=farthest)
    meaning = "How much nearer that front is than 12 months earlier"
    name = "front_approach_12"
    yield _indicator(name, meaning, "km", _approach, lowest=-farthest, highest=farthest)
    meaning = "Share of the last 12 months in which two or more armed groups fought in the region"
    yield _indicator("contested_12", meaning, "share", _contested, highest=1)
    meaning = "Share of the events of the last 12 months in which state forces took part, 0 of none"
    yield _technical("state_event_share_12", meaning, "share", _state_share, highest=1)
    meaning = "Pairs of actors that fought each other in the last 3 months after a year without"
    yield _indicator("revived_dyads_3", meaning, "dyads", _revived)


def _active(panel: Panel, months: int) -> FloatArray:
    return groups.summed(panel, months, np.sign)


@per_panel
def _concentration(panel: Panel) -> FloatArray:
    """Return (T, R), the Herfindahl index of events by group."""
    events, squares = (groups.summed(panel, _YEAR, f) for f in (np.positive, np.square))
    whole = np.square(events)
    return np.asarray(np.divide(squares, whole, out=np.zeros_like(whole), where=whole > 0))


def _effective(panel: Panel) -> FloatArray:
    index = _concentration(panel)
    return np.asarray(np.divide(1.0, index, out=np.zeros_like(index), where=index > 0))


def _new(panel: Panel, months: int) -> FloatArray:
    fights = group_fights(panel)
    return spans(panel, fights.at(fights.is_first), months)


def _new_around(panel: Panel, months: int) -> FloatArray:
    values = np.where(panel.observed, _new(panel, months), np.nan)
    return spatial.neighbour_mean(values, panel.regions.neighbours)


def _approach(panel: Panel) -> FloatArray:
    now = groups.front_distance(panel)
    nearer = np.zeros_like(now)
    nearer[FRONT_MONTHS:] = now[:-FRONT_MONTHS] - now[FRONT_MONTHS:]
    return nearer


def _contested(panel: Panel) -> FloatArray:
    rivals = _active(panel, 1) >= _RIVALS
    return rolling_mean(np.where(panel.observed, rivals.astype(np.float64), np.nan), _YEAR)


def _state_share(panel: Panel) -> FloatArray:
    state, with_actor = (rolling_mean(events, _YEAR) for events in groups.state_events(panel))
    return np.divide(state, with_actor, out=np.zeros_like(state), where=with_actor > 0)


def _revived(panel: Panel) -> FloatArray:
    fights = groups.dyad_fights(panel)
    return spans(panel, fights.at(fights.since > _LULL), _REVIVED)
