"""Answers that were given before are given again, and whoever has one is told so."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.asgi import has_header, header_of

_PREFIX = "/v1/"
_OK = 200
_ENTRY_OVERHEAD = 1000  # bytes, of an answer's key and headers

Key = tuple[object, ...]


@dataclass(frozen=True)
class Answer:
    """A complete answer to a GET request; its ETag is a hash of its content."""

    etag: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    route: object
    bulletin: object

    @property
    def size(self) -> int:
        """What it takes up [bytes]."""
        return len(self.body) + _ENTRY_OVERHEAD


class Answers:
    """Middleware: gives complete answers under `/v1/` an ETag, keeps them, and answers 304.

    It stands inside CurrentBulletin, which says whether bulletins have changed.
    Bulletins never change: as long as none comes or goes, the same question has the same answer.
    At most `most_bytes` of answers are kept, compressed as they were asked for; the longest unused
    go first. The ETag is strong: it is of the bytes that are sent.
    """

    def __init__(self, app: ASGIApp, most_bytes: int, max_age_s: int) -> None:
        self.app = app
        self._most_bytes = most_bytes
        self._cache_control = f"max-age={max_age_s}"
        self._kept: OrderedDict[Key, Answer] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is kept, or keep what is answered."""
        if scope["type"] != "http" or not _may_be_kept(scope):
            await self.app(scope, receive, send)
            return
        state = scope["state"]
        key = (
            state["look"],
            state.get("stale"),
            scope["path"],
            scope["query_string"],
            header_of(scope, b"accept"),
            header_of(scope, b"accept-encoding"),
        )
        answer = self._kept.get(key)
        if answer is None:
            answer = await self._asked(scope, receive, send)
            if answer is None:
                return
            self._keep(key, answer)
        else:
            self._kept.move_to_end(key)
            scope["route"], state["bulletin"] = answer.route, answer.bulletin
        await _send(answer, header_of(scope, b"if-none-match"), scope["method"], send)

    async def _asked(self, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        """Return what the application answers; None when it was sent on, being no such answer."""
        start: Message | None = None
        answer: Answer | None = None

        async def hold(message: Message) -> None:
            nonlocal start, answer
            if message["type"] == "http.response.start" and message["status"] == _OK:
                start = message
            elif start is not None and message["type"] == "http.response.body":
                if message.get("more_body", False) or has_header(start, b"etag"):
                    await send(start)
                    await send(message)
                    start = None
                else:
                    body = message.get("body", b"")
                    scope["route"] = asked.get("route")
                    answer = self._answer(start, body, scope)
            else:
                await send(message)

        # HEAD is answered as GET would be; the server leaves the content out.
        asked = scope if scope["method"] == "GET" else {**scope, "method": "GET"}
        await self.app(asked, receive, hold)
        return answer

    def _answer(self, start: Message, body: bytes, scope: Scope) -> Answer:
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["ETag"] = etag
        headers["Cache-Control"] = self._cache_control
        headers.add_vary_header("Accept, Accept-Encoding")
        return Answer(etag, headers.raw, body, scope["route"], scope["state"]["bulletin"])

    def _keep(self, key: Key, answer: Answer) -> None:
        if answer.size > self._most_bytes // 8:
            return
        self._kept[key] = answer
        self._bytes += answer.size
        while self._bytes > self._most_bytes:
            self._bytes -= self._kept.popitem(last=False)[1].size


def _may_be_kept(scope: Scope) -> bool:
    return scope["method"] in {"GET", "HEAD"} and scope["path"].startswith(_PREFIX)


async def _send(answer: Answer, known: str | None, method: str, send: Send) -> None:
    is_known = known is not None and _names(known, answer.etag)
    headers = (
        [h for h in answer.headers if h[0] != b"content-length"] if is_known else answer.headers
    )
    status = 304 if is_known else _OK
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    body = b"" if is_known or method == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body})


def _names(known: str, etag: str) -> bool:
    """Tell whether an `If-None-Match` header names an ETag; compared weakly, as RFC 9110 has it."""
    return known.strip() == "*" or etag in (
        tag.strip().removeprefix("W/") for tag in known.split(",")
    )
