"""The same indicators as `features/indicators/actors.py`, slow and obvious."""

import math
from collections import Counter
from functools import lru_cache

import numpy as np

from features.panel.panel import Panel
from tests.features.indicators.worlds import Slow, everywhere

EARTH = 6371.0088


def is_state(name: str) -> bool:
    return name.startswith(("Government of ", "Military Forces of ", "Police Forces of "))


@lru_cache(maxsize=4)
def incidents_of(panel: Panel) -> list[tuple[int, int, list[str]]]:
    """Month index, region and named sides of every incident of the panel that has a region."""
    incidents = panel.incidents
    rows = (incidents.month - panel.months[0]).tolist()
    return [
        (row, region, [incidents.names[side] for side in sides if side >= 0])
        for row, region, sides in zip(
            rows, incidents.region.tolist(), incidents.actors.tolist(), strict=True
        )
        if region >= 0 and 0 <= row < len(panel.months)
    ]


@lru_cache(maxsize=10_000)
def fought(panel: Panel, region: int, first: int, last: int) -> Counter[str]:
    """Armed groups in a region in the months first to last -> in how many events."""
    events: Counter[str] = Counter()
    for row, place, sides in incidents_of(panel):
        if place == region and first <= row <= last:
            events.update({side for side in sides if not is_state(side)})
    return events


def active(months: int) -> Slow:
    return everywhere(lambda panel, t, r: len(fought(panel, r, t - months + 1, t)))


def concentration(panel: Panel, month: int, region: int) -> float:
    events = fought(panel, region, month - 11, month)
    total = sum(events.values())
    return sum((number / total) ** 2 for number in events.values()) if total else 0.0


def effective(panel: Panel, month: int, region: int) -> float:
    index = concentration(panel, month, region)
    return 1 / index if index else 0.0


def newcomers(panel: Panel, month: int, region: int, months: int) -> float:
    late = fought(panel, region, month - months + 1, month)
    return len(set(late) - set(fought(panel, region, 0, month - months)))


def around(panel: Panel, month: int, region: int, months: int) -> float:
    near = [
        newcomers(panel, month, other, months)
        for other in range(panel.observed.shape[1])
        if panel.regions.neighbours[region, other] and panel.observed[month, other]
    ]
    return float(np.mean(near)) if near else 0.0


def expansion(panel: Panel, month: int, region: int) -> float:
    regions = range(panel.observed.shape[1])
    first: dict[tuple[str, int], int] = {}
    for row, place, sides in incidents_of(panel):
        for side in sides:
            if not is_state(side):
                first[side, place] = min(row, first.get((side, place), row))
    best = 0
    for near in regions:
        if near == region or panel.regions.neighbours[region, near]:
            for group in fought(panel, near, month - 11, month):
                rows = [first[group, other] for other in regions if (group, other) in first]
                began = min(rows)
                best = max(best, sum(began < row and month - 11 <= row <= month for row in rows))
    return best


def km(panel: Panel, one: int, other: int) -> float:
    table = panel.regions.table
    a, b = (
        (math.radians(table["latitude"][place]), math.radians(table["longitude"][place]))
        for place in (one, other)
    )
    if any(math.isnan(degree) for degree in (*a, *b)):
        return math.inf
    cosine = math.sin(a[0]) * math.sin(b[0])
    cosine += math.cos(a[0]) * math.cos(b[0]) * math.cos(a[1] - b[1])
    return EARTH * math.acos(min(1.0, cosine))


def front(panel: Panel, month: int, region: int) -> float:
    here = set(fought(panel, region, month - 11, month))
    nearest = 1000.0
    for other in range(panel.observed.shape[1]):
        if other != region and set(fought(panel, other, month - 11, month)) - here:
            nearest = min(nearest, km(panel, region, other))
    return nearest


def approach(panel: Panel, month: int, region: int) -> float:
    return front(panel, month - 12, region) - front(panel, month, region) if month >= 12 else 0.0


def contested(panel: Panel, month: int, region: int) -> float:
    seen = [t for t in range(max(0, month - 11), month + 1) if panel.observed[t, region]]
    rivals = [len(fought(panel, region, t, t)) >= 2 for t in seen]
    return float(np.mean(rivals)) if rivals else 0.0


def state_share(panel: Panel, month: int, region: int) -> float:
    known = [
        any(is_state(side) for side in sides)
        for row, place, sides in incidents_of(panel)
        if place == region and month - 11 <= row <= month and sides
    ]
    return float(np.mean(known)) if known else 0.0


def revived(panel: Panel, month: int, region: int) -> float:
    months: dict[frozenset[str], set[int]] = {}
    for row, place, sides in incidents_of(panel):
        if place == region and len(sides) == 2:
            months.setdefault(frozenset(sides), set()).add(row)
    return sum(
        any(
            row in rows and not any(row - 12 <= past < row for past in rows) and min(rows) < row
            for row in range(month - 2, month + 1)
        )
        for rows in months.values()
    )


SLOW: dict[str, Slow] = {
    "group_concentration_12": everywhere(concentration),
    "effective_groups_12": everywhere(effective),
    "group_expansion_12": everywhere(expansion),
    "front_distance_12": everywhere(front),
    "front_approach_12": everywhere(approach),
    "contested_12": everywhere(contested),
    "state_event_share_12": everywhere(state_share),
    "revived_dyads_3": everywhere(revived),
}
for m in (3, 12):
    SLOW[f"active_groups_{m}"] = active(m)
for m in (12, 36):
    SLOW[f"new_groups_{m}"] = everywhere(lambda p, t, r, m=m: newcomers(p, t, r, m))  # type: ignore[misc]
    SLOW[f"neighbour_new_groups_{m}"] = everywhere(lambda p, t, r, m=m: around(p, t, r, m))  # type: ignore[misc]
