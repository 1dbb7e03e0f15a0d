"""What is sent by a channel, and what came of it."""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, Protocol

from alerts.record import Alert, Outcome
from alerts.text import trial_text

TEST = "test"


class Letter(NamedTuple):
    """An alert, or a test, as it is sent: text for people, `data` for machines.

    The id is the same at every attempt, so that whoever gets a second copy can drop it.
    """

    id: str
    kind: str
    title: str
    text: str
    data: dict[str, Any]


class Result(NamedTuple):
    """What came of an attempt; the details hold no secret."""

    outcome: Outcome
    details: str


class Sender(Protocol):
    """What speaks to one channel."""

    def send(self, letter: Letter) -> Result:
        """Send a letter, and say what came of it; raises nothing that a channel may do."""


def letter_of(alert: Alert) -> Letter:
    """Return an alert as it is sent."""
    data = alert.model_dump(mode="json", exclude={"kind", "channels"})
    return Letter(alert.id, "alert", alert.title, alert.text, data)


def trial_letter(channel: str, test_id: str) -> Letter:
    """Return a test of a channel, marked as one."""
    title, text = trial_text(channel)
    data = {"test": True, "id": test_id, "title": title, "text": text}
    return Letter(test_id, TEST, title, text, data)


def within(seconds: float, send: Callable[[], Result]) -> Result:
    """Return what sending comes to; `unknown` when it takes longer, whatever it then does."""
    results: SimpleQueue[Result] = SimpleQueue()
    Thread(target=lambda: results.put(send()), daemon=True).start()
    try:
        return results.get(timeout=seconds)
    except Empty:
        return Result("unknown", f"no end of the answer within {seconds:g} s")
