"""Page through a list. A cursor says where the next page starts, and in which bulletin."""

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import NamedTuple
from urllib.parse import parse_qsl

from fastapi import Request

from service.errors import UnknownError

_CURSOR = "cursor="
_TOKEN = re.compile(r"([0-9a-f-]{20})\.(\d{1,9})\.[0-9a-f]{16}")


class Place(NamedTuple):
    """Where a page starts: the bulletin's id and the number of items before it."""

    bulletin: str
    position: int


def read_cursor(request: Request) -> Place | None:
    """Return the place that a request's cursor stands for, None when it has no cursor.

    Raises UnknownError when the cursor was not given out for these very parameters.
    """
    cursor = dict(parse_qsl("&".join(_given(request)), keep_blank_values=True)).get("cursor")
    if cursor is None:
        return None
    match = _TOKEN.fullmatch(_decode(cursor))
    place = Place(match[1], int(match[2])) if match else None
    if place is None or _cursor(_path(request), _given(request), place) != cursor:
        raise UnknownError(
            "cursor: not one that was given out with these parameters; follow 'next' as it is, "
            "or start without a cursor"
        )
    return place


def next_address(request: Request, place: Place, **fixed: str) -> str:
    """Return the path and query of the page that starts at a place.

    `fixed` are parameters of another value than they were asked with.
    """
    kept = [
        f"{name}={fixed[name]}" if (name := part.partition("=")[0]) in fixed else part
        for part in _given(request)
        if not part.startswith(_CURSOR)
    ]
    path = _path(request)
    return f"{path}?{'&'.join([*kept, f'cursor={_cursor(path, kept, place)}'])}"


def _cursor(path: str, parameters: list[str], place: Place) -> str:
    """Return a place as a cursor, bound to the path and to every parameter but the limit."""
    asked = sorted(part for part in parameters if not part.startswith((_CURSOR, "limit=")))
    text = f"{place.bulletin}.{place.position}"
    bound = f"{text} {path}?{'&'.join(asked)}"
    seal = hashlib.sha256(bound.encode()).hexdigest()[:16]
    return urlsafe_b64encode(f"{text}.{seal}".encode()).decode().rstrip("=")


def _path(request: Request) -> str:
    """Return the path of a request as it was written."""
    path: bytes = request.scope["raw_path"]
    return path.decode("latin-1")


def _given(request: Request) -> list[str]:
    """Return the parameters of a request as they were written."""
    query: bytes = request.scope["query_string"]
    return [part for part in query.decode("latin-1").split("&") if part]


def _decode(cursor: str) -> str:
    """Return what a cursor holds; nonsense for one that was never given out."""
    padding = "=" * (-len(cursor) % 4)
    try:
        return urlsafe_b64decode(cursor + padding).decode("latin-1")
    except (Error, ValueError):
        return ""
