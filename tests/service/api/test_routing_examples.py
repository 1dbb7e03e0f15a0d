import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from bulletins.manifest import Manifest
from service import api
from service.api import bodies, bulletin_routes, schemas
from service.coups.groups import CoupGroupList
from service.scenarios.bodies import ScenarioAnswer, ScenarioList, ScenarioScoreList
from service.signs.bodies import (
    ActorAnswer,
    ActorList,
    CapitalAnswer,
    CorridorAnswer,
    CorridorList,
    RingList,
)
from tests.bulletins.example import without_hashes

MODELS: dict[str, type[BaseModel]] = {
    "/v1/scores": schemas.ScoreList,
    "/v1/scores/{region}": bodies.RegionProfile,
    "/v1/movers": bodies.MoverList,
    "/v1/targets": bodies.TargetList,
    "/v1/track-record": bulletin_routes.TrackRecordList,
    "/v1/compare": bodies.Comparison,
    "/v1/regions/{region}": bodies.RegionAnswer,
    "/v1/regions/{region}/history": bodies.RegionHistory,
    "/v1/regions": schemas.RegionList,
    "/v1/capitals": RingList,
    "/v1/capitals/{country}": CapitalAnswer,
    "/v1/corridors": CorridorList,
    "/v1/corridors/{corridor}": CorridorAnswer,
    "/v1/actors": ActorList,
    "/v1/actors/{actor}": ActorAnswer,
    "/v1/coups": CoupGroupList,
    "/v1/scenarios": ScenarioList,
    "/v1/scenarios/{scenario}": ScenarioAnswer,
    "/v1/scenarios/{scenario}/scores": ScenarioScoreList,
    "/v1/indicators": schemas.IndicatorList,
    "/v1/bulletins": schemas.BulletinList,
    "/v1/bulletins/{bulletin}": Manifest,
    "/healthz": schemas.Health,
    "/readyz": schemas.Readiness,
}
LISTS = {
    *("/v1/scores", "/v1/regions", "/v1/movers", "/v1/targets", "/v1/track-record"),
    *("/v1/capitals", "/v1/capitals/{country}", "/v1/corridors", "/v1/actors"),
    *("/v1/coups", "/v1/scenarios", "/v1/scenarios/{scenario}/scores"),
    *("/v1/compare", "/v1/indicators", "/v1/bulletins", "/v1/regions/{region}/history"),
}
FILES = "/v1/bulletins/{bulletin}/files/{name}"
BRIEFINGS = "/v1/briefings/{country}"
FEED = "/v1/feed"
RECORDED = json.loads((Path(api.__file__).with_name("examples.json")).read_text())
EXAMPLES = [
    (path, int(status), address)
    for path, statuses in RECORDED.items()
    for status, bodies in statuses.items()
    for address in bodies
]


@pytest.fixture(scope="module")
def described(client: httpx.Client) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/openapi.json").json()
    return document


def example_in(described: dict[str, Any], path: str, status: int, address: str) -> Any:
    content = described["paths"][path]["get"]["responses"][str(status)]["content"]
    body = content["application/json" if status == 200 else "application/problem+json"]
    return body["examples"][f"GET {address}"]["value"]


@pytest.mark.parametrize(("path", "status", "address"), EXAMPLES)
def test_every_example_is_what_the_service_answers(
    described: dict[str, Any],
    months_client: httpx.Client,
    empty_client: httpx.Client,
    path: str,
    status: int,
    address: str,
) -> None:
    example = example_in(described, path, status, address)
    model = MODELS[path] if status == 200 else schemas.Problem
    model.model_validate(example)
    response = (empty_client if status == 503 else months_client).get(address)
    assert response.status_code == status
    assert without_hashes(example) == without_hashes(response.json())


def test_every_address_is_described_with_its_errors(described: dict[str, Any]) -> None:
    assert set(described["paths"]) == {*MODELS, FILES, BRIEFINGS, FEED}
    for path, operations in described["paths"].items():
        assert set(operations) == {"get"}
        data = path.startswith("/v1/")
        expected = {"200", "401", "422", "429", "431", "500"}
        expected |= {"503"} if data or path == "/readyz" else set()
        expected |= {"406"} if path in LISTS else set()
        expected |= {"404"} if data else set()
        assert set(operations["get"]["responses"]) == expected


def test_every_success_has_a_schema_and_an_example(described: dict[str, Any]) -> None:
    for path in MODELS:
        content = described["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        assert content["schema"]
        assert content["examples"]


def test_every_parameter_is_explained(described: dict[str, Any]) -> None:
    parameters = described["paths"]["/v1/scores"]["get"]["parameters"]
    assert {parameter["name"] for parameter in parameters} == {
        *("level", "country", "region", "target", "horizon", "min_probability", "threshold"),
        *("risk_level", "bbox", "format", "excel", "bulletin", "origin", "as_of", "sort"),
        *("limit", "offset", "target_month"),
    }
    assert all(parameter["description"] for parameter in parameters)
    assert "HTTPValidationError" not in described["components"]["schemas"]


def test_the_docs_are_made_of_files_that_are_served_here(client: httpx.Client) -> None:
    page = client.get("/docs").text
    files = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert {"static/swagger-ui-bundle.js", "static/swagger-ui.css"} <= set(files)
    for file in [*files, "openapi.json"]:
        response = client.get(f"/{file}")
        assert response.status_code == 200
        assert len(response.content) > 100
    assert "url: 'openapi.json'" in page or '"openapi.json"' in page


def test_the_document_says_who_may_ask_under_which_licence_and_each_form_once(
    described: dict[str, Any],
) -> None:
    info = described["info"]
    assert (info["version"], info["license"]["identifier"]) == (version("tocsin"), "Apache-2.0")
    assert described["security"] == [{}, {"key": []}, {"header": []}, {"password": []}]
    assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    operations = [path["get"] for path in described["paths"].values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert {o["operationId"].isidentifier() for o in operations} == {True}
    text = json.dumps(described)
    assert text.count('"#/components/schemas/Problem"') > 50
    assert text.count("RFC 9457") <= 2
