"""`/v1/regions`: the regions that a bulletin scores."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from service.api.current import is_stale, used_bulletin
from service.api.examples import problems_of
from service.api.paging import Place, next_address, read_cursor
from service.api.queries import RegionQuery
from service.api.schemas import BulletinSummary, RegionList
from service.api.selection import regions_at, select_regions

router = APIRouter(prefix="/v1/regions", tags=["regions"])


@router.get("", responses=problems_of("/v1/regions"))
def list_regions(request: Request, query: Annotated[RegionQuery, Query()]) -> RegionList:
    """Scored regions, by level and id."""
    place = read_cursor(request) or Place(query.bulletin, 0)
    bulletin = used_bulletin(request, place.bulletin)
    rows = select_regions(bulletin, query)
    end = Place(bulletin.manifest.id, place.position + query.limit)
    return RegionList(
        bulletin=BulletinSummary.of(bulletin, stale=is_stale(request)),
        items=regions_at(bulletin, rows[place.position : end.position]),
        next=next_address(request, end) if end.position < len(rows) else None,
    )
