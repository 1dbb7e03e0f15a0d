import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from features.sources.fetching.transport import Transport
from tests.features.sources.fetching.server import Answer, Requests, Site


def _serve(stack: ExitStack, answers: tuple[Answer, ...]) -> tuple[str, Requests]:
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


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    waits: list[float] = []
    with ExitStack() as stack:
        session = stack.enter_context(requests.Session())
        session.trust_env = False

        def client(**options: Any) -> Transport:
            plain: dict[str, Any] = {
                "user_agent": "tocsin/0",
                "gap": 0.0,
                "timeout": 5.0,
                "sleep": waits.append,
                "clock": lambda: sum(waits),
                "session": session,
            }
            return Transport(**plain | options)

        yield Site(lambda *answers: _serve(stack, answers), client, waits, tmp_path)
