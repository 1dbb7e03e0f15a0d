"""Middleware: every request has an id, is counted, and is logged."""

import logging
import re
import secrets
import time
from itertools import count

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.current import ID_HEADER, marks_of
from service.asgi import has_header, header_of, raw, with_headers

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PROCESS, _NUMBERS = secrets.token_hex(4), count(1)
_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_NOWHERE = "elsewhere"
_PROBLEM = 400
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_ID = ID_HEADER.lower().encode()
_CAREFUL = raw({"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"})
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")

_log = structlog.wrap_logger(
    logging.getLogger("service.requests"), processors=[structlog.stdlib.render_to_log_kwargs]
)


class Requests:
    """Middleware: ids, metrics, one line of log, and the headers that every answer carries.

    They name the request and the bulletin, and keep browsers careful.

    An id that the client gives is kept if it is short and plain, so that it can be searched in
    logs and never breaks one. Addresses that lead nowhere are counted as one.
    """

    def __init__(self, app: ASGIApp, *, registry: CollectorRegistry, log_all: bool) -> None:
        self.app = app
        self._logs_all = log_all
        self._count = Counter(
            "tocsin_requests", "Requests", ("route", "method", "status"), registry=registry
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
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
        given = header_of(scope, _ID) or ""
        request_id = given if _SAFE_ID.fullmatch(given) else f"{_PROCESS}-{next(_NUMBERS):x}"
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        status, size = 500, 0

        async def send_marked(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                told = (_ID, request_id.encode())
                message = with_headers(message, [told, *_CAREFUL, *marks_of(state)])
                if not has_header(message, _POLICY[0]):
                    message["headers"].append(_POLICY)
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, send_marked)
        finally:
            self._tell(scope, status, size, time.perf_counter() - begin)

    def _of(self, route: str, method: str, status: int) -> tuple[Counter, Histogram]:
        """Return what counts such a request; to look it up by its labels anew takes long."""
        key = (route, method, status)
        if key not in self._known:
            count = self._count.labels(route, method, str(status))
            self._known[key] = (count, self._seconds.labels(route))
        return self._known[key]

    def _tell(self, scope: Scope, status: int, size: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or _NOWHERE
        method = scope["method"] if scope["method"] in _METHODS else "other"
        count, histogram = self._of(route, method, status)
        count.inc()
        histogram.observe(seconds)
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
