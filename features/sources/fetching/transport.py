"""Ask a server politely: requests at a pace, retries after waits, bounds on time and size.

What may be better next time (no connection, a busy server, a body that breaks off) is asked for
again; anything else is an error at once.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

import requests
import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from features.errors import InputError

T = TypeVar("T")

_CHUNK = 1 << 16  # [bytes]
# 400: UCDP answers it when it is asked too often.
_BUSY = frozenset({400, 408, 425, 429, *range(500, 600)})
_NOT_THERE = frozenset({404, 410})

_GONE = {410: "it is no longer published there: see to the name"}
_LATER = "see to the network, or fetch again later; what has come is kept"


class NotThereError(InputError):
    """A server has nothing, or nothing yet, under an address."""


class TemporaryError(Exception):
    """An answer that may be better next time; `wait` is how long the server asks for [s]."""

    def __init__(self, what: str, advice: str = _LATER, wait: float = 0.0) -> None:
        super().__init__(what)
        self.advice = advice
        self.wait = wait


@dataclass(kw_only=True)
class Transport:
    """How servers are asked; times in seconds, sizes in bytes.

    An address is asked up to `attempts` times, after waits that double from `first_wait` to
    `longest_wait`; a server that asks for a longer one is given up. Requests begin at least `gap`
    apart. A server may be silent for `timeout`; an answer may take `longest_answer` and be of
    `largest`.
    """

    user_agent: str
    attempts: int = 6
    first_wait: float = 5.0
    longest_wait: float = 600.0
    gap: float = 1.0
    timeout: float = 60.0
    longest_answer: float = 3600.0
    largest: int = 2_000_000_000
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    session: requests.Session = field(default_factory=requests.Session, repr=False)
    _next_at: float | None = field(default=None, init=False)

    def get(
        self,
        address: str,
        receive: Callable[[requests.Response], T],
        *,
        headers: Callable[[], Mapping[str, str]] = dict,
        statuses: frozenset[int] = frozenset({HTTPStatus.OK}),
        advice: Mapping[int, str],
        redirects: bool = True,
    ) -> T:
        """Return what `receive` makes of the answer, which it may refuse with a TemporaryError.

        `headers` are made anew for every attempt; `statuses` are those that `receive` handles;
        `advice` says what to do about others. Without redirects no header is sent to another
        address. Raises InputError, in which no header appears, and of it NotThereError when nothing
        is there.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                with self._open(address, headers(), redirects=redirects) as response:
                    if response.status_code not in statuses:
                        _refuse(response, address, _GONE | dict(advice))
                    return receive(response)
            except TemporaryError as error:
                fault = error
            except (requests.RequestException, HTTPError) as error:
                fault = _temporary(error, address, self.timeout)
            if attempt == self.attempts:
                raise InputError(
                    f"'{address}' could not be fetched in {attempt} attempt{'s' * (attempt > 1)} "
                    f"(last: {fault}): {fault.advice}"
                ) from fault
            if fault.wait > self.longest_wait:
                raise InputError(
                    f"'{address}' is busy and asks to be left alone for {fault.wait:g} s: fetch "
                    "again then; what has come is kept"
                ) from fault
            wait = min(self.first_wait * 2 ** (attempt - 1), self.longest_wait)
            self.sleep(max(fault.wait, wait))

    def body(self, response: requests.Response, size: int = 0) -> Iterator[bytes]:
        """Yield the bytes of an answer; raises TemporaryError if slow, InputError if too large."""
        began = self.clock()
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            size += len(chunk)
            self.refuse_too_large(size, response.url)
            if self.clock() - began > self.longest_answer:
                raise TemporaryError(f"no end of the answer within {self.longest_answer:g} s")
            yield chunk

    def json(self, response: requests.Response) -> Any:
        """Return the JSON of an answer; raises TemporaryError when it is none."""
        try:
            return json.loads(b"".join(self.body(response)))
        except (ValueError, RecursionError) as error:
            raise TemporaryError("the answer is not JSON") from error

    def refuse_too_large(self, size: int, address: str) -> None:
        """Raise InputError when a size is beyond the largest allowed [bytes]."""
        if size > self.largest:
            raise InputError(
                f"'{address}' is larger than {self.largest:,} bytes, more than may be fetched: "
                "see to the address or allow more"
            )

    def _open(
        self, address: str, headers: Mapping[str, str], *, redirects: bool
    ) -> requests.Response:
        if self._next_at is not None and self._next_at > self.clock():
            self.sleep(self._next_at - self.clock())
        self._next_at = self.clock() + self.gap
        # Unpacked on the way, an answer could neither be measured nor continued.
        headers = {"User-Agent": self.user_agent, "Accept-Encoding": "identity", **headers}
        return self.session.get(
            address,
            headers=headers,
            stream=True,
            timeout=self.timeout,
            allow_redirects=redirects,
        )


def _refuse(response: requests.Response, address: str, advice: Mapping[int, str]) -> None:
    """Raise the error of a status."""
    status, wait = response.status_code, 0.0
    hint = advice.get(status, _LATER)
    if status in _BUSY:
        with suppress(InvalidHeader):
            wait = Retry().get_retry_after(response.raw) or 0.0
        raise TemporaryError(f"the server answers {status}", hint, wait)
    if response.is_redirect:
        hint = "it has moved: see to the address"
    kind = NotThereError if status in _NOT_THERE else InputError
    raise kind(f"'{address}' cannot be fetched, the server answers {status}: {hint}")


def _temporary(error: Exception, address: str, timeout: float) -> TemporaryError:
    """Return a failure of the connection as a TemporaryError; raise InputError for any other.

    The libraries' texts are left out: they run over lines and may quote a header.
    """
    match error:
        case requests.Timeout() | urllib3.exceptions.TimeoutError():
            return TemporaryError(f"no answer within {timeout:g} s")
        case requests.exceptions.SSLError() | urllib3.exceptions.SSLError():
            return TemporaryError("its certificate is not to be trusted")
        case requests.exceptions.ProxyError():
            return TemporaryError("the proxy does not let it through")
        case requests.ConnectionError():
            return TemporaryError("no connection")
        case HTTPError() | requests.exceptions.ChunkedEncodingError():
            return TemporaryError("the answer broke off")
    raise InputError(
        f"'{address}' cannot be asked for ({type(error).__name__}): see to the address"
    ) from error
