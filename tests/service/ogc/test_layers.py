"""What there is for GIS: the landing page, the layers, and their definition."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_python_client.schema import OpenAPI

from service.access.keys import KeyRing
from service.settings import Settings
from tests.bulletins.example import EXAMPLE_ID, NOW
from tests.service.conftest import serving_with

OF_3_0 = {
    *("type", "format", "pattern", "enum", "default", "items"),
    *("minimum", "maximum", "minLength", "maxLength"),
}
"""What schemas of parameters have here that OpenAPI 3.0 has too."""

LANDING = ("self", "service-desc", "service-doc", "conformance", "data")


def relations(body: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in body["links"]}


def test_the_landing_page_leads_to_everything(client: httpx.Client) -> None:
    body = client.get("/ogc").json()
    links = relations(body)
    assert tuple(links) == LANDING
    assert client.get("/ogc/").json() == body
    for address in links.values():
        assert address.startswith(str(client.base_url).rstrip("/"))
        assert client.get(address).status_code == 200
        if "/ogc" in address:
            assert client.get(address, params={"f": "json"}).status_code == 200
    assert body["description"].startswith("SIMULATED")


def test_a_layer_is_a_level_and_says_where_and_when_it_is(client: httpx.Client) -> None:
    body = client.get("/ogc/collections").json()
    assert [one["id"] for one in body["collections"]] == ["country", "admin1"]
    assert body["bulletin"]["id"] == EXAMPLE_ID
    admin1 = body["collections"][1]
    assert admin1 == client.get("/ogc/collections/admin1").json()
    # Squares of one degree around 16.5 N 0.5 E, 14.5 N 4 W and 19.5 N 9.5 E.
    assert admin1["extent"]["spatial"]["bbox"] == [[-4.5, 14.0, 10.0, 20.0]]
    assert admin1["extent"]["temporal"]["interval"] == [
        ["2025-01-01T00:00:00Z", "2025-12-31T00:00:00Z"]
    ]
    assert admin1["crs"] == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]
    assert relations(admin1)["items"].endswith("/ogc/collections/admin1/items")
    assert relations(admin1)["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert "imply no endorsement" in admin1["attribution"]


@pytest.mark.parametrize(
    ("address", "status", "detail"),
    [
        ("/ogc?lang=fr", 400, "unknown parameter 'lang'"),
        ("/ogc/conformance?f=html", 400, "f: 'html' is refused"),
        ("/ogc/collections/admin2", 404, "no layer 'admin2': it has country, admin1"),
        ("/ogc/collections?as_of=2020-01-01", 404, "no bulletin issued by 2020-01-01"),
    ],
)
def test_what_is_refused(client: httpx.Client, address: str, status: int, detail: str) -> None:
    response = client.get(address)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert detail in response.json()["detail"]


def test_there_is_no_layer_before_a_bulletin(empty_client: httpx.Client) -> None:
    assert empty_client.get("/ogc/collections").status_code == 503


def test_the_definition_is_openapi_3_0_and_has_each_layer_by_its_path(
    client: httpx.Client,
) -> None:
    response = client.get("/ogc/api")
    assert response.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = response.json()
    assert document["openapi"].startswith("3.0.")
    OpenAPI.model_validate(document)
    assert document["security"][0] == {}  # no key is needed
    assert "/collections/admin1/items" in document["paths"]
    assert document["servers"] == [{"url": f"{str(client.base_url).rstrip('/')}/ogc"}]
    parameters = document["components"]["parameters"]
    assert {key for one in parameters.values() for key in one["schema"]} <= OF_3_0
    assert parameters["f"]["schema"] == {"type": "string", "enum": ["json"]}
    limit = parameters["limit"]["schema"]
    assert (limit["maximum"], limit["default"]) == (10_000, 1000)
    classes = client.get("/ogc/conformance").json()["conformsTo"]
    assert [name.rpartition("/")[2] for name in classes] == ["core", "oas30", "geojson"]
    used = {
        parameter["$ref"].rpartition("/")[2]
        for path in document["paths"].values()
        for parameter in path["get"]["parameters"]
    }
    assert used == set(document["components"]["parameters"])


def test_links_are_those_of_the_address_that_people_use(home: Path) -> None:
    settings = Settings(public_url="https://risk.example.org/tocsin/")
    with serving_with(home, settings) as client:
        links = relations(client.get("/ogc").json())
        assert links["data"] == "https://risk.example.org/tocsin/ogc/collections"


def test_links_are_never_those_of_another_name(client: httpx.Client) -> None:
    for host in ("localhost", "127.0.0.1"):
        response = client.get("/ogc", headers={"Host": f"{host}:{client.base_url.port}"})
        assert relations(response.json())["self"].startswith(f"http://{host}:")


def test_answers_are_known_again_and_need_a_key(home: Path, own_home: Path) -> None:
    key = KeyRing(own_home).add("ada", NOW.date())
    with serving_with(own_home, needs_key=True) as client:
        refusal = client.get("/ogc/collections")
        assert refusal.status_code == 401
        assert refusal.headers["www-authenticate"].startswith("Basic")
        definition = client.get("/ogc/api", auth=("", key)).json()
        assert definition["security"] == [{"key": []}, {"header": []}, {"password": []}]
        assert definition["components"]["securitySchemes"]["password"]["scheme"] == "basic"
        first = client.get("/ogc/collections", auth=("", key))
        again = {"If-None-Match": first.headers["etag"]}
        assert client.get("/ogc/collections", auth=("", key), headers=again).status_code == 304
