"""What a server answers, and what a folder shows of it, for the tests of downloads."""

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from features.sources.fetching.transport import Transport

Answer = Callable[[BaseHTTPRequestHandler], None]
Requests = list[tuple[str, dict[str, str]]]


class Site(NamedTuple):
    """A server's answers, a client that asks for them, and a folder for what comes."""

    serve: Callable[..., tuple[str, Requests]]
    """Serves answers one after the other, the last for ever: the address, and what was asked."""
    client: Callable[..., Transport]
    """Makes a client whose time passes only while it waits, which it does in no time."""
    waits: list[float]
    """What the client would have waited [s]."""
    folder: Path


def serving(stack: ExitStack, answers: tuple[Answer, ...]) -> tuple[str, Requests]:
    """Serve answers one after the other, the last for ever: the address, and what was asked."""
    asked: Requests = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.close_connection = True
            asked.append((self.path, {name.lower(): text for name, text in self.headers.items()}))
            with suppress(BrokenPipeError, ConnectionResetError):
                answers[min(len(asked), len(answers)) - 1](self)

        def end_headers(self) -> None:
            self.send_header("Connection", "close")
            super().end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    stack.callback(thread.join)
    stack.callback(server.shutdown)
    return f"http://127.0.0.1:{server.server_port}", asked


def says(status: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        for name, text in ({"Content-Length": str(len(body))} | named).items():
            handler.send_header(name, text)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def seen(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*") if not path.name.startswith("."))


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob(".*.part*"))
