from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.bulletins.example import publish_bulletin
from tests.service.conftest import serve_home

OLD, NEW = "2024-11-00000000000a", "2024-12-00000000000b"

JSON = [
    "/v1/scores",
    "/v1/scores?min_probability=0.99",
    "/v1/scores/MLI",
    "/v1/regions",
    "/v1/indicators",
    "/v1/bulletins",
    "/v1/bulletins/latest",
    "/healthz",
    "/readyz",
    "/v1/scores?country=XXX",
    "/v1/indicators?family=weather",
    "/v1/scores?contry=MLI",
    "/v1/scores/nowhere",
    "/nowhere",
    "/static/nowhere",
]
OTHER = ["/", "/docs", "/openapi.json", "/static/swagger-ui.css"]


def flag_of(response: httpx.Response) -> Any:
    body = response.json()
    holder = body["bulletin"] if isinstance(body.get("bulletin"), dict) else body
    return holder["simulated"]


@pytest.fixture(scope="module")
def real_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The newest bulletin is of real events, the one before it simulated."""
    home = tmp_path_factory.mktemp("real")
    publish_bulletin(home, id=OLD, origin="2024-11", simulated=True)
    publish_bulletin(home, id=NEW, simulated=False)
    with serve_home(home) as client:
        yield client


@pytest.mark.parametrize("address", JSON)
def test_every_body_says_whether_it_is_simulated(
    client: httpx.Client, real_client: httpx.Client, address: str
) -> None:
    assert flag_of(client.get(address)) is True
    assert flag_of(real_client.get(address)) is False


@pytest.mark.parametrize("address", JSON + OTHER)
def test_the_header_stands_on_every_simulated_response_and_on_no_other(
    client: httpx.Client, real_client: httpx.Client, address: str
) -> None:
    assert client.get(address).headers["tocsin-simulated"] == "true"
    assert "tocsin-simulated" not in real_client.get(address).headers


@pytest.mark.parametrize(
    "address",
    [
        f"/v1/scores?bulletin={OLD}",
        f"/v1/scores/MLI?bulletin={OLD}",
        f"/v1/regions?bulletin={OLD}",
        f"/v1/bulletins/{OLD}",
        f"/v1/scores/nowhere?bulletin={OLD}",
        f"/v1/scores?country=XXX&bulletin={OLD}",
    ],
)
def test_an_answer_from_an_old_bulletin_carries_the_flag_of_that_one(
    real_client: httpx.Client, address: str
) -> None:
    response = real_client.get(address)
    assert flag_of(response) is True
    assert response.headers["tocsin-simulated"] == "true"


def test_listed_bulletins_each_carry_their_own_flag(real_client: httpx.Client) -> None:
    body = real_client.get("/v1/bulletins").json()
    assert [(item["id"], item["simulated"]) for item in body["items"]] == [
        (NEW, False),
        (OLD, True),
    ]


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_show_the_word_only_when_it_is_true(
    client: httpx.Client, real_client: httpx.Client, path: str
) -> None:
    assert "SIMULATED" in client.get(path).text
    assert "SIMULATED" not in real_client.get(path).text
