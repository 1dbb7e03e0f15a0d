import threading
from pathlib import Path

import httpx
import pytest

from bulletins.manifest import Manifest
from service.api.scores import texts_of
from service.store.bulletins import BulletinStore
from tests.bulletins.example import publish_bulletin
from tests.service.conftest import newest_id, serve_home, wait_until


def test_the_highest_probabilities_come_first(client: httpx.Client) -> None:
    body = client.get("/v1/scores?limit=1000").json()
    chances = [item["probability"] for item in body["items"]]
    assert chances == sorted(chances, reverse=True)
    assert body["next"] is None
    assert body["bulletin"] == {
        "id": "2024-12-5f3a9c01d2e4",
        "origin": "2024-12",
        "issued_at": "2025-01-21T06:00:00Z",
        "as_of": "2025-01-20",
        "issued_late": False,
        "simulated": True,
        "stale": False,
        "stale_because": None,
        "over_until": None,
        "shortfalls": [],
        "licence": "CC BY 4.0",
        "citation": "Tocsin (2025), bulletin 2024-12-5f3a9c01d2e4 (simulated).",
    }
    assert body["total"] == len(chances)


def test_a_hundred_scores_are_given_unless_asked_otherwise(client: httpx.Client) -> None:
    assert len(client.get("/v1/scores").json()["items"]) == 100


def test_scores_that_are_too_many_to_be_kept_are_written_alike(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulletin = BulletinStore(home).listing.newest
    assert bulletin is not None
    rows = bulletin.scores.rows[::-3]
    expected = texts_of(bulletin, rows)
    assert b'"mean":null' in expected[0] + expected[-1]
    monkeypatch.setattr("service.api.scores._MOST_CACHED", len(bulletin.scores) - 1)
    assert texts_of(bulletin, rows) == expected
    assert texts_of(bulletin, rows[:0]) == []


def test_filters_hold_together(client: httpx.Client) -> None:
    address = "/v1/scores?country=MLI&level=admin1&target=escalation&horizon=3&horizon=6"
    items = client.get(address).json()["items"]
    assert {(item["region"], item["target"], item["horizon"]) for item in items} == {
        ("MLI-gao", "escalation", 3),
        ("MLI-gao", "escalation", 6),
        ("MLI-mopti", "escalation", 3),
        ("MLI-mopti", "escalation", 6),
    }


def test_a_filter_that_no_score_satisfies_is_answered_with_none(client: httpx.Client) -> None:
    response = client.get("/v1/scores?min_probability=0.99")
    assert response.status_code == 200
    assert response.json()["items"] == []
    assert response.json()["next"] is None


def test_a_region_profile_has_all_its_targets_and_horizons(client: httpx.Client) -> None:
    body = client.get("/v1/scores/MLI").json()
    expected: dict[str, object] = {"id": "MLI", "name": "Mali", "country": "MLI"}
    expected |= {"level": "country"}
    expected |= {"latitude": 17.0, "longitude": -4.0, "unscored_because": None}
    expected |= {"country_alpha_2": "ML", "country_un_name": "Mali"}
    expected |= {"iso_3166_2": None, "pcode": None}
    assert body["region"] == expected
    keys = [(score["target"], score["horizon"]) for score in body["scores"]]
    assert keys == [
        *(("escalation", window) for window in (3, 6, 12)),
        *(("fatalities", horizon) for horizon in range(1, 13)),
        *(("instability", horizon) for horizon in range(1, 13)),
    ]
    assert {score["region"] for score in body["scores"]} == {"MLI"}


def test_a_name_of_another_script_is_given_as_it_is(client: httpx.Client) -> None:
    assert client.get("/v1/scores/NER-tillaberi").json()["region"]["name"] == "Tillabéri"


def test_an_old_bulletin_is_served_by_its_id(tmp_path: Path) -> None:
    old = publish_bulletin(tmp_path, id="2024-11-00000000000a", origin="2024-11")
    new = publish_bulletin(tmp_path, id="2024-12-00000000000b")
    with serve_home(tmp_path) as client:
        for path in ("/v1/scores", "/v1/scores/MLI", "/v1/regions"):
            assert client.get(path).json()["bulletin"]["id"] == new.id
            asked = client.get(path, params={"bulletin": old.id}).json()
            assert asked["bulletin"]["id"] == old.id
        item = client.get(f"/v1/scores?bulletin={old.id}&limit=1").json()["items"][0]
        assert (item["bulletin"], item["origin"]) == (old.id, "2024-11")
        listed = client.get("/v1/bulletins").json()["items"]
        assert [manifest["id"] for manifest in listed] == [new.id, old.id]
        shown = client.get(f"/v1/bulletins/{old.id}").json()
        assert Manifest.model_validate(shown) == old


def test_a_bulletin_that_appears_is_served_without_a_restart(tmp_path: Path) -> None:
    with serve_home(tmp_path) as client:
        assert client.get("/readyz").status_code == 503
        manifest = publish_bulletin(tmp_path)
        wait_until(lambda: newest_id(client) == manifest.id)
        assert client.get("/readyz").json()["bulletin"] == manifest.id


def test_no_answer_is_torn_while_bulletins_are_published(tmp_path: Path) -> None:
    names = [f"{year}-01-00000000000a" for year in range(2000, 2012)]
    publish_bulletin(tmp_path, id=names[0], origin=names[0][:7])

    def publish_the_others() -> None:
        for name in names[1:]:
            publish_bulletin(tmp_path, id=name, origin=name[:7])

    with serve_home(tmp_path) as client:
        writer = threading.Thread(target=publish_the_others)
        writer.start()
        seen: list[str] = []
        while not seen or seen[-1] != names[-1]:
            body = client.get("/v1/scores?limit=20").json()
            seen.append(body["bulletin"]["id"])
            assert {item["bulletin"] for item in body["items"]} == {seen[-1]}
            assert {item["origin"] for item in body["items"]} == {body["bulletin"]["origin"]}
            assert writer.is_alive() or seen[-1] == names[-1] or len(seen) < 10_000
        writer.join()
    assert seen == sorted(seen)


@pytest.mark.parametrize("limit", [1, 1000])
def test_the_limits_of_limit_are_taken(client: httpx.Client, limit: int) -> None:
    items = client.get("/v1/scores", params={"limit": limit}).json()["items"]
    assert len(items) == min(limit, 139)
