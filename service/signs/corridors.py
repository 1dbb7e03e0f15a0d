"""`/v1/corridors`: the pressure on the roads by which countries are supplied."""

from difflib import get_close_matches
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.api.current import chosen_bulletin, summary_of
from service.api.lists import form_responses, in_form, json_response, model_page
from service.api.routing import QueryRoute
from service.api.selection import find_country
from service.errors import UnknownError
from service.signs.bodies import Corridor, CorridorAnswer, CorridorList
from service.signs.queries import CorridorDetailQuery, CorridorQuery
from service.signs.shapes import LINES, corridor_shapes
from service.signs.tables import corridor_rows, corridors_of, legs_of, places_of, quarters_of
from service.store.bulletins import Bulletin
from service.store.derived import regions_of

router = APIRouter(prefix="/v1/corridors", tags=["signs"], route_class=QueryRoute)


@router.get("", response_model=CorridorList, responses=form_responses(CorridorList, on_map=True))
def list_corridors(request: Request, query: Annotated[CorridorQuery, Query()]) -> Response:
    """Events and deaths along each corridor in the newest quarter, against its own past.

    Those highest above their past come first. As GeoJSON corridors are lines.
    """
    bulletin = chosen_bulletin(request, query)
    countries = {find_country(bulletin, name, regions_of(bulletin)) for name in query.country}
    corridors = [
        corridor
        for corridor in by_pressure(bulletin)
        if not countries or corridor.country in countries
    ]
    shapes = (corridor_shapes, LINES)
    page = model_page(request, bulletin, Corridor, corridors, shapes, subject="#loc")
    return in_form(request, query, page)


@router.get("/{corridor}", response_model=CorridorAnswer)
def show_corridor(
    request: Request, corridor: str, query: Annotated[CorridorDetailQuery, Query()]
) -> Response:
    """One corridor: its places, and what happened on each leg of it by quarter in ten years."""
    bulletin = chosen_bulletin(request, query)
    corridors = corridors_of(bulletin)
    if corridor not in corridors:
        near = get_close_matches(corridor, corridors, n=3, cutoff=0.6)
        remedy = f"did you mean {' or '.join(near)}?" if near else "see its list of corridors"
        what = f"no corridor '{corridor}'"
        raise UnknownError(f"bulletin {bulletin.manifest.id} has {what}: {remedy}")
    row = next(row for row in corridor_rows(bulletin) if row["corridor"] == corridor)
    body = CorridorAnswer(
        bulletin=summary_of(request, bulletin),
        corridor=corridors[corridor],
        places=places_of(row),
        quarters=quarters_of(bulletin, corridor),
        legs=legs_of(bulletin, row),
    )
    return json_response(body)


def by_pressure(bulletin: Bulletin) -> list[Corridor]:
    """Return the corridors, those highest above their past first, those with no figures last."""

    def order(corridor: Corridor) -> tuple[bool, int, int, str]:
        percentile, events = corridor.percentile or 0, corridor.events or 0
        return corridor.events is None, -percentile, -events, corridor.id

    return sorted(corridors_of(bulletin).values(), key=order)
