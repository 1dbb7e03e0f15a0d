from pathlib import Path

import httpx
import pytest

from bulletins.signs import SIGNS_SCHEMAS
from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_rows import ORIGIN, rows_of
from tests.bulletins.example_tables import parts_of
from tests.bulletins.signs import HILLS, RIVER, signs_tables
from tests.service.conftest import serve_home


def pairs(response: httpx.Response) -> list[tuple[str, str, str]]:
    assert response.status_code == 200, response.text
    return [(item["id"], item["region"], item["presence"]) for item in response.json()["items"]]


def test_groups_by_region_the_most_active_first(client: httpx.Client) -> None:
    assert pairs(client.get("/v1/actors")) == [
        (HILLS, "MLI-gao", "active"),
        (RIVER, "NER-tillaberi", "new_12"),
        (HILLS, "MLI-mopti", "new_3"),
        (RIVER, "MLI-gao", "ceased"),
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("presence=new_3&presence=new_12", {"NER-tillaberi", "MLI-mopti"}),
        ("country=NER", {"NER-tillaberi"}),
        ("region=MLI-gao", {"MLI-gao"}),
        ("level=admin1&name=collines", {"MLI-gao", "MLI-mopti"}),
        ("name=RIVER", {"MLI-gao", "NER-tillaberi"}),
        ("name=nobody", set()),
    ],
)
def test_filters_must_all_hold(client: httpx.Client, query: str, expected: set[str]) -> None:
    assert {region for _, region, _ in pairs(client.get(f"/v1/actors?{query}"))} == expected


def test_what_does_not_exist_is_refused(client: httpx.Client) -> None:
    assert client.get("/v1/actors?region=MLI-nowhere").status_code == 404
    assert client.get("/v1/actors?presence=gone").status_code == 422
    refusal = client.get("/v1/actors/hills-frond")
    assert refusal.status_code == 404
    assert HILLS in refusal.json()["detail"]


@pytest.mark.parametrize("name", [HILLS, "Hills Front", "hills front"])
def test_a_group_has_regions_opponents_and_other_names(client: httpx.Client, name: str) -> None:
    body = client.get(f"/v1/actors/{name}").json()
    assert (body["id"], body["name"], body["began"]) == (HILLS, "Hills Front", "2019-12")
    assert (body["aliases"], body["predecessors"]) == (["Front des Collines"], ["Valley Front"])
    assert [one["region"] for one in body["regions"]] == ["MLI-gao", "MLI-mopti"]
    gao, mopti = body["opponents"]
    assert (gao["name"], gao["kind"], gao["events_12"]) == ("Government of Mali", "state", 9)
    assert (mopti["name"], mopti["kind"]) == (None, "civilians")


def test_a_group_may_be_asked_for_in_some_places_only(client: httpx.Client) -> None:
    body = client.get(f"/v1/actors/{RIVER}?country=NER").json()
    assert [one["region"] for one in body["regions"]] == ["NER-tillaberi"]
    assert [one["region"] for one in body["opponents"]] == ["NER-tillaberi"]


def test_on_a_map_a_group_has_the_outline_of_its_region(client: httpx.Client) -> None:
    features = client.get("/v1/actors?format=geojson").json()["features"]
    assert features[0]["id"] == f"MLI-gao/{HILLS}"
    assert features[0]["geometry"]["type"] == "Polygon"


ADDRESSES = ("/v1/actors", "/v1/capitals", "/v1/corridors", f"/v1/actors/{HILLS}")


def test_a_bulletin_of_counts_says_why_it_has_none(tmp_path: Path) -> None:
    rows = rows_of()
    empty = {name: table[:0] for name, table in signs_tables([], ORIGIN).items()}
    publish_bulletin(tmp_path, rows, parts=parts_of(rows, ORIGIN) | empty)
    with serve_home(tmp_path) as client:
        for address in ADDRESSES:
            refusal = client.get(address)
            assert refusal.status_code == 404
            assert "counts by region and month" in refusal.json()["detail"]


def test_an_older_bulletin_says_that_it_is_one(tmp_path: Path) -> None:
    rows = rows_of()
    older = {n: t for n, t in parts_of(rows, ORIGIN).items() if n not in SIGNS_SCHEMAS}
    publish_bulletin(tmp_path, rows, parts=older)
    with serve_home(tmp_path) as client:
        assert client.get("/v1/scores").status_code == 200
        for address in ADDRESSES:
            refusal = client.get(address)
            assert refusal.status_code == 404
            assert "was issued before" in refusal.json()["detail"]
