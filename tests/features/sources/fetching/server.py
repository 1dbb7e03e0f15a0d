"""What a server answers, and what a folder shows of it, for the tests of downloads."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from features.sources.fetching.http import HttpClient

Answer = Callable[[BaseHTTPRequestHandler], None]
Requests = list[tuple[str, dict[str, str]]]
Serve = Callable[..., tuple[str, Requests]]
MakeClient = Callable[..., HttpClient]


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
    return sorted(path.name for path in folder.glob(".*") if path.name != ".fetch.lock")
