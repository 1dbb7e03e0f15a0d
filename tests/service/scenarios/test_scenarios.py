"""`/v1/scenarios`: every answer says HYPOTHETICAL, and none is a bulletin."""

import csv
import io
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest

from bulletins.scenarios import scenario_folders
from tests.bulletins.example import EXAMPLE_ID, publish_bulletin
from tests.bulletins.scenario_example import STATEMENTS, score_rows, write_example
from tests.service.conftest import newest_id, serve_home, wait_until


@pytest.fixture(scope="module")
def address(home: Path) -> str:
    (folder,) = scenario_folders(home)
    return f"/v1/scenarios/{folder.name}"


def test_every_answer_says_that_it_is_hypothetical(client: httpx.Client, address: str) -> None:
    for path in ("/v1/scenarios", address, f"{address}/scores"):
        for _ in range(2):  # the second is from the cache
            answer = client.get(path)
            assert answer.headers["tocsin-hypothetical"] == "true", path
            assert answer.headers["tocsin-simulated"] == "true"
            assert answer.headers["tocsin-bulletin"] == EXAMPLE_ID
            assert answer.json()["hypothetical"] is True
    items = client.get(f"{address}/scores").json()["items"]
    assert all(item["hypothetical"] is True for item in items)
    known = client.get(address, headers={"If-None-Match": client.get(address).headers["etag"]})
    assert (known.status_code, known.headers["tocsin-hypothetical"]) == (304, "true")
    assert "tocsin-hypothetical" not in client.get("/v1/scores").headers


def test_a_scenario_says_what_it_supposes_by_which_assumption(
    client: httpx.Client, address: str
) -> None:
    (item,) = client.get("/v1/scenarios?bulletin=latest").json()["items"]
    body = client.get(address).json()
    assert body["scenario"] == item
    assert item["name"] == STATEMENTS.name
    assert "not what would happen" in item["caution"]
    assert "the world goes on as in the last 3 months to 2024-12" in item["assumption"]
    assert body["statements"]["violence"][0]["times"] == 3
    assert body["statements"]["violence"][0]["as"] is None
    assert body["statements"]["coups"] == [{"country": "MLI", "month": 1, "outcome": "success"}]
    assert "knows no neighbours" in item["coups"]
    assert item["levels"] == ["admin1", "country"]
    assert (body["violence"][0]["level"], body["violence"][0]["deaths"]) == ("admin1", 16)
    assert body["support"][0]["indicator"] == "deaths_mean_3"


def test_what_moves_most_comes_first_with_its_families(client: httpx.Client, address: str) -> None:
    body = client.get(f"{address}/scores?target=instability&horizon=1").json()
    assert body["total"] == 4
    assert [item["region"] for item in body["items"]] == [
        *("MLI-gao", "NER-agadez", "MLI-mopti", "NER-tillaberi"),
    ]
    gao = body["items"][0]
    assert (gao["probability"], gao["continuation"], gao["change"]) == (0.3, 0.1, 0.2)
    assert gao["bulletin_probability"] == 0.12
    assert gao["beyond"] is True
    assert [move["name"] for move in gao["families"]] == ["history", "neighbourhood"]
    deaths = client.get(f"{address}/scores?target=fatalities&horizon=1&region=MLI-gao").json()
    assert deaths["items"][0]["families"] == gao["families"]
    assert deaths["items"][0]["mean_change"] == 10


@pytest.mark.parametrize(
    ("query", "regions"),
    [
        ("country=Niger", {"NER-agadez", "NER-tillaberi"}),
        ("region=MLI-gao&region=MLI-mopti", {"MLI-gao", "MLI-mopti"}),
        ("min_change=0.03", {"MLI-gao", "NER-agadez"}),
        ("beyond=true", {"MLI-gao"}),
        ("level=admin1&min_change=0.03", {"MLI-gao", "NER-agadez"}),
        ("level=country", set()),
        ("beyond=false", {"MLI-mopti", "NER-agadez", "NER-tillaberi"}),
    ],
)
def test_filters_hold(client: httpx.Client, address: str, query: str, regions: set[str]) -> None:
    path = f"{address}/scores?target=instability&horizon=1&{query}"
    assert {item["region"] for item in client.get(path).json()["items"]} == regions


def test_scores_are_ordered_as_asked_and_paged(client: httpx.Client, address: str) -> None:
    for sort, first in (("change", "NER-agadez"), ("-change", "MLI-gao"), ("region", "MLI-gao")):
        path = f"{address}/scores?target=instability&horizon=1&sort={sort}&limit=1"
        page = client.get(path).json()
        assert page["items"][0]["region"] == first
        assert client.get(page["next"]).json()["items"][0]["region"] != first


def test_files_say_that_they_are_hypothetical(client: httpx.Client, address: str) -> None:
    path = f"{address}/scores?target=instability&horizon=1"
    answer = client.get(f"{path}&format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["hypothetical"] for row in rows} == {"true"}
    assert {row["scenario"] for row in rows} == {address.rpartition("/")[2]}
    assert "hypothetical-" in answer.headers["content-disposition"]
    table = pq.read_table(io.BytesIO(client.get(f"{path}&format=parquet").content))
    assert set(table["hypothetical"].to_pylist()) == {True}
    collection = client.get(f"{path}&format=geojson").json()
    assert collection["hypothetical"] is True
    assert all(feature["properties"]["hypothetical"] for feature in collection["features"])
    assert collection["features"][0]["geometry"]["type"] == "Polygon"
    lines = client.get(f"{path}&format=ndjson").text.splitlines()
    assert all('"hypothetical":true' in line for line in lines)
    whole = client.get(f"{address}/scores?format=csv").text.splitlines()
    assert len(whole) == len(score_rows()) + 1


def test_scenarios_are_among_no_bulletins(client: httpx.Client, address: str) -> None:
    assert "hypothetical" not in client.get("/v1/bulletins").text
    for path in ("/v1/track-record", "/v1/feed", "/v1/movers", "/"):
        assert address.rpartition("/")[2] not in client.get(path).text


def test_a_new_scenario_is_served_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    publish_bulletin(tmp_path)
    with serve_home(tmp_path) as client:
        assert newest_id(client) == EXAMPLE_ID
        assert client.get("/v1/scenarios").json()["total"] == 0
        written = write_example(tmp_path)
        wait_until(lambda: client.get("/v1/scenarios").json()["total"] == 1)
        (tmp_path / "scenarios" / written.id / "scores.parquet").write_bytes(b"other")
        refusal = client.get(f"/v1/scenarios/{written.id}/scores")
        assert refusal.status_code == 404
        assert "is damaged, not served" in refusal.json()["detail"]
        (tmp_path / "scenarios" / written.id / "scenario.json").write_bytes(b"{}")
        wait_until(lambda: client.get("/v1/scenarios").json()["total"] == 0)
