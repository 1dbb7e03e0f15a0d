"""Who may ask, how often and how much: on real sockets, with real slow and greedy clients."""

import asyncio
import contextlib
import hmac
import json
import logging
import os
import socket
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.responses import Response, StreamingResponse

from features.errors import ConfigurationError, InputError
from service.access.keys import KEYS_FILE, KeyRing
from service.access.limits import PerMinute, client_of, is_loopback
from service.app import create_app
from service.server import Server, bind, needs_keys
from service.settings import DEFAULT, Settings, read_settings
from tests.service.conftest import serve_app
from tests.service.example import NOW

TODAY = date(2025, 1, 25)


@contextmanager
def serving_with(
    home: Path, settings: Settings | None = None, *, needs_key: bool = False, **more: Any
) -> Iterator[httpx.Client]:
    app = create_app(home, settings, needs_key=needs_key, **({"now": lambda: NOW} | more))
    with serve_app(app, settings) as client:
        yield client


@pytest.fixture
def own_home(tmp_path: Path, publish: Callable[..., Any]) -> Path:
    publish(tmp_path)
    return tmp_path


# Settings


def test_the_settings_that_are_shipped_are_the_defaults() -> None:
    assert read_settings(DEFAULT) == Settings()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("max_age = 3", "max_age"),
        ("keys = 'sometimes'", "keys"),
        ("requests_per_minute = 0", "requests_per_minute"),
        ("answer_seconds = '3'\nlog = 1", "log"),
        ("= 3", "TOML"),
    ],
)
def test_settings_that_cannot_be_used_are_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=named):
        read_settings(tmp_path / "s.toml")


@pytest.mark.parametrize(
    ("keys", "host", "needed"),
    [
        ("outside loopback", "127.0.0.1", False),
        ("outside loopback", "::1", False),
        ("outside loopback", "localhost", False),
        ("outside loopback", "0.0.0.0", True),
        ("outside loopback", "192.168.1.4", True),
        ("always", "127.0.0.1", True),
        ("never", "0.0.0.0", False),
    ],
)
def test_when_keys_are_needed(keys: Any, host: str, *, needed: bool) -> None:
    assert needs_keys(Settings(keys=keys), host) is needed


# Keys


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


def test_a_damaged_file_of_keys_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / KEYS_FILE).write_text('[{"name": "x"}]')
    with pytest.raises(ConfigurationError, match="API keys"):
        KeyRing(tmp_path).holder("anything")


def test_the_command_line_gives_lists_and_revokes(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("tocsin")), "key", *arguments]
        env = {**os.environ, "TOCSIN_HOME": str(tmp_path)}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=env)

    key = run("new", "analyst").stdout.strip()
    assert KeyRing(tmp_path).holder(key) == "analyst"
    assert "analyst" in run("list").stdout
    assert key not in run("list").stdout
    assert run("revoke", "analyst").returncode == 0
    again = run("revoke", "analyst")
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
    assert any(record.__dict__.get("key") == "analyst" for record in caplog.records)
    assert key not in str([record.__dict__ for record in caplog.records])
    assert "tsk_wrong" not in str([record.__dict__ for record in caplog.records])


# Limits


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


# Requests


@given(st.text(max_size=90))
def test_an_id_that_could_break_a_log_is_not_taken_over(text: str) -> None:
    from service.access.requests import _SAFE_ID

    if _SAFE_ID.fullmatch(text):
        assert text.isascii()
        assert not set(text) & set(" \r\n\t\"'<>%{}")


def test_ids_are_given_back(client: httpx.Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == (
        "abc-1"
    )
    made = client.get("/healthz", headers={"X-Request-ID": "a b"}).headers["x-request-id"]
    assert made not in {"a b", client.get("/healthz").headers["x-request-id"]}


def test_every_answer_keeps_browsers_careful(client: httpx.Client) -> None:
    for path in ("/v1/scores?limit=1", "/nowhere", "/healthz"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "'none'" in headers["content-security-policy"]
    assert "script-src" in client.get("/").headers["content-security-policy"]


def test_logs_are_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    from service.access.logs import log_to_stderr

    before, level = logging.getLogger().handlers, logging.getLogger().level
    try:
        log_to_stderr("json")
        logging.getLogger("x").warning("two\nlines", extra={"status": 200})
        lines = capsys.readouterr().err.splitlines()
    finally:
        logging.getLogger().handlers, logging.getLogger().level = before, level
        structlog.reset_defaults()
    (line,) = lines
    told = json.loads(line)
    assert (told["event"], told["status"], told["level"]) == ("two\nlines", 200, "warning")


def test_metrics_count_by_route_and_not_by_address(own_home: Path) -> None:
    with serving_with(own_home) as client:
        for number in range(30):
            client.get(f"/nowhere/{number}")
            client.get(f"/v1/scores/MLI-{number}")
        client.get("/v1/scores?limit=1")
        client.get("/v1/scores?limit=1")
        text = client.get("/metrics").text
    assert 'tocsin_requests_total{method="GET",route="/v1/scores",status="200"} 2.0' in text
    assert 'route="elsewhere",status="404"} 30.0' in text
    assert 'route="/v1/scores/{region}",status="404"} 30.0' in text
    assert "tocsin_bulletin_age_days 4.0" in text
    assert "tocsin_bulletin_stale 0.0" in text
    assert 'tocsin_bulletin{bulletin="2024-12-5f3a9c01d2e4",origin="2024-12"} 1.0' in text
    assert "MLI-7" not in text


def test_telemetry_is_off_and_can_be_switched_on(own_home: Path) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    with serving_with(own_home) as client:
        client.get("/healthz")
    assert not exporter.get_finished_spans()
    with serving_with(own_home, Settings(telemetry=True)) as client:
        client.get("/healthz")
    assert any("/healthz" in span.name for span in exporter.get_finished_spans())


# Freshness


def test_a_bulletin_grows_stale(own_home: Path) -> None:
    late = NOW + timedelta(days=60)
    with serving_with(own_home, now=lambda: late) as client:
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert "64 days ago" in ready.json()["detail"]
        body = client.get("/v1/scores?limit=1")
        assert body.status_code == 200
        assert body.headers["tocsin-stale"] == "true"
        assert body.json()["bulletin"]["stale"] is True
        assert client.get("/healthz").status_code == 200
    with serving_with(own_home, Settings(max_age_days=100), now=lambda: late) as client:
        assert client.get("/readyz").status_code == 200
        assert "tocsin-stale" not in client.get("/v1/scores?limit=1").headers


def test_what_cannot_be_served_is_told(own_home: Path) -> None:
    (own_home / "bulletins" / "2025-02-0123456789ab").mkdir()
    with serving_with(own_home) as client:
        body = client.get("/readyz").json()
        assert body["bulletin"] == "2024-12-5f3a9c01d2e4"
        (passed_over,) = body["passed_over"]
        assert passed_over["bulletin"] == "2025-02-0123456789ab"
        assert "manifest.json" in passed_over["reason"]


# Pages of other origins


def test_scripts_of_other_origins_read_only_where_they_may(own_home: Path) -> None:
    there = {"Origin": "https://desk.example"}
    with serving_with(own_home, Settings(cors_origins=("https://desk.example",))) as client:
        told = client.get("/v1/scores?limit=1", headers=there).headers
        assert told["access-control-allow-origin"] == "https://desk.example"
        assert "ETag" in told["access-control-expose-headers"]
        asked = {**there, "Access-Control-Request-Method": "GET"}
        assert client.options("/v1/scores", headers=asked).status_code == 200
        other = client.get("/v1/scores?limit=1", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers
    with serving_with(own_home) as client:
        told = client.get("/v1/scores?limit=1", headers=there).headers
        assert "access-control-allow-origin" not in told


# Bounds


def ask(client: httpx.Client, content: bytes, *, wait_s: float = 5) -> bytes:
    """What a socket gets for what it sends."""
    host, port = client.base_url.host, client.base_url.port
    with socket.create_connection((host, port or 80), timeout=wait_s) as connection:
        connection.sendall(content)
        received = b""
        while piece := connection.recv(65_536):
            received += piece
    return received


def test_a_request_that_never_ends_is_given_up(own_home: Path) -> None:
    with serving_with(own_home, Settings(receive_seconds=0.3)) as client:
        begin = time.monotonic()
        assert ask(client, b"GET /v1/scores HTTP/1.1\r\nHost: x\r\nX-Slow: ").startswith(
            b"HTTP/1.1 408"
        )
        assert ask(client, b"").startswith(b"HTTP/1.1 408")
        assert time.monotonic() - begin < 4


def test_a_client_that_sends_a_byte_now_and_then_gains_nothing(own_home: Path) -> None:
    with serving_with(own_home, Settings(receive_seconds=0.5)) as client:
        address = (client.base_url.host, client.base_url.port or 80)
        with socket.create_connection(address, timeout=5) as connection:
            begin = time.monotonic()
            with contextlib.suppress(OSError):  # as soon as the other end is closed
                while time.monotonic() - begin < 4:
                    connection.sendall(b"G")
                    time.sleep(0.05)
        assert time.monotonic() - begin < 3
        assert client.get("/healthz").status_code == 200


def test_a_head_that_is_too_large_is_refused(own_home: Path) -> None:
    with serving_with(own_home, Settings(head_bytes=4000)) as client:
        for head in (b"GET /" + b"a" * 9000, b"GET / HTTP/1.1\r\n" + b"X-Y: z\r\n" * 2000):
            assert ask(client, head).startswith(b"HTTP/1.1 431")
        assert client.get("/healthz").status_code == 200


def test_a_body_is_refused(client: httpx.Client) -> None:
    refused = client.request("GET", "/v1/scores", content=b"x" * 20_000)
    assert refused.status_code == 413
    assert client.get("/healthz").status_code == 200


def test_a_body_in_chunks_is_refused_and_not_waited_for(own_home: Path) -> None:
    with serving_with(own_home) as client:
        head = b"GET /v1/scores HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert ask(client, head + b"400\r\n" + b"x" * 100).startswith(b"HTTP/1.1 411")
        assert client.get("/healthz").status_code == 200


def test_every_refusal_says_which_bulletin_is_served(own_home: Path) -> None:
    with serving_with(own_home, Settings(limit_loopback=True, requests_per_minute=2)) as client:
        marks = ("tocsin-bulletin", "tocsin-simulated")
        answer = client.get("/v1/targets")
        refused = [
            client.request("GET", "/v1/scores", content=b"x" * 20_000),
            client.get("/v1/scores?limit=none"),
            client.get("/v1/scores"),
        ]
        assert [response.status_code for response in refused] == [413, 422, 429]
        for name in marks:
            assert {response.headers[name] for response in refused} == {answer.headers[name]}


def test_an_answer_may_take_long_to_send_if_it_begins_in_time(own_home: Path) -> None:
    app = create_app(own_home, Settings(answer_seconds=0.2), now=lambda: NOW)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"piece "
            await asyncio.sleep(0.1)

    app.add_route("/long", lambda _request: StreamingResponse(pieces()))
    with serve_app(app) as client:
        assert client.get("/long").text == "piece " * 4


def large_app(home: Path) -> FastAPI:
    """An application with an answer that no buffer of the system takes whole."""
    app = create_app(home, now=lambda: NOW)
    app.add_route("/large", lambda _request: Response(b"x" * 20_000_000))
    return app


LARGE = b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def test_a_client_that_reads_nothing_is_dropped(own_home: Path) -> None:
    with serve_app(large_app(own_home), Settings(send_seconds=0.3)) as client:
        address = (client.base_url.host, client.base_url.port or 80)
        with socket.create_connection(address, timeout=5) as connection:
            connection.sendall(LARGE)
            time.sleep(1.5)
            received = 0
            while piece := connection.recv(1_000_000):
                received += len(piece)
        assert received < 20_000_000
        assert client.get("/healthz").status_code == 200


def test_a_client_that_asks_without_end_and_reads_nothing_is_dropped(own_home: Path) -> None:
    with serving_with(own_home) as client:
        address = (client.base_url.host, client.base_url.port or 80)
        greedy = b"GET /v1/scores HTTP/1.1\r\nHost: x\r\n\r\n" * 1_000_000
        with (
            socket.create_connection(address, timeout=5) as connection,
            pytest.raises(ConnectionError),
        ):
            connection.sendall(greedy)
        assert client.get("/healthz").status_code == 200


def test_a_client_that_reads_slowly_gets_all_of_it(own_home: Path) -> None:
    with serve_app(large_app(own_home), Settings(send_seconds=0.3)) as client:
        address = (client.base_url.host, client.base_url.port or 80)
        with socket.create_connection(address, timeout=5) as connection:
            connection.sendall(LARGE)
            received = 0
            while piece := connection.recv(1_000_000):
                received += len(piece)
                time.sleep(0.02)
    assert received > 20_000_000


def test_no_refusal_is_written_into_an_answer(own_home: Path) -> None:
    app = create_app(own_home, Settings(), now=lambda: NOW)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"piece "
            await asyncio.sleep(0.2)

    app.add_route("/long", lambda _request: StreamingResponse(pieces()))
    with serve_app(app, Settings(receive_seconds=0.3)) as client:
        unfinished = b"GET /v1/scores HTTP/1.1\r\nHost: x\r\n"
        answered = ask(client, b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n" + unfinished)
    assert answered.count(b"piece ") == 4
    assert b"408" not in answered


def test_an_answer_that_takes_too_long_is_given_up(own_home: Path) -> None:
    app = create_app(own_home, Settings(answer_seconds=0.1), now=lambda: NOW)

    @app.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(30)

    with serve_app(app) as client:
        refused = client.get("/slow")
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    "garbage",
    [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02"],
)
def test_garbage_is_refused_and_harms_nobody(own_home: Path, garbage: bytes) -> None:
    with serving_with(own_home, Settings(receive_seconds=0.5)) as client:
        assert ask(client, garbage).startswith(b"HTTP/1.1 4")
        assert client.get("/healthz").status_code == 200


@given(st.binary(min_size=1, max_size=60))
def test_no_header_makes_a_fault(client: httpx.Client, value: bytes) -> None:
    clean = bytes(byte for byte in value if byte not in b"\r\n\x00") or b"x"
    names = ("accept", "accept-encoding", "authorization", "if-none-match", "x-request-id")
    for name in names:
        response = ask(
            client,
            b"GET /v1/scores?limit=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            + name.encode()
            + b": "
            + clean
            + b"\r\n\r\n",
        )
        assert b" 500 " not in response.splitlines()[0]


# Compression


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_answers_are_compressed_as_asked(client: httpx.Client, encoding: str) -> None:
    plain = client.get("/v1/scores", headers={"Accept-Encoding": "identity"})
    address = f"{client.base_url}/v1/scores"
    with httpx.stream("GET", address, headers={"Accept-Encoding": encoding}) as told:
        raw = b"".join(told.iter_raw())
        assert told.headers["content-encoding"] == encoding
        assert len(raw) < len(plain.content) / 4
        assert told.headers["etag"] != plain.headers["etag"]


def test_the_server_takes_its_bounds_from_the_settings(own_home: Path) -> None:
    settings = Settings(most_connections=7, keep_alive_seconds=3)
    server = Server(create_app(own_home, settings), settings=settings)
    assert (server.config.limit_concurrency, server.config.timeout_keep_alive) == (7, 3)
    bind("127.0.0.1", 0).close()
