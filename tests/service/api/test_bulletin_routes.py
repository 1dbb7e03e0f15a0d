import csv
import io
from pathlib import Path

import httpx
import pytest

from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_record import publish_record
from tests.service.conftest import newest_id, serve_home, wait_until


def items(client: httpx.Client, query: str) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = client.get(f"/v1/track-record?{query}").json()["items"]
    return listed


def test_the_record_of_coups_says_how_little_it_tells(client: httpx.Client) -> None:
    answer = client.get("/v1/track-record?target=coup&state=first").json()
    assert answer["caution"].startswith("The record of coups has scores of 2 months, and 3 attem")
    assert {row["forecast"]: row["attempts"] for row in answer["items"]} == dict.fromkeys(
        ("score", "months_since", "base_rate", "own_rate"), 3
    )
    other = client.get("/v1/track-record?target=instability").json()
    assert {row["attempts"] for row in other["items"]} == {None}


def test_scores_stand_beside_the_references_that_they_are_judged_by(client: httpx.Client) -> None:
    rows = items(client, "level=admin1&target=instability&state=first")
    by_forecast = {row["forecast"]: row for row in rows}
    own, rival = by_forecast["score"], by_forecast["conflictology"]
    assert (own["n"], own["observed"], own["brier"], own["skill"]) == (40, 0.25, 0.09, None)
    assert (own["by"], own["group"], own["edition"]) == ("all", "all", 1)
    assert own["as_of"] == "2025-01-20"
    assert (rival["brier"], rival["skill"]) == (0.1, pytest.approx(0.1))


def test_the_record_is_divided_as_is_asked(client: httpx.Client) -> None:
    here = "level=admin1&target=instability&state=first"
    assert {row["group"] for row in items(client, f"{here}&by=horizon")} == {"1", "2"}
    assert {row["group"] for row in items(client, f"{here}&horizon=2")} == {"2"}
    assert {row["group"] for row in items(client, f"{here}&country=Mali")} == {"MLI"}
    words = items(client, f"{here}&by=risk_level")
    assert [(row["group"], row["n"], row["observed"]) for row in words][1] == ("high", 10, 0.6)
    told = items(client, f"{here}&bulletin=2024-10-000000000002")
    assert {row["by"] for row in told} == {"bulletin"}


def test_first_and_final_outcomes_are_told_apart(client: httpx.Client) -> None:
    rows = items(client, "level=country&target=instability")
    own = {row["state"]: row for row in rows if row["forecast"] == "score"}
    assert (own["first"]["brier"], own["first"]["first_loss"]) == (0.09, None)
    assert (own["final"]["brier"], own["final"]["first_loss"]) == (0.11, 0.09)


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        ("horizon=1&country=MLI", 422, "divided by horizon already"),
        ("by=year&horizon=1", 422, "divided by year already"),
        ("bulletin=2024-09-000000000001", 404, "has nothing of bulletin 2024-09-000000000001"),
        ("edition=7", 404, "there is no edition 7"),
        ("edition=0", 422, "edition"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    client: httpx.Client, query: str, status: int, detail: str
) -> None:
    response = client.get(f"/v1/track-record?{query}")
    assert response.status_code == status
    assert detail in response.json()["detail"]


def test_pages_of_an_edition_go_on_in_that_edition(client: httpx.Client) -> None:
    first = client.get("/v1/track-record?limit=3").json()
    assert first["next"] == "/v1/track-record?limit=3&edition=1&offset=3"
    whole = items(client, "limit=1000")
    assert first["items"] + client.get(first["next"]).json()["items"] == whole[:6]


def test_a_file_says_what_is_simulated_and_as_of_when(client: httpx.Client) -> None:
    text = client.get("/v1/track-record?format=csv").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {(row["simulated"], row["edition"], row["as_of"]) for row in rows} == {
        ("true", "1", "2025-01-20")
    }


def test_before_anything_is_recorded_the_list_is_empty_and_a_new_edition_is_taken_up(
    tmp_path: Path,
) -> None:
    publish_bulletin(tmp_path)
    with serve_home(tmp_path) as client:
        wait_until(lambda: newest_id(client) is not None)
        assert client.get("/v1/track-record").json()["items"] == []
        publish_record(tmp_path)
        wait_until(lambda: client.get("/v1/track-record").json()["total"] > 0)
        edition = publish_record(tmp_path, number=2)
        wait_until(lambda: client.get("/v1/track-record").json()["items"][0]["edition"] == 2)
        assert edition.number == 2
        assert client.get("/v1/track-record?edition=1").json()["items"][0]["edition"] == 1


def test_a_damaged_record_is_not_served_and_says_so(tmp_path: Path) -> None:
    publish_bulletin(tmp_path)
    publish_record(tmp_path)
    (tmp_path / "record" / "0001" / "summary.parquet").write_bytes(b"other")
    with serve_home(tmp_path) as client:
        response = client.get("/v1/track-record")
        assert response.status_code == 503
        assert "edition 0001 of the track record cannot be used" in response.json()["detail"]
        assert client.get("/v1/scores").status_code == 200
