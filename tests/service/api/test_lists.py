import csv
import io
import json
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.api import lists
from service.forms import files
from tests.bulletins.example import publish_bulletin
from tests.service.conftest import newest_id, serve_home, wait_until

Row = dict[str, Any]

FILE = "/v1/bulletins/latest/files/scores.parquet"

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
    assert [len(page["items"]) for page in pages] == [4, 3]
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


@pytest.mark.parametrize("form", ["csv", "ndjson", "geojson", "parquet", "geoparquet"])
def test_a_file_is_whole_unless_a_limit_cuts_it_and_its_name_says_so(
    client: httpx.Client, form: str
) -> None:
    everything = client.get(f"/v1/scores?format={form}")
    number = client.get("/v1/scores").json()["total"]
    assert len(rows_of(everything, form)) == number > 100
    total = client.get("/v1/scores?target=instability").json()["total"]
    whole = client.get(f"/v1/scores?target=instability&format={form}")
    assert len(rows_of(whole, form)) == total
    assert "next" not in whole.links
    ending = "parquet" if form == "geoparquet" else form
    name = f"tocsin-scores-2024-12-5f3a9c01d2e4-instability.{ending}"
    assert whole.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    part = client.get(f"/v1/scores?target=instability&format={form}&limit=7&offset=3")
    assert len(rows_of(part, form)) == 7
    assert f"-instability-rows-4-to-10-of-{total}.{ending}" in part.headers["Content-Disposition"]
    assert part.headers["X-Total-Count"] == whole.headers["X-Total-Count"] == str(total)
    assert part.links["next"]["url"].endswith("offset=10")
    assert "Content-Disposition" not in client.get("/v1/scores?limit=3").headers


LISTS = {
    "/v1/scores": "target",
    "/v1/regions": "country",
    "/v1/movers": "difference",
    "/v1/targets": "meaning",
    "/v1/track-record": "brier",
    "/v1/indicators": "unit",
    "/v1/bulletins": "vintage_as_of",
    "/v1/compare?a=2024-11-000000000003": "probability_a",
    "/v1/regions/MLI/history": "deaths",
}


@pytest.mark.parametrize(("path", "column"), LISTS.items())
def test_every_list_is_a_file(months_client: httpx.Client, path: str, column: str) -> None:
    told = months_client.get(path).json()
    number = told["total"] if "total" in told else len(told["months"])
    assert number > 0
    sizes = {}
    for form in ("csv", "ndjson", "parquet"):
        file = months_client.get(path, params={**httpx.URL(path).params, "format": form})
        assert file.status_code == 200, file.text
        assert file.headers["X-Total-Count"] == str(number)
        kind = path.partition("?")[0].removeprefix("/v1/").replace("/", "-")
        assert f'filename="tocsin-{kind}' in file.headers["Content-Disposition"]
        read = rows_of(file, form)
        sizes[form] = len(read)
        if form != "ndjson":
            assert column in read[0]
            assert str(read[0]["simulated"]).lower() == "true"
            of_others = {"/v1/bulletins", "/v1/track-record"}
            assert "bulletin" in read[0] or "bulletin_a" in read[0] or path in of_others
    assert sizes == dict.fromkeys(sizes, number)


@pytest.mark.parametrize("path", [p for p in LISTS if p not in {"/v1/scores", "/v1/regions"}])
def test_what_is_on_no_map_has_no_form_of_maps(months_client: httpx.Client, path: str) -> None:
    params = httpx.URL(path).params
    refused = months_client.get(path, params={**params, "format": "geojson"})
    assert (refused.status_code, refused.json()["detail"][:17]) == (422, "format: 'geojson'")
    accept = {"Accept": "application/geo+json"}
    assert months_client.get(path, headers=accept).status_code == 406


def test_a_long_list_is_sent_while_it_is_written(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the ETag that it would have in one piece, and the same rows."""
    once = {form: client.get(f"/v1/scores?format={form}") for form in ("csv", "ndjson", "geojson")}
    monkeypatch.setattr(lists, "CHUNK", 20)
    for form, whole in once.items():
        assert "content-length" in whole.headers
        address = f"/v1/scores?format={form}&sort=-probability"
        gzip = {"Accept-Encoding": "gzip"}
        with client.stream("GET", address, headers=gzip) as response:
            sent = b"".join(response.iter_bytes())
        assert "content-length" not in response.headers
        assert response.headers["content-encoding"] == "gzip"
        assert sent.replace(b",\n", b",") == whole.content.replace(b",\n", b",")
        assert response.headers["X-Total-Count"] == whole.headers["X-Total-Count"]
        etag = response.headers["etag"]
        known = client.get(address, headers=gzip | {"If-None-Match": etag})
        assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", etag)
        head = client.head(address, headers=gzip)
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", etag)


@pytest.mark.parametrize("known", [False, True])
def test_what_nobody_wants_is_not_written(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    monkeypatch.setattr(lists, "CHUNK", 1)
    written = []

    def counted(tables: Iterable[pa.Table], *, excel: bool) -> Iterator[bytes]:
        for table in tables:
            written.append(len(table))
            time.sleep(0.001)
            yield b"row"

    monkeypatch.setattr(files, "csv_of", counted)
    address = f"/v1/scores?format=csv&target=instability&min_probability=0.0000{int(known)}1"
    if known:
        etag = client.head(address).headers["etag"]
        assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    else:
        assert client.head(address).status_code == 200
    assert 0 < len(written) < 60


def test_every_file_says_whom_it_is_owed_to(months_client: httpx.Client) -> None:
    manifest = months_client.get("/v1/bulletins/latest").json()
    assert manifest["citation"]
    for address in ("/v1/scores?format=csv", "/v1/movers?format=ndjson", FILE):
        links = months_client.get(address).links
        assert links["license"]["url"] == "https://creativecommons.org/licenses/by/4.0/"
        assert links["describedby"]["url"] == f"/v1/bulletins/{manifest['id']}"
    owed = {name: manifest[name] for name in ("licence", "citation", "sources", "boundaries")}
    collection = months_client.get("/v1/scores?target=onset&format=geojson").json()
    assert owed == {name: collection[name] for name in owed}
    for form in ("parquet", "geoparquet"):
        content = months_client.get(f"/v1/regions?format={form}").content
        metadata = pq.read_schema(io.BytesIO(content)).metadata
        told = {name.decode(): text.decode() for name, text in metadata.items()}
        assert told["citation"] == manifest["citation"]
        assert json.loads(told["sources"]) == manifest["sources"]
        assert told["boundaries"] == manifest["boundaries"]
        assert (told["bulletin"], told["simulated"]) == (manifest["id"], "true")
    name = months_client.get(FILE).headers["Content-Disposition"]
    assert name == f'attachment; filename="tocsin-{manifest["id"]}-scores.parquet"'


@pytest.mark.parametrize("form", ["", "&format=csv", "&format=parquet"])
def test_what_excel_reads_is_csv(client: httpx.Client, form: str) -> None:
    for_excel = client.get(f"/v1/regions?excel=true{form}")
    assert for_excel.headers["content-type"] == "text/csv; charset=utf-8"
    assert for_excel.content.startswith("\N{ZERO WIDTH NO-BREAK SPACE}".encode())
    assert "Tillabéri" in for_excel.content.decode("utf-8-sig")


def test_a_feature_is_a_region_or_one_of_its_scores(client: httpx.Client) -> None:
    """One score a region has its id; of several each has its own."""
    one = client.get("/v1/scores?target=instability&horizon=1&format=geojson").json()
    assert sorted(feature["id"] for feature in one["features"]) == sorted(
        ["MLI", "MLI-gao", "MLI-mopti", "NER", "NER-agadez", "NER-tillaberi"]
    )
    several = client.get("/v1/scores?target=instability&region=MLI&format=geojson").json()
    ids = {feature["id"] for feature in several["features"]}
    assert ids == {f"MLI/instability/{horizon}" for horizon in range(1, 13)}
    regions = client.get("/v1/regions?format=geojson").json()
    assert {"MLI", "NER-agadez"} <= {feature["id"] for feature in regions["features"]}


def test_the_name_of_a_file_is_never_long_and_always_says_what_is_cut(client: httpx.Client) -> None:
    regions = "&".join(["region=MLI-gao"] * 40)
    file = client.get(f"/v1/scores?format=csv&limit=2&{regions}")
    (name,) = re.findall('filename="(.+)"', file.headers["Content-Disposition"])
    assert re.fullmatch(r"tocsin-scores-[A-Za-z0-9-]+-rows-1-to-2-of-\d+\.csv", name)
    assert len(name) < 200
    named = client.get("/v1/regions?format=csv&name=%C3%A9").headers["Content-Disposition"]
    assert named.endswith('5f3a9c01d2e4.csv"')


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
