import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from bulletins.reading import read_indicators
from features.errors import BulletinError
from tests.bulletins.example import INDICATORS, publish_bulletin
from tests.service.conftest import newest_id, serve_home, wait_until

OLD, NEW = "2024-11-00000000000a", "2024-12-00000000000b"


def names(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [item["name"] for item in response.json()["items"]]


def test_all_indicators_are_told_whole_in_the_order_of_the_catalogue(client: httpx.Client) -> None:
    assert client.get("/v1/indicators").json()["items"] == INDICATORS


def test_families_are_chosen_one_or_several(client: httpx.Client) -> None:
    history = ["deaths_mean_3", "events_mean_3"]
    assert names(client.get("/v1/indicators?family=history")) == history
    both = client.get("/v1/indicators?family=contagion&family=history")
    assert names(both) == [*history, "border_weighted_instability_25"]


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/v1/indicators?family=weather", 404, "no family 'weather' of indicators: it has history"),
        ("/v1/indicators?familly=history", 422, "did you mean 'family'?"),
        ("/v1/indicators?bulletin=latest&bulletin=latest", 422, "bulletin: takes one value"),
        ("/v1/indicators?bulletin=2024-12-ffffffffffff", 404, "there is no bulletin"),
        ("/v1/indicators/deaths_mean_3", 404, "nothing at"),
    ],
)
def test_what_cannot_be_listed_is_a_problem(
    client: httpx.Client, address: str, status: int, said: str
) -> None:
    response = client.get(address)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert said in response.json()["detail"]


def test_pages_hold_every_indicator_once_and_stay_with_their_bulletin(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, id=OLD, origin="2024-11")
    with serve_home(tmp_path) as client:
        whole = names(client.get("/v1/indicators"))
        first = client.get("/v1/indicators?limit=2")
        publish_bulletin(tmp_path, id=NEW, indicators=[])
        wait_until(lambda: newest_id(client) == NEW)
        second = client.get(first.json()["next"])
        assert names(first) + names(second) == whole
        assert second.json()["bulletin"]["id"] == OLD
        assert second.json()["next"] is None


def test_a_bulletin_from_before_indicators_were_listed_is_served_but_lists_none(
    tmp_path: Path,
) -> None:
    publish_bulletin(tmp_path, id=OLD, origin="2024-11", indicators=None)
    publish_bulletin(tmp_path, id=NEW)
    with serve_home(tmp_path) as client:
        assert client.get(f"/v1/scores?bulletin={OLD}").status_code == 200
        refused = client.get(f"/v1/indicators?bulletin={OLD}")
        assert refused.status_code == 404
        assert refused.headers["content-type"] == "application/problem+json"
        assert f"bulletin {OLD} was issued before indicators were listed" in refused.text
        assert len(names(client.get("/v1/indicators"))) == 3


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[1]", '[{"name": "deaths"}]', '[{"lowest": Infinity}]', "\x00"],
)
def test_indicators_that_cannot_be_read_are_refused_by_name(tmp_path: Path, content: str) -> None:
    manifest = publish_bulletin(tmp_path)
    folder = tmp_path / "bulletins" / manifest.id
    (folder / "indicators.json").write_text(content)
    with pytest.raises(BulletinError, match=r"indicators\.json is not of the form") as refusal:
        read_indicators(folder, manifest)
    assert folder.name in str(refusal.value)
    assert str(tmp_path) not in str(refusal.value)


def test_a_bulletin_with_damaged_indicators_gives_way_to_the_one_before(tmp_path: Path) -> None:
    publish_bulletin(tmp_path, id=OLD, origin="2024-11")
    aside = tmp_path / "elsewhere"
    publish_bulletin(aside, id=NEW)
    damaged: dict[str, Any] = {"name": "deaths", "colour": "red"}
    (aside / "bulletins" / NEW / "indicators.json").write_text(json.dumps([damaged]))
    (aside / "bulletins" / NEW).rename(tmp_path / "bulletins" / NEW)
    with serve_home(tmp_path) as client:
        assert client.get("/readyz").json()["bulletin"] == OLD


def test_targets_say_what_their_levels_have_meant(client: httpx.Client) -> None:
    items = {item["target"]: item for item in client.get("/v1/targets").json()["items"]}
    assert list(items) == ["fatalities", "instability", "escalation", "onset"]
    assert items["escalation"]["horizons"] == [3, 6, 12]
    assert items["instability"]["thresholds"] == {"admin1": 5, "country": 25}
    assert items["fatalities"]["scales"] == items["instability"]["scales"]
    low, *_, critical = items["instability"]["scales"][0]["levels"]
    assert (low["name"], critical["name"]) == ("low", "critical")
    assert low["meaning"] == (
        "Of 40 such scores in the backtest 10.0 % came true (95 % interval 3.0 to 30.0 %)."
    )
    assert critical["meaning"] == "No score was so high in the backtest."
