"""Two replicas of the service that share bulletins, over a folder and over a real object store."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from bulletins.manifest import Manifest
from bulletins.shared import SharedBulletins
from features.shared.address import Address
from service.store import mirror
from tests.bulletins.sharing import Publish, files, publish
from tests.features.shared.conftest import address
from tests.servers import BUCKET, object_server
from tests.service.conftest import newest_id, serving_with, wait_until

__all__ = ["address", "files", "publish"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "PULL_EVERY_S", 0.1)


@contextmanager
def replica(home: Path, address: str) -> Iterator[httpx.Client]:
    shared = SharedBulletins(home, address, timeout_s=2)
    with serving_with(home, shared=shared, now=lambda: datetime.now(UTC)) as client:
        yield client


def shared_at(client: httpx.Client) -> Any:
    answer = client.get("/readyz")
    return answer.json().get("shared") if answer.status_code == 200 else None


def is_away(client: httpx.Client) -> bool:
    return shared_at(client) is not None and not shared_at(client)["answers"]


def wait_for(client: httpx.Client, issued: Manifest) -> None:
    """Wait until a service serves a bulletin as its newest."""
    wait_until(lambda: newest_id(client) == issued.id)


def metrics(client: httpx.Client) -> list[str]:
    return client.get("/metrics").text.splitlines()


def test_replicas_take_up_what_is_published_and_serve_on_without_the_address(
    tmp_path: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    caplog.set_level(logging.INFO)
    with ExitStack() as stack:
        with object_server() as variables:
            for name, value in variables.items():
                monkeypatch.setenv(name, value)
            url = f"s3://{BUCKET}/replicas"
            publisher = SharedBulletins(tmp_path / "publisher", url)
            replicas = [stack.enter_context(replica(tmp_path / name, url)) for name in "ab"]
            assert [client.get("/v1/scores").status_code for client in replicas] == [503, 503]
            for origin in ("2024-11", "2024-12"):
                publisher.catch_up()
                issued = publish(tmp_path / "publisher", publisher, origin)
                for client in replicas:
                    wait_for(client, issued)
            assert shared_at(replicas[0]) == {"answers": True, "reason": None}
            assert "tocsin_shared_address_answers 1.0" in metrics(replicas[0])
        for client in replicas:
            wait_until(partial(is_away, client))
            assert "the shared address cannot be reached (HTTP error" in shared_at(client)["reason"]
            assert BUCKET not in client.get("/readyz").text
            assert client.get("/v1/scores?limit=1").json()["bulletin"]["id"] == issued.id
            assert "tocsin_shared_address_answers 0.0" in metrics(client)
    assert caplog.text.count("the shared address cannot be reached") == len(replicas)


def test_an_address_that_comes_back_is_told_once(
    tmp_path: Path, publish: Publish, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    folder, home = tmp_path / "address", tmp_path / "a"
    folder.mkdir()
    shared = SharedBulletins(home, folder.as_uri())
    shared.catch_up()
    issued = publish(home, shared)
    folder.rename(tmp_path / "away")
    with replica(home, folder.as_uri()) as client:  # it starts with what it has
        assert newest_id(client) == issued.id
        wait_until(lambda: is_away(client))
        assert str(tmp_path) not in client.get("/readyz").text
        (tmp_path / "away").rename(folder)
        wait_until(lambda: shared_at(client)["answers"])
        wait_until(lambda: "the shared address answers again" in caplog.text)
    assert caplog.text.count("answers again") == 1
    assert caplog.text.count("cannot be reached") == 1


def test_an_empty_home_without_its_address_is_not_ready_and_says_why(tmp_path: Path) -> None:
    with replica(tmp_path, (tmp_path / "none").as_uri()) as client:
        wait_until(lambda: "there is no such folder" in client.get("/readyz").text)
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "the shared address cannot be reached" in answer.json()["detail"]
        assert client.get("/v1/scores").status_code == 503
        assert client.get("/healthz").status_code == 200


def test_a_bulletin_that_is_damaged_at_the_address_is_passed_over(
    tmp_path: Path, address: str, publish: Publish
) -> None:
    publisher = SharedBulletins(tmp_path / "publisher", address)
    publisher.catch_up()
    good, bad = (publish(tmp_path / "publisher", publisher) for _ in range(2))
    at, key = Address(address, 10), f"{bad.id}/scores.parquet"
    content = at.get(key) or b""
    at.put(key, content[:1000])
    with replica(tmp_path / "a", address) as client:
        wait_for(client, good)
        wait_until(lambda: client.get("/readyz").json()["passed_over"] != [])
        (passed_over,) = client.get("/readyz").json()["passed_over"]
        assert passed_over["bulletin"] == bad.id
        start = f"{key} at the shared address is not what was stored: copy it there"
        assert passed_over["reason"].startswith(start)
        assert "tocsin_bulletins_passed_over 1.0" in metrics(client)
        at.put(key, content)
        wait_for(client, bad)
        assert client.get("/readyz").json()["passed_over"] == []


def test_a_bulletin_that_is_withdrawn_is_served_no_more(
    tmp_path: Path, address: str, publish: Publish
) -> None:
    publisher = SharedBulletins(tmp_path / "publisher", address)
    publisher.catch_up()
    first, wrong = (publish(tmp_path / "publisher", publisher) for _ in range(2))
    with replica(tmp_path / "a", address) as client:
        wait_for(client, wrong)
        Address(address, 10).put(f"withdrawn/{wrong.id}", b"")
        wait_for(client, first)


def test_without_an_address_nothing_is_told_of_one(client: httpx.Client) -> None:
    assert client.get("/readyz").json()["shared"] is None
    assert not [line for line in metrics(client) if "shared_address" in line]
