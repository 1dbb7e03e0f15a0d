"""Drawings of the siege view as SVG: a rose around a capital, and bars of quarters."""

import math
from collections.abc import Sequence
from html import escape
from typing import get_args

from features.language import Language, message
from service.signs.bodies import CorridorQuarter, Direction, Sector

DIRECTION_NAMES = {
    "N": message("north"),
    "NE": message("north-east"),
    "E": message("east"),
    "SE": message("south-east"),
    "S": message("south"),
    "SW": message("south-west"),
    "W": message("west"),
    "NW": message("north-west"),
}

_DIRECTIONS = get_args(Direction)
_HALF = math.pi / len(_DIRECTIONS)
_EDGES = {0: 0.0, 5: 9.0, 50: 33.0, 100: 57.0, 200: 81.0, 400: 105.0}
"""Distance [km] and where it is drawn: every band is as wide, or the near ones would be dots."""

_SIZE = 124.0  # half the side of a rose
LEAST_EVENTS = (1, 2, 5)
"""The events of a quarter from which on a colour is stronger."""

_HALF_OF_LAND = 0.5
_RIM, _QUARTER = _SIZE - 9, math.pi / 2
_FIRST_RIM = 50  # km
_BAR, _TALL = 4, 26


def intensity(events: int) -> str:
    """Return the class of the colour of a number of events in a quarter: `v0` to `v3`."""
    return f"v{sum(events >= least for least in LEAST_EVENTS)}"


def style_of(sector: Sector) -> str:
    """Return the class of the colour of a sector: `dark` where most of its land is not observed."""
    is_dark = sector.observed is not None and sector.observed < _HALF_OF_LAND
    return "dark" if is_dark and not sector.events else intensity(sector.events or 0)


def rose(sectors: Sequence[Sector], capital: str, language: Language) -> str:
    """Draw the sectors around a capital by the events of the newest quarter."""
    _ = language.gettext
    cells = "".join(
        f'<path class="{style_of(one)}" d="{_wedge(one)}">'
        f"<title>{escape(sector_words(one, language))}</title></path>"
        for one in sectors
    )
    letters = "".join(
        f'<text x="{_RIM * math.sin(place * _QUARTER):.1f}" '
        f'y="{4 - _RIM * math.cos(place * _QUARTER):.1f}">'
        f"{escape(_(DIRECTION_NAMES[direction])[:1].upper())}</text>"
        for place, direction in enumerate(("N", "E", "S", "W"))
    )
    rims = "".join(
        f'<text class="rim" x="2" y="{-radius + 9:.0f}">{km}</text>'
        for km, radius in _EDGES.items()
        if km >= _FIRST_RIM
    )
    label = _(
        message("Violence around {capital} by direction and distance; the table has it in words")
    ).format(capital=capital)
    return (
        f'<svg class="rose" viewBox="{-_SIZE} {-_SIZE} {2 * _SIZE} {2 * _SIZE}" role="img" '
        f'aria-label="{escape(label)}">{cells}{letters}{rims}</svg>'
    )


def sector_words(sector: Sector, language: Language) -> str:
    """Return what a sector says."""
    _ = language.gettext
    where = (
        _(message("in the city"))
        if sector.direction is None
        else _(message("{direction}, {near} to {far} km")).format(
            direction=_(DIRECTION_NAMES[sector.direction]), near=sector.from_km, far=sector.to_km
        )
    )
    if sector.events is None:
        return f"{where}: {_(message('not observed'))}"
    events = language.ngettext("{n} event", "{n} events", sector.events).format(
        n=language.number(sector.events)
    )
    return f"{where}: {events}"


def _wedge(sector: Sector) -> str:
    inner, outer = _EDGES[sector.from_km], _EDGES[sector.to_km]
    if sector.direction is None:
        return f"M0 {-outer}a{outer} {outer} 0 1 1 -.01 0z"
    middle = 2 * _HALF * _DIRECTIONS.index(sector.direction)
    first, last = middle - _HALF, middle + _HALF
    return (
        f"M{_at(inner, first)}L{_at(outer, first)}A{outer} {outer} 0 0 1 {_at(outer, last)}"
        f"L{_at(inner, last)}A{inner} {inner} 0 0 0 {_at(inner, first)}z"
    )


def _at(radius: float, angle: float) -> str:
    return f"{radius * math.sin(angle):.1f} {-radius * math.cos(angle):.1f}"


def bars(quarters: Sequence[CorridorQuarter], name: str, language: Language) -> str:
    """Draw the events along a corridor by quarter, those not observed in grey."""
    _ = language.gettext
    most = max((one.events or 0 for one in quarters), default=0)
    label = _(message("Events along {corridor} by quarter since {month}, at most {most}")).format(
        corridor=name,
        month=language.month(quarters[0].first_month),
        most=language.number(most),
    )
    marks = []
    for place, quarter in enumerate(quarters):
        x, tall = place * _BAR, 0.0
        if quarter.events is None:
            style, tall = "gap", float(_TALL)
        else:
            style, tall = "past", _TALL * quarter.events / max(most, 1)
        marks.append(
            f'<rect class="{style}" x="{x}" y="{_TALL - tall:.1f}" width="{_BAR - 1}" '
            f'height="{max(tall, 0.6):.1f}"/>'
        )
    return (
        f'<svg class="quarters" viewBox="0 0 {_BAR * len(quarters)} {_TALL}" role="img" '
        f'preserveAspectRatio="none" aria-label="{escape(label)}">{"".join(marks)}</svg>'
    )
