"""Middleware: every request has an id, is counted, and is logged."""

import logging
import re
import secrets
import time

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.current import ID_HEADER

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_NOWHERE = "elsewhere"
_PROBLEM = 400
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_POLICY = b"default-src 'none'; frame-ancestors 'none'"

_log = structlog.wrap_logger(
    logging.getLogger("service.requests"), processors=[structlog.stdlib.render_to_log_kwargs]
)


class Requests:
    """Middleware: ids, metrics, one line of log, and headers that keep browsers careful.

    An id that the client gives is kept if it is short and plain, so that it can be searched in
    logs and never breaks one. Addresses that lead nowhere are counted as one.
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with `state.request_id` set."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin = time.perf_counter()
        given = Headers(scope=scope).get(ID_HEADER, "")
        request_id = given if _SAFE_ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        status, size = 500, 0

        async def send_marked(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[ID_HEADER] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers.setdefault("Content-Security-Policy", _POLICY.decode())
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, send_marked)
        finally:
            self._tell(scope, status, size, time.perf_counter() - begin)

    def _tell(self, scope: Scope, status: int, size: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or _NOWHERE
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._count.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if self._logs_all or status >= _PROBLEM:
            state = scope["state"]
            client = scope.get("client")
            tell = _log.error if status >= 500 else _log.info  # noqa: PLR2004
            tell(
                "request",
                method=scope["method"],
                path=scope["path"],
                route=route,
                status=status,
                milliseconds=round(seconds * 1000, 2),
                bytes=size,
                client=client[0] if client else None,
                key=state.get("key"),
                request_id=state["request_id"],
            )
