"""What a server answers, and what a folder shows of it, for the tests of downloads."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
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
