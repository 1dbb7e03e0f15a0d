"""`/v1/indicators`: what the scores may be computed from."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from bulletins.form import ListedIndicator
from service.api.examples import problems_of
from service.api.listing import json_list, next_page, start_of
from service.api.queries import IndicatorQuery
from service.api.routing import QueryRoute
from service.api.schemas import IndicatorList
from service.errors import UnknownError
from service.store.bulletins import Bulletin

router = APIRouter(prefix="/v1/indicators", tags=["indicators"], route_class=QueryRoute)


@router.get("", response_model=IndicatorList, responses=problems_of("/v1/indicators"))
async def list_indicators(request: Request, query: Annotated[IndicatorQuery, Query()]) -> Response:
    """All indicators, by family: the catalogue as it was when the bulletin was issued.

    A family that the catalogue does not have is a 404, and so is a bulletin from before the
    indicators were listed.
    """
    bulletin, start = start_of(request, query)
    found = _of_families(bulletin, query.family)
    return json_list(
        request,
        bulletin,
        found[start : start + query.limit],
        total=len(found),
        following=next_page(request, bulletin, start, query.limit, len(found)),
    )


def _of_families(bulletin: Bulletin, families: list[str]) -> list[ListedIndicator]:
    """Return the indicators of some families, of all if none is named.

    Raises UnknownError when the bulletin lists none, or none of such a family.
    """
    known = list(dict.fromkeys(indicator.family for indicator in bulletin.indicators))
    if not known:
        raise UnknownError(
            f"bulletin {bulletin.manifest.id} was issued before indicators were listed: ask a "
            "newer one"
        )
    unknown = [family for family in families if family not in known]
    if unknown:
        raise UnknownError(
            f"bulletin {bulletin.manifest.id} has no family '{unknown[0]}' of indicators: it has "
            f"{', '.join(known)}"
        )
    return [i for i in bulletin.indicators if not families or i.family in families]
