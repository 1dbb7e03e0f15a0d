"""Movers and comparisons: what changed from one bulletin to another."""

from pathlib import Path

import httpx
import pyarrow as pa
import pytest

from bulletins.form import DRIVERS_FILE, DRIVERS_SCHEMA
from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_rows import ORIGIN, rows_of
from tests.bulletins.example_tables import drivers_of, parts_of
from tests.service.conftest import serve_home


def test_movers_are_sorted_by_how_far_they_moved(months_client: httpx.Client) -> None:
    body = months_client.get("/v1/movers?level=admin1&limit=1000").json()
    assert body["previous"] == "2024-11-000000000003"
    sizes = [abs(item["difference"]) for item in body["items"]]
    assert sizes == sorted(sizes, reverse=True)
    assert body["total"] == len(sizes) > 0
    for item in body["items"]:
        assert item["difference"] == pytest.approx(
            item["probability"] - item["previous_probability"],
            abs=2e-6,  # each has six digits
        )
        assert item["target"] != "fatalities"
        assert [family["name"] for family in item["families"]] == ["contagion", "history"]


def test_a_change_of_half_a_log_odd_from_an_even_chance(months_client: httpx.Client) -> None:
    """Log-odds of -0.5 are a probability of 0.3775."""
    items = months_client.get("/v1/movers?limit=1000").json()["items"]
    even = next(item for item in items if item["probability"] == 0.5)
    assert even["previous_probability"] == pytest.approx(0.37754066879814546)


@pytest.mark.parametrize("direction", ["up", "down"])
def test_movers_of_one_direction(months_client: httpx.Client, direction: str) -> None:
    # The example's scores of 0 stand for an even chance before: they went down.
    items = months_client.get(f"/v1/movers?direction={direction}&limit=1000").json()["items"]
    assert all((item["difference"] > 0) == (direction == "up") for item in items)
    assert items


def test_an_impossible_event_that_stays_so_has_not_moved(tmp_path: Path) -> None:
    """The log-odds of 0 and 1 are cut off at some number, which is not to look like a change."""
    rows = [row | {"probability": float(row["horizon"] > 3)} for row in rows_of()]
    drivers = [
        told | {"change": 0.0, "contribution": 20.7 if told["horizon"] > 3 else -20.7}
        for told in drivers_of(rows_of())
    ]
    for told in drivers:
        told["value"] = float(told["horizon"] > 3)
    table = pa.Table.from_pylist(drivers, schema=DRIVERS_SCHEMA)
    parts = parts_of(rows_of(), ORIGIN) | {DRIVERS_FILE: table}
    publish_bulletin(tmp_path, rows, parts=parts)
    with serve_home(tmp_path) as client:
        assert client.get("/v1/movers").json()["total"] == 0
        told = client.get("/v1/scores/MLI-gao").json()["drivers"]
    assert {driver["previous_probability"] for driver in told} == {0.0, 1.0}


def test_movers_come_in_pages(months_client: httpx.Client) -> None:
    whole = months_client.get("/v1/movers?limit=1000").json()["items"]
    page = months_client.get("/v1/movers?limit=7")
    found = page.json()["items"]
    while page.json()["next"]:
        assert page.links["next"]["url"] == page.json()["next"]
        page = months_client.get(page.json()["next"])
        found += page.json()["items"]
    assert found == whole


def test_two_bulletins_side_by_side(months_client: httpx.Client) -> None:
    a, b = "2024-11-000000000003", "2024-12-5f3a9c01d2e4"
    body = months_client.get(f"/v1/compare?a={a}&level=admin1&target=instability&limit=1000").json()
    assert (body["a"]["id"], body["b"]["id"]) == (a, b)
    # The example's probabilities depend on region and horizon alone.
    assert {item["difference"] for item in body["items"]} == {0}
    assert all(item["horizon_a"] == item["horizon_b"] for item in body["items"])


def test_two_forecasts_of_the_same_month(months_client: httpx.Client) -> None:
    address = "/v1/compare?a=2024-11-000000000003&match=target_month&region=MLI-gao&limit=1000"
    items = months_client.get(address).json()["items"]
    assert items
    for item in items:
        assert item["target_month_a"] == item["target_month_b"]
        if item["target"] == "instability":
            assert item["horizon_a"] == item["horizon_b"] + 1
    sizes = [abs(item["difference"]) for item in items]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 0


def test_a_page_of_a_comparison_holds_on_to_both_bulletins(months_client: httpx.Client) -> None:
    whole = months_client.get("/v1/compare?a=2024-11-000000000003&limit=1000").json()["items"]
    page = months_client.get("/v1/compare?a=latest&b=2024-11-000000000003&limit=50").json()
    found = page["items"]
    while page["next"]:
        assert "a=2024-12-5f3a9c01d2e4" in page["next"]
        page = months_client.get(page["next"]).json()
        found += page["items"]
    assert len(found) == len(whole) == page["total"]


def test_the_first_bulletin_has_nothing_to_be_told_against(
    months_client: httpx.Client,
) -> None:
    body = months_client.get("/v1/movers?origin=2024-09").json()
    assert body["previous"] is None
