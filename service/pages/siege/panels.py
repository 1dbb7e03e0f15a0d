"""The panels of a country: the ring around its capital, its corridors, its armed groups."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any, NamedTuple

from bulletins.signs import ACTORS_FILE, CAPITAL_RINGS_FILE, CORRIDORS_FILE
from features.language import Language
from features.months import format_month, parse_month
from features.words import Level
from service.errors import UnknownError
from service.pages.siege.drawings import DIRECTION_NAMES, bars, rose
from service.signs.bodies import Actor, Opponent
from service.signs.corridors import by_pressure
from service.signs.tables import (
    actor_rows,
    actors_of,
    opponents_of,
    quarters_of,
    rings_of,
    sectors_of,
)
from service.store.bulletins import Bulletin

Values = dict[str, Any]

HEADLINE_KM = 200
"""The radius of the ring of which a sentence speaks."""

FORGOTTEN_MONTHS = 36
"""Groups that were not seen for so long are counted only."""


def capital_panel(bulletin: Bulletin, country: str, language: Language) -> Values | None:
    """Return the ring around a country's capital; None if the bulletin knows of none."""
    if CAPITAL_RINGS_FILE not in bulletin.parts:
        return None
    try:
        rings = [ring for ring in rings_of(bulletin) if ring.country == country]
    except UnknownError:
        return {"is_counted": True}
    if not rings:
        return None
    sectors = sectors_of(bulletin)[country]
    told = [one for one in sectors if one.direction and (one.events or one.events_before)]
    return {
        "is_counted": False,
        "rings": rings,
        "headline": next(ring for ring in rings if ring.radius_km == HEADLINE_KM),
        "city": sectors[0],
        "sectors": sorted(told, key=lambda one: (-(one.events or 0), -(one.events_before or 0))),
        "rose": rose(sectors, rings[0].capital, language),
        "directions": DIRECTION_NAMES,
        "quarter": quarter_of(bulletin),
    }


def corridors_panel(bulletin: Bulletin, country: str, language: Language) -> Values | None:
    """Return the corridors that supply a country; None if the bulletin knows of none."""
    if CORRIDORS_FILE not in bulletin.parts:
        return None
    try:
        every = by_pressure(bulletin)
    except UnknownError:
        return None  # the panel of the capital says why
    corridors = [one for one in every if one.country == country]
    if not corridors:
        return None
    drawn = [bars(quarters_of(bulletin, one.id), one.name, language) for one in corridors]
    return {
        "corridors": [*zip(corridors, drawn, strict=True)],
        "has_reports": any(one.reports is not None for one in corridors),
        "quarter": quarter_of(bulletin),
    }


class Group(NamedTuple):
    """An armed group in a country: its regions by how it is there, and whom it fights."""

    id: str
    name: str
    aliases: tuple[str, ...]
    predecessors: tuple[str, ...]
    events: int
    deaths: int
    new: list[Actor]
    active: list[Actor]
    ceased: list[Actor]
    opponents: list[Opponent]


def groups_panel(bulletin: Bulletin, country: str, level: Level) -> Values | None:
    """Return the armed groups of a country in its regions of a level; None if none are known."""
    if ACTORS_FILE not in bulletin.parts:
        return None
    try:
        every = actors_of(bulletin)
    except UnknownError:
        return None  # the panel of the capital says why
    here = sorted(
        (one for one in every if one.country == country and one.level == level),
        key=lambda one: one.id,
    )
    by_id = {id_: list(rows) for id_, rows in groupby(here, key=lambda one: one.id)}
    newest = parse_month(bulletin.manifest.origin)
    recent = {
        id_: rows
        for id_, rows in by_id.items()
        if max(parse_month(row.last_month) for row in rows) > newest - FORGOTTEN_MONTHS
    }
    names = {row["actor"]: row for row in actor_rows(bulletin)}
    groups = [_group(bulletin, rows, names[id_]) for id_, rows in recent.items()]
    if not by_id:
        return None
    return {
        "groups": sorted(groups, key=lambda group: (-group.events, group.name)),
        "forgotten": len(by_id) - len(recent),
        "years": FORGOTTEN_MONTHS // 12,
    }


def _group(bulletin: Bulletin, rows: list[Actor], named: Values) -> Group:
    regions = {row.region for row in rows}
    id_, level = rows[0].id, rows[0].level
    opponents = [
        one
        for one in opponents_of(bulletin)[id_]
        if one.level == level and one.region in regions and one.events_12
    ]
    return Group(
        id=id_,
        name=rows[0].name,
        aliases=tuple(named["aliases"]),
        predecessors=tuple(named["predecessors"]),
        events=sum(row.events_12 for row in rows),
        deaths=sum(row.deaths_12 for row in rows),
        new=[row for row in rows if row.presence in {"new_3", "new_12"}],
        active=[row for row in rows if row.presence == "active"],
        ceased=[row for row in rows if row.presence == "ceased"],
        opponents=_together(opponents),
    )


def _together(opponents: Iterable[Opponent]) -> list[Opponent]:
    """Return opponents once, with the events and deaths of all regions, the most fought first."""
    sums: dict[tuple[str, str | None], Opponent] = {}
    for one in opponents:
        key = one.kind, one.name
        before = sums.get(key)
        events = one.events_12 + (before.events_12 if before else 0)
        deaths = one.deaths_12 + (before.deaths_12 if before else 0)
        sums[key] = one.model_copy(update={"events_12": events, "deaths_12": deaths})
    return sorted(sums.values(), key=lambda one: (-one.events_12, one.kind, one.name or ""))


def quarter_of(bulletin: Bulletin) -> tuple[str, str]:
    """Return the first and the last month, YYYY-MM, of the newest quarter."""
    origin = bulletin.manifest.origin
    return format_month(parse_month(origin) - 2), origin
