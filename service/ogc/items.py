"""`/ogc/collections/{collection}/items`: the features of a layer."""

from collections.abc import Callable
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from bulletins.form import REGIONS_FILE
from features.words import Level
from service.api.current import chosen_bulletin, root_of, summary_of
from service.api.lists import NULL, credits_of, links_of, next_address, next_page
from service.api.selection import find_region
from service.errors import UnknownError
from service.forms.files import features_of_table, geojson_of, multipolygon
from service.ogc.features import features_of, select_features
from service.ogc.layers import GEOJSON, JSON, OgcRoute, layer_of
from service.ogc.queries import FeatureQuery, LayerQuery
from service.store.bulletins import Bulletin
from service.store.derived import outlines_of

router = APIRouter(prefix="/ogc/collections", include_in_schema=False, route_class=OgcRoute)

_KEY = ("region",)


@router.get("/{collection}/items")
def list_features(
    request: Request, collection: str, query: Annotated[FeatureQuery, Query()]
) -> Response:
    """The features of a layer that pass every filter, page by page."""
    bulletin = chosen_bulletin(request, query)
    level = layer_of(bulletin, collection)
    rows, here = select_features(bulletin, level, query), query.page()
    following = next_page(request, here, len(rows), bulletin=bulletin.manifest.id)
    links = _links(request, level)
    if following is not None:
        links.append(_link(request, following, "next", GEOJSON))
    members = {
        "name": level,
        "numberMatched": len(rows),
        "numberReturned": len(rows[here]),
        "links": links,
        "bulletin": orjson.Fragment(summary_of(request, bulletin).model_dump_json()),
        **credits_of(bulletin.manifest),
    }
    table = features_of(bulletin, level).take(rows[here])
    chunks = geojson_of(orjson.dumps(members)[1:-1], [table], _KEY, _outline_in(bulletin))
    return _as_geojson(request, b"".join(chunks), bulletin, following)


@router.get("/{collection}/items/{feature}")
def show_feature(
    request: Request, collection: str, feature: str, query: Annotated[LayerQuery, Query()]
) -> Response:
    """One feature: a region with its scores."""
    bulletin = chosen_bulletin(request, query)
    level = layer_of(bulletin, collection)
    region = find_region(bulletin, feature)
    if region.level != level:
        raise UnknownError(f"region '{feature}' is in the layer {region.level}, not in {level}")
    features = features_of(bulletin, level)
    table = features.take(features.rows[features.among("region", [feature])])
    links = _links(request, level)
    body = features_of_table(table, _KEY, _outline_in(bulletin), links=links)[0]
    return _as_geojson(request, body, bulletin)


def _outline_in(bulletin: Bulletin) -> Callable[[str], bytes]:
    """Return what gives the outline of a region; an older bulletin knows none."""
    outlines = outlines_of(bulletin) if REGIONS_FILE in bulletin.parts else {}
    return lambda region: multipolygon(outlines.get(region, NULL))


def _links(request: Request, level: Level) -> list[dict[str, str]]:
    return [
        _link(request, next_address(request), "self", GEOJSON),
        _link(request, f"/ogc/collections/{level}", "collection", JSON),
    ]


def _link(request: Request, path: str, rel: str, kind: str) -> dict[str, str]:
    return {"href": root_of(request) + path, "rel": rel, "type": kind}


def _as_geojson(
    request: Request, body: bytes, bulletin: Bulletin, following: str | None = None
) -> Response:
    links = links_of(request, bulletin.manifest, [bulletin.manifest.id], following)
    return Response(body, headers={"Link": links}, media_type=GEOJSON)
