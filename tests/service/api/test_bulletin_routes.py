import httpx
import pytest

from service.api.bulletin_routes import pooled


def test_bulletins_weigh_by_what_they_forecast(client: httpx.Client) -> None:
    """Ten forecasts with twice the score of thirty others: (10 x 2 + 30 x 1) / 40 = 1.25."""
    items = client.get("/v1/track-record").json()["items"]
    by_forecast = {item["forecast"]: item for item in items}
    own = by_forecast["score"]
    assert (own["bulletins"], own["n"]) == (2, 40)
    assert own["brier"] == pytest.approx(0.09 * 1.25)
    # The best reference has 0.10 where the scores have 0.09.
    assert own["skill"] == pytest.approx(0.1)
    assert by_forecast["conflictology"]["skill"] == pytest.approx(0)
    assert by_forecast["climatology"]["skill"] == pytest.approx(-0.2)


def test_one_bulletin_alone(client: httpx.Client) -> None:
    items = client.get("/v1/track-record?of=2024-11-000000000001").json()["items"]
    own = next(item for item in items if item["forecast"] == "score")
    assert (own["bulletins"], own["n"], own["brier"]) == (1, 30, 0.09)


def test_what_was_not_judged_is_unknown(client: httpx.Client) -> None:
    response = client.get("/v1/track-record?of=2024-09-000000000001")
    assert response.status_code == 404


def test_what_nobody_forecast_has_no_record(client: httpx.Client) -> None:
    assert client.get("/v1/track-record?target=onset").json()["items"] == []


def test_no_skill_is_told_over_a_reference_that_was_hardly_ever_wrong() -> None:
    about = {"level": "country", "target": "onset", "horizon": 3, "n": 3}
    means = {"observed": 0.0, "forecasted": 0.1, "log_score": 0.1, "auc": None}
    means |= dict.fromkeys(("quantile_score", "within_90"))
    rows = [
        about | means | {"forecast": "score", "brier": 0.37},
        about | means | {"forecast": "climatology", "brier": 0.001},
    ]
    assert [record.skill for record in pooled(rows)] == [None, None]
    told = pooled([row | {"n": 1000} for row in rows])
    assert [record.skill for record in told] == [pytest.approx(-369), 0]
