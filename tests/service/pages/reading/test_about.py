import re

import httpx
import pytest

from service.pages.reading.glossary import GLOSSARY


def test_every_term_is_explained_and_can_be_linked_to(client: httpx.Client) -> None:
    page = client.get("/about").text
    anchors = set(re.findall(r'<dt id="([^"]+)"', page))
    assert anchors == {term.replace(" ", "-") for term in GLOSSARY}


@pytest.mark.parametrize("path", ["/bulletins", "/accuracy", "/about"])
def test_terms_lead_to_their_explanation(client: httpx.Client, path: str) -> None:
    anchors = set(re.findall(r'<dt id="([^"]+)"', client.get("/about").text))
    linked = re.findall(r'class="term" href="[^"]*about[^"]*#([^"]+)"', client.get(path).text)
    assert set(linked) <= anchors


def test_what_is_forecast_is_said_with_thresholds(client: httpx.Client) -> None:
    page = client.get("/about").text
    assert "Mean deaths a month, over the months after the origin" in page
    assert "Regions 5" in page


def test_months_ahead_are_said_in_short(client: httpx.Client) -> None:
    page = client.get("/about").text
    assert "Months ahead: 1-12." in page
    assert "Months ahead: 3, 6, 12." in page
