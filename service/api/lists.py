"""Lists page by page, in every form: JSON, NDJSON, CSV, GeoJSON and Parquet."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_plus

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from fastapi import Request, Response
from pydantic import BaseModel

from service.api.current import summary_of
from service.api.queries import Format, PageQuery
from service.api.schemas import Item, ListBody
from service.asgi import by_preference, header_of
from service.errors import FormatError
from service.store.bulletins import Bulletin

MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
    "parquet": "application/vnd.apache.parquet",
}

NULL = b"null"

_NO_FILTERS = {"limit", "offset", "format", "bulletin", "sort"}
_NO_NAME = re.compile(r"[^A-Za-z0-9]+")
_LONGEST_NAME = 150


@dataclass(frozen=True, eq=False)
class Page:
    """One page of a list of `total` items of a bulletin, before it is written in a form.

    `items` are JSON objects, `outlines` their GeoJSON geometries, and `table` has them as rows; a
    form calls what it needs.
    """

    bulletin: Bulletin
    total: int
    items: Sequence[bytes]
    outlines: Callable[[], Sequence[bytes]]
    table: Callable[[], pa.Table]


def form_responses(model: type[BaseModel]) -> dict[int | str, dict[str, object]]:
    """Return the OpenAPI description of a list that is given in every form, or refused: 406."""
    content: dict[str, object] = {
        kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in MEDIA_TYPES.values()
    }
    content[MEDIA_TYPES["geojson"]] = {"schema": {"type": "object"}}
    del content[MEDIA_TYPES["json"]]
    return {200: {"model": model, "content": content}, 406: {}}


def chosen_form(request: Request, form: Format | None) -> Format:
    """Return the form by the query or the header `Accept`; raises FormatError if there is none."""
    if form is not None:
        return form
    accept = header_of(request.scope, b"accept")
    return _accepted_form("*/*" if accept is None else accept)


@lru_cache(maxsize=256)
def _accepted_form(accept: str) -> Format:
    for kind in by_preference(accept):
        for name, media_type in MEDIA_TYPES.items():
            plain = media_type.partition(";")[0]
            if kind in {plain, "*/*", plain.partition("/")[0] + "/*"}:
                return name
    raise FormatError(
        f"none of '{accept}' can be given: accept one of "
        f"{', '.join(kind.partition(';')[0] for kind in MEDIA_TYPES.values())}"
    )


def in_form(request: Request, query: PageQuery, page: Page, form: Format) -> Response:
    """Return a page in a form, with the address of the next one in a `Link` header.

    What is no JSON is a file, with a name that says what is in it.
    """
    here, manifest = query.page(whole=form != "json"), page.bulletin.manifest
    following = next_page(request, here, page.total, bulletin=manifest.id)
    if form in {"csv", "parquet"}:
        body = _file(page.table(), form)
    elif form == "ndjson":
        body = b"".join(item + b"\n" for item in page.items)
    else:
        summary = summary_of(request, page.bulletin).model_dump_json().encode()
        head = b'"bulletin":%b,"total":%d' % (summary, page.total)
        # There is nothing to escape in the address.
        last = b'"next":' + (NULL if following is None else b'"%b"' % following.encode())
        if form == "geojson":
            body = _geojson(page, head, last)
        else:
            body = b'{%b,"items":[%b],%b}' % (head, b",".join(page.items), last)
    response = _response(body, following, MEDIA_TYPES[form])
    if form != "json":
        name = _file_name(request, here, page)
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def _file_name(request: Request, here: slice, page: Page) -> str:
    """Return the name of a file: list, bulletin, filters and, if it is not all, which rows."""
    kind = request.url.path.rpartition("/")[2]
    filters = [v for k, v in request.query_params.multi_items() if k not in _NO_FILTERS]
    parts = ["tocsin", kind, page.bulletin.manifest.id, *filters]
    first, last = here.start + 1, here.start + len(page.items)
    if len(page.items) < page.total:
        parts.append(f"rows {first} to {last} of {page.total}")
    return _NO_NAME.sub("-", "-".join(parts))[:_LONGEST_NAME]


def json_list(
    request: Request,
    model: type[ListBody[Item]],
    bulletin: Bulletin,
    query: PageQuery,
    items: Sequence[Item],
) -> Response:
    """Return a page of some items as JSON, by the model of their list."""
    body = model(
        bulletin=summary_of(request, bulletin),
        total=len(items),
        items=list(items[query.page()]),
        next=next_page(request, query.page(), len(items), bulletin=bulletin.manifest.id),
    )
    return json_response(body, body.next)


def json_response(body: BaseModel, following: str | None = None) -> Response:
    """Return a body as JSON, with the address of the next page in a `Link` header."""
    return _response(body.model_dump_json().encode(), following, "application/json")


def _response(body: bytes, following: str | None, media_type: str) -> Response:
    headers = {} if following is None else {"Link": f'<{following}>; rel="next"'}
    return Response(body, headers=headers, media_type=media_type)


def next_page(request: Request, here: slice, total: int, **pinned: str) -> str | None:
    """Return the address of the page after some items, bulletins `pinned`; None at the end."""
    if here.stop is None or here.stop >= total:
        return None
    return next_address(request, **pinned, offset=str(here.stop))


def next_address(request: Request, **changes: str) -> str:
    """Return the path and query of a request with some parameters set."""
    path: bytes = request.scope["raw_path"]
    text: bytes = request.scope["query_string"]
    others = [
        part
        for part in text.decode("latin-1").split("&")
        if part and unquote_plus(part.partition("=")[0]) not in changes
    ]
    parameters = [*others, *(f"{name}={value}" for name, value in changes.items())]
    return f"{path.decode('latin-1')}?{'&'.join(parameters)}"


def _geojson(page: Page, head: bytes, last: bytes) -> bytes:
    features = (
        b'{"type":"Feature","geometry":%b,"properties":%b}' % feature
        for feature in zip(page.outlines(), page.items, strict=True)
    )
    form = b'{"type":"FeatureCollection",%b,%b,"features":[%b]}'
    return form % (head, last, b",".join(features))


def _file(table: pa.Table, form: Format) -> bytes:
    target = pa.BufferOutputStream()
    if form == "csv":
        pyarrow.csv.write_csv(table, target)
    else:
        pq.write_table(table, target, compression="zstd")
    return bytes(target.getvalue())
