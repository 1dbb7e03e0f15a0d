import json
from email.header import decode_header, make_header
from email.message import Message

import pytest

from alerts.letter import Letter, trial_letter
from alerts.messenger import Messenger
from tests.alerts.receivers import HttpReceiver, hang, smtp_server, status

LETTER = Letter(
    id="ab" * 16,
    kind="alert",
    title="SIMULATED: Tillabéri, Niger: Instability",
    text="SIMULATED: no news.\nTillabéri & <Gao>: 75 %\nhttps://example.org/?level=admin1&lang=en",
    data={},
)


def mail_url(port: int) -> str:
    return f"mailto://127.0.0.1:{port}/?mode=insecure&from=bell@example.org&to=desk@example.org"


def text_of(message: Message) -> str:
    """The text of a mail, of its plain part if it has several."""
    parts = [part for part in message.walk() if part.get_content_type() == "text/plain"]
    payload = (parts or [message])[0].get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def test_a_mail_says_what_the_alert_says(capfd: pytest.CaptureFixture[str]) -> None:
    with smtp_server() as (port, messages):
        assert Messenger("desk", mail_url(port)).send(LETTER) == ("delivered", "")
    (message,) = messages
    assert str(make_header(decode_header(message["Subject"]))) == LETTER.title
    assert text_of(message).splitlines() == LETTER.text.splitlines()
    assert message["Tocsin-Alert"] == LETTER.id
    assert message["To"].endswith("desk@example.org>") or message["To"] == "desk@example.org"
    assert capfd.readouterr() == ("", "")


def test_a_second_copy_has_the_same_id_and_another_alert_another() -> None:
    with smtp_server() as (port, messages):
        messenger = Messenger("desk", mail_url(port), pace=0)
        for letter in (LETTER, LETTER, trial_letter("desk", "cd" * 16)):
            messenger.send(letter)
    assert [message["Tocsin-Alert"] for message in messages] == [LETTER.id, LETTER.id, "cd" * 16]
    assert text_of(messages[-1]).startswith("TEST")


def test_a_refused_mail_failed(capfd: pytest.CaptureFixture[str]) -> None:
    with smtp_server(refuses=lambda _: True) as (port, messages):
        assert Messenger("desk", mail_url(port)).send(LETTER) == ("failed", "apprise gave up")
        assert messages == []
    assert Messenger("desk", mail_url(port)).send(LETTER).outcome == "failed"
    assert capfd.readouterr() == ("", "")


def test_a_plain_webhook_follows_no_redirect(receiver: HttpReceiver) -> None:
    receiver.answer = lambda number: (
        status(302, Location="/elsewhere") if number == 0 else status(200)
    )
    messenger = Messenger("hook", receiver.url.replace("http://", "json://"))
    assert [messenger.send(LETTER).outcome for _ in range(2)] == ["failed", "delivered"]
    assert [delivery.path for delivery in receiver.deliveries] == ["/hook", "/hook"]
    delivery = receiver.deliveries[-1]
    assert delivery.headers["tocsin-alert"] == LETTER.id
    body = json.loads(delivery.body)
    assert (body["title"], body["message"]) == (LETTER.title, LETTER.text)


def test_a_server_that_is_silent_is_left_alone(receiver: HttpReceiver) -> None:
    receiver.answer = lambda _: hang(receiver)
    messenger = Messenger("hook", receiver.url.replace("http://", "json://"), longest=0.3)
    assert messenger.send(LETTER) == ("unknown", "no end of the answer within 0.3 s")
