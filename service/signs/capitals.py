"""`/v1/capitals`: the rings of violence around capitals."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.api.current import chosen_bulletin, summary_of
from service.api.lists import chosen_form, form_responses, in_form, json_response, model_page
from service.api.routing import QueryRoute
from service.api.selection import find_country
from service.errors import UnknownError
from service.signs.bodies import CapitalAnswer, Ring, RingList, Sector
from service.signs.queries import CapitalDetailQuery, CapitalQuery
from service.signs.shapes import POLYGONS, ring_shapes, sector_shapes
from service.signs.tables import rings_of, sectors_of
from service.store.bulletins import Bulletin
from service.store.derived import regions_of

router = APIRouter(prefix="/v1/capitals", tags=["signs"], route_class=QueryRoute)


@router.get("", response_model=RingList, responses=form_responses(RingList, on_map=True))
def list_capitals(request: Request, query: Annotated[CapitalQuery, Query()]) -> Response:
    """How far a ring of violence around each capital is closed, by radius, and since when.

    Violence counts in 8 directions and across borders. As GeoJSON rings are circles.
    """
    bulletin = chosen_bulletin(request, query)
    countries = {find_country(bulletin, name, regions_of(bulletin)) for name in query.country}
    rings = [
        ring
        for ring in rings_of(bulletin)
        if (not countries or ring.country in countries)
        and (not query.radius_km or str(ring.radius_km) in query.radius_km)
    ]
    shapes = (ring_shapes, POLYGONS)
    page = model_page(request, bulletin, Ring, rings, shapes, subject="#loc")
    return in_form(request, query, page)


@router.get(
    "/{country}",
    response_model=CapitalAnswer,
    responses=form_responses(CapitalAnswer, on_map=True),
)
def show_capital(
    request: Request, country: str, query: Annotated[CapitalDetailQuery, Query()]
) -> Response:
    """The ring around one capital by direction and distance, against the last three years.

    A file has a row a direction and band of distance; as GeoJSON they are sectors.
    """
    bulletin = chosen_bulletin(request, query)
    rings = _rings_around(bulletin, country)
    sectors = sectors_of(bulletin)[rings[0].country]
    if chosen_form(request, query) != "json":
        shapes = (sector_shapes, POLYGONS)
        page = model_page(request, bulletin, Sector, sectors, shapes, subject="#loc")
        return in_form(request, query, page)
    capital = rings[0].model_dump(include={"country", "capital", "latitude", "longitude"})
    bulletin_summary = summary_of(request, bulletin)
    return json_response(
        CapitalAnswer(bulletin=bulletin_summary, **capital, rings=rings, sectors=sectors)
    )


def _rings_around(bulletin: Bulletin, name: str) -> list[Ring]:
    """Return the rings of a country by its code or name; raises UnknownError for another."""
    every = rings_of(bulletin)
    country = find_country(bulletin, name, regions_of(bulletin))
    rings = [ring for ring in every if ring.country == country]
    if not rings:
        raise UnknownError(
            f"bulletin {bulletin.manifest.id} has no ring around the capital of {country}: it is "
            "not observed in the newest quarter, or its capital is not known"
        )
    return rings
