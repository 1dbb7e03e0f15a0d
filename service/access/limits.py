"""How often one client may ask, and how often it may try a wrong key."""

import ipaddress
import time
from functools import lru_cache
from typing import NamedTuple

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

MOST_CLIENTS = 10_000
"""Of so many clients in one minute each is counted for itself."""

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
        return told if self.allowed else told | {"Retry-After": str(max(1, self.reset_s))}


class PerMinute:
    """A limit a minute for each client; what is counted is forgotten after the minute.

    Of so many clients as `most_clients` each has a limit of its own; all others in that minute
    share one, so that no number of addresses takes more memory.
    """

    def __init__(self, count: int, *, most_clients: int = MOST_CLIENTS) -> None:
        self._item = RateLimitItemPerMinute(count)
        self._counts = MemoryStorage()
        self._limiter = FixedWindowRateLimiter(self._counts)
        self._most_clients = most_clients

    @property
    def clients(self) -> int:
        """How many are counted now, the others as one."""
        return len(self._counts.storage)

    def take(self, client: str) -> Allowance:
        """Count one, and tell whether it was within the limit."""
        counted = self._counted_as(client)
        return self._told(counted, allowed=self._limiter.hit(self._item, counted))

    def look(self, client: str) -> Allowance:
        """Tell whether one more would be within the limit, without counting."""
        counted = self._counted_as(client)
        return self._told(counted, allowed=self._limiter.test(self._item, counted))

    def _counted_as(self, client: str) -> str:
        is_known = self._item.key_for(client) in self._counts.storage
        if is_known or self.clients < self._most_clients:
            return client
        return _OTHERS

    def _told(self, client: str, *, allowed: bool) -> Allowance:
        reset, remaining = self._limiter.get_window_stats(self._item, client)
        return Allowance(allowed, self._item.amount, remaining, max(0, round(reset - time.time())))


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
