"""The definition of OGC API - Features in OpenAPI 3.0, which GDAL, QGIS and ArcGIS read.

They look for each layer by its own path, and for what its features can be filtered by there; the
document of the whole service at `/openapi.json` is of 3.1, with other schemas.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from features.words import Level
from service.ogc.bodies import Collection, Collections, Conformance, Landing
from service.ogc.queries import MOST, FeatureQuery, FormQuery, LayerQuery

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"

_PART_1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
CLASSES = tuple(f"{_PART_1}/{name}" for name in ("core", "oas30", "geojson"))
"""The classes of the standard that hold."""

_NOT_IN_3_0 = {"title", "default", "examples", "anyOf", "const"}
_GEOJSON = "application/geo+json"
_FEATURE = {
    "type": "object",
    "required": ["type", "geometry", "properties"],
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": {"type": "string"},
        "geometry": {"type": "object", "nullable": True},
        "properties": {"type": "object"},
    },
}
_FEATURES = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": {"type": "array", "items": _FEATURE},
        "numberMatched": {"type": "integer", "minimum": 0},
        "numberReturned": {"type": "integer", "minimum": 0},
        "links": {"type": "array", "items": {"type": "object"}},
    },
}

Document = dict[str, Any]


def definition_of(address: str, layers: Sequence[Level], version: str) -> Document:
    """Return the OpenAPI document of the layers at an address."""
    paths = {
        "/": _answer("showLanding", Landing, LayerQuery),
        "/conformance": _answer("showConformance", Conformance, FormQuery),
        "/api": _answer("showDefinition", {"type": "object"}, LayerQuery, OPENAPI),
        "/collections": _answer("listCollections", Collections, LayerQuery),
    }
    for layer in layers:
        here, name = f"/collections/{layer}", layer.capitalize()
        paths[here] = _answer(f"show{name}", Collection, LayerQuery)
        paths[f"{here}/items"] = _answer(f"list{name}", _FEATURES, FeatureQuery, _GEOJSON)
        one = _answer(f"show{name}Feature", _FEATURE, LayerQuery, _GEOJSON)
        one["get"]["parameters"].append({"$ref": "#/components/parameters/feature"})
        paths[f"{here}/items/{{feature}}"] = one
    feature = {"name": "feature", "in": "path", "required": True, "schema": {"type": "string"}}
    feature["description"] = "The id of a region."
    return {
        "openapi": "3.0.3",
        "info": {"title": "Tocsin: OGC API - Features", "version": version},
        "servers": [{"url": address}],
        "paths": paths,
        "components": {"parameters": _parameters() | {"feature": feature}},
    }


def _parameters() -> Document:
    """Return the parameters of features, which all others have some of, by name."""
    described = FeatureQuery.model_json_schema()["properties"]
    parameters = {name: _parameter(name, schema) for name, schema in described.items()}
    parameters["limit"]["schema"]["maximum"] = MOST  # QGIS asks for pages of this length
    return parameters


def _parameter(name: str, schema: Mapping[str, Any]) -> Document:
    """Return a parameter by its schema in JSON Schema 2020-12, without what OpenAPI 3.0 lacks."""
    one = dict(schema)
    description = one.pop("description")
    if "anyOf" in one:  # of a value and null, which stands for no parameter
        one |= one["anyOf"][0]
    plain = {key: value for key, value in one.items() if key not in _NOT_IN_3_0}
    if schema.get("default"):
        plain["default"] = schema["default"]
    if "const" in one:
        plain["enum"] = [one["const"]]
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": plain,
        "style": "form",
        "explode": True,
    }


def _answer(
    operation: str,
    schema: type[BaseModel] | Document,
    query: type[FormQuery],
    kind: str = "application/json",
) -> Document:
    """Return a path with one operation; of a body its members alone are told."""
    if not isinstance(schema, dict):
        schema = {"type": "object", "required": [*schema.model_fields]}
    problem = {"application/problem+json": {"schema": {"type": "object"}}}
    return {
        "get": {
            "operationId": operation,
            "parameters": [
                {"$ref": f"#/components/parameters/{name}"} for name in query.model_fields
            ],
            "responses": {
                "200": {"description": "The answer.", "content": {kind: {"schema": schema}}},
                "default": {"description": "What went wrong.", "content": problem},
            },
        }
    }
