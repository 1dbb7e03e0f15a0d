"""Bounds of a request: it has no body to speak of, and its answer begins in time."""

import asyncio

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import problem
from service.asgi import header_of


class NoBodies:
    """Middleware: refuses bodies, which nothing here reads; a small one is passed over."""

    def __init__(self, app: ASGIApp, *, body_bytes: int) -> None:
        self.app = app
        self._body_bytes = body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if it has no body to speak of."""
        app = self.app if scope["type"] != "http" else self._refusal(scope) or self.app
        await app(scope, receive, send)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        close = {"Connection": "close"}
        if header_of(scope, b"transfer-encoding") is not None:
            detail = "a body in chunks: everything is asked by GET, without a body"
            return problem(Request(scope), 411, detail, close)
        length = header_of(scope, b"content-length")
        if length is not None and (not length.isdigit() or int(length) > self._body_bytes):
            detail = f"the body is larger than {self._body_bytes} bytes: everything is asked by GET"
            return problem(Request(scope), 413, detail, close)
        return None


class Deadline:
    """Middleware: gives up on answers that begin too late; how long they are sent is no matter."""

    def __init__(self, app: ASGIApp, *, answer_seconds: float) -> None:
        self.app = app
        self._answer_seconds = answer_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and answer in its place when nothing has begun in time."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            if not started:
                started = True
                time_left.reschedule(None)
            await send(message)

        try:
            async with asyncio.timeout(self._answer_seconds) as time_left:
                await self.app(scope, receive, send_noting)
        except TimeoutError:
            if started:
                raise
            detail = "the answer took too long: ask for less, or ask again"
            late = problem(Request(scope), 503, detail, {"Retry-After": "1"})
            await late(scope, receive, send)
