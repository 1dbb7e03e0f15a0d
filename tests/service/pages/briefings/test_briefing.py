import re
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_rows import rows_of
from tests.service.conftest import serve_home

Row = dict[str, Any]


def text_of(page: str) -> str:
    """What a reader sees, in one line."""
    body = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_a_briefing_says_what_the_bulletin_says_of_the_country(
    months_client: httpx.Client,
) -> None:
    response = months_client.get("/v1/briefings/MLI")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    text = text_of(response.text)
    for fact in (
        "SIMULATED",
        "Mali",
        "December 2024",
        "21 January 2025",
        "2024-12-5f3a9c01d2e4",
        "January 2025",
    ):
        assert fact in text
    asked = "country=MLI&level=admin1&target=instability&horizon=1"
    scores = months_client.get(f"/v1/scores?{asked}").json()["items"]
    places = [text.index(f"{n} {score['name']}") for n, score in enumerate(scores, start=1)]
    assert places == sorted(places)
    deaths = months_client.get(f"/v1/scores?{asked.replace('instability', 'fatalities')}").json()
    gao = next(score for score in deaths["items"] if score["name"] == "Gao")
    assert f"{gao['mean']:g}"[:3] in text


def test_a_briefing_names_the_neighbours_and_their_risk(months_client: httpx.Client) -> None:
    asked = "country=NER&level=country&target=instability&horizon=1"
    (niger,) = months_client.get(f"/v1/scores?{asked}").json()["items"]
    text = text_of(months_client.get("/v1/briefings/MLI").text)
    assert f"Niger {100 * niger['probability']:.0f} %" in text


def test_without_countries_the_neighbours_are_the_regions_beyond_the_border(
    tmp_path: Path,
) -> None:
    publish_bulletin(tmp_path, rows=[row for row in rows_of() if row["level"] == "admin1"])
    with serve_home(tmp_path) as client:
        text = text_of(client.get("/v1/briefings/MLI").text)
    assert "Tillabéri, Niger" in text
    assert "Agadez, Niger" not in text
    assert "There is no earlier bulletin to compare with." in text


def test_a_briefing_of_an_earlier_bulletin_is_as_it_was(months_client: httpx.Client) -> None:
    earlier = months_client.get("/v1/bulletins").json()["items"][-1]["id"]
    response = months_client.get(f"/v1/briefings/MLI?bulletin={earlier}")
    assert response.headers["tocsin-bulletin"] == earlier
    assert "September 2024" in response.text


def test_a_briefing_speaks_the_language_that_is_asked_for(client: httpx.Client) -> None:
    response = client.get("/v1/briefings/MLI?lang=fr")
    assert response.headers["content-language"] == "fr"
    assert "décembre 2024" in response.text


def test_a_briefing_loads_nothing(client: httpx.Client) -> None:
    response = client.get("/v1/briefings/MLI")
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert re.findall(r'<(?:script|img|link)[^>]*>|src="[^"]*"', response.text) == [
        '<link rel="icon" href="data:,">'
    ]


def test_names_are_escaped(tmp_path: Path) -> None:
    nasty = '"><script>alert(1)</script>'
    publish_bulletin(tmp_path, rows=[row | {"name": nasty} for row in rows_of()])
    with serve_home(tmp_path) as client:
        page = client.get("/v1/briefings/MLI").text
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4


def test_a_briefing_says_whom_it_is_owed_to(client: httpx.Client) -> None:
    manifest = client.get("/v1/bulletins/latest").json()
    text = text_of(client.get("/v1/briefings/MLI").text)
    for fact in (manifest["licence"], manifest["citation"], manifest["boundaries"]):
        assert fact in text
    for source in manifest["sources"]:
        assert source["title"] in text


def test_a_country_of_countries_alone_has_a_briefing(tmp_path: Path) -> None:
    rows = [row for row in rows_of() if row["level"] == "country"]
    publish_bulletin(tmp_path, rows=rows, parts={}, indicators=None)
    with serve_home(tmp_path) as client:
        response = client.get("/v1/briefings/MLI")
    assert response.status_code == 200
    assert 'class="map"' not in response.text


def test_a_country_is_ranked_by_what_it_has(tmp_path: Path) -> None:
    rows = [row for row in rows_of() if row["country"] == "MLI" or row["target"] == "onset"]
    publish_bulletin(tmp_path, rows=rows)
    with serve_home(tmp_path) as client:
        text = text_of(client.get("/v1/briefings/NER").text)
    assert "1 Agadez" in text
    assert "Instability" not in text


@pytest.mark.parametrize("name", ["ML", "mali", "Republic of Mali"])
def test_a_country_is_found_by_any_code_or_name(client: httpx.Client, name: str) -> None:
    assert client.get(f"/v1/briefings/{name}").text == client.get("/v1/briefings/MLI").text


def test_a_misspelt_country_is_refused_with_those_like_it(client: httpx.Client) -> None:
    detail = client.get("/v1/briefings/Nigr").json()["detail"]
    assert "Niger (NER)" in detail


@pytest.mark.parametrize("country", ["XYZ", "FRA"])
def test_an_unknown_country_is_refused(client: httpx.Client, country: str) -> None:
    response = client.get(f"/v1/briefings/{country}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_a_country_without_scores_is_refused_with_the_reason(client: httpx.Client) -> None:
    response = client.get("/v1/briefings/BFA")
    assert response.status_code == 404
    assert "observed to December 2019 only" in response.json()["detail"]


def test_without_a_bulletin_there_is_no_briefing(empty_client: httpx.Client) -> None:
    assert empty_client.get("/v1/briefings/MLI").status_code == 503


def test_the_api_lists_briefings_as_pages(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    responses = document["paths"]["/v1/briefings/{country}"]["get"]["responses"]
    assert set(responses["200"]["content"]) == {"text/html"}
    assert {"404", "503"} <= responses.keys()
