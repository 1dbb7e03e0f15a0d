"""ETags, 304, and a small cache of answers."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import service
from features.months import month_of
from service.asgi import RawHeaders, header_of

_PREFIX = "/v1/"
_OK = 200
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
    """Middleware: gives answers under `/v1/` an ETag, caches them, and answers 304.

    Bulletins never change, so the ETag is a hash of the request and the set of bulletins, which
    `with_bulletin` outside says. At most `most_bytes` are cached; the least recently used go first.
    """

    def __init__(self, app: ASGIApp, most_bytes: int, max_age_s: int) -> None:
        self.app = app
        self._most_bytes = most_bytes
        self._cache_control = f"max-age={max_age_s}"
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the cache, or cache the answer."""
        if not scope["path"].startswith(_PREFIX) or scope["method"] not in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
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
        is_same = _names(header_of(scope, b"if-none-match"), etag)
        await _send(answer, scope["method"], send, is_same=is_same)

    async def _compute(
        self, etag: str, scope: Scope, receive: Receive, send: Send
    ) -> Answer | None:
        """Return what the application answers; None if it is no success, and was sent on."""
        start: Message | None = None
        answer: Answer | None = None

        async def hold(message: Message) -> None:
            nonlocal start, answer
            if message["type"] == "http.response.start" and message["status"] == _OK:
                start = message
            elif start is None:
                await send(message)
            elif message.get("more_body", False):
                await send(start)
                await send(message)
                start = None
            else:
                scope["route"] = get_scope.get("route")
                headers = self._headers(start, etag)
                body = _without_time(start, message.get("body", b""))
                answer = Answer(headers, body, scope["route"], scope["state"]["manifest"])

        # HEAD is answered as GET would be; the server leaves the content out.
        get_scope = scope if scope["method"] == "GET" else {**scope, "method": "GET"}
        await self.app(get_scope, receive, hold)
        return answer

    def _headers(self, start: Message, etag: str) -> RawHeaders:
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["ETag"] = etag
        headers["Cache-Control"] = self._cache_control
        headers.add_vary_header("Accept, Accept-Encoding")
        return headers.raw

    def _add(self, etag: str, answer: Answer) -> None:
        if answer.size > self._most_bytes // 8 or etag in self._answers:
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
        scope["path"],
        scope["query_string"],
        header_of(scope, b"accept"),
        header_of(scope, b"accept-encoding"),
    )
    return f'"{hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()}"'


@cache
def _code_digest() -> str:
    """Return a hash of the service's code: another version may answer otherwise."""
    content = hashlib.sha256()
    for path in sorted(Path(service.__path__[0]).rglob("*.py")):
        content.update(path.read_bytes())
    return content.hexdigest()


async def _send(answer: Answer, method: str, send: Send, *, is_same: bool) -> None:
    headers = answer.headers
    if is_same:
        headers = [header for header in headers if header[0] != b"content-length"]
    status = 304 if is_same else _OK
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    body = b"" if is_same or method == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body})


def _names(if_none_match: str | None, etag: str) -> bool:
    """Return whether an `If-None-Match` header names an ETag; RFC 9110 has them compared weakly."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag in (
        tag.strip().removeprefix("W/") for tag in if_none_match.split(",")
    )
