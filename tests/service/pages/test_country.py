"""The page of a country, and the early signs of its regions."""

import re
from pathlib import Path

import httpx
import pytest

from features.language import LANGUAGES
from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_rows import ORIGIN, REGIONS, rows_of
from tests.bulletins.example_tables import older_parts_of
from tests.service.conftest import serve_home

BORDER = "Share of the border with neighbours that had at least 25 deaths in the month: 50"


def test_early_signs_stand_on_the_page_of_a_region_and_in_the_api(client: httpx.Client) -> None:
    page = client.get("/regions/MLI-gao").text.replace("\N{NO-BREAK SPACE}", " ")
    signs = client.get("/v1/scores/MLI-gao").json()["signs"]
    assert [(s["name"], s["own_percentile"], s["since"]) for s in signs] == [
        ("deaths_mean_3", 100, "2024-11"),
        ("border_weighted_instability_25", 96, "2024-11"),
    ]
    sentences = [sign["sentence"].replace("\N{NO-BREAK SPACE}", " ") for sign in signs]
    assert "more than in any earlier month here" in sentences[0]
    assert page.index(sentences[0]) < page.index(sentences[1])
    assert BORDER in sentences[1]


def test_a_country_has_the_signs_of_all_regions_once_and_the_worst_of_each(
    client: httpx.Client,
) -> None:
    page = client.get("/countries/MLI").text.replace("\N{NO-BREAK SPACE}", " ")
    whole, _, regions = page.partition('<h2 id="regions-title">')
    assert BORDER in whole
    assert "Early signs in the whole country" in whole
    assert BORDER not in regions
    for deaths in (12, 7):
        assert f"Mean monthly deaths over the last 3 months: {deaths}." in regions
        assert f"last 3 months: {deaths}." not in whole


def test_signs_of_a_country_with_one_region_are_those_of_the_region(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, rows_of(REGIONS[2:3]))
    with serve_home(tmp_path) as client:
        page = client.get("/countries/MLI").text
    assert "in the whole country" not in page
    assert page.count("Mean monthly deaths over the last 3 months: 12.") == 1


def test_an_older_bulletin_does_not_know_early_signs(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, parts=older_parts_of(rows_of(), ORIGIN))
    with serve_home(tmp_path) as old:
        assert old.get("/v1/scores/MLI-gao").json()["signs"] is None
        assert "does not say where indicators stand" in old.get("/regions/MLI-gao").text
        assert "not known" in old.get("/countries/MLI").text


def test_without_any_early_sign_that_is_said(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, indicators=())
    with serve_home(tmp_path) as quiet:
        assert quiet.get("/v1/scores/MLI-gao").json()["signs"] == []
        page = quiet.get("/regions/MLI-gao").text
        assert "None: at the end of December 2024 no indicator stood beyond" in page


@pytest.mark.parametrize("name", ["MLI", "ml", "Mali"])
def test_a_country_has_its_regions_the_highest_first(client: httpx.Client, name: str) -> None:
    page = client.get(f"/countries/{name}").text
    address = "/v1/scores?country=MLI&level=admin1&target=instability&horizon=1"
    scores = client.get(address).json()["items"]
    regions = re.findall(r'<th scope="row"><a href="../regions/([^?"]+)', page)
    assert regions == [score["region"] for score in scores]
    for score in scores:
        assert f"<b>{LANGUAGES['en'].percent(score['probability'])}</b>" in page
    assert "v1/briefings/MLI" in page


def test_a_country_is_shown_in_a_language_and_at_a_horizon(client: httpx.Client) -> None:
    page = client.get("/countries/MLI?lang=fr&target=fatalities&horizon=4").text
    assert "<h1>Mali</h1>" in page
    assert "avril 2025" in page
    assert "lang=fr" in re.findall(r'href="../regions/MLI-gao([^"]+)"', page)[0]


def test_a_country_without_a_score_says_why(client: httpx.Client) -> None:
    page = client.get("/countries/BFA").text
    assert "No score: Burkina Faso (observed to December 2019 only)" in page
    assert "v1/briefings" not in page


@pytest.mark.parametrize("name", ["FRA", "Mal", "MLI-gao"])
def test_an_unknown_country_is_refused(client: httpx.Client, name: str) -> None:
    answer = client.get(f"/countries/{name}")
    assert answer.status_code == 404
    assert f"does not score country '{name}'" in answer.json()["detail"]


def test_the_map_and_the_regions_lead_to_the_country(client: httpx.Client) -> None:
    for address in ("/", "/regions/MLI-gao", "/?level=country&region=MLI"):
        found = re.findall(r'href="([./]*)countries/MLI(?:\?[^"]*)?"', client.get(address).text)
        assert found, address
    assert client.get("/countries/MLI?level=country").text.count(">Gao</a>") == 1
