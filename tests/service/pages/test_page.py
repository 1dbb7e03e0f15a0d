import re
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bulletins.example import publish_bulletin
from tests.service.conftest import serve_home, serving_with

Row = dict[str, Any]


def test_the_page_says_what_the_bulletin_is(client: httpx.Client) -> None:
    response = client.get("/")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    for fact in (
        "December 2024",
        "21 January 2025",
        "06:00 UTC",
        "20 January 2025",
        "ucdp-candidate 24.0.12",
        "tocsin-admin1 v3",
        "2024-12-5f3a9c01d2e4",
    ):
        assert fact in response.text


def table_of(page: str) -> str:
    return page.partition("<tbody>")[2].partition("</tbody>")[0]


@pytest.mark.parametrize(
    ("asked", "target", "horizon"),
    [
        ("", "instability", 1),
        ("?target=escalation", "escalation", 3),
        ("?target=escalation&horizon=11", "escalation", 12),
        ("?target=fatalities&horizon=4", "fatalities", 4),
    ],
)
def test_the_page_ranks_without_a_script(
    client: httpx.Client, asked: str, target: str, horizon: int
) -> None:
    shown = re.findall(r'data-region="([^"]+)"', table_of(client.get(f"/{asked}").text))
    address = f"/v1/scores?level=admin1&target={target}&horizon={horizon}"
    scores = client.get(address).json()["items"]
    assert shown == [score["region"] for score in scores]
    assert set(shown) >= {"MLI-gao", "MLI-mopti", "NER-tillaberi"}


def test_an_earlier_bulletin_can_be_shown(months_client: httpx.Client) -> None:
    earlier = months_client.get("/v1/bulletins").json()["items"][-1]["id"]
    page = months_client.get(f"/?bulletin={earlier}").text
    assert earlier in page
    assert f'<option value="{earlier}" selected>' in page


@pytest.mark.parametrize("asked", ["target=peace", "horizon=13", "levle=country"])
def test_a_misspelt_choice_is_refused(client: httpx.Client, asked: str) -> None:
    assert client.get(f"/?{asked}").status_code == 422


@pytest.mark.parametrize(("days", "is_stale"), [(1, False), (1000, True)])
def test_a_stale_bulletin_is_called_so(home: Path, days: int, *, is_stale: bool) -> None:
    now = datetime(2025, 1, 21, tzinfo=UTC) + timedelta(days=days)
    with serving_with(home, now=lambda: now) as client:
        assert ("out of date" in client.get("/").text) == is_stale


def test_a_new_bulletin_of_old_events_is_called_stale_and_its_months_over(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, simulated=False, issued_at=datetime(2026, 3, 1, tzinfo=UTC))
    with serving_with(tmp_path, now=lambda: datetime(2026, 3, 2, tzinfo=UTC)) as client:
        page = client.get("/").text
        assert "out of date: its events end in December 2024" in page
        assert "Forecasts of months up to February 2026 are of months that are over." in page
        summary = client.get("/v1/scores?limit=1").json()["bulletin"]
        assert summary["stale_because"] == "its events end in December 2024"
        assert summary["over_until"] == "2026-02"
        assert "tocsin_bulletin_stale 1.0" in client.get("/metrics").text
        assert client.get("/readyz").status_code == 503


def test_what_the_page_loads_is_kept_for_good(client: httpx.Client) -> None:
    loaded = set(re.findall(r'(?:src|href)="\./(assets/[^"]+)"', client.get("/").text))
    folder = next(iter(loaded)).rpartition("/")[0]
    for address in loaded | {f"{folder}/map.js", f"{folder}/cells.js"}:
        response = client.get(f"/{address}")
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
        assert response.headers["etag"]
    assert client.get("/assets/older/page.js").headers["cache-control"] == "no-cache"
    assert client.get(f"/{folder}/page.py").status_code == 404


def test_scripts_run_only_from_files(client: httpx.Client) -> None:
    response = client.get("/")
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    inline = re.findall(r"<script(?![^>]*src=)([^>]*)>", response.text)
    assert inline == [' type="application/json" id="state"']


def test_another_level_can_be_shown(client: httpx.Client) -> None:
    page = client.get("/?level=country").text
    assert ">Mali<" in page
    assert ">Mopti<" not in page


@pytest.mark.parametrize("name", ["MLI", "ml", "Mali", "mali"])
def test_a_country_is_named_as_in_the_api(client: httpx.Client, name: str) -> None:
    page = client.get("/", params={"country": name}).text
    assert '<option value="MLI" selected>' in page
    assert "v1/briefings/MLI" in page
    refused = client.get("/", params={"country": name + "x"})
    assert refused.status_code == 404
    assert f"does not score country '{name}x'" in refused.json()["detail"]


def test_bulletins_of_one_month_are_told_apart_by_their_day(tmp_path: Path) -> None:
    for day in (20, 21):
        issued_at = datetime(2025, 1, day, tzinfo=UTC)
        publish_bulletin(tmp_path, id=f"2024-12-{day:012x}", issued_at=issued_at)
    publish_bulletin(tmp_path, id="2024-11-000000000001", origin="2024-11")
    with serve_home(tmp_path) as client:
        page = client.get("/").text
    names = re.findall(r'<option value="2024[^>]*>([^<]*)</option>', page)
    december = ["December 2024 (20 January 2025)", "December 2024 (21 January 2025)"]
    assert {name.strip() for name in names} == {*december, "November 2024"}


def test_what_a_bulletin_without_outlines_cannot_give_is_not_offered(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, parts={}, indicators=None)
    with serve_home(tmp_path) as client:
        page = client.get("/?country=MLI").text
        kept = re.findall(r'href="\./(v1/[^"]+)"', page)
        assert any("briefings" in address for address in kept)
        for address in kept:
            assert client.get(f"/{unescape(address)}").status_code == 200, address


def test_what_is_taken_along_is_what_is_shown(months_client: httpx.Client) -> None:
    page = months_client.get("/?country=MLI&horizon=2&show=change").text
    kept = re.findall(r'href="\./([^"]+)"[^>]* download', page)
    assert len(kept) == 4
    for address in kept:
        answer = months_client.get(f"/{unescape(address)}")
        assert answer.status_code == 200, address
        assert "Gao" in answer.text
    picture = re.search(r'og:image" content="([^"]+)"', page)
    assert picture is not None
    assert months_client.get(unescape(picture[1])).headers["content-type"] == "image/png"
    poster = months_client.get("/map.svg").text
    assert "Boundaries and names imply no endorsement" in poster
    assert "SIMULATED" in poster


def test_shapes_never_change_and_are_not_of_every_level(client: httpx.Client) -> None:
    address = re.search(r'"shapes": "([^"]+)"', client.get("/").text)
    assert address is not None
    where = address[1].encode().decode("unicode-escape")
    shapes = client.get(f"/{where}")
    assert "immutable" in shapes.headers["cache-control"]
    assert shapes.text.count("data-id=") == 3
    assert client.get(f"/{where.partition('?')[0]}").headers["cache-control"] == "no-cache"
    assert client.get(f"/{where.replace('admin1', 'priogrid')}").status_code == 404


def test_links_of_the_page_lead_somewhere(client: httpx.Client) -> None:
    links = set(re.findall(r'href="([^"]+)"', client.get("/").text)) - {"data:,"}
    assert "./docs" in links
    for link in links:
        if link.startswith("https://"):  # whom the events are owed to
            continue
        assert client.get(f"/{unescape(link)}").status_code == 200, link


def test_a_country_is_called_as_in_the_language_of_the_page(
    tmp_path: Path, rows: list[Row]
) -> None:
    renamed = [
        row | {"name": "Republic of Mali" if row["region"] == "MLI" else row["name"]}
        for row in rows
    ]
    publish_bulletin(tmp_path, rows=renamed)
    with serve_home(tmp_path) as client:
        ranked = table_of(client.get("/?level=country&lang=fr&search=republic").text)
        assert re.findall(r'data-region="MLI">([^<]*)<', ranked) == ["Mali"]
        page = client.get("/regions/MLI?lang=fr").text
        assert "<title>SIMULATION: Mali: " in page
        assert re.findall(r'id="region-name"[^>]*>([^<]*)<', page) == ["Mali"]


@pytest.mark.parametrize(
    ("region", "deaths"),
    [
        ("MLI", 25),
        ("MLI?level=admin1", 25),
        ("BFA", 25),
        ("MLI-gao", 5),
        ("MLI-gao?level=country", 5),
    ],
)
def test_the_page_of_a_region_asks_what_its_level_does(
    client: httpx.Client, region: str, deaths: int
) -> None:
    page = client.get(f"/regions/{region}").text
    assert f"<h1>How likely is it that January 2025 has {deaths} or more deaths?</h1>" in page


def test_names_are_escaped(tmp_path: Path, rows: list[Row]) -> None:
    nasty = "<script>alert('x')</script> & Co"
    renamed = [row | ({"name": nasty} if row["region"] == "MLI-gao" else {}) for row in rows]
    publish_bulletin(tmp_path, rows=renamed)
    with serve_home(tmp_path) as client:
        page = client.get("/").text
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
        assert client.get("/v1/scores/MLI-gao").json()["region"]["name"] == nasty


def test_a_bulletin_without_some_targets_still_has_a_page(tmp_path: Path, rows: list[Row]) -> None:
    publish_bulletin(tmp_path, rows=[row for row in rows if row["target"] == "fatalities"])
    with serve_home(tmp_path) as client:
        page = client.get("/")
        assert page.status_code == 200
        assert "Escalation" not in page.text
        assert "Instability" not in page.text


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_load_nothing_from_elsewhere(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    loaded = re.findall(r'<(?!a )[^>]*(?:src|href)="([^"]+)"', response.text)
    assert loaded
    assert not [address for address in loaded if re.match(r"(https?:)?//", address)]
    assert "default-src 'self'" in response.headers["content-security-policy"]


def test_the_page_is_in_the_language_that_the_reader_chooses(client: httpx.Client) -> None:
    french = {"Accept-Language": "de, fr-CA;q=0.9, en;q=0.8"}
    page = client.get("/", headers=french)
    assert page.headers["content-language"] == "fr"
    assert "Accept-Language" in page.headers["vary"]
    assert '<html lang="fr" dir="ltr">' in page.text
    assert "décembre 2024" in page.text
    assert "December 2024" in client.get("/?lang=en", headers=french).text


def test_an_unknown_language_is_refused_with_those_that_there_are(client: httpx.Client) -> None:
    response = client.get("/?lang=tlh")
    assert response.status_code == 422
    assert "write one of en, fr" in response.json()["detail"]


@pytest.mark.parametrize("region", ["MLI-gao", "BFA"])
def test_the_page_of_a_region_has_one_first_heading(client: httpx.Client, region: str) -> None:
    page = client.get(f"/regions/{region}").text
    assert page.count("<h1") == 1
    assert page.index("<h1") < page.index("<h2")
