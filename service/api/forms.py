"""The forms of a list: JSON, NDJSON, CSV, GeoJSON and Parquet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from fastapi import Request, Response
from pydantic import BaseModel

from service.api.queries import Format
from service.errors import FormatError

MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
    "parquet": "application/vnd.apache.parquet",
}

NOWHERE = b"null"


@dataclass(frozen=True, eq=False)
class Page:
    """One page of a list, before it has a form.

    `head` are the members of the list's envelope but `items` and `next`, as JSON without braces.
    `items` are JSON objects, `outlines` their GeoJSON geometries, and `table` gives them as a
    table; both are asked for only by a form that needs them. `next` is the address of the next
    page.
    """

    head: bytes
    items: Sequence[bytes]
    outlines: Callable[[], Sequence[bytes]]
    table: Callable[[], pa.Table]
    next: str | None


def described(model: type[BaseModel]) -> dict[int | str, dict[str, object]]:
    """Return the OpenAPI description of a list that is given in every form."""
    content: dict[str, object] = {
        kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in MEDIA_TYPES.values()
    }
    content[MEDIA_TYPES["geojson"]] = {"schema": {"type": "object"}}
    del content[MEDIA_TYPES["json"]]
    return {200: {"model": model, "content": content}}


def chosen_form(request: Request, given: Format | None) -> Format:
    """Return the form that a request asks for, by its `format` or its `Accept` header.

    Raises FormatError when it accepts none.
    """
    if given is not None:
        return given
    accepted = request.headers.get("accept", "*/*")
    for kind in _by_preference(accepted):
        for form, media_type in MEDIA_TYPES.items():
            plain = media_type.partition(";")[0]
            if kind in {plain, "*/*", plain.partition("/")[0] + "/*"}:
                return form
    raise FormatError(
        f"none of '{accepted}' can be given: accept one of "
        f"{', '.join(kind.partition(';')[0] for kind in MEDIA_TYPES.values())}"
    )


def in_form(page: Page, form: Format) -> Response:
    """Return a page in a form, with the address of the next one in a `Link` header."""
    headers = {} if page.next is None else {"Link": f'<{page.next}>; rel="next"'}
    return Response(_WRITERS[form](page), headers=headers, media_type=MEDIA_TYPES[form])


def as_text(value: str | None) -> bytes:
    """Return an address or null as JSON."""
    # An address is percent-encoded, so that there is nothing in it to escape.
    return b"null" if value is None else b'"%b"' % value.encode()


def _by_preference(accepted: str) -> list[str]:
    """Return the media types that an `Accept` header takes, the most wanted first."""
    wanted = []
    for part in accepted.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights = [p.removeprefix("q=") for p in parameters if p.startswith("q=")]
        try:
            weight = float(weights[0]) if weights else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            wanted.append((-weight, kind))
    return [kind for _, kind in sorted(wanted, key=lambda pair: pair[0])]


def _json(page: Page) -> bytes:
    return b'{%b,"items":[%b],"next":%b}' % (page.head, b",".join(page.items), as_text(page.next))


def _ndjson(page: Page) -> bytes:
    return b"".join(item + b"\n" for item in page.items)


def _geojson(page: Page) -> bytes:
    features = (
        b'{"type":"Feature","geometry":%b,"properties":%b}' % feature
        for feature in zip(page.outlines(), page.items, strict=True)
    )
    return b'{"type":"FeatureCollection",%b,"next":%b,"features":[%b]}' % (
        page.head,
        as_text(page.next),
        b",".join(features),
    )


def _csv(page: Page) -> bytes:
    target = pa.BufferOutputStream()
    pyarrow.csv.write_csv(page.table(), target)
    return bytes(target.getvalue())


def _parquet(page: Page) -> bytes:
    target = pa.BufferOutputStream()
    pq.write_table(page.table(), target, compression="zstd")
    return bytes(target.getvalue())


_WRITERS: dict[Format, Callable[[Page], bytes]] = {
    "json": _json,
    "ndjson": _ndjson,
    "csv": _csv,
    "geojson": _geojson,
    "parquet": _parquet,
}
