import re
from html import unescape
from pathlib import Path

import httpx
import pytest

from bulletins.manifest import RiskLevel
from service.pages.reading.accuracy import Band
from tests.bulletins.example import publish_bulletin
from tests.service.conftest import serve_home


def rows_of_tables(page: str) -> list[list[str]]:
    """The cells of all rows, without charts."""
    page = re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", page, flags=re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.DOTALL) for row in rows]
    return [
        [" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in row] for row in cells
    ]


def test_report_and_model_card_are_at_hand(client: httpx.Client) -> None:
    page = client.get("/accuracy?level=admin1").text
    links = re.findall(r'href="\./([^"]*/files/[^"]+|models/[^"]+)"', page)
    report, card = (unescape(link) for link in links)
    assert report.endswith("/files/report-admin1.html")
    assert card.startswith("models/admin1?")
    for link in (report, card):
        assert client.get(f"/{link}").status_code == 200


def test_risk_levels_say_what_came_true(client: httpx.Client) -> None:
    rows = rows_of_tables(client.get("/accuracy?level=admin1").text)
    (low, *_) = (row for row in rows if row[0] == "low")
    assert low[1:3] == ["below 20 %", "10 %"]
    assert "40" in low


def band(came_true: float | None, low: float | None, high: float | None) -> Band:
    risk = {"name": "high", "lowest": 0.5, "scores": 9, "came_true": came_true}
    return Band(RiskLevel.model_validate(risk | {"low": low, "high": high}), 0.8)


@pytest.mark.parametrize(
    ("came_true", "low", "high", "surplus"),
    [
        (0.6, 0.5, 0.7, 0),
        (0.4, 0.3, 0.5, 0),
        (0.4, 0.3, 0.45, -1),
        (0.9, 0.85, 0.95, 1),
        (0.9, 0.8, 0.95, 0),
        (0.9, None, None, 1),
        (None, None, None, None),
    ],
)
def test_a_level_is_judged_by_its_interval(
    came_true: float | None, low: float | None, high: float | None, surplus: int | None
) -> None:
    assert band(came_true, low, high).surplus == surplus


def test_a_bulletin_that_judges_nothing_says_so(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, parts={}, indicators=None, risk_scales=())
    with serve_home(tmp_path) as client:
        page = client.get("/accuracy")
    assert page.status_code == 200
    assert "does not say how such scores came out in a backtest" in page.text
