"""Who may ask: keys, and what becomes of those that are wrong."""

import hmac
import json
import logging
import stat
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import InputError
from service.access.keys import KEYS_FILE, KeyRing
from service.errors import KeysError
from service.settings import Settings
from tests.command import tocsin
from tests.service.api.test_problems import read_problem
from tests.service.conftest import serving_with, wait_until

TODAY = date(2025, 1, 25)


def test_only_the_hash_of_a_key_is_stored(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    key = ring.add("analyst", TODAY)
    assert key.startswith("tsk_")
    stored = (tmp_path / KEYS_FILE).read_text()
    assert key not in stored
    assert key[4:] not in stored
    assert stat.S_IMODE((tmp_path / KEYS_FILE).stat().st_mode) == 0o600
    assert ring.holder(key) == "analyst"
    assert [(k.name, k.created) for k in ring.names()] == [("analyst", TODAY)]


@given(text=st.text(max_size=60))
def test_no_other_text_is_the_key(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    ring = KeyRing(tmp_path_factory.mktemp("ring"))
    key = ring.add("analyst", TODAY)
    for other in (text, key + text, text + key, key[:-1]):
        assert (ring.holder(other) == "analyst") == (other == key)


def test_every_key_is_compared_however_early_one_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = KeyRing(tmp_path)
    held = [ring.add(name, TODAY) for name in ("a", "b", "c")]
    compared: list[str] = []

    def compare(one: str, other: str) -> bool:
        compared.append(other)
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for key, name in zip([*held, "tsk_wrong"], ["a", "b", "c", None], strict=True):
        compared.clear()
        assert ring.holder(key) == name
        assert len(compared) == 3


def test_a_name_has_one_key_and_may_lose_it(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    key = ring.add("analyst", TODAY)
    with pytest.raises(InputError, match="has a key"):
        ring.add("analyst", TODAY)
    ring.revoke("analyst")
    assert ring.holder(key) is None
    with pytest.raises(InputError, match="nobody called"):
        ring.revoke("analyst")


@pytest.mark.parametrize("content", [b'[{"name": "x"}]', b"", b"[", b"{}", b"\xff", b"[" * 10_000])
def test_a_damaged_file_of_keys_lets_nobody_in(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEYS_FILE).write_bytes(content)
    with pytest.raises(KeysError, match="API keys"):
        KeyRing(tmp_path).holder("anything")


def test_keys_that_cannot_be_read_are_said_at_the_start_and_refuse_in_order(
    own_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ring, file = KeyRing(own_home), own_home / KEYS_FILE
    headers = {"X-API-Key": ring.add("analyst", TODAY)}
    kept = file.rename(own_home / "kept")
    file.symlink_to(file)  # nobody can read this, not even root
    with serving_with(own_home, needs_key=True) as client:
        said = [record.message for record in caplog.records if "keys" in record.message]
        assert len(said) == 1
        assert said[0].startswith("keys.json cannot be read (Too many levels of symbolic links)")
        for path in ("/v1/targets", "/", "/readyz", "/v1/targets"):
            refused = client.get(path, headers=headers)
            assert "keys.json cannot be read" in read_problem(refused, 503)
        assert client.get("/v1/targets").status_code == 401
        assert client.get("/healthz").status_code == 200
        kept.replace(file)
        for path in ("/v1/targets", "/readyz"):
            assert client.get(path, headers=headers).status_code == 200
    assert sum("keys" in record.message for record in caplog.records) == 1
    assert not [record for record in caplog.records if record.exc_info]


def test_the_command_line_gives_lists_and_revokes(tmp_path: Path) -> None:
    key = tocsin(tmp_path, "key", "new", "analyst").stdout.strip()
    assert KeyRing(tmp_path).holder(key) == "analyst"
    listed = tocsin(tmp_path, "key", "list").stdout
    assert "analyst" in listed
    assert key not in listed
    assert tocsin(tmp_path, "key", "revoke", "analyst").returncode == 0
    again = tocsin(tmp_path, "key", "revoke", "analyst")
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)


def test_without_a_key_nothing_but_health_is_answered(own_home: Path) -> None:
    with serving_with(own_home, needs_key=True) as client:
        for path in ("/v1/scores", "/docs", "/", "/openapi.json", "/metrics", "/nowhere"):
            refused = client.get(path)
            assert refused.status_code == 401
            assert refused.json()["status"] == 401
            assert refused.headers["www-authenticate"]
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 200


def test_a_key_is_taken_in_three_ways_and_no_longer_once_revoked(own_home: Path) -> None:
    ring = KeyRing(own_home)
    key = ring.add("analyst", TODAY)
    ways: list[dict[str, Any]] = [
        {"headers": {"Authorization": f"Bearer {key}"}},
        {"headers": {"X-API-Key": key}},
        {"auth": ("anyone", key)},
    ]
    with serving_with(own_home, needs_key=True) as client:
        for way in ways:
            assert client.get("/v1/scores", **way).status_code == 200
        assert client.get("/").headers["www-authenticate"].startswith("Basic")
        document = client.get("/openapi.json", **ways[0]).json()
        keyless = [
            path for path, of in document["paths"].items() if of["get"].get("security") == []
        ]
        assert sorted(keyless) == ["/healthz", "/readyz"]
        assert document["security"] == [{"key": []}, {"header": []}, {"password": []}]
        ring.revoke("analyst")
        for way in ways:
            assert client.get("/v1/scores", **way).status_code == 401


def test_who_tries_wrong_keys_is_soon_not_listened_to(own_home: Path) -> None:
    key = KeyRing(own_home).add("analyst", TODAY)
    settings = Settings(wrong_keys_per_minute=3)
    with serving_with(own_home, settings, needs_key=True) as client:
        told = [
            client.get("/v1/scores", headers={"X-API-Key": f"tsk_{n}"}).status_code
            for n in range(5)
        ]
        assert told == [401, 401, 401, 429, 429]
        # Not even the right one is looked at now, so that a guess is never confirmed.
        refused = client.get("/v1/scores", headers={"X-API-Key": key})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 60


def test_a_key_is_told_nobody(own_home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    key = KeyRing(own_home).add("analyst", TODAY)
    with serving_with(own_home, Settings(log_requests="all"), needs_key=True) as client:
        for given_key in (key, "tsk_wrong"):
            told = client.get("/v1/scores?limit=1", headers={"X-API-Key": given_key})
            assert given_key not in told.text
        assert key not in client.get("/metrics", headers={"X-API-Key": key}).text
    wait_until(lambda: any(r.__dict__.get("key") == "analyst" for r in caplog.records))
    assert key not in str([record.__dict__ for record in caplog.records])
    assert "tsk_wrong" not in str([record.__dict__ for record in caplog.records])


def test_a_byte_changed_in_the_keys_is_found_and_a_list_of_older_versions_is_read(
    tmp_path: Path,
) -> None:
    key = KeyRing(tmp_path).add("ana", date(2024, 12, 1))
    file = tmp_path / "keys.json"
    content = file.read_bytes()
    for place in range(len(content)):
        changed = bytes([content[place] ^ 1])
        file.write_bytes(content[:place] + changed + content[place + 1 :])
        with pytest.raises(KeysError, match="damaged"):
            KeyRing(tmp_path).names()
    file.write_text(json.dumps(json.loads(content)["keys"]))
    assert KeyRing(tmp_path).holder(key) == "ana"
