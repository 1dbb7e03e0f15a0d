"""`/v1/actors`: where armed groups are, are new or have ceased, and whom they fight."""

from difflib import get_close_matches
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.api.current import chosen_bulletin, summary_of
from service.api.lists import form_responses, in_form, json_response, model_page
from service.api.queries import PlaceFilter
from service.api.routing import QueryRoute
from service.api.selection import find_country, find_region, plain
from service.errors import UnknownError
from service.signs.bodies import Actor, ActorAnswer, ActorList
from service.signs.queries import ActorDetailQuery, ActorQuery
from service.signs.tables import Row, actor_rows, actors_of, opponents_of
from service.store.bulletins import Bulletin
from service.store.derived import regions_of

router = APIRouter(prefix="/v1/actors", tags=["signs"], route_class=QueryRoute)


@router.get("", response_model=ActorList, responses=form_responses(ActorList, on_map=True))
def list_actors(request: Request, query: Annotated[ActorQuery, Query()]) -> Response:
    """Armed groups by region: where each is active, is new or has ceased.

    Groups have the names that the source gives them; state forces are none. What is new is new to
    the record. As GeoJSON they have the outlines of their regions.
    """
    bulletin = chosen_bulletin(request, query)
    actors = _in_places(bulletin, query)
    regions = {find_region(bulletin, name).id for name in query.region}
    named = None if query.name is None else _named(bulletin, query.name)
    chosen = [
        actor
        for actor in actors
        if (not regions or actor.region in regions)
        and (not query.presence or actor.presence in query.presence)
        and (named is None or actor.id in named)
    ]
    page = model_page(request, bulletin, Actor, chosen, key=("region", "id"), subject="#group")
    return in_form(request, query, page)


@router.get("/{actor}", response_model=ActorAnswer)
def show_actor(
    request: Request, actor: str, query: Annotated[ActorDetailQuery, Query()]
) -> Response:
    """One armed group, by its id or name: its regions, whom it fights there, its other names."""
    bulletin = chosen_bulletin(request, query)
    row = _row_of(bulletin, actor)
    id_ = row["actor"]
    regions = [one for one in _in_places(bulletin, query) if one.id == id_]
    there = {(one.level, one.region) for one in regions}
    opponents = [one for one in opponents_of(bulletin)[id_] if (one.level, one.region) in there]
    names = {name: row[name] for name in ("name", "aliases", "predecessors", "began")}
    body = ActorAnswer(
        bulletin=summary_of(request, bulletin),
        id=id_,
        regions=regions,
        opponents=opponents,
        **names,
    )
    return json_response(body)


def _in_places(bulletin: Bulletin, query: PlaceFilter) -> list[Actor]:
    actors, frame = actors_of(bulletin), regions_of(bulletin)
    countries = {find_country(bulletin, name, frame) for name in query.country}
    return [
        actor
        for actor in actors
        if query.level in (None, actor.level) and (not countries or actor.country in countries)
    ]


def _named(bulletin: Bulletin, part: str) -> set[str]:
    """Return the ids of the groups with something in their name or another name of theirs."""
    return {
        row["actor"]
        for row in actor_rows(bulletin)
        if any(plain(part) in plain(name) for name in (row["name"], *row["aliases"]))
    }


def _row_of(bulletin: Bulletin, actor: str) -> Row:
    """Return a row of a group by its id or name; raises UnknownError for another."""
    rows = actor_rows(bulletin)
    for row in rows:
        if actor == row["actor"] or plain(actor) == plain(row["name"]):
            return row
    ids = {row["actor"] for row in rows}
    near = get_close_matches(plain(actor), ids, n=3, cutoff=0.5)
    remedy = f"did you mean {' or '.join(near)}?" if near else "see its list of armed groups"
    what = f"no armed group '{actor}'"
    raise UnknownError(f"bulletin {bulletin.manifest.id} has {what}: {remedy}")
