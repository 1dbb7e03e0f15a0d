"""Servers that receive alerts, well or badly: HTTP and SMTP, on real sockets."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, NamedTuple, Self

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler


class Delivery(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[BaseHTTPRequestHandler], None]
"""What is answered to a request that has come whole."""


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in ({"Content-Length": str(len(body))} | own).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


class HttpReceiver:
    """Receives POSTs; the n-th is answered by `answer(n)`, from 0."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.answer: Callable[[int], Answer] = lambda _: status(204)
        self.stop = threading.Event()
        receiver, numbers = self, count()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.deliveries.append(Delivery(self.path, headers, body))
                receiver.answer(next(numbers))(self)

            def do_GET(self) -> None:
                receiver.deliveries.append(Delivery(f"GET {self.path}", {}, b""))
                status(200)(self)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    @property
    def ids(self) -> list[str]:
        return [delivery.headers["webhook-id"] for delivery in self.deliveries]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def hang(receiver: HttpReceiver) -> Answer:
    """Answer nothing."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        receiver.stop.wait(5)

    return answer


def _free_port() -> int:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        return int(reserved.getsockname()[1])


class _Inbox(MessageHandler):
    def __init__(self, messages: list[Message], refuses: Callable[[int], bool]) -> None:
        super().__init__()
        self._messages, self._refuses, self._numbers = messages, refuses, count()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self._refuses(next(self._numbers)):
            return "451 not now"
        return str(await super().handle_DATA(server, session, envelope))

    def handle_message(self, message: Message) -> None:
        self._messages.append(message)


@contextmanager
def smtp_server(
    refuses: Callable[[int], bool] = lambda _: False,
) -> Iterator[tuple[int, list[Message]]]:
    """Give the port of an SMTP server and its messages; the n-th is refused by `refuses(n)`."""
    messages: list[Message] = []
    controller = Controller(_Inbox(messages, refuses), hostname="127.0.0.1", port=_free_port())
    controller.start()
    try:
        yield controller.port, messages
    finally:
        controller.stop()
