"""Asking a server again and again, politely, until it answers or there is no more use in it.

What passes (a broken connection, no answer in time, a busy server) is asked for again after a
wait that doubles; what does not pass is an error at once.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, TypeVar

import requests
import urllib3

from features.errors import InputError

T = TypeVar("T")

_CHUNK = 1 << 16  # [bytes]
# 400: UCDP answers it when it is asked too often.
_PASSING = frozenset({400, 408, 425, 429})
_SERVER_ERRORS = 500
_NOT_THERE = frozenset({404, 410})

_ADVICE = {
    400: "the server refuses the request, or has had too many: wait some minutes, then fetch again",
    401: "it wants a token: give one",
    403: "access is refused: give another token, or fetch the file by hand",
    404: "nothing is published there, or not yet: see to the name or fetch again later",
    410: "it is no longer published there: see to the name",
}
_LATER = "see to the network, or fetch again later; what has come is kept"


class NotThereError(InputError):
    """A server has nothing, or nothing yet, under an address."""


class PassingFault(Exception):  # noqa: N818 - no error until every attempt has met one
    """An answer that may be better next time; `wait` is how long the server asks for [s]."""

    def __init__(self, what: str, advice: str = _LATER, wait: float = 0.0) -> None:
        super().__init__(what)
        self.advice = advice
        self.wait = wait


@dataclass(kw_only=True)
class Transport:
    """How servers are asked; times in seconds, sizes in bytes.

    An address is asked at most `attempts` times, waiting `first_wait`, twice that, and so on up
    to `longest_wait`, or as long as the server says; requests begin at least `gap` apart. A
    server may be silent for `timeout`, and one answer may take `longest_answer` and be of
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
    _asked_at: float | None = field(default=None, init=False)

    def ask(
        self,
        address: str,
        take: Callable[[requests.Response], T],
        *,
        headers: Callable[[], Mapping[str, str]] = dict,
        answers: frozenset[int] = frozenset({HTTPStatus.OK}),
        advice: Mapping[int, str] | None = None,
        redirects: bool = True,
    ) -> T:
        """Return what `take` makes of the answer, which it may refuse with a PassingFault.

        `headers` are made anew for every attempt; `answers` are the status codes that `take`
        wants; `advice` says what to do about other ones. With `redirects` false no header is
        ever sent to another address. Raises InputError, in which no header appears, and of it
        NotThereError when the server has nothing under the address.
        """
        advice = _ADVICE | dict(advice or {})
        for attempt in range(1, self.attempts + 1):
            try:
                with self._get(address, headers(), redirects=redirects) as response:
                    _refuse(response, address, answers, advice)
                    return take(response)
            except PassingFault as fault:
                self._wait_or_give_up(address, attempt, fault)
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                self._wait_or_give_up(address, attempt, _passing(error, address, self.timeout))
        raise ValueError("attempts must be at least 1")

    def body(self, response: requests.Response, before: int = 0) -> Iterator[bytes]:
        """Yield the bytes of an answer as they come, of which `before` have come already.

        Raises PassingFault when it takes too long, InputError when all is too large.
        """
        began, received = self.clock(), before
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            received += len(chunk)
            self.refuse_too_large(received, response.url)
            if self.clock() - began > self.longest_answer:
                raise PassingFault(f"no end of the answer within {self.longest_answer:g} s")
            yield chunk

    def json(self, response: requests.Response) -> Any:
        """Return the JSON of an answer; raises PassingFault when it is none."""
        try:
            return json.loads(b"".join(self.body(response)))
        except (ValueError, RecursionError) as error:
            raise PassingFault("the answer is not JSON") from error

    def refuse_too_large(self, size: int, address: str) -> None:
        """Raise InputError when a size is beyond the largest allowed [bytes]."""
        if size > self.largest:
            raise InputError(
                f"'{address}' is larger than {self.largest:,} bytes, more than may be fetched: "
                "see to the address or allow more"
            )

    def _get(
        self, address: str, headers: Mapping[str, str], *, redirects: bool
    ) -> requests.Response:
        now = self.clock()
        if self._asked_at is not None and now - self._asked_at < self.gap:
            self.sleep(self._asked_at + self.gap - now)
        self._asked_at = self.clock()
        # Unpacked on the way, an answer could neither be measured nor continued.
        plain = {"User-Agent": self.user_agent, "Accept-Encoding": "identity"}
        return self.session.get(
            address,
            headers=plain | dict(headers),
            stream=True,
            timeout=self.timeout,
            allow_redirects=redirects,
        )

    def _wait_or_give_up(self, address: str, attempt: int, fault: PassingFault) -> None:
        if attempt == self.attempts:
            times = f"{attempt} attempts" if attempt > 1 else "1 attempt"
            raise InputError(
                f"'{address}' could not be fetched in {times} (last: {fault}): {fault.advice}"
            ) from fault
        if fault.wait > self.longest_wait:
            raise InputError(
                f"'{address}' is busy and asks to be left alone for {fault.wait:g} s: fetch again "
                "then; what has come is kept"
            ) from fault
        self.sleep(max(fault.wait, min(self.first_wait * 2 ** (attempt - 1), self.longest_wait)))


def _refuse(
    response: requests.Response, address: str, answers: frozenset[int], advice: Mapping[int, str]
) -> None:
    """Raise PassingFault or InputError unless the status of an answer is one of `answers`."""
    status = response.status_code
    if status in answers:
        return
    said = advice.get(status, _LATER)
    if status in _PASSING or status >= _SERVER_ERRORS:
        raise PassingFault(f"the server answers {status}", said, _retry_after(response))
    if response.is_redirect:
        said = "it has moved: see to the address"
    refusal = NotThereError if status in _NOT_THERE else InputError
    raise refusal(f"'{address}' cannot be fetched, the server answers {status}: {said}")


def _retry_after(response: requests.Response) -> float:
    """Return the wait that an answer asks for [s], 0 if none; days are read by its own clock."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
        since = parsedate_to_datetime(response.headers.get("Date", ""))
        return max((until - since).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return 0.0


def _passing(error: Exception, address: str, timeout: float) -> PassingFault:
    """Return a failure of the connection as a PassingFault; raise InputError for any other.

    The words of the libraries are left out: they run over lines and may quote a header.
    """
    match error:
        case requests.Timeout() | urllib3.exceptions.TimeoutError():
            return PassingFault(f"no answer within {timeout:g} s")
        case requests.exceptions.SSLError() | urllib3.exceptions.SSLError():
            return PassingFault("its certificate is not to be trusted")
        case requests.exceptions.ProxyError():
            return PassingFault("the proxy does not let it through")
        case requests.ConnectionError():
            return PassingFault("no connection")
        case urllib3.exceptions.HTTPError() | requests.exceptions.ChunkedEncodingError():
            return PassingFault("the answer broke off")
    raise InputError(
        f"'{address}' cannot be asked for ({type(error).__name__}): see to the address"
    ) from error
