"""Bounds of a connection: how large a request may be, and how long a client may keep us waiting."""

import asyncio
from typing import Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_END_OF_HEAD = b"\r\n\r\n"

_MOST_PIPELINED = 100
"""So many requests may wait for the answer of one before them; uvicorn would queue any number."""


class _Seen(NamedTuple):
    """How a connection stood when its client last took something."""

    at: float
    answered: int
    unsent: int


class BoundedProtocol(HttpToolsProtocol):
    """A connection that waits only so long for its client, and takes only so many bytes of headers.

    uvicorn's own has no such bounds: a client that sends a byte now and then, or never reads what
    it asked for, holds a connection for ever. Subclasses say how long and how many. The client is
    looked at now and then: a timer for each request would cost more than the bounds are worth.
    """

    receive_seconds: float
    send_seconds: float
    head_bytes: int

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        now = self.loop.time()
        self._head = 0
        self._in_head = True
        self._awaited_since: float | None = now
        self._answered = 0
        self._seen = _Seen(now, answered=0, unsent=0)
        self._look = self.loop.call_later(self._looks_apart, self._look_at_client)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless it is more of a head than any request needs."""
        self._await_request()
        if self._in_head:
            end = data.find(_END_OF_HEAD)
            self._head += len(data) if end < 0 else end
            if self._head > self.head_bytes:
                self._refuse(b"431 Request Header Fields Too Large")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        if len(self.pipeline) >= _MOST_PIPELINED:
            self.transport.abort()
        self._await_request()
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """The head is over; what follows is body."""
        self._in_head, self._head = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is there in full: now it is our turn."""
        self._awaited_since = None
        self._in_head = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer is handed to the system, if not yet to the client."""
        self._answered += 1
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        self._look.cancel()
        super().connection_lost(exc)

    @property
    def _looks_apart(self) -> float:
        return min(self.receive_seconds, self.send_seconds) / 4

    def _await_request(self) -> None:
        if self._awaited_since is None:
            self._awaited_since = self.loop.time()

    def _look_at_client(self) -> None:
        """Drop a client that has sent too little, or taken nothing, for too long."""
        now, unsent = self.loop.time(), self.transport.get_write_buffer_size()
        has_taken = unsent < self._seen.unsent or self._answered != self._seen.answered
        if has_taken or self._seen.unsent == 0:
            self._seen = _Seen(now, self._answered, unsent)
        elif now - self._seen.at > self.send_seconds:
            self.transport.abort()
            return
        if self._awaited_since is not None and now - self._awaited_since > self.receive_seconds:
            self._refuse(b"408 Request Timeout")
        self._look = self.loop.call_later(self._looks_apart, self._look_at_client)

    def _refuse(self, status: bytes) -> None:
        """Refuse what is being received; nothing after it is taken."""
        self._awaited_since = None
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False  # no word of ours into the answer that is under way
            return
        if self.transport.is_closing():
            return
        if self._in_head:
            self.transport.write(
                b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            )
        self.transport.close()


def bounded_protocol(
    *, receive_seconds: float, send_seconds: float, head_bytes: int
) -> type[BoundedProtocol]:
    """Return a kind of connection with bounds [s, s, bytes]."""
    bounds: dict[str, Any] = {
        "receive_seconds": receive_seconds,
        "send_seconds": send_seconds,
        "head_bytes": head_bytes,
    }
    return type("Bounded", (BoundedProtocol,), bounds)
