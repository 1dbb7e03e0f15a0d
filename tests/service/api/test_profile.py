import math
from typing import Any

import httpx
import pytest

from bulletins.manifest import Manifest
from service.api.profile import _earlier
from tests.bulletins.example import EXAMPLE_MONTHS, publish_bulletin
from tests.service.conftest import serve_home


@pytest.fixture(scope="module")
def gao(months_client: httpx.Client) -> dict[str, Any]:
    listed = [b["origin"] for b in months_client.get("/v1/bulletins").json()["items"]]
    assert listed == sorted(EXAMPLE_MONTHS, reverse=True)
    body: dict[str, Any] = months_client.get("/v1/scores/MLI-gao").json()
    return body


def test_every_fatalities_score_has_its_distribution(gao: dict[str, Any]) -> None:
    scores = {s["horizon"]: s for s in gao["scores"] if s["target"] == "fatalities"}
    assert [d["horizon"] for d in gao["distributions"]] == sorted(scores)
    for told in gao["distributions"]:
        score = scores[told["horizon"]]
        assert told["target_month"] == score["target_month"]
        assert told["deaths"] == [0, 5, 10]
        assert told["exceedance"] == [1, score["probability"], score["probability"] / 2]


def test_reasons_add_up_to_the_score(gao: dict[str, Any]) -> None:
    assert len(gao["drivers"]) == len([s for s in gao["scores"] if s["target"] != "fatalities"])
    for told in gao["drivers"]:
        p, before = told["probability"] or 1e-4, told["previous_probability"]
        whole = told["usual_probability"] + sum(f["contribution"] for f in told["families"])
        assert whole == pytest.approx(p, abs=1e-5)  # of six digits each
        moves = sum(family["change"] for family in told["families"]) + told["revision"]
        assert before + moves == pytest.approx(p, abs=1e-5)
        assert math.log(p / (1 - p)) - math.log(before / (1 - before)) == pytest.approx(
            0.5, abs=1e-5
        )
        assert told["change"] == pytest.approx(told["probability"] - before, abs=1e-5)
        strengths = [abs(family["contribution"]) for family in told["families"]]
        assert strengths == sorted(strengths, reverse=True)
        assert told["indicators"][0]["unit"] == "deaths/month"
    unstable = next(d for d in gao["drivers"] if d["target"] == "instability")
    assert unstable["sentence"] == (
        "Up from 65\u00a0% to 75\u00a0%, mostly because there was more violence next door (share "
        "of the border with neighbours that had at least 25 deaths in the month: 50\u00a0%, "
        "before 25\u00a0%)."
    )


def test_neighbours_come_with_their_scores(gao: dict[str, Any]) -> None:
    assert [n["region"] for n in gao["neighbours"]] == ["MLI-mopti", "NER-tillaberi"]
    for neighbour in gao["neighbours"]:
        assert {s["target"] for s in neighbour["scores"]} >= {"instability", "escalation"}


def test_earlier_bulletins_stand_beside_what_came(gao: dict[str, Any]) -> None:
    """In the example the deaths of December 2024 are 23, and one fewer each month before."""
    assert [e["origin"] for e in gao["earlier"]] == sorted(
        (e["origin"] for e in gao["earlier"]), reverse=True
    )
    by_kind = {(e["origin"], e["target"], e["horizon"]): e for e in gao["earlier"]}
    november = by_kind["2024-11", "instability", 1]
    assert (november["target_month"], november["deaths"], november["outcome"]) == (
        "2024-12",
        23,
        True,
    )
    assert by_kind["2024-11", "instability", 2]["outcome"] is None
    # October to December: 21, 22 and 23 deaths.
    window = by_kind["2024-09", "escalation", 3]
    assert (window["deaths"], window["outcome"]) == (22, True)
    assert by_kind["2024-10", "escalation", 3]["deaths"] is None
    assert ("2024-12", "instability", 1) not in by_kind


def test_deaths_say_nothing_of_whether_a_coup_was_attempted(months_client: httpx.Client) -> None:
    bulletin = months_client.get("/v1/bulletins/latest").json()
    row = {"region": "MLI", "target": "coup", "horizon": 1, "target_month": "2025-01"}
    row |= {"threshold": 1.0, "probability": 0.1} | dict.fromkeys(("mean", "q05", "q50", "q95"))
    (score,) = _earlier(Manifest.model_validate(bulletin), [row], {"2025-01": 88.0})
    assert (score.deaths, score.outcome) == (None, None)


def test_an_older_bulletin_knows_nothing_of_newer_ones(months_client: httpx.Client) -> None:
    answer = months_client.get("/v1/scores/MLI-gao?origin=2024-10")
    body = answer.json()
    assert body["bulletin"]["origin"] == "2024-10"
    assert {e["origin"] for e in body["earlier"]} == {"2024-09"}, answer.text


def test_a_bulletin_without_the_other_files_still_has_its_scores(tmp_path: Any) -> None:
    publish_bulletin(tmp_path, parts={})
    with serve_home(tmp_path) as client:
        body = client.get("/v1/scores/MLI-gao").json()
        assert body["scores"]
        assert body["distributions"] == body["drivers"] == body["neighbours"] == []
        assert body["region"]["latitude"] is None
        missing = client.get("/v1/regions/MLI-gao/history")
        assert missing.status_code == 404
        assert "issued before history" in missing.json()["detail"]
