import csv
import io
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bulletins.example import publish_bulletin
from tests.service.conftest import newest_id, serve_home, wait_until

Row = dict[str, Any]

SORTS = ["probability", "-probability", "mean", "-mean", "region", "-region", "horizon", "-horizon"]


def follow(client: httpx.Client, address: str | None) -> list[dict[str, Any]]:
    """Return all pages from an address on."""
    pages = []
    while address is not None:
        response = client.get(address)
        assert response.status_code == 200, response.text
        pages.append(response.json())
        address = pages[-1]["next"]
    return pages


def items(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item for page in pages for item in page["items"]]


@settings(deadline=None, max_examples=40)
@given(
    limit=st.integers(6, 60),
    sort=st.sampled_from(SORTS),
    level=st.none() | st.sampled_from(["country", "admin1"]),
    target=st.none() | st.sampled_from(["fatalities", "onset"]),
    low=st.none() | st.sampled_from([0.25, 0.5, 0.99]),
)
def test_pages_hold_every_score_of_the_whole_once_and_in_its_order(
    client: httpx.Client,
    limit: int,
    sort: str,
    level: str | None,
    target: str | None,
    low: float | None,
) -> None:
    asked = {"sort": sort, "level": level, "target": target, "min_probability": low}
    given_ = {name: str(value) for name, value in asked.items() if value is not None}
    (whole,) = follow(client, str(httpx.URL("/v1/scores", params=given_ | {"limit": "1000"})))
    pages = follow(client, str(httpx.URL("/v1/scores", params=given_ | {"limit": str(limit)})))
    assert items(pages) == whole["items"]
    assert all(len(page["items"]) == limit for page in pages[:-1])
    assert len(pages) == max(1, -(-len(whole["items"]) // limit))


def test_all_scores_are_given_when_nothing_is_filtered(
    client: httpx.Client, rows: list[Row]
) -> None:
    found = items(follow(client, "/v1/scores?limit=50"))
    keys = ("level", "region", "target", "horizon")
    assert {tuple(item[key] for key in keys) for item in found} == {
        tuple(row[key] for key in keys) for row in rows
    }
    assert len(found) == len(rows)


def test_regions_come_in_pages_too(client: httpx.Client) -> None:
    pages = follow(client, "/v1/regions?limit=4")
    assert [len(page["items"]) for page in pages] == [4, 2]
    assert items(pages) == client.get("/v1/regions").json()["items"]


def test_a_new_bulletin_does_not_disturb_the_pages_of_the_old(tmp_path: Path) -> None:
    old = publish_bulletin(tmp_path, id="2024-11-00000000000a", origin="2024-11")
    with serve_home(tmp_path) as client:
        whole = client.get("/v1/scores?limit=1000").json()["items"]
        first = client.get("/v1/scores?limit=60").json()
        regions = client.get("/v1/regions?limit=4").json()
        new = publish_bulletin(tmp_path, id="2024-12-00000000000b", simulated=False)
        wait_until(lambda: newest_id(client) == new.id)
        rest = follow(client, first["next"])
        assert {page["bulletin"]["id"] for page in rest} == {old.id}
        assert first["items"] + items(rest) == whole
        assert client.get(regions["next"]).json()["bulletin"]["id"] == old.id
        assert client.get("/v1/scores").json()["bulletin"]["id"] == new.id


def test_a_new_bulletin_does_not_shift_the_list_of_bulletins(tmp_path: Path) -> None:
    names = [f"2024-{month:02d}-00000000000a" for month in (5, 4, 3, 2, 1)]
    for name in names:
        publish_bulletin(tmp_path, id=name, origin=name[:7])
    with serve_home(tmp_path) as client:
        first = client.get("/v1/bulletins?limit=2").json()
        newest = publish_bulletin(tmp_path, id="2024-06-00000000000a", origin="2024-06")
        wait_until(lambda: newest_id(client) == newest.id)
        rest = follow(client, first["next"])
        assert [item["id"] for item in first["items"] + items(rest)] == names
        assert client.get("/v1/bulletins").json()["items"][0]["id"].startswith("2024-06")


def test_a_page_of_a_bulletin_that_is_gone_is_not_found(tmp_path: Path) -> None:
    manifest = publish_bulletin(tmp_path)
    publish_bulletin(tmp_path, id="2024-11-00000000000a", origin="2024-11")
    with serve_home(tmp_path) as client:
        scores = client.get("/v1/scores?limit=60").json()["next"]
        bulletins = client.get("/v1/bulletins?limit=1").json()["next"]
        folder = tmp_path / "bulletins" / manifest.id
        folder.rename(tmp_path / "withdrawn")
        wait_until(lambda: newest_id(client) != manifest.id)
        assert client.get(scores).status_code == 404
        assert client.get(bulletins).status_code == 404


@pytest.mark.parametrize("offset", ["", "-1", "x", "1.5", "1000000001", "%00", "1e3", "é"])
def test_an_offset_that_is_no_number_of_items_is_refused(client: httpx.Client, offset: str) -> None:
    response = client.get(f"/v1/scores?offset={offset}")
    assert response.status_code == 422
    assert response.json()["detail"].startswith("offset: ")


@pytest.mark.parametrize("after", ["", "abc", "2024-12", "a" * 201, "é"])
def test_a_bulletin_to_go_on_after_is_an_id(client: httpx.Client, after: str) -> None:
    response = client.get("/v1/bulletins", params={"after": after})
    assert response.status_code == 422
    assert response.json()["detail"].startswith("after: ")
    assert client.get("/v1/bulletins?after=2024-12-ffffffffffff").status_code == 404


@given(offset=st.integers(0, 200), limit=st.integers(1, 200))
@settings(deadline=None)
def test_any_page_can_be_asked_for_at_once(client: httpx.Client, offset: int, limit: int) -> None:
    whole = client.get("/v1/scores?limit=1000").json()
    page = client.get(f"/v1/scores?offset={offset}&limit={limit}").json()
    assert page["items"] == whole["items"][offset : offset + limit]
    assert page["total"] == whole["total"]
    assert (page["next"] is None) == (offset + limit >= whole["total"])


def test_the_next_address_can_be_read(client: httpx.Client) -> None:
    """It has the parameters of this page, the bulletin by its id, and where to go on."""
    first = httpx.URL(client.get("/v1/scores?limit=9&bulletin=latest&sort=mean").json()["next"])
    assert first.path == "/v1/scores"
    asked = {"limit": "9", "sort": "mean", "bulletin": "2024-12-5f3a9c01d2e4", "offset": "9"}
    assert dict(first.params) == asked
    second = httpx.URL(client.get(str(first)).json()["next"])
    assert dict(second.params) == asked | {"offset": "18"}


def test_a_cursor_is_an_unknown_parameter(client: httpx.Client) -> None:
    response = client.get("/v1/scores?cursor=MjAyNC0xMg")
    assert response.status_code == 422
    assert "unknown parameter 'cursor'" in response.json()["detail"]


def test_the_size_of_the_pages_may_change_on_the_way(client: httpx.Client) -> None:
    whole = client.get("/v1/scores?limit=1000").json()["items"]
    first = client.get("/v1/scores?limit=9").json()
    rest = client.get(first["next"].replace("limit=9", "limit=1000")).json()
    assert first["items"] + rest["items"] == whole


def test_repeated_and_unusual_values_survive_in_the_next_address(client: httpx.Client) -> None:
    address = "/v1/scores?region=MLI&region=NER&horizon=1&horizon=3&sort=-mean&limit=3"
    pages = follow(client, address)
    assert {item["region"] for item in items(pages)} == {"MLI", "NER"}
    assert len(pages) == 4
    assert "region=MLI&region=NER&horizon=1&horizon=3" in pages[0]["next"]


def test_a_parameter_written_otherwise_is_the_same_and_never_doubled(client: httpx.Client) -> None:
    following = client.get("/v1/scores?limit=3").json()["next"]
    page = client.get(following).json()
    written = following.replace("offset=3", "%6Fffset=%33")
    assert client.get(written).json()["items"] == page["items"]
    assert client.get(written).json()["next"].count("ffset") == 1


@pytest.mark.parametrize("form", ["csv", "ndjson", "geojson", "parquet"])
def test_a_file_is_whole_unless_a_limit_cuts_it_and_its_name_says_so(
    client: httpx.Client, form: str
) -> None:
    everything = client.get(f"/v1/scores?format={form}")
    number = client.get("/v1/scores").json()["total"]
    assert len(rows_of(everything, form)) == number > 100
    total = client.get("/v1/scores?target=instability").json()["total"]
    whole = client.get(f"/v1/scores?target=instability&format={form}")
    assert len(rows_of(whole, form)) == total
    assert "Link" not in whole.headers
    name = f"tocsin-scores-2024-12-5f3a9c01d2e4-instability.{form}"
    assert whole.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    part = client.get(f"/v1/scores?target=instability&format={form}&limit=7&offset=3")
    assert len(rows_of(part, form)) == 7
    assert f"-instability-rows-4-to-10-of-{total}.{form}" in part.headers["Content-Disposition"]
    assert "Content-Disposition" not in client.get("/v1/scores?limit=3").headers


def rows_of(response: httpx.Response, form: str) -> list[Any]:
    """Return the rows of a file."""
    if form == "csv":
        return list(csv.DictReader(io.StringIO(response.text)))
    if form == "ndjson":
        return response.text.splitlines()
    if form == "geojson":
        features: list[Any] = response.json()["features"]
        return features
    return list(pq.read_table(io.BytesIO(response.content)).to_pylist())
