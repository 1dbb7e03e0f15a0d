"""`/v1/indicators`: what the scores may be computed from."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from models.bulletin import ListedIndicator
from service.api.current import is_stale, used_bulletin
from service.api.examples import problems_of
from service.api.paging import Place, next_address, read_cursor
from service.api.queries import IndicatorQuery
from service.api.schemas import BulletinSummary, IndicatorList
from service.errors import UnknownError
from service.store.bulletins import Bulletin

router = APIRouter(prefix="/v1/indicators", tags=["indicators"])


@router.get("", responses=problems_of("/v1/indicators"))
def list_indicators(request: Request, query: Annotated[IndicatorQuery, Query()]) -> IndicatorList:
    """All indicators, by family: the catalogue as it was when the bulletin was issued.

    A family that the catalogue does not have is a 404, and so is a bulletin from before the
    indicators were listed.
    """
    place = read_cursor(request) or Place(query.bulletin, 0)
    bulletin = used_bulletin(request, place.bulletin)
    found = _of_families(bulletin, query.family)
    end = Place(bulletin.manifest.id, place.position + query.limit)
    return IndicatorList(
        bulletin=BulletinSummary.of(bulletin, stale=is_stale(request)),
        items=found[place.position : end.position],
        next=next_address(request, end) if end.position < len(found) else None,
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
