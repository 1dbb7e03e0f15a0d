"""Middleware: whoever has no key where one is needed, or asks too often, is turned away."""

import base64
import binascii
import time

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access.keys import KeyRing
from service.access.limits import PerMinute, client_of, is_loopback
from service.api.problems import problem
from service.asgi import header_of, raw, with_headers
from service.settings import Settings

OPEN = frozenset({"/healthz", "/readyz"})
"""Addresses that never need a key: whoever keeps the service running asks them."""

_PAGES = ("/docs", "/openapi.json", "/static/", "/assets/")
_BEARER, _BASIC = "bearer ", "basic "


class Guard:
    """Middleware: API keys and rate limits.

    A key comes as `Authorization: Bearer`, as `X-API-Key`, or as the password of `Authorization:
    Basic`, which is what browsers can ask for. From an address that tried too many wrong keys none
    is looked at for the rest of the minute.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings, keys: KeyRing, needs_key: bool) -> None:
        self.app = app
        self._keys = keys
        self._needs_key = needs_key
        self._requests = PerMinute(settings.requests_per_minute, clock=time.monotonic)
        self._wrong_keys = PerMinute(settings.wrong_keys_per_minute, clock=time.monotonic)
        self._limits_loopback = settings.limit_loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with `state.key` set, the name of its key's holder or None."""
        if scope["type"] != "http" or scope["path"] in OPEN:
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
        told = allowance.headers()
        if not allowance.allowed:
            detail = f"more than {allowance.limit} requests a minute: wait {allowance.reset_s} s"
            await problem(Request(scope), 429, detail, told)(scope, receive, send)
            return

        async def send_told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = with_headers(message, raw(told))
            await send(message)

        await self.app(scope, receive, send_told)

    def _refuse_key(self, request: Request, address: str, key: str | None) -> ASGIApp | None:
        """Return what answers a request without the key that it needs; None where it has it."""
        allowance = self._wrong_keys.look(address)
        if not allowance.allowed:
            detail = f"too many wrong keys: none is looked at for {allowance.reset_s} seconds"
            return problem(request, 429, detail, allowance.headers())
        if key is not None:
            request.state.key = self._keys.holder(key)
            if request.state.key is not None:
                return None
            self._wrong_keys.take(address)
        elif not (asked := self._requests.take(address)).allowed:
            detail = f"more than {asked.limit} requests a minute: wait {asked.reset_s} s"
            return problem(request, 429, detail, asked.headers())
        detail = (
            "this needs an API key, as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'"
            if key is None
            else "this API key is not known: it was mistyped or revoked"
        )
        is_page = request.url.path == "/" or request.url.path.startswith(_PAGES)
        scheme = 'Basic realm="Tocsin, with the key as password"' if is_page else "Bearer"
        return problem(request, 401, detail, {"WWW-Authenticate": scheme})


def _key_in(scope: Scope) -> str | None:
    """Return the key that a request carries, None where it carries none."""
    plain = header_of(scope, b"x-api-key")
    if plain is not None:
        return plain
    given = header_of(scope, b"authorization") or ""
    if given.lower().startswith(_BEARER):
        return given[len(_BEARER) :].strip()
    if given.lower().startswith(_BASIC):
        try:
            decoded = base64.b64decode(given[len(_BASIC) :], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return ""
        return decoded.partition(":")[2]
    return None
