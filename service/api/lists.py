"""Lists page by page, in every form: JSON, NDJSON, CSV, HXL, GeoJSON, Parquet and GeoParquet."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any
from urllib.parse import unquote_plus

import orjson
import pyarrow as pa
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from bulletins.manifest import LICENCE_URLS, Manifest
from service.api.current import address_of, summary_of
from service.api.queries import FileQuery, Format, MapForms, TableForms
from service.asgi import by_preference, header_of
from service.errors import FormatError
from service.forms import files
from service.forms.hxl import hashtags_of
from service.forms.rows import rows_of, shortened, with_constants
from service.store.bulletins import Bulletin
from service.store.derived import outlines_of, wkb_outlines_of

_PARQUET = "application/vnd.apache.parquet"

MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "hxl": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
    "parquet": _PARQUET,
    "geoparquet": _PARQUET,
}

NULL = b"null"

RANGES = {"Accept-Ranges": "bytes"}
"""The header of an answer of which `Range` may ask a part."""

CHUNK = 2_000
"""Rows that are written at once; a longer list is sent while it is written."""

_ON_A_MAP: frozenset[Format] = frozenset({"geojson", "geoparquet"})
_ENDINGS: dict[Format, str] = {"geoparquet": "parquet", "hxl": "hxl.csv"}
_GROUP = 20_000  # rows, of a row group of Parquet

Shapes = tuple[Callable[[Bulletin], Mapping[str, bytes]], tuple[str, ...]]
"""What gives GeoJSON geometries of a bulletin, and the types that they have."""

_OUTLINES: Shapes = (outlines_of, ("Polygon", "MultiPolygon"))

_NO_FILTERS = {"limit", "offset", "format", "excel", "bulletin", "a", "b", "after", "sort"}
_NO_NAME = re.compile(r"[^A-Za-z0-9]+")
_LONGEST_NAME = 150


@dataclass(frozen=True, eq=False)
class Page:
    """A list of `total` items, before some of them are written in a form.

    `items` gives a slice of them as JSON objects, `table` the same as rows; without `items` the
    rows are the objects. `members` are said of the list in JSON, `pinned` are the bulletins that
    it is made of, by parameter. `key` are the columns that tell one row from others, the region
    first; none for lists that are not drawn on a map. `following` gives the address after a slice.
    `shapes` gives the geometries by the first column of `key`, and their types, where they are not
    the outlines of regions; `subject` is the hashtag of what has their `id` and `name`, where that
    is no region.
    """

    bulletin: Bulletin
    total: int
    table: Callable[[slice], pa.Table]
    items: Callable[[slice], Sequence[bytes]] | None = None
    members: Mapping[str, BaseModel | str | bool | None] = field(default_factory=dict)
    pinned: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    following: Callable[[slice], str | None] | None = None
    shapes: Shapes | None = None
    subject: str | None = None


def of_bulletin(request: Request, bulletin: Bulletin, **more: str | None) -> dict[str, Any]:
    """Return the `members`, with some more, and what is `pinned` of a list of one bulletin."""
    members = {"bulletin": summary_of(request, bulletin), **more}
    return {"members": members, "pinned": {"bulletin": bulletin.manifest.id}}


def form_responses(
    model: type[BaseModel], *, on_map: bool = False
) -> dict[int | str, dict[str, object]]:
    """Return the OpenAPI description of a list that is given in its forms, or refused: 406."""
    content: dict[str, object] = {
        kind.partition(";")[0]: {"schema": {"type": "string"}}
        for form, kind in MEDIA_TYPES.items()
        if form != "json" and (on_map or form not in _ON_A_MAP)
    }
    if on_map:
        content[MEDIA_TYPES["geojson"]] = {"schema": {"type": "object"}}
    return {200: {"model": model, "content": content}, 406: {}}


def chosen_form(request: Request, query: TableForms | MapForms) -> Format:
    """Return the form by the query or the header `Accept`; raises FormatError if there is none."""
    if query.excel:
        return "hxl" if query.format == "hxl" else "csv"
    if query.format is not None:
        return query.format
    accept = header_of(request.scope, b"accept")
    return _accepted_form("*/*" if accept is None else accept, on_map=isinstance(query, MapForms))


@lru_cache(maxsize=256)
def _accepted_form(accept: str, *, on_map: bool) -> Format:
    kinds = {
        form: media_type.partition(";")[0]
        for form, media_type in MEDIA_TYPES.items()
        if on_map or form not in _ON_A_MAP
    }
    for asked in by_preference(accept):
        for form, kind in kinds.items():
            if asked in {kind, "*/*", kind.partition("/")[0] + "/*"}:
                return form
    distinct = ", ".join(dict.fromkeys(kinds.values()))
    raise FormatError(f"none of '{accept}' can be given: accept one of {distinct}")


def model_page(
    request: Request,
    bulletin: Bulletin,
    model: type[BaseModel],
    items: Sequence[BaseModel],
    shapes: Shapes | None = None,
    key: tuple[str, ...] = ("id",),
    subject: str | None = None,
) -> Page:
    """Return a list of models that comes from one bulletin; `shapes` are by the first of `key`."""
    return Page(
        bulletin,
        len(items),
        **of_bulletin(request, bulletin),
        **of_models(model, items.__getitem__),
        key=key,
        shapes=shapes,
        subject=subject,
    )


def of_models(model: type[BaseModel], at: Callable[[slice], Sequence[BaseModel]]) -> dict[str, Any]:
    """Return the `items` and the `table` of a list of models; `at` gives a slice of them."""
    return {
        "items": lambda here: [item.model_dump_json().encode() for item in at(here)],
        "table": lambda here: rows_of(model, at(here)),
    }


def in_form(request: Request, query: TableForms | MapForms, page: Page) -> Response:
    """Return a list in its form, with its length and the address of the next page in its headers.

    Raises FormatError if there is no such form. What is no JSON is a file, with a name that says
    what is in it. A long one is written while it is sent, but for Parquet, of which parts may be
    asked for.
    """
    form = chosen_form(request, query)
    here = query.page(whole=form != "json")
    find_next = page.following or (
        lambda slice_: next_page(request, slice_, page.total, **page.pinned)
    )
    following = find_next(here)
    links = links_of(request, page.bulletin.manifest, page.pinned.values(), following)
    headers = {"X-Total-Count": str(page.total), "Link": links}
    media_type = MEDIA_TYPES[form]
    if form == "json":
        parts = (_members(page), b",".join(_texts(page, here)), orjson.dumps(following))
        body = b'{%b,"items":[%b],"next":%b}' % parts
        return Response(body, headers=headers, media_type=media_type)
    name = _file_name(request, here, page)
    headers |= as_file(f"{name}.{_ENDINGS.get(form, form)}")
    if media_type == _PARQUET:
        body = files.parquet_of(_tables(page, here, form), _facts(page))
        return Response(body, headers=headers | RANGES, media_type=media_type)
    chunks = _chunks(query, page, here, form, name, following)
    first = next(chunks)  # what cannot be answered is refused here
    if _end(page, here) - here.start > CHUNK:
        return StreamingResponse(chain([first], chunks), headers=headers, media_type=media_type)
    return Response(first + b"".join(chunks), headers=headers, media_type=media_type)


def _chunks(
    query: FileQuery, page: Page, here: slice, form: Format, name: str, following: str | None
) -> Iterator[bytes]:
    if form == "csv":
        return files.csv_of(_tables(page, here, form), excel=query.excel)
    if form == "hxl":
        whole = list(_tables(page, here, form))  # the levels of all rows decide the hashtags
        hashtags = hashtags_of(whole, page.subject)
        return files.csv_of(whole, excel=query.excel, hashtags=hashtags)
    if form == "geojson":
        outlines = (page.shapes or _OUTLINES)[0](page.bulletin)
        tables = _tables(page, here, form)
        # GDAL names the layer by `name`.
        more = {"name": name, "next": following, **credits_of(page.bulletin.manifest)}
        members = b"%b,%b" % (_members(page), orjson.dumps(more)[1:-1])
        return files.geojson_of(members, tables, page.key, lambda id_: outlines.get(id_, NULL))
    parts = _parts(page, here, CHUNK)
    return (b"".join(text + b"\n" for text in _texts(page, part)) for part in parts)


def _parts(page: Page, here: slice, size: int) -> Iterator[slice]:
    """Yield slices of some size that make up one; an empty one if there is nothing."""
    end = _end(page, here)
    for start in range(here.start, max(end, here.start + 1), size):
        yield slice(start, max(start, min(start + size, end)))


def _end(page: Page, here: slice) -> int:
    return page.total if here.stop is None else min(here.stop, page.total)


def _texts(page: Page, here: slice) -> Sequence[bytes]:
    if page.items is not None:
        return page.items(here)
    return [orjson.dumps(row) for row in shortened(page.table(here)).to_pylist()]


def _tables(page: Page, here: slice, form: Format) -> Iterator[pa.Table]:
    """Yield the rows of a list, with what they are worth to whoever has nothing but the file."""
    shapes, types = page.shapes or _OUTLINES
    wkb: Mapping[str, bytes] = {}
    if form == "geoparquet":
        wkb = files.as_wkb(shapes(page.bulletin)) if page.shapes else wkb_outlines_of(page.bulletin)
    for part in _parts(page, here, _GROUP if MEDIA_TYPES[form] == _PARQUET else CHUNK):
        table = with_constants(page.table(part), _constants(page))
        if form == "geoparquet":
            table = files.with_outlines(table, page.key[0], wkb, types)
        yield table


def _constants(page: Page) -> dict[str, str]:
    """Return the columns that say which bulletins all rows are from, and if they are invented."""
    ids = {
        "bulletin" if name == "bulletin" else f"bulletin_{name}": id_
        for name, id_ in page.pinned.items()
    }
    return ids | {"simulated": "true" if page.bulletin.manifest.simulated else "false"}


def _members(page: Page) -> bytes:
    """Return what is said of a list, as the inside of a JSON object."""
    members = {
        name: orjson.Fragment(value.model_dump_json()) if isinstance(value, BaseModel) else value
        for name, value in page.members.items()
    }
    return orjson.dumps(members | {"total": page.total})[1:-1]


def _facts(page: Page) -> dict[str, str]:
    """Return what the metadata of a Parquet file says."""
    manifest = page.bulletin.manifest
    owed = credits_of(manifest)
    issue = {"origin": manifest.origin, "issued_at": manifest.issued_at.isoformat()}
    return _constants(page) | issue | owed | {"sources": orjson.dumps(owed["sources"]).decode()}


def credits_of(manifest: Manifest) -> dict[str, Any]:
    """Return whom an answer is owed to, and what its boundaries do not mean."""
    owed = {"licence", "citation", "sources", "boundaries"}
    return manifest.model_dump(mode="json", include=owed)


def _file_name(request: Request, here: slice, page: Page) -> str:
    """Return the name of a file: list, bulletins, filters and, if it is not all, which rows."""
    kind = request.url.path.removeprefix("/v1/")
    filters = [v for k, v in request.query_params.multi_items() if k not in _NO_FILTERS]
    name = "-".join(["tocsin", kind, *page.pinned.values(), *filters])
    name, end = _NO_NAME.sub("-", name)[:_LONGEST_NAME].strip("-"), _end(page, here)
    if end - here.start == page.total:
        return name
    first = min(here.start + 1, end)
    return f"{name}-rows-{first}-to-{end}-of-{page.total}"


def json_response(body: BaseModel) -> Response:
    """Return a body as JSON."""
    return Response(body.model_dump_json().encode(), media_type=MEDIA_TYPES["json"])


def links_of(
    request: Request, manifest: Manifest, ids: Iterable[str], following: str | None = None
) -> str:
    """Return a `Link` header: the next page, the licence, and what the bulletins are."""
    # There is nothing to escape in the addresses.
    links = [] if following is None else [f'<{address_of(request, following)}>; rel="next"']
    if manifest.licence in LICENCE_URLS:
        links.append(f'<{LICENCE_URLS[manifest.licence]}>; rel="license"')
    bulletins = address_of(request, "/v1/bulletins")
    return ", ".join([*links, *(f'<{bulletins}/{id_}>; rel="describedby"' for id_ in ids)])


def as_file(name: str) -> dict[str, str]:
    """Return the header of an answer that is to be kept as a file of some name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


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
    return "?".join([path.decode("latin-1"), *(["&".join(parameters)] if parameters else [])])
