"""Run the service on a socket until it is told to stop."""

import contextlib
import gc
import logging
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from features.errors import TocsinError
from service.access.connection import bounded_protocol
from service.access.limits import is_loopback
from service.access.logs import log_to_stderr
from service.app import create_app
from service.memory import give_memory_back
from service.settings import Settings

_log = logging.getLogger(__name__)

GRACE_S = 10
"""Time that running requests get to finish after the signal to stop [s]."""


class Server(uvicorn.Server):
    """A server that says where it listens, once it does."""

    def __init__(
        self,
        app: FastAPI,
        announce: Callable[[str], None] | None = None,
        settings: Settings | None = None,
    ) -> None:
        chosen = settings or Settings()
        config = uvicorn.Config(
            app,
            http=bounded_protocol(
                receive_seconds=chosen.receive_seconds,
                send_seconds=chosen.send_seconds,
                head_bytes=chosen.head_bytes,
            ),
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=chosen.trust_proxy,
            limit_concurrency=chosen.most_connections,
            timeout_keep_alive=chosen.keep_alive_seconds,
            timeout_graceful_shutdown=GRACE_S,
        )
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then announce the address of the first socket."""
        await super().startup(sockets)
        gc.freeze()  # what is there now stays: to look at it again takes 50 ms each time
        if self._announce is not None and sockets:
            host, port = sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            self._announce(f"http://{shown}:{port}")


def serve(
    home: Path,
    host: str,
    port: int,
    announce: Callable[[str], None] | None = None,
    settings: Settings | None = None,
) -> None:
    """Serve the bulletins of a home directory until SIGINT or SIGTERM, then finish what runs.

    announce is called with the address once it is listened to; port 0 takes a free one. An API key
    is needed as the settings say. Raises TocsinError when the address cannot be used.
    """
    chosen = settings or Settings()
    give_memory_back()
    log_to_stderr(chosen.log)
    needs_key = needs_keys(chosen, host)
    if not needs_key and not is_loopback(host):
        _log.warning("serving on %s without API keys: whoever reaches it may ask", host)
    listener = bind(host, port)
    app = create_app(home, chosen, needs_key=needs_key)
    with contextlib.closing(listener), contextlib.suppress(KeyboardInterrupt):
        Server(app, announce, chosen).run(sockets=[listener])


def needs_keys(settings: Settings, host: str) -> bool:
    """Tell whether requests need an API key, where the service listens on a host.

    Behind a proxy that is trusted, clients are not of this machine, wherever it listens.
    """
    if settings.keys == "outside loopback":
        return settings.trust_proxy or not is_loopback(host)
    return settings.keys == "always"


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address. Raises TocsinError when it cannot."""
    if port not in range(65_536):
        raise TocsinError(f"there is no port {port}: choose one from 0 to 65535 with --port")
    try:
        # The protocol must be given: asyncio sets TCP_NODELAY only on a socket that names TCP, and
        # without it every answer on a kept connection waits 40 ms for an acknowledgement.
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        family, kind, protocol, _, address = found[0]
        with contextlib.ExitStack() as undo:
            listener = undo.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            # Listening claims the port: of two services that start at once, one is refused here.
            listener.listen()
            undo.pop_all()
    except OSError as error:
        raise TocsinError(
            f"cannot listen on {host}, port {port}: {error.strerror}; choose another with --port"
        ) from error
    return listener
