"""API keys and rate limits: which requests are refused."""

import base64
import ipaddress
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from math import ceil
from typing import NamedTuple

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access.keys import KeyRing
from service.api.problems import problem
from service.asgi import header_of, raw, with_headers
from service.errors import KeysError
from service.settings import Settings

MOST_CLIENTS = 10_000
"""Clients in one minute that are counted each for itself."""

_log = logging.getLogger(__name__)

_MINUTE_S = 60
_OTHERS = "others"
_PREFIX_V6 = 64  # bits of an IPv6 address that one client has for itself

OPEN = frozenset({"/healthz", "/readyz"})
"""Addresses that never need a key: they tell an operator whether the service runs."""

_PAGES = ("/docs", "/openapi.json", "/static/", "/assets/", "/ogc")
_BEARER, _BASIC = "bearer ", "basic "
_LONGEST_HOST = 255  # letters, of a name in DNS


class Allowance(NamedTuple):
    """Whether a client may go on, how many requests are left, and when the count restarts [s]."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        """Return the headers of the IETF's draft on RateLimit headers."""
        headers = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
        }
        return headers if self.allowed else headers | {"Retry-After": str(self.reset_s)}


class PerMinute:
    """A limit a minute for each client; minutes are the same for all. For one thread only.

    The clients after the first `most_clients` of a minute share one, to bound the memory. `clock`
    gives the time [s].
    """

    def __init__(
        self, count: int, *, clock: Callable[[], float], most_clients: int = MOST_CLIENTS
    ) -> None:
        self._limit = count
        self._clock = clock
        self._most_clients = most_clients
        self._end = clock() + _MINUTE_S
        self._counts: dict[str, int] = {}

    @property
    def clients(self) -> int:
        """The number of counts in this minute."""
        return len(self._counts)

    def take(self, client: str) -> Allowance:
        """Count a request, and return whether it was within the limit."""
        allowance = self.look(client)
        if allowance.allowed:
            name = self._counted_as(client)
            self._counts[name] = self._counts.get(name, 0) + 1
            allowance = allowance._replace(remaining=allowance.remaining - 1)
        return allowance

    def look(self, client: str) -> Allowance:
        """Return whether one more request would be within the limit, without counting it."""
        now = self._clock()
        if now >= self._end:
            self._counts.clear()
            self._end = now + _MINUTE_S
        remaining = self._limit - self._counts.get(self._counted_as(client), 0)
        reset = min(ceil(self._end - now), _MINUTE_S)  # rounding may make it a little more
        return Allowance(remaining > 0, self._limit, remaining, reset)

    def _counted_as(self, client: str) -> str:
        return client if client in self._counts or self.clients < self._most_clients else _OTHERS


@lru_cache(maxsize=4096)
def client_of(address: str) -> str:
    """Return the address that a client is counted by: of IPv6, its network."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, _PREFIX_V6), strict=False))
    return str(ip)


@lru_cache(maxsize=4096)
def is_loopback(host: str) -> bool:
    """Return whether an address or host name is of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class Guard:
    """Middleware: API keys and rate limits.

    A key comes as `Authorization: Bearer`, as `X-API-Key`, or, from browsers, as the password of
    `Authorization: Basic`. After too many wrong keys an address waits for the next minute.
    """

    def __init__(self, app: ASGIApp, settings: Settings, keys: KeyRing, *, needs_key: bool) -> None:
        self.app = app
        self._keys = keys
        self._needs_key = needs_key
        self._requests = PerMinute(settings.requests_per_minute, clock=time.monotonic)
        self._wrong_keys = PerMinute(settings.wrong_keys_per_minute, clock=time.monotonic)
        self._limits_loopback = settings.limit_loopback
        self._fault = ""
        if needs_key:
            with suppress(KeysError):  # it is in the log at the start
                self._holder("")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with `state.key` set, the name of its key's holder or None."""
        if scope["path"] in OPEN:
            await self.app(scope, receive, send)
            return
        state = scope["state"]
        state["key"] = None
        address = client_of(scope["client"][0] if scope.get("client") else "")
        key = _key_in(scope)
        if key is not None or self._needs_key:
            refusal = self._refuse_key(Request(scope), address, key)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        if is_loopback(address) and not self._limits_loopback:
            await self.app(scope, receive, send)
            return
        holder = state["key"]
        allowance = self._requests.take(address if holder is None else f"key {holder}")
        if not allowance.allowed:
            await _too_many(Request(scope), allowance)(scope, receive, send)
            return

        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = with_headers(message, raw(allowance.headers()))
            await send(message)

        await self.app(scope, receive, send_with_limits)

    def _refuse_key(self, request: Request, address: str, key: str | None) -> ASGIApp | None:
        """Return the refusal of a request without a valid key; None if it has one."""
        allowance = self._wrong_keys.look(address)
        if not allowance.allowed:
            detail = f"too many wrong keys: none is looked at for {allowance.reset_s} seconds"
            return problem(request, 429, detail, allowance.headers())
        if key is not None:
            try:
                request.state.key = self._holder(key)
            except KeysError as error:
                allowance = self._requests.take(address)
                fault = problem(request, error.status, str(error))
                return fault if allowance.allowed else _too_many(request, allowance)
            if request.state.key is not None:
                return None
            self._wrong_keys.take(address)
        elif not (allowance := self._requests.take(address)).allowed:
            return _too_many(request, allowance)
        detail = "this API key is not known: it was mistyped or revoked"
        if key is None:
            detail = "this needs an API key, as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'"
        is_page = request.url.path == "/" or request.url.path.startswith(_PAGES)
        scheme = 'Basic realm="Tocsin, with the key as password"' if is_page else "Bearer"
        return problem(request, 401, detail, {"WWW-Authenticate": scheme})

    def _holder(self, key: str) -> str | None:
        """Return the name of a key's holder; raises KeysError, which is in the log once."""
        try:
            holder = self._keys.holder(key)
        except KeysError as error:
            if str(error) != self._fault:
                _log.error("%s; every key is refused until then", error)
            self._fault = str(error)
            raise
        self._fault = ""
        return holder


def for_this_machine(app: ASGIApp) -> ASGIApp:
    """Return a layer that refuses what comes to an address of this machine by another name.

    A page of another site whose name is made to lead here (DNS rebinding) would read everything.
    """

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        host, server = header_of(scope, b"host"), scope.get("server")
        if host is None or server is None or not is_loopback(server[0]) or _is_of_here(host):
            await app(scope, receive, send)
            return
        detail = "this service is for this machine alone: call it localhost, or 127.0.0.1"
        await problem(Request(scope), 421, detail)(scope, receive, send)

    return named


def _is_of_here(host: str) -> bool:
    """Return whether a name, which may have a port, is one of this machine."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return len(name) <= _LONGEST_HOST and is_loopback(name.lower())


def unshared(app: ASGIApp) -> ASGIApp:
    """Return a layer whose answers no cache may give to others (RFC 9111, section 5.2.2.7)."""

    async def private(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_private(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message["headers"]))
                caching = headers.get("Cache-Control", "").removeprefix("public, ")
                headers["Cache-Control"] = f"private, {caching}" if caching else "private"
                message = {**message, "headers": headers.raw}
            await send(message)

        await app(scope, receive, send_private)

    return private


def _too_many(request: Request, allowance: Allowance) -> ASGIApp:
    detail = f"more than {allowance.limit} requests a minute: wait {allowance.reset_s} s"
    return problem(request, 429, detail, allowance.headers())


def _key_in(scope: Scope) -> str | None:
    """Return the key that a request carries; None if it carries none."""
    plain = header_of(scope, b"x-api-key")
    if plain is not None:
        return plain
    credentials = header_of(scope, b"authorization") or ""
    if credentials.lower().startswith(_BEARER):
        return credentials[len(_BEARER) :].strip()
    if credentials.lower().startswith(_BASIC):
        try:
            decoded = base64.b64decode(credentials[len(_BASIC) :], validate=True).decode()
        except ValueError:  # it is no Base64, or no text
            return ""
        return decoded.partition(":")[2]
    return None
