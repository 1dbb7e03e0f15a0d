"""What the indicators of a country's capital and roads say, where a model reads them."""

import re
from typing import NamedTuple

from bulletins.form import INDICATOR_VALUES_FILE
from features.language import message
from service.store.bulletins import Bulletin

MOST_OF_A_KIND = 2
"""Indicators that differ by radius or window only: the shortest window and the nearest count."""

EARLIER_MONTHS = 3

KINDS: tuple[tuple[str, str, float], ...] = (
    (
        r"capital_ring_(?P<km>\d+)km_(?P<months>\d+)",
        message("Sides of the capital, of 8, with violence within {km} km, in {months} months"),
        8,
    ),
    (
        r"capital_violence_distance_(?P<months>\d+)",
        message("Kilometres from the capital to the nearest violence of {months} months"),
        1,
    ),
    (
        r"corridor_events_(?P<km>\d+)km_(?P<months>\d+)",
        message("Events a month within {km} km of the supply roads, mean of {months} months"),
        1,
    ),
    (
        r"corridors_attacked_(?P<months>\d+)",
        message("Per cent of the supply roads attacked in {months} months"),
        100,
    ),
)
"""Names of indicators that are the same in a whole country, what they say, and in what units."""


class Sign(NamedTuple):
    """An indicator of the capital or the roads: a message, its words, and two values."""

    text: str
    words: dict[str, str]
    now: float
    before: float | None


def signs_of(bulletin: Bulletin, region: str) -> list[Sign]:
    """Return what is known around the capital and along the roads of a region's country.

    Beside the value at the origin stands that of EARLIER_MONTHS before. Empty where no model of the
    level reads such indicators.
    """
    if INDICATOR_VALUES_FILE not in bulletin.parts:
        return []
    rows = bulletin.part(INDICATOR_VALUES_FILE).of_region(region).to_pylist()
    if not rows:
        return []
    now, before = rows[-1], rows[max(0, len(rows) - 1 - EARLIER_MONTHS)]
    signs = []
    for pattern, text, factor in KINDS:
        matches = [match for name in now if (match := re.fullmatch(pattern, name))]
        known = [match for match in matches if now[match.string] is not None]
        known.sort(key=lambda match: (int(match["months"]), int(match.groupdict().get("km", 0))))
        for match in known[:MOST_OF_A_KIND]:
            old = before[match.string]
            value = now[match.string] * factor
            earlier = None if old is None else old * factor
            signs.append(Sign(text, match.groupdict(), value, earlier))
    return signs
