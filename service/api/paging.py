"""Page through a list. A cursor says where the next page starts, and in which bulletin."""

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import NamedTuple
from urllib.parse import urlencode

from fastapi import Request

from service.errors import ParameterError

_TOKEN = re.compile(r"([0-9a-f-]{20})\.(\d{1,9})\.[0-9a-f]{16}")


class Place(NamedTuple):
    """Where a page starts: the bulletin's id and the number of items before it."""

    bulletin: str
    position: int


def read_cursor(request: Request) -> Place | None:
    """Return the place that a request's cursor stands for, None when it has no cursor.

    Raises ParameterError when the cursor was not given out for these very parameters.
    """
    cursor = request.query_params.get("cursor")
    if cursor is None:
        return None
    match = _TOKEN.fullmatch(_decode(cursor))
    place = Place(match[1], int(match[2])) if match else None
    if place is None or _cursor(request, place) != cursor:
        raise ParameterError(
            "cursor: not one that was given out with these parameters; follow 'next' as it is, "
            "or start without a cursor"
        )
    return place


def next_address(request: Request, place: Place) -> str:
    """Return the path and query of the page that starts at a place."""
    kept = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
    return f"{request.url.path}?{urlencode([*kept, ('cursor', _cursor(request, place))])}"


def _cursor(request: Request, place: Place) -> str:
    """Return a place as a cursor, bound to the path and to every parameter but the limit."""
    given = request.query_params.multi_items()
    asked = urlencode(sorted((k, v) for k, v in given if k not in {"cursor", "limit"}))
    text = f"{place.bulletin}.{place.position}"
    seal = hashlib.sha256(f"{text} {request.url.path}?{asked}".encode()).hexdigest()[:16]
    return urlsafe_b64encode(f"{text}.{seal}".encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    """Return what a cursor holds; nonsense for one that was never given out."""
    padding = "=" * (-len(cursor) % 4)
    try:
        return urlsafe_b64decode(cursor + padding).decode("latin-1")
    except (Error, ValueError):
        return ""
