import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from features.errors import InputError, TocsinError
from features.language import ENGLISH
from service.errors import NoBulletinError, ParameterError, UnknownError
from service.terminal import remote_scores, top_scores
from tests.bulletins.example import publish_bulletin
from tests.command import tocsin


def test_the_terminal_gives_what_the_api_gives(home: Path, client: httpx.Client) -> None:
    manifest, scores = top_scores(
        home, country=["MLI"], level="admin1", target="instability", horizon=[1, 2], limit=3
    )
    address = "/v1/scores?country=MLI&level=admin1&target=instability&horizon=1&horizon=2&limit=3"
    body = client.get(address).json()
    assert [score.model_dump(mode="json") for score in scores] == body["items"]
    assert manifest.id == body["bulletin"]["id"]
    assert manifest.simulated


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"country": ["XXX"]}, UnknownError, "country 'XXX'"),
        ({"country": ["Malli"]}, UnknownError, "did you mean Mali (MLI)?"),
        ({"target": "famine"}, ParameterError, "target: 'famine' is refused"),
        ({"limit": 0}, ParameterError, "limit: '0' is refused"),
        ({"region": ["nowhere"]}, UnknownError, "region 'nowhere'"),
    ],
)
def test_what_the_terminal_refuses_is_one_plain_line(
    home: Path, asked: dict[str, Any], error: type[TocsinError], said: str
) -> None:
    with pytest.raises(error) as refusal:
        top_scores(home, **asked)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_terminal_says_when_nothing_is_published(tmp_path: Path) -> None:
    with pytest.raises(NoBulletinError, match=f"no bulletin in '{tmp_path}'"):
        top_scores(tmp_path)


def test_a_remote_service_gives_the_same(home: Path, client: httpx.Client) -> None:
    asked: dict[str, Any] = {"country": ["MLI"], "level": "admin1", "target": "instability"}
    bulletin, scores = remote_scores(str(client.base_url), limit=3, **asked)
    assert scores == top_scores(home, limit=3, **asked)[1]
    assert bulletin.simulated


def test_a_remote_refusal_is_told_as_it_was_given(client: httpx.Client) -> None:
    with pytest.raises(InputError, match="country 'XXX'"):
        remote_scores(str(client.base_url), country="XXX")
    with pytest.raises(InputError, match="cannot be reached"):
        remote_scores("http://127.0.0.1:1")
    with pytest.raises(InputError, match="otherwise"):
        remote_scores(f"{client.base_url}/docs#")


def test_the_command_asks_the_service_that_it_is_told(client: httpx.Client) -> None:
    asked = ("--url", str(client.base_url), "--country", "MLI", "--level", "admin1")
    shown = tocsin(None, "scores", *asked, "--format", "table", COLUMNS="80")
    assert shown.returncode == 0
    assert "SIMULATED bulletin 2024-12-5f3a9c01d2e4" in shown.stdout
    assert "MLI-gao" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_a_region_has_one_row_and_deaths_are_a_number_with_its_range(home: Path) -> None:
    listed = tocsin(home, "scores", "--target", "fatalities", "--level", "admin1")
    rows = list(csv.DictReader(io.StringIO(listed.stdout)))
    assert len({row["region"] for row in rows}) == len(rows) > 1
    assert set(rows[0]) == {"region", "name", "target", "to", "deaths", "90_percent"}
    nearest = top_scores(home, target="fatalities", level="admin1", sort="-mean")[1]
    assert {score.horizon for score in nearest} == {1}
    assert rows[0]["deaths"] == ENGLISH.deaths(nearest[0].mean)


FILTERS: list[dict[str, Any]] = [
    {"target": "instability", "target_month": ["2025-03", "2025-05"], "country": ["mali"]},
    {"target": "escalation", "horizon": ["3,12"], "risk_level": ["high", "elevated"]},
    {"target": "fatalities", "threshold": 20.0, "min_probability": 0.2, "sort": "-exceedance"},
    {"bbox": "-4.2,14.1,-3.9,14.3", "horizon": ["1-3"]},
    {"target": "instability", "origin": "2024-11", "sort": "name"},
    {"target": "instability", "as_of": "2024-12-31", "limit": 3},
]


@pytest.mark.parametrize("filters", FILTERS)
def test_every_filter_is_that_of_the_api_at_hand_and_remotely(
    months_home: Path, months_client: httpx.Client, filters: dict[str, Any]
) -> None:
    manifest, scores = top_scores(months_home, **filters)
    summary, remote = remote_scores(str(months_client.base_url), **filters)
    assert remote == scores != []
    assert summary.id == manifest.id
    nearest = {} if {"horizon", "target_month"} & set(filters) else {"horizon": "1"}
    items = months_client.get("/v1/scores", params=nearest | filters).json()["items"]
    assert [score.model_dump(mode="json") for score in scores] == items


def test_the_command_takes_every_filter(months_home: Path, months_client: httpx.Client) -> None:
    asked = "--country ml --level admin1 --threshold 2 --target-month 2025-02 --origin 2024-11"
    asked += " --bbox=-5,10,5,20 --min-probability 0.1 --sort name --limit 5 --format json"
    local = tocsin(months_home, "scores", *asked.split())
    remote = tocsin(None, "scores", *asked.split(), "--url", str(months_client.base_url))
    rows = json.loads(local.stdout)
    assert json.loads(remote.stdout) == rows
    assert [(row["region"], row["to"]) for row in rows] == [
        ("MLI-gao", "2025-02"),
        ("MLI-mopti", "2025-02"),
    ]
    assert all(0.1 <= row["exceedance"] <= 1 for row in rows)
    older = tocsin(months_home, "scores", "--as-of", "2000-01-01")
    assert older.returncode == 1
    assert "there is no bulletin issued by 2000-01-01" in older.stderr
    assert "did you mean Mali (MLI)?" in tocsin(months_home, "scores", "--country", "Malli").stderr


def test_numbers_are_numbers_to_a_program(home: Path) -> None:
    listed = tocsin(home, "scores", "--region", "MLI-gao", "--format", "json")
    (row,) = json.loads(listed.stdout)
    (score,) = top_scores(home, target="instability", region=["MLI-gao"])[1]
    assert (row["probability"], row["deaths_to_reach"]) == (round(score.probability, 3), 5)


def test_bulletins_are_listed_the_newest_first_and_damaged_ones_are_named(tmp_path: Path) -> None:
    none = tocsin(tmp_path, "bulletins")
    assert (none.returncode, none.stdout) == (1, "")
    assert f"no bulletin in '{tmp_path}'" in none.stderr
    publish_bulletin(tmp_path)
    (tmp_path / "bulletins" / "2024-11-000000000000").mkdir()
    listed = tocsin(tmp_path, "bulletins", "--format", "json")
    assert listed.returncode == 0
    (bulletin,) = json.loads(listed.stdout)
    assert bulletin["bulletin"] == "2024-12-5f3a9c01d2e4"
    assert bulletin["simulated"] is True
    assert listed.stderr.startswith("not served: bulletin 2024-11-000000000000")
