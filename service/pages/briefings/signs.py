"""What the indicators of a country's capital and roads say, where the bulletin has them."""

import re
from typing import NamedTuple

from bulletins.form import INDICATOR_SERIES_FILE, INDICATOR_VALUES_FILE
from features.language import message
from service.store.bulletins import Bulletin
from service.store.series import series_of

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

    Beside the value at the origin stands that of EARLIER_MONTHS before. Empty where the bulletin
    has no such indicators.
    """
    if not {INDICATOR_SERIES_FILE, INDICATOR_VALUES_FILE} & bulletin.parts.keys():
        return []
    kept = {name: series.values for name, series in series_of(bulletin, region).items()}
    signs = []
    for pattern, text, factor in KINDS:
        matches = [match for name in kept if (match := re.fullmatch(pattern, name))]
        matches.sort(key=lambda match: (int(match["months"]), int(match.groupdict().get("km", 0))))
        known = [match for match in matches if kept[match.string][-1] is not None]
        for match in known[:MOST_OF_A_KIND]:
            values = kept[match.string]
            pair = values[-1], values[max(0, len(values) - 1 - EARLIER_MONTHS)]
            now, before = (None if one is None else one * factor for one in pair)
            signs.append(Sign(text, match.groupdict(), now or 0.0, before))
    return signs
