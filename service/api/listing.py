"""Lists of bodies, page by page, in the forms that need no table."""

from collections.abc import Sequence
from typing import TypeVar

from fastapi import Request, Response
from pydantic import BaseModel

from service.api.current import chosen_bulletin, is_stale, used_bulletin
from service.api.forms import as_text
from service.api.paging import Place, next_address, read_cursor
from service.api.queries import BulletinQuery
from service.api.schemas import list_head
from service.store.bulletins import Bulletin

Item = TypeVar("Item")


def start_of(request: Request, query: BulletinQuery) -> tuple[Bulletin, int]:
    """Return the bulletin of a list and where its page starts.

    A cursor holds on to the bulletin of the page that it came from. Raises what `read_cursor` and
    `chosen_bulletin` raise.
    """
    place = read_cursor(request)
    if place is None:
        return chosen_bulletin(request, query), 0
    return used_bulletin(request, place.bulletin), place.position


def next_page(
    request: Request, bulletin: Bulletin, start: int, limit: int, total: int, **fixed: str
) -> str | None:
    """Return the address of the page after the one that starts at a place; None after the last.

    `fixed` are parameters of another value than they were asked with.
    """
    end = start + limit
    return next_address(request, Place(bulletin.manifest.id, end), **fixed) if end < total else None


def json_list(
    request: Request,
    bulletin: Bulletin,
    items: Sequence[BaseModel],
    *,
    total: int,
    following: str | None,
    more: bytes = b"",
) -> Response:
    """Return a page of a list as JSON; `more` are further members of the envelope, with commas."""
    head = list_head(bulletin, total, stale=is_stale(request))
    told = b",".join(item.model_dump_json().encode() for item in items)
    body = b'{%b,%b"items":[%b],"next":%b}' % (head, more, told, as_text(following))
    return json_response(body, following)


def json_response(body: bytes, following: str | None = None) -> Response:
    """Return JSON text as a response, with the address of the next page in a `Link` header."""
    headers = {} if following is None else {"Link": f'<{following}>; rel="next"'}
    return Response(body, headers=headers, media_type="application/json")
