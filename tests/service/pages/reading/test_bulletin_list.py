import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import httpx
import pytest

from service.pages.reading import bulletin_list
from tests.bulletins.example import publish_bulletin, publish_months
from tests.service.conftest import serve_home


def ids_in(page: str) -> list[str]:
    return re.findall(r'name="bulletin" value="([^"]+)"', page)


def test_every_bulletin_is_listed_and_can_be_taken_along(months_client: httpx.Client) -> None:
    page = months_client.get("/bulletins").text
    listed = [one["id"] for one in months_client.get("/v1/bulletins").json()["items"]]
    assert ids_in(page) == listed
    links = [unescape(link) for link in re.findall(r'href="([^"]*v1/(?!feed)[^"]+)"', page)]
    briefings = [link for link in links if "briefings" in link]
    assert [link.partition("?")[0][-3:] for link in briefings] == ["MLI", "NER"]
    assert len(links) == 4 * len(listed) + len(briefings)
    for link in links:
        assert months_client.get(f"/{link}").status_code == 200, link


def test_outlines_are_offered_of_bulletins_that_have_them_only(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, parts={}, indicators=None, risk_scales=())
    with serve_home(tmp_path) as client:
        page = client.get("/bulletins").text
    assert "GeoJSON" not in page
    assert "CSV" in page


def test_two_bulletins_are_compared_on_the_map(months_client: httpx.Client) -> None:
    page = months_client.get("/bulletins").text
    newest, before, *_ = ids_in(page)
    assert f'name="compare" value="{before}" checked' in page
    assert f'name="bulletin" value="{newest}" checked' in page
    asked = f"/?show=change&compare={before}&bulletin={newest}"
    assert months_client.get(asked).status_code == 200


def test_many_bulletins_come_in_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulletin_list, "MOST", 2)
    publish_months(tmp_path, ("2024-10", "2024-11", "2024-12"))
    with serve_home(tmp_path) as client:
        page = client.get("/bulletins").text
        (following,) = re.findall(r'href="(bulletins\?after=[^"]+)"', page)
        later = client.get(f"/{following}").text
        everything = [one["id"] for one in client.get("/v1/bulletins").json()["items"]]
    assert ids_in(page) == everything[:2]
    assert everything[2] in later
    assert "bulletins?after=" not in later


@pytest.mark.parametrize(("day", "is_late"), [(20, False), (21, False), (22, True)])
def test_a_bulletin_that_was_issued_late_says_so(tmp_path: Path, day: int, is_late: bool) -> None:
    publish_bulletin(tmp_path, issued_at=datetime(2025, 1, day, 6, tzinfo=UTC))  # as of the 20th
    with serve_home(tmp_path) as client:
        page = client.get("/bulletins").text
        bulletin = client.get("/v1/scores?limit=1").json()["bulletin"]
    assert ("issued late" in page) == is_late
    assert bulletin["issued_late"] == is_late
