"""`/ogc`: what there is, which classes of the standard hold, and the layers."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from bulletins.manifest import LICENCE_URLS, Manifest
from features.words import LEVELS, Level
from service.api.current import chosen_bulletin, root_of, summary_of
from service.api.lists import MEDIA_TYPES, json_response, links_of
from service.api.problems import describe
from service.api.routing import QueryRoute, with_keys
from service.errors import ParameterError, QueryError, UnknownError
from service.ogc.bodies import (
    Collection,
    Collections,
    Conformance,
    Extent,
    Landing,
    Link,
    SpatialExtent,
    TemporalExtent,
)
from service.ogc.definition import CLASSES, OPENAPI, definition_of
from service.ogc.features import days_of, edges_of
from service.ogc.queries import FormQuery, LayerQuery
from service.store.bulletins import Bulletin

JSON, GEOJSON = MEDIA_TYPES["json"], MEDIA_TYPES["geojson"]

_TITLES: dict[Level, str] = {
    "country": "Countries",
    "admin1": "First-order regions",
    "priogrid": "Cells of PRIO-GRID",
}


class OgcRoute(QueryRoute):
    """A route that refuses a parameter with 400, as the standard has it (requirement 7 and 8)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function that answers a request of this route."""
        answer = super().get_route_handler()

        async def refusing(request: Request) -> Response:
            try:
                return await answer(request)
            except ParameterError as error:
                raise QueryError(str(error)) from error
            except RequestValidationError as error:
                raise QueryError("; ".join(map(describe, error.errors()))) from error

        return refusing


router = APIRouter(prefix="/ogc", include_in_schema=False, route_class=OgcRoute)


@router.get("")
@router.get("/")  # OWSLib asks so
def show_landing(request: Request, query: Annotated[LayerQuery, Query()]) -> Response:
    """What there is, and where."""
    manifest, root = chosen_bulletin(request, query).manifest, root_of(request)
    body = Landing(
        title="Tocsin",
        description=_about(manifest),
        links=[
            _link(f"{root}/ogc", "self", JSON, "This page"),
            _link(f"{root}/ogc/api", "service-desc", OPENAPI, "The definition of this API"),
            _link(f"{root}/docs", "service-doc", "text/html", "All that Tocsin answers"),
            _link(f"{root}/ogc/conformance", "conformance", JSON, "Classes that hold"),
            _link(f"{root}/ogc/collections", "data", JSON, "The layers"),
        ],
    )
    return json_response(body)


@router.get("/conformance")
def show_conformance(
    request: Request,  # noqa: ARG001  # every endpoint is handed it
    query: Annotated[FormQuery, Query()],  # noqa: ARG001  # nothing depends on it
) -> Response:
    """The classes of the standard that hold."""
    return json_response(Conformance(conformsTo=list(CLASSES)))


@router.get("/api")
def show_definition(request: Request, query: Annotated[LayerQuery, Query()]) -> Response:
    """All of this as OpenAPI 3.0 has it."""
    levels = layers_of(chosen_bulletin(request, query))
    document = definition_of(f"{root_of(request)}/ogc", levels, request.app.version)
    needs_key = request.app.state.needed_keys is not None
    return JSONResponse(with_keys(document, needs_key=needs_key), media_type=OPENAPI)


@router.get("/collections")
def list_collections(request: Request, query: Annotated[LayerQuery, Query()]) -> Response:
    """The layers of a bulletin: the levels that it scores."""
    bulletin = chosen_bulletin(request, query)
    body = Collections(
        bulletin=summary_of(request, bulletin),
        links=[_link(f"{root_of(request)}/ogc/collections", "self", JSON, "The layers")],
        collections=[_collection(request, bulletin, level) for level in layers_of(bulletin)],
    )
    return _linked(request, body, bulletin)


@router.get("/collections/{collection}")
def show_collection(
    request: Request, collection: str, query: Annotated[LayerQuery, Query()]
) -> Response:
    """One layer."""
    bulletin = chosen_bulletin(request, query)
    body = _collection(request, bulletin, layer_of(bulletin, collection))
    return _linked(request, body, bulletin)


def layers_of(bulletin: Bulletin) -> list[Level]:
    """Return the levels that a bulletin scores, the largest regions first."""
    levels = bulletin.scores.values("level")
    return [level for level in LEVELS if level in levels]


def layer_of(bulletin: Bulletin, name: str) -> Level:
    """Return a layer by its name; raises UnknownError for another."""
    layers = layers_of(bulletin)
    for level in layers:
        if name == level:
            return level
    raise UnknownError(
        f"bulletin {bulletin.manifest.id} has no layer '{name}': it has {', '.join(layers)}"
    )


def _collection(request: Request, bulletin: Bulletin, level: Level) -> Collection:
    manifest, here = bulletin.manifest, f"{root_of(request)}/ogc/collections/{level}"
    return Collection(
        id=level,
        title=f"{_TITLES[level]}, {manifest.origin}",
        description=_about(manifest),
        attribution=f"{manifest.citation} {manifest.boundaries}".strip(),
        links=[
            _link(here, "self", JSON, "This layer"),
            _link(f"{here}/items", "items", GEOJSON, "Its features"),
            *_licence_of(manifest),
        ],
        extent=Extent(
            spatial=SpatialExtent(bbox=[edges_of(bulletin, level)]),
            temporal=TemporalExtent(interval=[[f"{day}T00:00:00Z" for day in days_of(bulletin)]]),
        ),
    )


def _licence_of(manifest: Manifest) -> list[Link]:
    name = manifest.licence
    return [_link(LICENCE_URLS[name], "license", "text/html", name)] if name in LICENCE_URLS else []


def _about(manifest: Manifest) -> str:
    mark = "SIMULATED: no news, no warning. " if manifest.simulated else ""
    return (
        f"{mark}Scores of the months after {manifest.origin}, of bulletin {manifest.id}: the "
        "probability of each target in so many months, and the deaths that are expected."
    )


def _link(href: str, rel: str, kind: str, title: str) -> Link:
    return Link(href=href, rel=rel, type=kind, title=title)


def _linked(request: Request, body: Collections | Collection, bulletin: Bulletin) -> Response:
    response = json_response(body)
    response.headers["Link"] = links_of(request, bulletin.manifest, [bulletin.manifest.id])
    return response
