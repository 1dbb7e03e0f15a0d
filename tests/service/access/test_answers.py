"""ETags, 304 and the forms of an answer."""

import asyncio
import csv
import gc
import gzip
import io
import json
import shutil
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest
from starlette.types import Message, Receive, Scope, Send

from service.access.answers import Answer, Answers
from service.app import create_app
from service.store.bulletins import BulletinStore
from tests.bulletins.example import NOW, publish_bulletin
from tests.service.conftest import newest_id, serve_app, serve_home, wait_until

PAGE = "/v1/scores?level=admin1&target=fatalities&limit=5&threshold=7"


@pytest.mark.parametrize(
    "path", [PAGE, "/v1/scores/MLI-gao", "/v1/regions", "/v1/movers", "/v1/bulletins"]
)
def test_who_has_an_answer_is_told_so(months_client: httpx.Client, path: str) -> None:
    first = months_client.get(path)
    etag = first.headers["etag"]
    assert etag.startswith('"')
    assert "max-age" in first.headers["cache-control"]
    again = months_client.get(path, headers={"If-None-Match": f'"other", W/{etag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == etag
    assert "max-age" in again.headers["cache-control"]
    assert months_client.get(path, headers={"If-None-Match": '"other"'}).content == first.content
    head = months_client.head(path)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", etag)


@pytest.mark.parametrize("path", ["/", "/map.png", "/healthz", "/metrics", "/regions/ZZ-99"])
def test_head_is_answered_as_get_without_content(client: httpx.Client, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.status_code == got.status_code
    assert head.headers["content-type"] == got.headers["content-type"]
    assert head.content == b""


def test_a_compressed_answer_never_varies(client: httpx.Client) -> None:
    """The gzip header would hold the time (RFC 1952), and the ETag is strong."""
    address = client.base_url.join("/v1/regions")
    with httpx.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as response:
        raw = b"".join(response.iter_raw())
    assert response.headers["content-encoding"] == "gzip"
    assert raw[:2] == b"\x1f\x8b"
    assert raw[4:8] == bytes(4)
    assert gzip.decompress(raw) == client.get("/v1/regions").content


def test_a_cached_answer_does_not_keep_its_bulletin_in_memory(tmp_path: Path) -> None:
    old = "2024-11-00000000000a"
    publish_bulletin(tmp_path, id=old, origin="2024-11")
    publish_bulletin(tmp_path)
    app = create_app(tmp_path, now=lambda: NOW, look_every_s=3600)
    with serve_app(app) as client:
        assert client.get(f"/v1/scores?limit=1&bulletin={old}").status_code == 200
        bulletin = weakref.ref(app.state.store.get(old))
        shutil.rmtree(tmp_path / "bulletins" / old)
        app.state.store.look()
        gc.collect()
        assert bulletin() is None


def test_equal_answers_that_are_computed_side_by_side_take_room_once(home: Path) -> None:
    """Four answers of 2 MB have room, even after 48 of them at once."""
    computed: list[str] = []

    async def compute(scope: Scope, _receive: Receive, send: Send) -> None:
        computed.append(scope["path"])
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 2_000_000})

    async def drop(_message: Message) -> None:
        pass

    answers = Answers(compute, most_bytes=10_000_000, max_age_s=60)
    listing = BulletinStore(home).listing

    async def ask(path: str) -> None:
        state = {"listing": listing, "stale": None, "now": NOW, "manifest": None}
        scope = {"method": "GET", "path": path, "query_string": b"", "headers": [], "state": state}
        await answers({**scope, "type": "http", "route": None}, None, drop)  # type: ignore[arg-type]

    async def ask_all() -> None:
        await asyncio.gather(*(ask("/v1/0") for _ in range(48)))
        for _ in range(2):
            for number in range(4):
                await ask(f"/v1/{number}")

    with ThreadPoolExecutor() as pool:  # a browser of other tests may have its loop in this thread
        pool.submit(asyncio.run, ask_all()).result()
    assert sorted(computed) == ["/v1/0"] * 48 + ["/v1/1", "/v1/2", "/v1/3"]


def test_a_long_query_counts_as_memory_of_its_answer(client: httpx.Client) -> None:
    regions = "&".join(["region=MLI-gao"] * 800)
    answer = client.get(f"/v1/scores?limit=1&format=ndjson&{regions}")
    assert len(answer.headers["link"]) > 11_000
    headers = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    assert Answer(headers, answer.content, None, None).size > 11_000 + len(answer.content)


def test_another_question_has_another_etag(client: httpx.Client) -> None:
    asked = ["/v1/scores", "/v1/scores?limit=5", "/v1/scores?limit=5&format=csv", "/v1/regions"]
    assert len({client.get(path).headers["etag"] for path in asked}) == len(asked)


def test_refusals_have_no_etag(client: httpx.Client) -> None:
    assert "etag" not in client.get("/v1/scores?limit=0").headers
    assert "etag" not in client.get("/v1/scores/nowhere").headers


def test_a_new_bulletin_makes_new_answers(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, id="2024-11-00000000000a", origin="2024-11")
    with serve_home(tmp_path) as client:
        first = client.get("/v1/scores?limit=1")
        publish_bulletin(tmp_path)
        wait_until(lambda: newest_id(client) != "2024-11-00000000000a")
        second = client.get("/v1/scores?limit=1", headers={"If-None-Match": first.headers["etag"]})
        assert second.status_code == 200
        assert second.json()["bulletin"]["origin"] == "2024-12"
        assert second.headers["tocsin-bulletin"] == second.json()["bulletin"]["id"]


def test_an_old_bulletin_is_named_in_kept_answers_too(months_client: httpx.Client) -> None:
    for _ in range(2):
        told = months_client.get("/v1/scores?limit=1&origin=2024-10")
        assert told.headers["tocsin-bulletin"] == told.json()["bulletin"]["id"]
        assert told.json()["bulletin"]["origin"] == "2024-10"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("text/csv", "text/csv"),
        ("application/json;q=0.1, application/geo+json", "application/geo+json"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("text/*", "text/csv"),
    ],
)
def test_the_accept_header_decides(client: httpx.Client, accept: str, kind: str) -> None:
    told = client.get("/v1/scores?limit=1", headers={"Accept": accept})
    assert told.headers["content-type"].startswith(kind)
    assert told.headers["vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "", "text/csv;q=x"])
def test_a_form_that_is_not_there_is_said_not_to_be(client: httpx.Client, accept: str) -> None:
    refused = client.get("/v1/scores?limit=1", headers={"Accept": accept})
    assert refused.status_code == 406
    assert "application/json" in refused.json()["detail"]


def test_all_forms_say_the_same(client: httpx.Client) -> None:
    items = client.get(PAGE).json()["items"]
    lines = client.get(f"{PAGE}&format=ndjson").text.splitlines()
    assert [json.loads(line) for line in lines] == items
    features = client.get(f"{PAGE}&format=geojson").json()["features"]
    flat = [{**item, **item["quantiles"], "simulated": "true"} for item in items]
    for item in flat:
        del item["quantiles"]
        item["issued_at"] = "2025-01-21T06:00:00+00:00"
    assert [feature["properties"] for feature in features] == flat
    assert features[0]["geometry"] is None or features[0]["geometry"]["type"] == "Polygon"
    rows = list(csv.DictReader(io.StringIO(client.get(f"{PAGE}&format=csv").text)))
    table = pq.read_table(io.BytesIO(client.get(f"{PAGE}&format=parquet").content)).to_pylist()
    for item, row, record in zip(items, rows, table, strict=True):
        for name in ("region", "target", "target_month", "risk_level", "bulletin"):
            assert item[name] == row[name] == record[name]
        for name in ("probability", "mean", "exceedance", "threshold"):
            assert item[name] == float(row[name]) == record[name]
        assert item["quantiles"]["q90"] == record["q90"] == float(row["q90"])
        assert record["simulated"] == "true"


def test_an_exceedance_is_that_of_the_distribution(client: httpx.Client) -> None:
    """In the example 5 deaths are reached with the probability, 10 with half of it."""
    items = client.get("/v1/scores?level=admin1&threshold=7&limit=1000").json()["items"]
    assert {item["target"] for item in items} == {"fatalities"}
    assert all(item["exceedance"] == item["probability"] / 2 for item in items)
    at_tau = client.get("/v1/scores?level=admin1&threshold=5&limit=1000").json()["items"]
    assert all(item["exceedance"] == item["probability"] for item in at_tau)
    beyond = client.get("/v1/scores?level=admin1&threshold=11&limit=1000").json()["items"]
    assert {item["exceedance"] for item in beyond} == {0}
    likely = "/v1/scores?level=admin1&threshold=7&min_probability=0.3&sort=-exceedance&limit=1000"
    chances = [item["exceedance"] for item in client.get(likely).json()["items"]]
    assert chances == sorted(chances, reverse=True)
    assert min(chances) >= 0.3


@pytest.mark.parametrize("sort", ["mean", "q05", "q95", "threshold", "horizon", "name", "region"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_any_order(client: httpx.Client, sort: str, sign: str) -> None:
    items = client.get(f"/v1/scores?sort={sign}{sort}&limit=1000").json()["items"]
    values = [i["quantiles"] and i["quantiles"][sort] if sort[0] == "q" else i[sort] for i in items]
    known = [value for value in values if value is not None]
    assert values[: len(known)] == known == sorted(known, reverse=bool(sign))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("1-3", {1, 2, 3}), ("3-1", {1, 2, 3}), ("1,12", {1, 12}), ("2&horizon=4-5", {2, 4, 5})],
)
def test_horizons_as_lists_and_spans(client: httpx.Client, asked: str, expected: set[int]) -> None:
    items = client.get(f"/v1/scores?target=instability&horizon={asked}&limit=1000").json()["items"]
    assert {item["horizon"] for item in items} == expected


def test_scores_of_one_risk_level(client: httpx.Client) -> None:
    address = "/v1/scores?risk_level=elevated&risk_level=high&limit=1000"
    items = client.get(address).json()["items"]
    assert {item["risk_level"] for item in items} == {"elevated", "high"}
    assert min(item["probability"] for item in items) >= 0.4


@pytest.mark.parametrize(
    ("asked", "origin"),
    [
        ("origin=2024-10", "2024-10"),
        ("as_of=2024-12-20", "2024-10"),
        ("as_of=2024-12-21", "2024-11"),
    ],
)
def test_the_bulletin_of_a_day_or_an_origin(
    months_client: httpx.Client, asked: str, origin: str
) -> None:
    told = months_client.get(f"/v1/scores?limit=1&{asked}").json()
    assert told["bulletin"]["origin"] == origin


@pytest.mark.parametrize(
    "asked", ["origin=2020-01", "as_of=2020-01-01", "origin=2024-10&as_of=2024-01-01"]
)
def test_a_bulletin_that_never_was_is_not_found(months_client: httpx.Client, asked: str) -> None:
    assert months_client.get(f"/v1/scores?{asked}").status_code == 404


@pytest.mark.parametrize("asked", ["origin=2024", "as_of=yesterday", "as_of=20250101", "as_of=0"])
def test_what_is_no_day_or_month_is_refused(client: httpx.Client, asked: str) -> None:
    assert client.get(f"/v1/scores?{asked}").status_code == 422


def test_a_file_is_given_as_it_was_published(
    months_home: Path, months_client: httpx.Client
) -> None:
    manifest = months_client.get("/v1/bulletins/latest").json()
    for name in ("scores.parquet", *manifest["files"]):
        told = months_client.get(f"/v1/bulletins/latest/files/{name}")
        file = months_home / "bulletins" / manifest["id"] / name
        assert told.content == file.read_bytes()


def test_a_report_is_a_page_without_scripts_and_a_card_is_markdown(
    months_client: httpx.Client,
) -> None:
    report, card = (
        months_client.get(f"/v1/bulletins/latest/files/{name}").headers
        for name in ("report-admin1.html", "card-admin1.md")
    )
    assert report["Content-Type"] == "text/html; charset=utf-8"
    assert report["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
    )
    assert card["Content-Type"] == "text/markdown; charset=utf-8"
    assert card["Content-Security-Policy"].startswith("default-src 'none'; frame")


def test_a_damaged_report_is_not_served(tmp_path: Path) -> None:
    manifest = publish_bulletin(tmp_path)
    (tmp_path / "bulletins" / manifest.id / "report-admin1.html").write_bytes(b"other")
    assert BulletinStore(tmp_path).listing.newest is None


@pytest.mark.parametrize("name", ["manifest.json", "..%2Fmanifest.json", "%2e%2e", "x.parquet"])
def test_no_other_file_is_given(months_client: httpx.Client, name: str) -> None:
    assert months_client.get(f"/v1/bulletins/latest/files/{name}").status_code == 404
