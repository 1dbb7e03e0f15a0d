"""ETags, 304, parts of answers, and a small cache of them."""

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import alerts
import bulletins
import features
import service
from features.months import month_of
from service.access.ranges import NOTHING, asked_part
from service.api.problems import problem
from service.asgi import RawHeaders, header_of, raw

_PREFIXES = ("/v1/", "/ogc")
_OK = 200
_TAKES_RANGES = (b"accept-ranges", b"bytes")
_ENTRY_OVERHEAD = 1000  # bytes, of an answer's key and objects


@dataclass(frozen=True)
class Answer:
    """A complete answer to a GET request; it does not keep its bulletin in memory."""

    headers: RawHeaders
    body: bytes
    route: object
    manifest: object

    @property
    def size(self) -> int:
        """The memory that it takes [bytes]; `Link` repeats a query, which may be long."""
        return len(self.body) + sum(len(value) for _, value in self.headers) + _ENTRY_OVERHEAD


class Answers:
    """Middleware: gives answers of data an ETag, caches them, and answers 304 and 206.

    Bulletins never change, so the ETag is a hash of the request and the set of bulletins, which
    `with_bulletin` outside says. At most `most_bytes` are cached; the least recently used go first.
    An answer that is sent while it is written is passed on, and not cached. HEAD is answered
    everywhere as GET would be; the server leaves the content out.
    """

    def __init__(self, app: ASGIApp, most_bytes: int, max_age_s: int) -> None:
        self.app = app
        self._most_bytes = most_bytes
        self._cache_control = f"max-age={max_age_s}"
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the cache, or cache the answer."""
        if scope["method"] not in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        if not scope["path"].startswith(_PREFIXES):
            # Files of pages are small; the library's refusal of a part would be no problem document
            scope["headers"] = [header for header in scope["headers"] if header[0] != b"range"]
            await self._get(scope, receive, send)
            return
        etag = _etag_of(scope)
        answer = self._answers.get(etag)
        if answer is None:
            answer = await self._compute(etag, scope, receive, send)
            if answer is None:
                return
            self._add(etag, answer)
        else:
            self._answers.move_to_end(etag)
            scope["route"], scope["state"]["manifest"] = answer.route, answer.manifest
        await _send(answer, etag, scope, receive, send)

    async def _compute(
        self, etag: str, scope: Scope, receive: Receive, send: Send
    ) -> Answer | None:
        """Return what the application answers; None if it is no success, or was sent on."""
        start: Message | None = None
        answer: Answer | None = None
        forward = send
        # An answer in pieces is given up after the first where nobody wants its content.
        has_enough = asyncio.Event()
        wants_content = scope["method"] == "GET" and not _is_known(scope, etag)

        async def until_enough() -> Message:
            await has_enough.wait()
            return {"type": "http.disconnect"}

        async def hold(message: Message) -> None:
            nonlocal start, answer, forward
            if message["type"] == "http.response.start" and message["status"] == _OK:
                start = {**message, "headers": self._headers(message, etag)}
            elif start is None:
                await forward(message)
            elif not message.get("more_body", False):
                answer = answer_of(_without_time(start, message.get("body", b"")))
            elif wants_content:
                await send(start)
                await send(message)
                start = None
            else:
                await _send(answer_of(b""), etag, scope, receive, send)
                start, forward = None, _drop
                has_enough.set()

        def answer_of(body: bytes) -> Answer:
            headers = [] if start is None else start["headers"]
            return Answer(headers, body, scope["route"], scope["state"]["manifest"])

        await self._get(scope, receive if wants_content else until_enough, hold)
        return answer

    async def _get(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request answered as GET; its route is told before the answer starts."""
        get_scope = scope if scope["method"] == "GET" else {**scope, "method": "GET"}

        async def told(message: Message) -> None:
            scope["route"] = get_scope.get("route")
            await send(message)

        await self.app(get_scope, receive, told)

    def _headers(self, start: Message, etag: str) -> RawHeaders:
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["ETag"] = etag
        headers["Cache-Control"] = self._cache_control
        headers["Vary"] = "Accept, Accept-Encoding"  # in place of what compression says
        return headers.raw

    def _add(self, etag: str, answer: Answer) -> None:
        if answer.size > self._most_bytes // 4 or etag in self._answers:
            return
        self._answers[etag] = answer
        self._bytes += answer.size
        while self._bytes > self._most_bytes:
            self._bytes -= self._answers.popitem(last=False)[1].size


def _without_time(start: Message, body: bytes) -> bytes:
    """Return a body of which gzip would write the time (RFC 1952, MTIME); a strong ETag has one."""
    if (b"content-encoding", b"gzip") not in start["headers"]:
        return body
    return body[:4] + bytes(4) + body[8:]


def _etag_of(scope: Scope) -> str:
    """Return the strong ETag of the answer to a request."""
    state = scope["state"]
    parts = (
        _code_digest(),
        state["listing"].digest,
        state["stale"],
        month_of(state["now"].date()),
        scope.get("scheme"),  # it and the host stand in links that are whole
        header_of(scope, b"host"),
        scope["path"],
        scope["query_string"],
        header_of(scope, b"accept"),
        header_of(scope, b"accept-encoding"),
    )
    return f'"{hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()}"'


@cache
def _code_digest() -> str:
    """Return a hash of the code and templates of answers, and of the catalogues of messages.

    Another version may answer otherwise.
    """
    content = hashlib.sha256()
    for package, kind in (
        (alerts, "*.py"),
        (bulletins, "*.py"),
        (service, "*.py"),
        (service, "*.html"),
        (service, "*.css"),
        (features, "*.po"),
    ):
        for path in sorted(Path(package.__path__[0]).rglob(kind)):
            content.update(path.read_bytes())
    return content.hexdigest()


async def _send(answer: Answer, etag: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Send an answer, or the part of it that is asked for, or that it is known."""
    status, headers, body = _OK, list(answer.headers), answer.body
    if _is_known(scope, etag):
        status, headers, body = 304, _without_length(headers), b""
    elif scope["method"] == "HEAD":
        body = b""
    elif _TAKES_RANGES in headers:
        if_range = header_of(scope, b"if-range")
        part = asked_part(header_of(scope, b"range"), if_range, etag, len(body))
        if part == NOTHING:
            detail = f"range: the answer has {len(body)} bytes: ask for some of them"
            refusal = problem(
                Request(scope), 416, detail, {"Content-Range": f"bytes */{len(body)}"}
            )
            await refusal(scope, receive, send)
            return
        if part is not None:
            where = f"bytes {part.start}-{part.stop - 1}/{len(body)}"
            status, body = 206, body[part]
            lengths = {"Content-Range": where, "Content-Length": str(len(body))}
            headers = [*_without_length(headers), *raw(lengths)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _drop(_message: Message) -> None:
    """Do nothing with the rest of an answer of which nobody wants the content."""


def _without_length(headers: RawHeaders) -> RawHeaders:
    return [header for header in headers if header[0] != b"content-length"]


def _is_known(scope: Scope, etag: str) -> bool:
    """Return whether `If-None-Match` names an ETag; RFC 9110 has them compared weakly."""
    names = header_of(scope, b"if-none-match")
    if names is None:
        return False
    return names.strip() == "*" or etag in (
        tag.strip().removeprefix("W/") for tag in names.split(",")
    )
