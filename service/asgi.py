"""Headers as ASGI has them, lists of pairs of bytes: objects in every layer would be slow."""

from collections.abc import Iterable

from starlette.types import Message, Scope

RawHeaders = list[tuple[bytes, bytes]]

_BY_NAME = "tocsin.headers"


def header_of(scope: Scope, name: bytes) -> str | None:
    """Return the first header of a request by its name in lower case; None without one."""
    by_name: dict[bytes, bytes] | None = scope.get(_BY_NAME)
    if by_name is None:
        by_name = scope[_BY_NAME] = dict(reversed(scope["headers"]))
    value = by_name.get(name)
    return None if value is None else value.decode("latin-1")


def with_headers(start: Message, more: Iterable[tuple[bytes, bytes]]) -> Message:
    """Return the start of a response with more headers, names in lower case."""
    return {**start, "headers": [*start["headers"], *more]}


def raw(headers: dict[str, str]) -> RawHeaders:
    """Return headers as ASGI has them."""
    return [
        (name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()
    ]


def by_preference(accepted: str) -> list[str]:
    """Return the values of an `Accept` or `Accept-Language` header, the preferred first."""
    weighted = []
    for part in accepted.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights = [p.removeprefix("q=") for p in parameters if p.startswith("q=")]
        try:
            weight = float(weights[0]) if weights else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            weighted.append((-weight, kind))
    return [kind for _, kind in sorted(weighted, key=lambda pair: pair[0])]
