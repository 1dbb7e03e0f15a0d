"""The page of a country."""

import re

import httpx
import pytest

from features.language import LANGUAGES


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
