import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.bulletin import Manifest
from service.pages.page import _percent

Row = dict[str, Any]
Publish = Callable[..., Manifest]
Serving = Callable[[Path], AbstractContextManager[httpx.Client]]


def test_the_page_says_what_the_bulletin_is(client: httpx.Client) -> None:
    response = client.get("/")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    for fact in (
        "December 2024",
        "21 January 2025",
        "06:00 UTC",
        "as of 20 January 2025",
        "ucdp-candidate 24.0.12",
        "tocsin-admin1 v3",
        "2024-12-5f3a9c01d2e4",
    ):
        assert fact in response.text


def test_the_page_ranks_instability_next_month_and_escalation(client: httpx.Client) -> None:
    page = client.get("/").text
    assert "Instability in January 2025" in page
    assert "Escalation to March 2025" in page
    instability, escalation = page.split("Escalation to")
    order = ["MLI-gao", "MLI-mopti", "NER-agadez", "NER-tillaberi"]
    for part, target, horizon in ((instability, "instability", 1), (escalation, "escalation", 3)):
        shown = re.findall(r'href="v1/scores/([^"?]+)"', part)
        asked = f"/v1/scores?level=admin1&target={target}&horizon={horizon}"
        scores = client.get(asked).json()["items"]
        assert shown == [score["region"] for score in scores]
        assert sorted(shown) == order


def test_another_level_can_be_shown(client: httpx.Client) -> None:
    page = client.get("/?level=country").text
    assert "Mali" in page
    assert "Mopti" not in page


def test_links_of_the_page_lead_somewhere(client: httpx.Client) -> None:
    links = set(re.findall(r'href="([^"]+)"', client.get("/").text)) - {"data:,"}
    assert "docs" in links
    for link in links:
        assert client.get(f"/{link}").status_code == 200, link


def test_names_are_escaped(
    tmp_path: Path, publish: Publish, serving: Serving, rows: list[Row]
) -> None:
    nasty = "<script>alert('x')</script> & Co"
    renamed = [row | ({"name": nasty} if row["region"] == "MLI-gao" else {}) for row in rows]
    publish(tmp_path, rows=renamed)
    with serving(tmp_path) as client:
        page = client.get("/").text
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        assert client.get("/v1/scores/MLI-gao").json()["region"]["name"] == nasty


def test_a_bulletin_without_some_targets_still_has_a_page(
    tmp_path: Path, publish: Publish, serving: Serving, rows: list[Row]
) -> None:
    publish(tmp_path, rows=[row for row in rows if row["target"] == "fatalities"])
    with serving(tmp_path) as client:
        page = client.get("/")
        assert page.status_code == 200
        assert "Escalation" not in page.text


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_load_nothing_from_elsewhere(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', response.text)
    assert not [address for address in loaded if re.match(r"(https?:)?//", address)]
    assert "default-src 'self'" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("probability", "written"),
    [(0.0, "<1%"), (0.004, "<1%"), (0.01, "1%"), (0.426, "43%"), (0.99, "99%"), (0.996, ">99%")],
)
def test_a_probability_is_never_rounded_to_certainty(probability: float, written: str) -> None:
    assert _percent(probability) == written
