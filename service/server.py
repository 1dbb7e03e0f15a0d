"""Run the service on a socket until a signal stops it."""

import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from features.errors import TocsinError
from service.access.connection import BoundedConnection
from service.access.guard import is_loopback
from service.access.requests import log_to_stderr
from service.app import create_app
from service.settings import Settings

if TYPE_CHECKING:
    from bulletins.shared import SharedBulletins

_log = logging.getLogger(__name__)

GRACE_S = 10
"""Time that running requests get to finish after the signal to stop [s]."""


class Server(uvicorn.Server):
    """A server that calls `announce` once it answers, and a signal ends it well."""

    announce: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, then announce it."""
        await super().startup(sockets)
        if self.announce is not None:
            self.announce()


def server_of(app: FastAPI, settings: Settings) -> Server:
    """Return the server of an application, within the bounds of the settings."""
    config = uvicorn.Config(
        app,
        http=partial(BoundedConnection, settings),  # type: ignore[arg-type]  # is called only
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.trust_proxy,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=GRACE_S,
    )
    return Server(config)


def serve(
    home: Path,
    host: str,
    port: int,
    announce: Callable[[str], None],
    settings: Settings,
    shared: "SharedBulletins | None" = None,
) -> None:
    """Serve a home directory until SIGINT or SIGTERM, then finish what runs; port 0 is a free one.

    SIGHUP changes nothing: new bulletins and keys are taken up without it, also those that are
    `shared`. `announce` is called with the address. Raises TocsinError when it cannot be used.
    """
    log_to_stderr(settings.log)
    if hasattr(signal, "SIGHUP"):  # Windows has none
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    needs_key = needs_keys(settings, host)
    if not needs_key and not is_loopback(host):
        _log.warning("serving on %s without API keys: whoever reaches it may ask", host)
    listener = bind(host, port, unread_seconds=settings.send_seconds)
    with contextlib.closing(listener), contextlib.suppress(KeyboardInterrupt):
        app = create_app(home, settings, needs_key=needs_key, shared=shared)
        server = server_of(app, settings)
        gc.freeze()  # a full collection would take 50 ms for objects that stay anyway
        server.announce = partial(announce, address_of(listener))
        server.run(sockets=[listener])


def address_of(listener: socket.socket) -> str:
    """Return the address of a socket that listens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def needs_keys(settings: Settings, host: str) -> bool:
    """Return whether requests need an API key; behind a proxy clients are of other machines."""
    if settings.keys == "outside loopback":
        return settings.trust_proxy or not is_loopback(host)
    return settings.keys == "always"


def bind(host: str, port: int, *, unread_seconds: float = 30) -> socket.socket:
    """Return a socket that listens on an address.

    Linux drops a client that reads nothing for `unread_seconds` (TCP_USER_TIMEOUT, RFC 5482).
    Raises TocsinError when the address cannot be used.
    """
    if port not in range(65_536):
        raise TocsinError(f"there is no port {port}: choose one from 0 to 65535 with --port")
    try:
        # asyncio sets TCP_NODELAY only on a socket that names TCP; without it every answer on a
        # kept connection waits 40 ms.
        kinds = {"type": socket.SOCK_STREAM, "proto": socket.IPPROTO_TCP}
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, **kinds)[0]
        with contextlib.ExitStack() as undo:
            listener = undo.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # connections inherit it
                milliseconds = max(1, round(unread_seconds * 1000))
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
            listener.bind(address)
            # Listening claims the port: of two services that start at once, one is refused here.
            listener.listen()
            undo.pop_all()
    except OSError as error:
        raise TocsinError(
            f"cannot listen on {host}, port {port}: {error.strerror}; choose another with --port"
        ) from error
    return listener
