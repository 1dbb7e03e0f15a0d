import base64
import contextlib
import multiprocessing
import multiprocessing.process
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.delivery import LONGEST_S, Deliveries, deliver_alerts
from alerts.letter import Letter, Result, Sender
from alerts.log import log_file, read_log
from alerts.messenger import Messenger
from alerts.raising import raise_alerts
from alerts.record import Alert, Outcome
from alerts.webhook import SignedWebhook
from bulletins.reading import read_manifests
from features.errors import AlertError
from tests.alerts.conftest import SECRET, rules_of
from tests.alerts.delivering import deliver
from tests.alerts.receivers import HttpReceiver, hang_up, smtp_server, status
from tests.alerts.test_messenger import mail_url
from tests.bulletins.example import NOW

MANY = [f"threshold = {limit}" for limit in (0.1, 0.2, 0.3, 0.4, 0.5)]
"""Rules that make 3 + 3 + 2 + 2 + 2 alerts."""

KEY = base64.b64decode(SECRET.removeprefix("whsec_"))


class Pigeon:
    """A sender that says what it is told to, and remembers what it sent."""

    def __init__(self, answer: Callable[[int], Result] = lambda _: Result("delivered", "")) -> None:
        self.letters: list[Letter] = []
        self._answer = answer

    def send(self, letter: Letter) -> Result:
        self.letters.append(letter)
        return self._answer(len(self.letters) - 1)


@pytest.fixture(scope="module")
def rung(two_months: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A log of four alerts that nobody was told of."""
    home = tmp_path_factory.mktemp("rung")
    (home / "bulletins").symlink_to(two_months / "bulletins")
    raised(home, *MANY[2:4])
    return log_file(home).read_bytes()


def now() -> datetime:
    return NOW


def raised(home: Path, *rules: str) -> list[Alert]:
    return raise_alerts(home, rules_of(*rules), read_manifests(home)[0][0], NOW)


def hook(receiver: HttpReceiver) -> dict[str, Sender]:
    webhook = SignedWebhook(
        url=receiver.url, secret=KEY, user_agent="t", now=now, attempts=1, timeout=1.0
    )
    return {"machine": webhook}


def test_each_alert_is_delivered_once(home: Path) -> None:
    alerts, pigeon = raised(home, *MANY), Pigeon()
    assert deliver_alerts(home, {"machine": pigeon}, now) == Deliveries(12, 0, 0)
    assert [letter.id for letter in pigeon.letters] == [alert.id for alert in alerts]
    assert all(letter.text.startswith("SIMULATED") for letter in pigeon.letters)
    assert all(letter.data["simulated"] is True for letter in pigeon.letters)
    assert deliver_alerts(home, {"machine": pigeon}, now) == Deliveries(0, 0, 0)
    assert len(pigeon.letters) == 12


def test_with_a_server_that_fails_half_of_the_time_each_alert_is_delivered_once(
    home: Path, receiver: HttpReceiver
) -> None:
    alerts, dice = raised(home, *MANY), random.Random(21)
    accepted: list[str] = []

    def answer(number: int) -> Callable[..., None]:
        if dice.random() < 0.5:
            return status(dice.choice([302, 400, 500, 503]))
        accepted.append(receiver.ids[number])
        return status(200)

    receiver.answer = answer
    deliveries = [deliver_alerts(home, hook(receiver), now) for _ in range(12)]
    assert deliveries[0].failed > 0
    assert sum(one.sent for one in deliveries) == len(alerts)
    assert deliveries[-1] == Deliveries(0, 0, 0)
    log = read_log(home)
    delivered = Counter(a.alert for a in log.attempts if a.outcome == "delivered")
    assert delivered == Counter(alert.id for alert in alerts) == Counter(accepted)
    assert all(count == 1 for count in delivered.values())
    assert (log.faults, log.pending) == ((), [])


def test_with_a_mail_server_that_refuses_half_of_the_mails_each_comes_once(home: Path) -> None:
    alerts = raised(home, *MANY[2:4])
    with smtp_server(refuses=lambda number: number % 2 == 0) as (port, messages):
        desk: dict[str, Sender] = {"machine": Messenger("machine", mail_url(port), pace=0)}
        while deliver_alerts(home, desk, now).pending:
            pass
    assert Counter(message["Tocsin-Alert"] for message in messages) == Counter(
        alert.id for alert in alerts
    )


class Killed(BaseException):
    """The process ends here."""


WAYS = ("delivered", "failed", "unknown", "killed before", "killed after")


@settings(max_examples=25)
@given(st.lists(st.sampled_from(WAYS), max_size=20))
def test_whatever_happens_each_alert_comes_and_is_recorded_once(
    rung: bytes, tmp_path_factory: pytest.TempPathFactory, ways: list[str]
) -> None:
    home = tmp_path_factory.mktemp("ways")
    log_file(home).parent.mkdir()
    log_file(home).write_bytes(rung)
    received: Counter[str] = Counter()
    doubtful: Counter[str] = Counter()
    plan = iter(ways)

    class Road:
        def send(self, letter: Letter) -> Result:
            way = next(plan, "delivered")
            if way == "killed before":
                raise Killed
            received[letter.id] += way != "failed"
            doubtful[letter.id] += way in {"unknown", "killed after"}
            if way == "killed after":
                raise Killed
            return Result(cast("Outcome", way), "")

    alerts = {alert.id for alert in read_log(home).alerts}
    while read_log(home).pending:
        with contextlib.suppress(Killed):
            deliver_alerts(home, {"machine": Road()}, now)
    log = read_log(home)
    delivered = Counter(one.alert for one in log.attempts if one.outcome == "delivered")
    assert delivered == Counter(alerts)
    assert received - doubtful == Counter(alerts)  # a second copy only where a first was in doubt
    assert log.faults == ()


def test_what_was_not_answered_is_sent_again_with_the_same_id(
    home: Path, receiver: HttpReceiver
) -> None:
    (alert,) = raised(home, "threshold = 0.7")
    receiver.answer = lambda number: hang_up if number == 0 else status(200)
    assert deliver_alerts(home, hook(receiver), now) == Deliveries(0, 1, 1)
    assert read_log(home).states == {(alert.id, "machine"): "unknown"}
    assert deliver_alerts(home, hook(receiver), now) == Deliveries(1, 0, 0)
    assert receiver.ids == [alert.id, alert.id]


def test_a_channel_that_is_gone_keeps_its_alerts_pending(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    raised(home, "threshold = 0.5")
    assert deliver_alerts(home, {}, now) == Deliveries(0, 0, 2)
    assert "there is no channel 'machine' any more" in caplog.text
    assert deliver_alerts(home, {"machine": Pigeon()}, now) == Deliveries(2, 0, 0)


def test_a_channel_that_fails_too_long_is_left_for_the_next_delivery(home: Path) -> None:
    raised(home, *MANY)
    times = iter(range(0, 10_000, int(LONGEST_S / 2)))
    pigeon = Pigeon(lambda _: Result("unknown", "no answer"))
    deliveries = deliver_alerts(home, {"machine": pigeon}, now, clock=lambda: next(times))
    assert deliveries == Deliveries(0, 2, 12)
    assert len(pigeon.letters) == 2
    slow = Pigeon()
    assert deliver_alerts(home, {"machine": slow}, now, lambda: next(times)).sent == 12


def test_a_damaged_log_sends_nothing(home: Path) -> None:
    raised(home, "threshold = 0.5")
    log_file(home).write_bytes(log_file(home).read_bytes().replace(b"Gao", b"Goa", 1))
    pigeon = Pigeon()
    with pytest.raises(AlertError, match="line 1 of the log"):
        deliver_alerts(home, {"machine": pigeon}, now)
    assert pigeon.letters == []


def test_while_one_delivery_runs_another_sends_nothing_and_alerts_can_be_raised(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.disk._SOON", 0.05)
    monkeypatch.setattr("features.disk._LONGEST", 0.1)
    raised(home, "threshold = 0.7")
    begun, go_on = threading.Event(), threading.Event()

    def wait(_: int) -> Result:
        begun.set()
        go_on.wait(10)
        return Result("delivered", "")

    first = threading.Thread(target=deliver_alerts, args=(home, {"machine": Pigeon(wait)}, now))
    first.start()
    begun.wait(10)
    second = Pigeon()
    with pytest.raises(AlertError, match="another delivery of alerts runs"):
        deliver_alerts(home, {"machine": second}, now)
    assert len(raised(home, "threshold = 0.5")) == 1
    go_on.set()
    first.join()
    assert second.letters == []
    assert deliver_alerts(home, {"machine": second}, now) == Deliveries(1, 0, 0)


def test_a_sender_that_is_killed_loses_no_alert_and_sends_at_most_the_last_again(
    home: Path, receiver: HttpReceiver
) -> None:
    alerts, dice, kills = raised(home, *MANY), random.Random(4), 0
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.alerts.delivering"])

    def start() -> multiprocessing.process.BaseProcess:
        process = context.Process(target=deliver, args=(home, receiver.url))
        process.start()
        return process

    for _ in range(4):
        before, process = len(receiver.deliveries), start()
        while len(receiver.deliveries) == before and process.is_alive():
            time.sleep(0.001)
        time.sleep(dice.uniform(0, 0.02))
        process.kill()
        process.join()
        kills += process.exitcode == -signal.SIGKILL
        assert read_log(home).faults == ()
    last = start()
    last.join()
    assert (last.exitcode, kills > 0) == (0, True)
    log, copies = read_log(home), Counter(receiver.ids)
    assert (log.faults, log.pending) == ((), [])
    delivered = Counter(one.alert for one in log.attempts if one.outcome == "delivered")
    assert delivered == Counter(alert.id for alert in alerts)
    assert set(copies) == set(delivered)
    assert copies.total() - len(alerts) <= kills
