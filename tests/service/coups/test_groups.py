from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from features.targets import INDEPENDENT_ATTEMPTS
from tests.bulletins.example import coups_used, publish_bulletin
from tests.bulletins.example_rows import coup_rows, in_order, rows_of
from tests.service.conftest import serve_home


@pytest.fixture(scope="module")
def coups_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A bulletin with scores of coups in Mali and Niger, and none in Burkina Faso."""
    folder: Path = tmp_path_factory.mktemp("coups")
    coups = coup_rows()
    publish_bulletin(folder, in_order([*rows_of(), *coups]), coups=coups_used(len(coups)))
    with serve_home(folder) as client:
        yield client


def test_a_group_is_one_minus_the_chances_of_none(coups_client: httpx.Client) -> None:
    answer = coups_client.get("/v1/coups?country=Mali&country=ner&country=MLI").json()
    assert answer["total"] == 3
    month, half, year = answer["items"]
    assert month["probability"] == pytest.approx(1 - 0.98 * 0.99)
    assert half["probability"] == pytest.approx(1 - 0.9 * 0.95)
    assert (year["horizon"], year["target_month"]) == (12, "2025-12")
    assert year["countries"] == ["MLI", "NER"]
    assert (year["rule"], year["assumption"]) == INDEPENDENT_ATTEMPTS
    assert "independent" in year["assumption"]
    alone = coups_client.get("/v1/coups?country=MLI&horizon=12").json()["items"]
    assert [one["probability"] for one in alone] == [0.2]
    assert coups_client.get("/v1/coups?horizon=12").json()["items"] == [year]


def test_countries_without_a_score_are_named_and_left_out(coups_client: httpx.Client) -> None:
    address = "/v1/coups?country=MLI&country=BFA&country=FR&horizon=1"
    (group,) = coups_client.get(address).json()["items"]
    assert (group["countries"], group["probability"]) == (["MLI"], 0.02)
    reasons = {one["country"]: one["because"] for one in group["unscored"]}
    assert reasons == {
        "BFA": "observed to December 2019 only",
        "FRA": "not among the observed countries",
    }
    row = coups_client.get(f"{address}&format=csv").text.splitlines()[1]
    assert "not among the observed countries" in row


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        (
            "country=BFA",
            "has no such score of coups: Burkina Faso (BFA): observed to December 2019 only",
        ),
        ("country=Atlantis", "does not score country 'Atlantis'"),
        ("horizon=3", "does not score horizon 3 of coup: it has 1, 6, 12"),
    ],
)
def test_what_is_not_scored_is_a_404_that_says_so(
    coups_client: httpx.Client, query: str, detail: str
) -> None:
    response = coups_client.get(f"/v1/coups?{query}")
    assert response.status_code == 404
    assert detail in response.json()["detail"]


def test_a_bulletin_without_scores_of_coups_says_so(client: httpx.Client) -> None:
    response = client.get("/v1/coups?country=MLI")
    assert response.status_code == 404
    assert "does not score target 'coup'" in response.json()["detail"]


def test_the_list_of_coups_says_how_likely_any_is(coups_client: httpx.Client) -> None:
    page = " ".join(coups_client.get("/?target=coup&level=country&horizon=12").text.split())
    assert "An attempt in at least one of these 2 countries: 28 %, if attempts are" in page
    assert "&amp;horizon=12&amp;country=MLI&amp;country=NER" in page
    narrow = coups_client.get("/?target=coup&level=country&country=MLI").text
    assert "An attempt in at least one" not in narrow
    assert "An attempt in at least one" not in coups_client.get("/").text
