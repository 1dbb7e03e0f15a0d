"""A signed webhook, by the Standard Webhooks specification (standardwebhooks.com, version 1.0.0).

Of the answer only the status counts: its body is never read, and no redirect is followed.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from alerts.letter import Letter, Result, within

_BUSY = frozenset({408, 425, 429, *range(500, 600)})
"""Answers that may be better soon; any other that is no success is a refusal."""


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a message: `v1,` and HMAC-SHA256 of id, time and body in base64."""
    content = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode()}"


@dataclass(frozen=True, kw_only=True)
class SignedWebhook:
    """A machine that is told of alerts; times in seconds.

    It is asked up to `attempts` times, after waits that double from `first_wait`, as long as it may
    be better next time; it may be silent for `timeout`, and take `longest` for an answer.
    """

    url: str
    secret: bytes
    user_agent: str
    now: Callable[[], datetime]
    attempts: int = 4
    first_wait: float = 1.0
    timeout: float = 10.0
    longest: float = 20.0
    sleep: Callable[[float], None] = time.sleep

    def send(self, letter: Letter) -> Result:
        """Post a letter; `unknown` if it may have come at any attempt, and none was answered so."""
        was_sent, result = False, Result("failed", "")
        for attempt in range(1, self.attempts + 1):
            if attempt > 1:
                self.sleep(self.first_wait * 2 ** (attempt - 2))
            result, may_improve = self._attempt(letter)
            was_sent |= result.outcome == "unknown"
            if result.outcome == "delivered" or not may_improve:
                break
        details = f"{result.details}, attempt {attempt}" if attempt > 1 else result.details
        if result.outcome == "failed" and was_sent:
            return Result("unknown", details)
        return Result(result.outcome, details)

    def _attempt(self, letter: Letter) -> tuple[Result, bool]:
        """Return what came of one attempt, and whether the next may come to more."""
        at = self.now()
        payload = {"type": letter.kind, "timestamp": at.isoformat(), "data": letter.data}
        body = json.dumps(payload, ensure_ascii=False).encode()
        timestamp = int(at.timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": self.user_agent,
            "webhook-id": letter.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self.secret, letter.id, timestamp, body),
        }
        result = within(self.longest, lambda: self._post(body, headers))
        status = int(result.details) if result.details.isdigit() else None
        return result, status is None or status in _BUSY

    def _post(self, body: bytes, headers: dict[str, str]) -> Result:
        try:
            with requests.post(
                self.url,
                data=body,
                headers=headers,
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                status = response.status_code
        except requests.RequestException as error:
            return _fault(error, self.timeout)
        return Result("delivered" if status in range(200, 300) else "failed", str(status))


def _fault(error: requests.RequestException, timeout: float) -> Result:
    """Return what a failure of the connection comes to; the library's text may quote the URL."""
    reason = error.args[0] if error.args else None
    match error:
        case requests.exceptions.SSLError():
            return Result("failed", "its certificate is not to be trusted")
        case requests.exceptions.ProxyError():
            return Result("failed", "the proxy does not let it through")
        case requests.ConnectTimeout():
            return Result("failed", "no connection")
        case requests.Timeout():
            return Result("unknown", f"no answer within {timeout:g} s")
    if isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError):
        return Result("failed", "no connection")
    return Result("unknown", "the answer broke off")
