"""Bounds of a connection and of a request: size, and time."""

import asyncio
from typing import Any

import httptools
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.api.problems import problem
from service.asgi import header_of
from service.settings import Settings

_END_OF_HEAD = b"\r\n\r\n"

_MOST_PIPELINED = 100
"""Requests that may arrive at once; the server would queue any number."""

_REFUSAL = "tocsin.refusal"
_NOTHING = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"


class BoundedConnection(HttpToolsProtocol):
    """A connection whose client must send each request in time, with a head of limited size.

    What it refuses is answered by `refusing`, so that it is recorded, and has the form of any
    other problem. Unread answers are left to `bind`.
    """

    def __init__(self, settings: Settings, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._receive_seconds = settings.receive_seconds
        self._head_bytes = settings.head_bytes
        self._most_connections = settings.most_connections
        self._refusal: tuple[int, str] | None = None
        self._awaited_since: float | None = self.loop.time()
        self._received = 0

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        self._timer = self.loop.call_later(self._receive_seconds, self._check)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Pass on what came, unless the head is too large or there are too many requests."""
        if self._refusal is not None:
            return
        if data.count(_END_OF_HEAD) > _MOST_PIPELINED:
            self._refuse(429, f"more than {_MOST_PIPELINED} requests came at once: await answers")
            return
        end = data.find(_END_OF_HEAD)
        head = self._received + (len(data) if end < 0 else end)
        if head > self._head_bytes:
            self._refuse(431, f"the head of a request has more than {self._head_bytes} bytes")
            return
        self._received = head if end < 0 else len(data.rpartition(_END_OF_HEAD)[2])
        if self._awaited_since is None and not self._is_answering:
            self._awaited_since = self.loop.time()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Begin to answer: nothing is awaited meanwhile."""
        if self._refusal is None and len(self.connections) > self._most_connections:
            self._refusal = 503, "too many connections: ask again later"
        if self._refusal is not None:
            self.scope[_REFUSAL] = self._refusal  # type: ignore[literal-required]
        super().on_headers_complete()
        self._awaited_since, self._received = None, 0

    def on_response_complete(self) -> None:
        """Have answered: what comes from now on belongs to the next request."""
        self._awaited_since, self._received = None, 0
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._timer.cancel()
        super().connection_lost(exc)

    def _check(self) -> None:
        wait = self._receive_seconds
        if self._awaited_since is not None:
            wait += self._awaited_since - self.loop.time()
            if wait <= 0:
                detail = f"no whole request came within {self._receive_seconds:g} seconds"
                self._refuse(408, detail)
                return
        self._timer = self.loop.call_later(wait, self._check)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Refuse what is no HTTP."""
        self._refuse(400, "what came is no request of HTTP/1.1")

    def _refuse(self, status: int, detail: str) -> None:
        """Answer a problem in place of what came, and close; an answer that runs ends first."""
        self._refusal = status, detail
        if self._is_answering or self.transport.is_closing():
            self.shutdown()
            return
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(_NOTHING)
        self.scope["method"] = self.scope["path"] = ""  # before the application sees it


def refusing(app: ASGIApp, most_bytes: int) -> ASGIApp:
    """Return a layer that answers what a connection refuses, and refuses bodies.

    Nothing here reads a body; a small one is ignored.
    """

    async def bounded(scope: Scope, receive: Receive, send: Send) -> None:
        refused: tuple[int, str] | None = scope.get(_REFUSAL)
        length = header_of(scope, b"content-length")
        if refused is not None:
            status, detail = refused
        elif header_of(scope, b"transfer-encoding") is not None:
            status, detail = 411, "a body in chunks: everything is asked by GET, without a body"
        elif length is not None and (not length.isdigit() or int(length) > most_bytes):
            status = 413
            detail = f"the body is larger than {most_bytes} bytes: everything is asked by GET"
        else:
            await app(scope, receive, send)
            return
        refusal = problem(Request(scope), status, detail, {"Connection": "close"})
        await refusal(scope, receive, send)

    return bounded


def with_deadline(app: ASGIApp, seconds: float) -> ASGIApp:
    """Return a layer that gives up on answers that begin too late; sending may take any time."""

    async def timed(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_any_time(message: Message) -> None:
            time_left.reschedule(None)
            await send(message)

        try:
            async with asyncio.timeout(seconds) as time_left:
                await app(scope, receive, send_in_any_time)
        except TimeoutError:
            if not time_left.expired():  # it is of the application
                raise
            detail = "the answer took too long: ask for less, or ask again"
            late = problem(Request(scope), 503, detail, {"Retry-After": "1"})
            await late(scope, receive, send)

    return timed
