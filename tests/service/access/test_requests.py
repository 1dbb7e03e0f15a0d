"""What every request leaves behind and every answer carries: ids, logs, metrics, freshness."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Literal

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from service.access.requests import _SAFE_ID, log_to_stderr
from service.settings import Settings
from tests.bulletins.example import NOW
from tests.service.conftest import serving_with, wait_until


@given(st.text(max_size=90))
def test_an_id_that_could_break_a_log_is_not_taken_over(text: str) -> None:
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
    assert "default-src 'self'" in client.get("/").headers["content-security-policy"]


@contextmanager
def logging_as(form: Literal["console", "json"]) -> Iterator[None]:
    """Have all log go to stderr, as the service has it."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers = []
    try:
        log_to_stderr(form)
        yield
    finally:
        root.handlers, root.level = before, level
        logging.getLogger("uvicorn").setLevel(logging.NOTSET)
        structlog.reset_defaults()


def test_logs_are_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_as("json"):
        logging.getLogger("x").warning("two\nlines", extra={"status": 200})
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["event"], told["status"], told["level"]) == ("two\nlines", 200, "warning")


def test_nothing_in_the_log_moves_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    wild = "\x1b]0;x\x07\x9b31m\u202e\r\n"
    error = ValueError(wild)
    with logging_as("console"):
        logging.getLogger("x").warning("event %s", wild, extra={"path": wild, "client": wild})
        logging.getLogger("x").error("é", exc_info=error)
        logging.getLogger("uvicorn.error").warning("what a client did wrong, again")
    lines = capsys.readouterr().err.splitlines()
    assert all(line.isprintable() for line in lines)
    assert lines[0].count("u001b]0;x") == 3
    assert "é" in lines[1]
    assert lines[2].startswith("ValueError")
    assert "again" not in lines[-1]


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
        # A span ends after its answer.
        wait_until(lambda: any("/healthz" in s.name for s in exporter.get_finished_spans()))


def test_a_bulletin_grows_stale(own_home: Path) -> None:
    late = NOW + timedelta(days=60)
    with serving_with(own_home, now=lambda: late) as client:
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert "is stale, because it was issued on 21 January 2025" in ready.json()["detail"]
        body = client.get("/v1/scores?limit=1")
        assert body.status_code == 200
        assert body.headers["tocsin-stale"] == "true"
        assert body.json()["bulletin"]["stale"] is True
        assert body.json()["bulletin"]["stale_because"] == "it was issued on 21 January 2025"
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


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_answers_are_compressed_as_asked(client: httpx.Client, encoding: str) -> None:
    plain = client.get("/v1/scores", headers={"Accept-Encoding": "identity"})
    address = f"{client.base_url}/v1/scores"
    with httpx.stream("GET", address, headers={"Accept-Encoding": encoding}) as told:
        raw = b"".join(told.iter_raw())
        assert told.headers["content-encoding"] == encoding
        assert len(raw) < len(plain.content) / 4
        assert told.headers["etag"] != plain.headers["etag"]
