"""`/v1/bulletins`: what has been published."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from models.bulletin import Manifest
from service.api.current import store_of, used_bulletin
from service.api.examples import problems_of
from service.api.paging import Place, next_address, read_cursor
from service.api.queries import NoParameters, PageQuery
from service.api.schemas import BulletinList
from service.errors import ParameterError

router = APIRouter(prefix="/v1/bulletins", tags=["bulletins"])


@router.get("", responses=problems_of("/v1/bulletins"))
def list_bulletins(request: Request, query: Annotated[PageQuery, Query()]) -> BulletinList:
    """All bulletins, newest first: by origin, then by time of issue."""
    newest = used_bulletin(request).manifest
    manifests = _after(read_cursor(request), store_of(request).manifests())
    items = list(manifests[: query.limit])
    more = len(manifests) > query.limit
    return BulletinList(
        simulated=newest.simulated,
        items=items,
        next=next_address(request, Place(items[-1].id, 0)) if more else None,
    )


@router.get("/{bulletin}", responses=problems_of("/v1/bulletins/{bulletin}"))
def show_bulletin(
    request: Request, bulletin: str, _query: Annotated[NoParameters, Query()]
) -> Manifest:
    """What one bulletin is: its origin, vintage, releases, model versions and their skill."""
    return used_bulletin(request, bulletin).manifest


def _after(place: Place | None, manifests: tuple[Manifest, ...]) -> tuple[Manifest, ...]:
    """Return the bulletins that follow the last one of the page before.

    The place is a bulletin, not a number: a new one comes first and would shift the numbers.
    """
    if place is None:
        return manifests
    names = [manifest.id for manifest in manifests]
    if place.bulletin not in names:
        raise ParameterError("cursor: the bulletin that it follows is gone; start without one")
    return manifests[names.index(place.bulletin) + 1 :]
