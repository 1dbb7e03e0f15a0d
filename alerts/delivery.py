"""Deliver what the log has pending, and record what came of it.

Killed between sending and recording, the next delivery sends that one alert again, with the same
id: no program can do better with a receiver that it shares no transaction with.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alerts.letter import Sender, letter_of
from alerts.log import add, log_file, read_log, sound_log, writing
from alerts.record import Attempt
from alerts.rules import Apprise, Rules
from alerts.webhook import SignedWebhook
from features.disk import locked
from features.errors import AlertError

_log = logging.getLogger(__name__)

LONGEST_S = 300.0
"""How long one delivery tries a channel in vain; what is left then is for the next [s]."""


@dataclass(frozen=True)
class Deliveries:
    """How many letters were sent and arrived, failed (or went unanswered), and are pending now."""

    sent: int
    failed: int
    pending: int


def senders_of(
    rules: Rules, environment: Mapping[str, str], now: Callable[[], datetime], user_agent: str
) -> dict[str, Sender]:
    """Return what speaks to each channel; raises AlertError for one that cannot be used."""
    senders: dict[str, Sender] = {}
    for name, channel in rules.channels.items():
        if isinstance(channel, Apprise):
            from alerts.messenger import Messenger  # noqa: PLC0415  # an extra, and slow

            senders[name] = Messenger(name, channel.address(environment))
        else:
            secret = channel.secret(environment)
            senders[name] = SignedWebhook(
                url=channel.url, secret=secret, user_agent=user_agent, now=now
            )
    return senders


def deliver_alerts(
    home: Path,
    senders: Mapping[str, Sender],
    now: Callable[[], datetime],
    clock: Callable[[], float] = time.monotonic,
) -> Deliveries:
    """Send every alert that is not delivered by each of its channels, the oldest first.

    Each attempt is recorded before the next is made. An alert whose channel is not among the
    senders stays pending. Raises AlertError when the log is damaged or cannot be written, or while
    another delivery runs.
    """
    with _sending(home):
        spent: dict[str, float] = defaultdict(float)
        sent = failed = 0
        for alert, channel in sound_log(home).pending:
            sender = senders.get(channel)
            if sender is None or spent[channel] >= LONGEST_S:
                continue
            began = clock()
            outcome, details = sender.send(letter_of(alert))
            attempt = Attempt(
                alert=alert.id, channel=channel, at=now(), outcome=outcome, details=details
            )
            with writing(home):
                add(home, [attempt])
            if outcome == "delivered":
                sent += 1
            else:
                failed += 1
                spent[channel] += clock() - began
                _log.warning("alert %s by '%s': %s %s", alert.id, channel, outcome, details)
        pending = read_log(home).pending
    for channel in sorted({channel for _, channel in pending} - set(senders)):
        _log.warning("there is no channel '%s' any more, and alerts are pending for it", channel)
    return Deliveries(sent, failed, len(pending))


@contextmanager
def _sending(home: Path) -> Iterator[None]:
    """Hold what keeps a second delivery from sending the same; raises AlertError if one does."""
    with writing(home):
        pass  # the folder is there now, and can be written
    try:
        with locked(log_file(home).with_name(".sending.lock")):
            yield
    except TimeoutError as error:
        raise AlertError("another delivery of alerts runs: wait for it to end") from error
