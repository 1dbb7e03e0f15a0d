"""What is recorded of every request: its id, metrics and a line of log."""

import logging
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict, Processor

from features.printable import printable
from service.api.current import ID_HEADER, marks_of
from service.asgi import header_of, raw, with_headers
from service.freshness import Freshness
from service.store.bulletins import BulletinStore

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PROCESS, _NUMBERS = secrets.token_hex(4), count(1)
_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_NO_ROUTE = "elsewhere"
_REFUSED, _LEFT, _FAILED = 400, 499, 500  # 499, as nginx has it: the client did not wait
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_ID = ID_HEADER.lower().encode()
_BROWSER_HEADERS = raw({"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"})
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")

_log = logging.getLogger("service.requests")


class Requests:
    """Middleware: ids, metrics, one line of log, and the headers that every answer carries.

    The headers name the request and the bulletin, and restrict what browsers may do. An id from the
    client is used if it is short and plain. Requests without a route are counted as one.
    """

    def __init__(self, app: ASGIApp, *, registry: CollectorRegistry, log_all: bool) -> None:
        self.app = app
        self._logs_all = log_all
        self._count = Counter(
            "tocsin_requests", "Requests", ("route", "method", "status"), registry=registry
        )
        self._seconds = Histogram(
            "tocsin_request_seconds",
            "Time to the end of the answer [s]",
            ("route",),
            registry=registry,
            buckets=_BUCKETS,
        )
        self._metrics_of = cache(self._labelled)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with `state.request_id` set."""
        begin = time.perf_counter()
        client_id = header_of(scope, _ID) or ""
        is_safe = _SAFE_ID.fullmatch(client_id)
        request_id = client_id if is_safe else f"{_PROCESS}-{next(_NUMBERS):x}"
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        status, size = _LEFT, 0

        async def send_marked(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                request_mark = (_ID, request_id.encode())
                marks = [request_mark, *_BROWSER_HEADERS, *marks_of(state)]
                message = with_headers(message, marks)
                if all(name != _POLICY[0] for name, _ in message["headers"]):
                    message["headers"].append(_POLICY)
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, send_marked)
        finally:
            self._record(scope, status, size, time.perf_counter() - begin)

    def _record(self, scope: Scope, status: int, size: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or _NO_ROUTE
        method = scope["method"] if scope["method"] in _METHODS else "other"
        counter, histogram = self._metrics_of(route, method, status)
        counter.inc()
        histogram.observe(seconds)
        if self._logs_all or status >= _REFUSED:
            state = scope["state"]
            client = scope.get("client")
            details = {
                "method": scope["method"],
                "path": scope["path"],
                "route": route,
                "status": status,
                "milliseconds": round(seconds * 1000, 2),
                "bytes": size,
                "client": client[0] if client else None,
                "key": state.get("key"),
                "request_id": state["request_id"],
            }
            _log.log(logging.ERROR if status >= _FAILED else logging.INFO, "request", extra=details)

    def _labelled(self, route: str, method: str, status: int) -> tuple[Counter, Histogram]:
        """Return the metrics of a kind of request; looking them up by label takes long."""
        return self._count.labels(route, method, str(status)), self._seconds.labels(route)


class BulletinGauges(Collector):
    """Metrics: the current bulletin, its age and whether it is stale, and those passed over."""

    def __init__(
        self, store: BulletinStore, freshness: Freshness, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._freshness = freshness
        self._now = now

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges; those of a current bulletin only while there is one."""
        listing, gauge = self._store.listing, GaugeMetricFamily
        unserved = len(listing.unserved)
        yield gauge("tocsin_bulletins_passed_over", "Bulletins that cannot be served", unserved)
        if listing.address is not None:
            answers = float(not listing.address.trouble)
            yield gauge("tocsin_shared_address_answers", "0 while it does not answer", answers)
        if listing.newest is None:
            return
        manifest = listing.newest.manifest
        now = self._now()
        days = (now - manifest.issued_at) / timedelta(days=1)
        is_stale = float(self._freshness.fault(manifest, now) is not None)
        yield gauge("tocsin_bulletin_age_days", "Time since the current bulletin was issued", days)
        yield gauge("tocsin_bulletin_stale", "1 once it is older than it should be", is_stale)
        labels = ("bulletin", "origin")
        current = gauge("tocsin_bulletin", "1 for the current bulletin", labels=labels)
        current.add_metric((manifest.id, manifest.origin), 1)
        yield current


def log_to_stderr(form: Literal["console", "json"]) -> None:
    """Send all log from INFO up to stderr, a line each, to be read by people or by machines."""
    before: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
    ]
    if form == "console":
        before.append(_without_controls)
    renderer: Processor = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    if form == "json":
        renderer = structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(renderer, foreign_pre_chain=before))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    # That it starts and stops is no news, and what clients do wrong stands in a line of our own.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)


def _without_controls(_logger: object, _level: str, event: EventDict) -> EventDict:
    """Return what is logged with all escaped that a terminal would obey."""
    for name, value in event.items():
        if isinstance(value, str):
            text = printable(value)
            event[name] = text if name == "exception" else text.replace("\n", "\\n")
    return event
