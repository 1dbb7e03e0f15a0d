import base64
import hashlib
import hmac
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from alerts.letter import Letter, trial_letter
from alerts.webhook import SignedWebhook, signature
from tests.alerts.conftest import SECRET
from tests.alerts.receivers import Answer, HttpReceiver, hang, hang_up, status
from tests.bulletins.example import NOW

KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
LETTER = Letter("ab" * 16, "alert", "Gao", "Gao, 75 %", {"region": "MLI-gao", "name": "Tillabéri"})


def webhook_of(url: str, **changes: Any) -> SignedWebhook:
    quick = {"first_wait": 0.001, "timeout": 0.4, "longest": 0.6, "attempts": 2, **changes}
    return SignedWebhook(url=url, secret=KEY, user_agent="tocsin/1", now=lambda: NOW, **quick)


def test_the_signature_is_that_of_the_specification() -> None:
    # https://github.com/standard-webhooks/standard-webhooks, the example of its libraries' tests
    made = signature(KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_can_check_who_sent_what_and_when(receiver: HttpReceiver) -> None:
    assert webhook_of(receiver.url).send(LETTER) == ("delivered", "204")
    (delivery,) = receiver.deliveries
    headers = delivery.headers
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (LETTER.id, "1737784800")
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"] == "tocsin/1"
    content = f"{LETTER.id}.1737784800.".encode() + delivery.body
    own = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{own}"
    assert json.loads(delivery.body) == {
        "type": "alert",
        "timestamp": "2025-01-25T06:00:00+00:00",
        "data": LETTER.data,
    }


def test_a_test_is_marked_in_what_machines_read(receiver: HttpReceiver) -> None:
    webhook_of(receiver.url).send(trial_letter("machine", "0" * 32))
    body = json.loads(receiver.deliveries[0].body)
    assert (body["type"], body["data"]["test"]) == ("test", True)
    assert body["data"]["text"].startswith("TEST")


def drip(receiver: HttpReceiver) -> Answer:
    """An answer whose head never ends, a letter at a time."""

    def answer(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not receiver.stop.wait(0.02):
            handler.wfile.write(b"a")

    return answer


def endless(receiver: HttpReceiver) -> Answer:
    def answer(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not receiver.stop.is_set():
            handler.wfile.write(bytes(1 << 16))

    return answer


@pytest.mark.parametrize(
    ("make", "result", "requests"),
    [
        (lambda _: status(200, b"<h1>Something went wrong</h1>"), ("delivered", "200"), 1),
        (lambda _: status(200, b"short", Content_Length="99999"), ("delivered", "200"), 1),
        (endless, ("delivered", "200"), 1),
        (lambda _: status(302, Location="/elsewhere"), ("failed", "302"), 1),
        (lambda _: status(307, Location="http://127.0.0.1:9/"), ("failed", "307"), 1),
        (lambda _: status(400, b"no"), ("failed", "400"), 1),
        (lambda _: status(410), ("failed", "410"), 1),
        (lambda _: status(500), ("failed", "500, attempt 2"), 2),
        (lambda _: status(429, Retry_After="3600"), ("failed", "429, attempt 2"), 2),
        (lambda _: hang_up, ("unknown", "the answer broke off, attempt 2"), 2),
        (hang, ("unknown", "no answer within 0.4 s, attempt 2"), 2),
        (drip, ("unknown", "no end of the answer within 0.6 s, attempt 2"), 2),
        (
            lambda _: lambda handler: handler.wfile.write(b"220 mail ready\r\n"),
            ("unknown", "the answer broke off, attempt 2"),
            2,
        ),
    ],
)
def test_only_a_success_counts_as_delivered(
    receiver: HttpReceiver,
    make: Callable[[HttpReceiver], Answer],
    result: tuple[str, str],
    requests: int,
) -> None:
    answer = make(receiver)
    receiver.answer = lambda _: answer
    began = time.monotonic()
    assert webhook_of(receiver.url).send(LETTER) == result
    assert time.monotonic() - began < 5
    assert [delivery.path for delivery in receiver.deliveries] == ["/hook"] * requests
    assert receiver.ids == [LETTER.id] * requests


def test_what_fails_is_asked_again_after_growing_waits(receiver: HttpReceiver) -> None:
    waits: list[float] = []
    receiver.answer = lambda number: status(503 if number < 3 else 204)
    webhook = webhook_of(receiver.url, first_wait=1.0, attempts=4, sleep=waits.append)
    assert webhook.send(LETTER) == ("delivered", "204, attempt 4")
    assert waits == [1.0, 2.0, 4.0]


def test_a_failure_after_a_silence_stays_unknown(receiver: HttpReceiver) -> None:
    receiver.answer = lambda number: hang_up if number == 0 else status(503)
    assert webhook_of(receiver.url).send(LETTER) == ("unknown", "503, attempt 2")


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}/hook?token=hush"
        result = webhook_of(url).send(LETTER)
    assert result == ("failed", "no connection, attempt 2")
