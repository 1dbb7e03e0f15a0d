from pathlib import Path

import httpx
import pytest

from bulletins.manifest import Shortfall
from service.pages.reading.track_record import Outcome
from tests.bulletins.example import publish_bulletin
from tests.service.conftest import serve_home
from tests.service.pages.reading.test_accuracy import rows_of_tables


def text_of(page: str) -> str:
    return " ".join(page.split())


def test_warnings_are_counted_in_words(client: httpx.Client) -> None:
    page = text_of(client.get("/track-record?level=admin1").text)
    assert "Of 10 warnings called high or critical, 6 came true." in page
    assert "All scores together said 20 % on average, and 25 % came true." in page
    assert "10 % of its error was saved. There are too few months yet" in page
    assert "Of 40 forecasts 10 were computed when their month was already over" in page


def test_what_is_worse_than_the_simple_forecast_is_said_to_be(client: httpx.Client) -> None:
    page = text_of(client.get("/track-record?level=admin1&state=final").text)
    assert (
        "<strong>They were worse than the simple forecast: their error was larger by 10 %" in page
    )
    assert "Their error is 0.11 by final outcomes, and was 0.09 by those first known." in page


def test_tables_have_each_horizon_and_word(client: httpx.Client) -> None:
    rows = rows_of_tables(client.get("/track-record?level=admin1").text)
    assert ["high", "10", "20 %", "60 %", "", "too few months"] in rows
    assert ["2", "40", "20 %", "25 %", "+10 %", ""] in rows
    assert ["October 2024", "40", "20 %", "25 %", "+10 %", ""] in rows
    assert ["Mali", "40", "20 %", "25 %", "+10 %", ""] in rows


@pytest.mark.parametrize(
    ("skill", "low", "high", "verdict"),
    [
        (None, None, None, "untold"),
        (0.1, None, None, "unsure"),
        (0.1, 0.02, 0.2, "better"),
        (0.1, -0.02, 0.2, "even"),
        (-0.1, -0.2, -0.02, "worse"),
    ],
)
def test_a_verdict_needs_an_interval(
    skill: float | None, low: float | None, high: float | None, verdict: str
) -> None:
    rival = {"skill": skill, "skill_low": low, "skill_high": high}
    assert Outcome({}, rival).verdict == verdict


def test_coups_have_a_rival_of_their_own_and_a_caution(client: httpx.Client) -> None:
    page = text_of(client.get("/track-record?level=country").text)
    coups = page[page.index('<section id="coup"') :].partition("</section>")[0]
    assert "10 % of its error was saved. There are too few attempts yet" in coups
    assert "is from the time since the last attempt alone." in coups
    assert "The record of coups has scores of 2 months, and 3 attempts. So few tell nothing" in page
    assert "The record of coups" not in client.get("/track-record?level=admin1").text
    french = text_of(client.get("/track-record?level=country&lang=fr").text)
    assert "sur les scores de 2 mois et compte 3 tentatives." in french


def test_before_anything_came_the_page_says_so(tmp_path: Path) -> None:
    publish_bulletin(tmp_path)
    with serve_home(tmp_path) as client:
        page = client.get("/track-record")
    assert page.status_code == 200
    assert "Nothing that was forecast has been observed yet." in page.text


@pytest.mark.parametrize("address", ["/", "/accuracy", "/track-record", "/v1/briefings/MLI"])
def test_a_bulletin_whose_scores_have_been_worse_says_so_on_every_page(
    tmp_path: Path, address: str
) -> None:
    about = {"level": "country", "state": "first", "n": 90, "origins": 30, "skill": -0.1}
    shortfalls = (
        Shortfall.model_validate(about | {"target": "instability", "low": -0.2, "high": -0.05}),
        Shortfall.model_validate(about | {"target": "onset", "low": None, "high": None}),
    )
    publish_bulletin(tmp_path, shortfalls=shortfalls)
    with serve_home(tmp_path) as client:
        page = text_of(client.get(address).text).replace("&#39;", "'")
        told = client.get("/v1/scores?limit=1").json()["bulletin"]["shortfalls"]
    sure = "Countries: forecasts so far of Instability have been worse than what each place's last"
    assert sure in page
    assert "forecasts so far of Onset have been worse" in page
    assert "too few months yet to rule out chance" in page
    assert [one["target"] for one in told] == ["instability", "onset"]
