"""`/v1/bulletins`: what has been published, and its files."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from bulletins.form import Manifest
from service.api.current import store_of, used_bulletin
from service.api.examples import problems_of
from service.api.listing import json_response
from service.api.paging import Place, next_address, read_cursor
from service.api.queries import NoParameters, PageQuery
from service.api.routing import QueryRoute
from service.api.schemas import BulletinList
from service.errors import UnknownError

router = APIRouter(prefix="/v1/bulletins", tags=["bulletins"], route_class=QueryRoute)

_PARQUET = "application/vnd.apache.parquet"


@router.get("", response_model=BulletinList, responses=problems_of("/v1/bulletins"))
async def list_bulletins(request: Request, query: Annotated[PageQuery, Query()]) -> Response:
    """All bulletins, newest first: by origin, then by time of issue."""
    newest = used_bulletin(request).manifest
    known = store_of(request).manifests()
    manifests = _after(read_cursor(request), known)
    items = list(manifests[: query.limit])
    is_last = len(manifests) <= query.limit
    body = BulletinList(
        simulated=newest.simulated,
        total=len(known),
        items=items,
        next=None if is_last else next_address(request, Place(items[-1].id, 0)),
    )
    return json_response(body.model_dump_json().encode(), body.next)


@router.get(
    "/{bulletin}", response_model=Manifest, responses=problems_of("/v1/bulletins/{bulletin}")
)
async def show_bulletin(
    request: Request,
    bulletin: str,
    query: Annotated[NoParameters, Query()],  # noqa: ARG001
) -> Response:
    """What one bulletin is: its origin, vintage, releases, model versions and their skill."""
    manifest = used_bulletin(request, bulletin).manifest
    return json_response(manifest.model_dump_json().encode())


@router.get(
    "/{bulletin}/files/{name}",
    response_class=Response,
    responses={
        200: {"content": {_PARQUET: {}}, "description": "The file as it was published."},
        **problems_of("/v1/bulletins/{bulletin}/files/{name}"),
    },
)
async def give_file(
    request: Request,
    bulletin: str,
    name: str,
    query: Annotated[NoParameters, Query()],  # noqa: ARG001
) -> Response:
    """One Parquet file of a bulletin, whole, as it was published: the manifest gives its hash."""
    used = used_bulletin(request, bulletin)
    if name not in used.files:
        raise UnknownError(
            f"bulletin {used.manifest.id} has no file '{name}': it has {', '.join(used.files)}"
        )
    return Response(used.files[name], media_type=_PARQUET)


def _after(place: Place | None, manifests: tuple[Manifest, ...]) -> tuple[Manifest, ...]:
    """Return the bulletins that follow the last one of the page before.

    The place is a bulletin, not a number: a new one comes first and would shift the numbers.
    """
    if place is None:
        return manifests
    names = [manifest.id for manifest in manifests]
    if place.bulletin not in names:
        raise UnknownError("cursor: the bulletin that it follows is gone; start without one")
    return manifests[names.index(place.bulletin) + 1 :]
