"""How often one client may ask, and how often it may try a wrong key."""

import ipaddress
from collections.abc import Callable
from functools import lru_cache
from math import ceil
from typing import NamedTuple

MOST_CLIENTS = 10_000
"""Of so many clients in one minute each is counted for itself."""

_MINUTE_S = 60
_OTHERS = "others"
_PREFIX_V6 = 64  # bits of an IPv6 address that one client has for itself


class Allowance(NamedTuple):
    """Whether a client may go on, how often still, and when the count begins anew [s]."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        """Return what tells the client of it, as in the IETF's draft on RateLimit headers."""
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
        }
        return told if self.allowed else told | {"Retry-After": str(self.reset_s)}


class PerMinute:
    """A limit a minute for each client. Minutes are the same for all; each begins from nothing.

    Of so many clients as `most_clients` each has a limit of its own; all others in that minute
    share one, so that no number of addresses takes more memory. `clock` gives the time [s]. To be
    used from one thread: that of the event loop.
    """

    def __init__(
        self, count: int, *, clock: Callable[[], float], most_clients: int = MOST_CLIENTS
    ) -> None:
        self._limit = count
        self._clock = clock
        self._most_clients = most_clients
        self._end = clock() + _MINUTE_S
        self._taken: dict[str, int] = {}

    @property
    def clients(self) -> int:
        """How many are counted in this minute, the others as one."""
        return len(self._taken)

    def take(self, client: str) -> Allowance:
        """Count one, and tell whether it was within the limit."""
        allowance = self.look(client)
        if not allowance.allowed:
            return allowance
        counted = self._counted_as(client)
        self._taken[counted] = self._taken.get(counted, 0) + 1
        return allowance._replace(remaining=allowance.remaining - 1)

    def look(self, client: str) -> Allowance:
        """Tell whether one more would be within the limit, without counting."""
        now = self._clock()
        if now >= self._end:
            self._taken.clear()
            self._end = now + _MINUTE_S
        remaining = self._limit - self._taken.get(self._counted_as(client), 0)
        reset = min(ceil(self._end - now), _MINUTE_S)  # rounding may make it a little more
        return Allowance(remaining > 0, self._limit, remaining, reset)

    def _counted_as(self, client: str) -> str:
        return client if client in self._taken or self.clients < self._most_clients else _OTHERS


@lru_cache(maxsize=4096)
def client_of(address: str) -> str:
    """Return what stands for all addresses that one client can have: of IPv6, the network."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, _PREFIX_V6), strict=False))
    return str(ip)


@lru_cache(maxsize=4096)
def is_loopback(host: str) -> bool:
    """Tell whether an address or host name is of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
