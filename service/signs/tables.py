"""The tables of signs of a bulletin, as bodies; read once."""

from itertools import groupby
from typing import Any

from bulletins.signs import (
    ACTORS_FILE,
    CAPITAL_RINGS_FILE,
    CAPITAL_SECTORS_FILE,
    CORRIDOR_QUARTERS_FILE,
    CORRIDORS_FILE,
    DYADS_FILE,
)
from features.months import parse_month
from service.errors import UnknownError
from service.signs.bodies import (
    Actor,
    Corridor,
    CorridorQuarter,
    Leg,
    Opponent,
    Place,
    Presence,
    Ring,
    Sector,
)
from service.store.bulletins import Bulletin
from service.store.derived import codes_of_region, derived, regions_of

Row = dict[str, Any]

_DASH = " \N{EN DASH} "

_OF_CORRIDOR = Corridor.model_fields.keys() - {"id", "name", "attacked_leg"}
_OF_OPPONENT = Opponent.model_fields.keys() - {"id", "name", "kind"}
_OF_REGION = {"region_name", "country", "iso_3166_2", "pcode"}
_OF_ACTOR = Actor.model_fields.keys() - _OF_REGION - {"id", "presence"}

_COUNTS = "its history is of counts by region and month"
_NO_PLACES = f"{_COUNTS}, which have no places of single events"
_NO_ACTORS = f"its events name none, or {_COUNTS}, which have no actors"


@derived
def rings_of(bulletin: Bulletin) -> tuple[Ring, ...]:
    """Return the rings by country and radius; raises UnknownError where there are none."""
    rows = _rows(bulletin, CAPITAL_RINGS_FILE, f"no ring around a capital: {_NO_PLACES}")
    return tuple(Ring(id=f"{row['country']}-{row['radius_km']}", **row) for row in rows)


@derived
def sectors_of(bulletin: Bulletin) -> dict[str, list[Sector]]:
    """Return the sectors by country; raises UnknownError where there are none."""
    rows = _rows(bulletin, CAPITAL_SECTORS_FILE, f"no ring around a capital: {_NO_PLACES}")
    return {
        country: [_sector(row) for row in of_country]
        for country, of_country in groupby(rows, key=lambda row: str(row["country"]))
    }


def _sector(row: Row) -> Sector:
    where = row["direction"] or "city"
    return Sector(id=f"{row['country']}-{where}-{row['to_km']:.0f}", **row)


@derived
def corridors_of(bulletin: Bulletin) -> dict[str, Corridor]:
    """Return the corridors by id; raises UnknownError where there are none."""
    rows = corridor_rows(bulletin)
    names = _names(rows)
    return {
        row["corridor"]: Corridor(
            id=row["corridor"],
            name=names[row["corridor"]],
            attacked_leg=_leg_name(row),
            **{name: row[name] for name in _OF_CORRIDOR},
        )
        for row in rows
    }


@derived
def corridor_rows(bulletin: Bulletin) -> list[Row]:
    """Return the corridors with their places; raises UnknownError where there are none."""
    return _rows(bulletin, CORRIDORS_FILE, f"no corridor: {_NO_PLACES}")


def places_of(row: Row) -> list[Place]:
    """Return the places of a corridor, from the capital outwards."""
    lists = (row[name] for name in ("places", "kinds", "latitudes", "longitudes"))
    return [
        Place(name=name, kind=kind, latitude=latitude, longitude=longitude)
        for name, kind, latitude, longitude in zip(*lists, strict=True)
    ]


def _leg_name(row: Row) -> str | None:
    leg = row["attacked_leg"]
    return None if leg is None else _DASH.join(row["places"][leg - 1 : leg + 1])


def _names(rows: list[Row]) -> dict[str, str]:
    """Return the names by id; those of the same ends have a place that only one goes through."""
    names = {}
    for row in rows:
        ends = row["places"][0], row["places"][-1]
        others = [
            other["places"]
            for other in rows
            if other is not row and (other["places"][0], other["places"][-1]) == ends
        ]
        own = [p for p in row["places"] if not any(p in other for other in others)]
        middle = own[len(own) // 2 :][:1] if others else []
        names[row["corridor"]] = _DASH.join([ends[0], *middle, ends[1]])
    return names


def legs_of(bulletin: Bulletin, row: Row) -> list[Leg]:
    """Return the legs of a corridor with their quarters."""
    quarters = _quarters_of(bulletin).get(row["corridor"], [])
    return [
        Leg(
            leg=leg,
            start=row["places"][leg - 1],
            end=row["places"][leg],
            quarters=[_quarter(one["first_month"], [one]) for one in of_leg],
        )
        for leg, of_leg in groupby(quarters, key=lambda one: int(one["leg"]))
    ]


def quarters_of(bulletin: Bulletin, corridor: str) -> list[CorridorQuarter]:
    """Return the quarters of a corridor, the oldest first."""
    rows = sorted(_quarters_of(bulletin).get(corridor, []), key=lambda row: str(row["first_month"]))
    by_month = groupby(rows, key=lambda row: str(row["first_month"]))
    return [_quarter(month, list(of_month)) for month, of_month in by_month]


@derived
def _quarters_of(bulletin: Bulletin) -> dict[str, list[Row]]:
    rows = bulletin.part(CORRIDOR_QUARTERS_FILE).whole().to_pylist()
    by_corridor = groupby(rows, key=lambda row: str(row["corridor"]))
    return {corridor: list(of_corridor) for corridor, of_corridor in by_corridor}


def _quarter(month: str, legs: list[Row]) -> CorridorQuarter:
    def total(name: str) -> int | None:
        numbers = [leg[name] for leg in legs if leg[name] is not None]
        return int(sum(numbers)) if numbers else None

    return CorridorQuarter(
        first_month=month, events=total("events"), deaths=total("deaths"), reports=total("reports")
    )


@derived
def actors_of(bulletin: Bulletin) -> list[Actor]:
    """Return the armed groups by region, the most active first; raises UnknownError without any."""
    regions = regions_of(bulletin).table.select(["region", "name", "country"]).to_pylist()
    places = {row["region"]: row for row in regions}
    actors = []
    for row in actor_rows(bulletin):
        place = places[row["region"]]
        actors.append(
            Actor(
                id=row["actor"],
                region_name=place["name"],
                country=place["country"],
                **codes_of_region(bulletin, row["region"]),
                presence=_presence(row, bulletin.manifest.origin),
                **{name: row[name] for name in _OF_ACTOR},
            )
        )
    return sorted(actors, key=lambda one: (one.level, -one.events_12, one.id, one.region))


@derived
def actor_rows(bulletin: Bulletin) -> list[Row]:
    """Return the rows of armed groups; raises UnknownError where there are none."""
    return _rows(bulletin, ACTORS_FILE, f"no armed group: {_NO_ACTORS}")


def _presence(row: Row, origin: str) -> Presence:
    first = parse_month(row["first_month"])
    if first > parse_month(origin) - 3:
        return "new_3"
    if first > parse_month(origin) - 12:
        return "new_12"
    return "active" if row["events_12"] else "ceased"


@derived
def opponents_of(bulletin: Bulletin) -> dict[str, list[Opponent]]:
    """Return whom each armed group fights by its id, the most fought first."""
    rows = bulletin.part(DYADS_FILE).whole().to_pylist()
    by_actor: dict[str, list[Opponent]] = {}
    for row in rows:
        opponent = Opponent(
            id=row["opponent"],
            name=row["opponent_name"],
            kind=row["opponent_kind"],
            **{name: row[name] for name in _OF_OPPONENT},
        )
        by_actor.setdefault(row["actor"], []).append(opponent)
    for opponents in by_actor.values():
        opponents.sort(key=lambda one: (one.level, -one.events_12, one.kind, one.name or ""))
    return by_actor


def _rows(bulletin: Bulletin, name: str, nothing: str) -> list[Row]:
    rows: list[Row] = bulletin.part(name).whole().to_pylist()
    if not rows:
        raise UnknownError(f"bulletin {bulletin.manifest.id} has {nothing}")
    return rows
