"""How often one client may ask."""

from collections import Counter
from datetime import date
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.access.guard import PerMinute, client_of, is_loopback
from service.access.keys import KeyRing
from service.pages.assets import assets_version
from service.settings import Settings
from tests.service.api.test_problems import read_problem
from tests.service.conftest import serving_with


def test_a_limit_fires_and_says_when_to_come_back(own_home: Path) -> None:
    settings = Settings(requests_per_minute=3, limit_loopback=True)
    with serving_with(own_home, settings) as client:
        answers = [client.get("/v1/scores?limit=1") for _ in range(5)]
        assert [a.status_code for a in answers] == [200, 200, 200, 429, 429]
        assert [a.headers["ratelimit-remaining"] for a in answers] == ["2", "1", "0", "0", "0"]
        assert 0 < int(answers[-1].headers["retry-after"]) <= 60
        assert answers[-1].headers["content-type"] == "application/problem+json"
        assert client.get("/healthz").status_code == 200


class Clock:
    """A clock that is set by hand [s]."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_every_client_has_a_limit_of_its_own() -> None:
    limit = PerMinute(2, clock=Clock())
    assert [limit.take("a") for _ in range(3)] == [
        (True, 2, 1, 60),
        (True, 2, 0, 60),
        (False, 2, 0, 60),
    ]
    assert limit.take("b").allowed
    assert limit.look("a").allowed is False


def test_after_a_minute_a_client_may_ask_again() -> None:
    clock = Clock()
    limit = PerMinute(2, clock=clock)
    for minute in range(3):
        clock.now = 60.0 * minute + 0.5
        assert [limit.take("a").allowed for _ in range(3)] == [True, True, False]
        clock.now = 60.0 * minute + 59.5
        assert limit.look("a") == (False, 2, 0, 1)


@given(st.lists(st.tuples(st.floats(0, 20), st.sampled_from("abcdef")), max_size=60))
def test_nobody_gets_more_than_the_limit_a_minute(
    asked: list[tuple[float, str]],
) -> None:
    clock = Clock()
    limit = PerMinute(3, clock=clock, most_clients=4)
    granted = Counter[str]()
    for pause, client in asked:
        clock.now += pause
        allowance = limit.take(client)
        granted[client] += allowance.allowed
        assert limit.clients <= 5
        assert 0 < allowance.reset_s <= 60
        assert 0 <= allowance.remaining < 3
        assert granted[client] <= 3 * (clock.now // 60 + 1)


def test_no_number_of_addresses_takes_more_memory_or_anothers_allowance() -> None:
    limit = PerMinute(5, clock=Clock(), most_clients=10)
    regular = limit.take("regular")
    strangers = [limit.take(f"stranger {number}") for number in range(1000)]
    assert sum(allowance.allowed for allowance in strangers) == 9 + 5
    assert limit.clients == 11
    assert limit.take("regular") == regular._replace(remaining=3)


def test_loopback_is_not_limited_unless_it_is_asked_for(own_home: Path) -> None:
    with serving_with(own_home, Settings(requests_per_minute=1)) as client:
        assert {client.get("/healthz").status_code for _ in range(5)} == {200}
        assert {client.get("/v1/scores?limit=1").status_code for _ in range(5)} == {200}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 421),
        ("evil.example:8000", 421),
        ("127.0.0.1.evil.example", 421),
        ("[2001:db8::1]:80", 421),
        ("[", 421),
        ("a" * 5000, 421),
        ("localhost:1", 200),
        ("LocalHost", 200),
        ("tocsin.localhost:8000", 200),
        ("127.0.0.9", 200),
        ("[::1]:8000", 200),
    ],
)
def test_a_name_that_was_made_to_lead_here_is_refused(
    client: httpx.Client, host: str, status: int
) -> None:
    for path in ("/v1/targets", "/healthz", "/nowhere" if status == 421 else "/"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == status
        if status == 421:
            assert read_problem(answer, status).startswith("this service is for this machine alone")


def test_behind_a_proxy_or_with_a_key_any_name_will_do(own_home: Path) -> None:
    there = {"Host": "tocsin.example"}
    with serving_with(own_home, Settings(trust_proxy=True)) as client:
        assert client.get("/v1/targets", headers=there).status_code == 200
    key = {"X-API-Key": KeyRing(own_home).add("analyst", date(2025, 1, 25))}
    with serving_with(own_home, needs_key=True) as client:
        assert client.get("/v1/targets", headers=there | key).status_code == 200


def test_what_needed_a_key_no_cache_gives_to_others(own_home: Path) -> None:
    key = {"X-API-Key": KeyRing(own_home).add("analyst", date(2025, 1, 25))}
    asset = f"/assets/{assets_version()}/page.css"
    paths = ("/v1/targets", "/v1/bulletins/latest/files/scores.parquet", "/", asset, "/nowhere")
    with serving_with(own_home, needs_key=True) as client:
        for path in paths:
            answers = [client.get(path, headers=key)]
            known = {"If-None-Match": answers[0].headers.get("etag", "none")}
            answers.append(client.get(path, headers=key | known))
            for answer in answers:
                caching = answer.headers["cache-control"].split(", ")
                assert "private" in caching
                assert "public" not in caching
        assert answers[0].status_code == 404
        assert client.get(asset, headers=key).headers["cache-control"].endswith(", immutable")


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff", "2001:db8::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_stands_for_one_client(address: str, client: str) -> None:
    assert client_of(address) == client


def test_what_is_of_this_machine() -> None:
    assert [is_loopback(a) for a in ("127.9.9.9", "::1", "localhost", "10.0.0.1", "")] == [
        True,
        True,
        True,
        False,
        False,
    ]
