"""How much, and how long: on real sockets, with real slow and greedy clients."""

import asyncio
import contextlib
import gc
import json
import logging
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.responses import Response, StreamingResponse

from service.access.connection import BoundedConnection
from service.app import create_app
from service.settings import Settings
from tests.bulletins.example import NOW
from tests.service.conftest import serve_app, serving_with, wait_until


def connect(client: httpx.Client) -> socket.socket:
    """A socket of our own to the service of a client."""
    return socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=5)


def ask(client: httpx.Client, content: bytes) -> bytes:
    """What a socket gets for what it sends."""
    with connect(client) as connection:
        connection.sendall(content)
        received = b""
        while piece := connection.recv(65_536):
            received += piece
    return received


def status_of_problem(answer: bytes) -> int:
    """The status of an answer that has the form and the headers of any other problem."""
    head, _, body = answer.partition(b"\r\n\r\n")
    problem = json.loads(body)
    for header in (b"content-type: application/problem+json", b"tocsin-simulated: true"):
        assert header in head.splitlines()
    assert b"x-request-id: " + problem["request_id"].encode() in head.splitlines()
    assert b" %d " % problem["status"] in head.splitlines()[0]
    status: int = problem["status"]
    return status


def test_a_request_that_never_ends_is_given_up(own_home: Path) -> None:
    with serving_with(own_home, Settings(receive_seconds=0.3)) as client:
        begin = time.monotonic()
        for started in (b"GET /v1/scores HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b""):
            assert status_of_problem(ask(client, started)) == 408
        assert time.monotonic() - begin < 4


def test_a_client_that_sends_a_byte_now_and_then_gains_nothing(own_home: Path) -> None:
    with serving_with(own_home, Settings(receive_seconds=0.5)) as client:
        with connect(client) as connection:
            begin = time.monotonic()
            with contextlib.suppress(OSError):  # as soon as the other end is closed
                while time.monotonic() - begin < 4:
                    connection.sendall(b"G")
                    time.sleep(0.05)
        assert time.monotonic() - begin < 3
        assert client.get("/healthz").status_code == 200


def connections() -> int:
    """How many connections are in memory."""
    gc.collect()
    return sum(type(thing) is BoundedConnection for thing in gc.get_objects())


def test_a_closed_connection_leaves_nothing_in_memory(client: httpx.Client) -> None:
    before = connections()
    for _ in range(20):
        ask(client, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    wait_until(lambda: connections() < before + 5)


def test_a_head_that_is_too_large_is_refused(own_home: Path) -> None:
    with serving_with(own_home, Settings(head_bytes=4000)) as client:
        for head in (b"GET /" + b"a" * 9000, b"GET / HTTP/1.1\r\n" + b"X-Y: z\r\n" * 2000):
            assert status_of_problem(ask(client, head)) == 431
        assert client.get("/healthz").status_code == 200


def test_more_requests_at_once_than_are_queued_are_refused_with_one_answer(
    client: httpx.Client,
) -> None:
    question = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert status_of_problem(ask(client, 101 * question)) == 429
    most = 99 * question + question.replace(b"Host", b"Connection: close\r\nHost")
    assert ask(client, most).count(b"HTTP/1.1 200 ") == 100


def test_a_body_is_refused(client: httpx.Client) -> None:
    refused = client.request("GET", "/v1/scores", content=b"x" * 20_000)
    assert refused.status_code == 413
    assert client.get("/healthz").status_code == 200


def test_a_body_in_chunks_is_refused_and_not_waited_for(own_home: Path) -> None:
    with serving_with(own_home) as client:
        head = b"GET /v1/scores HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
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


async def pieces(pause_s: float) -> AsyncIterator[bytes]:
    for _ in range(4):
        yield b"piece "
        await asyncio.sleep(pause_s)


def test_an_answer_may_take_long_to_send_if_it_begins_in_time(own_home: Path) -> None:
    app = create_app(own_home, Settings(answer_seconds=0.2), now=lambda: NOW)
    app.add_route("/long", lambda _request: StreamingResponse(pieces(0.1)))
    with serve_app(app) as client:
        assert client.get("/long").text == "piece " * 4


async def late_pieces() -> AsyncIterator[bytes]:
    await asyncio.sleep(20)
    yield b"piece "


def test_who_does_not_wait_for_an_answer_makes_no_fault(
    own_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    app = create_app(own_home, now=lambda: NOW)
    app.add_route("/v1/late", lambda _request: StreamingResponse(late_pieces()))
    with serve_app(app) as client:
        with connect(client) as connection:
            connection.sendall(b"GET /v1/late HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: any(r.__dict__.get("status") for r in caplog.records))
    statuses = [r.__dict__["status"] for r in caplog.records if r.name == "service.requests"]
    assert statuses == [499]


def large_app(home: Path) -> FastAPI:
    """An application with an answer that no buffer of the system takes whole."""
    app = create_app(home, now=lambda: NOW)
    app.add_route("/large", lambda _request: Response(b"x" * 20_000_000))
    return app


LARGE = b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def test_a_client_that_reads_nothing_is_dropped(own_home: Path) -> None:
    with serve_app(large_app(own_home), Settings(send_seconds=0.3)) as client:
        with connect(client) as connection:
            connection.sendall(LARGE)
            time.sleep(1.5)
            received = 0
            with contextlib.suppress(ConnectionError):
                while piece := connection.recv(1_000_000):
                    received += len(piece)
        assert received < 20_000_000
        assert client.get("/healthz").status_code == 200


def test_a_client_that_asks_without_end_and_reads_nothing_is_dropped(own_home: Path) -> None:
    with serving_with(own_home) as client:
        greedy = b"GET /v1/scores HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1_000_000
        with (
            connect(client) as connection,
            pytest.raises(ConnectionError),
        ):
            connection.sendall(greedy)
        assert client.get("/healthz").status_code == 200


def test_a_client_that_reads_slowly_gets_all_of_it(own_home: Path) -> None:
    with (
        serve_app(large_app(own_home), Settings(send_seconds=0.3)) as client,
        connect(client) as connection,
    ):
        connection.sendall(LARGE)
        received = 0
        while piece := connection.recv(1_000_000):
            received += len(piece)
            time.sleep(0.02)
    assert received > 20_000_000


def test_no_refusal_is_written_into_an_answer(own_home: Path) -> None:
    app = create_app(own_home, Settings(), now=lambda: NOW)
    app.add_route("/long", lambda _request: StreamingResponse(pieces(0.2)))
    with serve_app(app, Settings(receive_seconds=0.3, keep_alive_seconds=1)) as client:
        unfinished = b"GET /v1/scores HTTP/1.1\r\nHost: localhost\r\n"
        answered = ask(client, b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n" + unfinished)
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
def test_garbage_is_refused_and_harms_nobody(client: httpx.Client, garbage: bytes) -> None:
    assert status_of_problem(ask(client, garbage)) == 400
    assert client.get("/healthz").status_code == 200


def test_what_a_connection_refuses_is_counted_and_logged_once(
    own_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with serving_with(own_home, Settings(most_connections=1)) as client:
        ask(client, b"\x1b[31m\r\n\r\n")
        counted = client.get("/metrics").text
        # The client keeps its connection, so that another is one too many.
        assert status_of_problem(ask(client, b"GET / HTTP/1.1\r\n\r\n")) == 503
    assert 'tocsin_requests_total{method="other",route="elsewhere",status="400"} 1.0' in counted
    lines = [record for record in caplog.records if record.name == "service.requests"]
    assert [record.__dict__["status"] for record in lines] == [400, 503]


def test_an_answer_is_whole_though_garbage_follows_its_question(client: httpx.Client) -> None:
    asked = b"GET /v1/targets HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = ask(client, asked + b"\x00 GARBAGE\r\n\r\n")
    assert answer.partition(b"\r\n\r\n")[2] == client.get("/v1/targets").content


HEADERS = st.sampled_from(
    [
        *(
            "accept: ",
            "accept-encoding: ",
            "accept-language: ",
            "if-none-match: ",
            "x-request-id: ",
        ),
        *("authorization: Basic ", "authorization: Bearer ", "x-api-key: ", "content-length: "),
        *("range: bytes=", "range: ", "if-range: ", "host: ", "host: [", "transfer-encoding: "),
    ]
)


@given(HEADERS, st.binary(max_size=60) | st.integers(0, 10**40).map(lambda n: b"%d-" % n))
@example("range: bytes=", b"9" * 5000 + b"-")  # more digits than Python reads
@example("authorization: Basic ", b"\xe9\xe9")
def test_no_header_makes_a_fault(client: httpx.Client, header: str, value: bytes) -> None:
    clean = bytes(byte for byte in value if byte not in b"\r\n\x00")
    request = b"GET /v1/bulletins/latest/files/scores.parquet HTTP/1.1\r\nConnection: close\r\n"
    response = ask(client, request + b"%b%b\r\n\r\n" % (header.encode(), clean))
    assert b" 500 " not in response.splitlines()[0]
