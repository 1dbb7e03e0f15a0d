"""The log of alerts at rest: `alerts/log.ndjson` of a home, a record a line, only ever added to.

Each line has its own hash and names the one before it: a changed bit, a line that was removed or
one that was put in is found. The file `head` beside it has the hash of a last line, so that a log
that was cut is noticed. What a killed process leaves is at most a last line without its end, which
was never acknowledged and is taken away by the next writer, or a head that is some lines behind. A
record is on the disk before anyone acts on it.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from alerts.record import Alert, Attempt, Outcome, Record
from features.disk import locked, sync, write_whole
from features.errors import AlertError
from features.files import read_whole
from features.hashes import BLANK, hash_of_record, with_own_hash
from features.strict import Strict

_MOST_BYTES = 1 << 30
_TAIL = 1 << 20  # bytes, more than any line has


class Line(Strict):
    """A line of the log; `before` is the hash of the line before, empty in the first."""

    sha256: str = BLANK
    before: str
    record: Record


@dataclass(frozen=True)
class AlertLog:
    """What the log says: all alerts and attempts in order; `faults` are what is wrong with it."""

    alerts: tuple[Alert, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    faults: tuple[str, ...] = ()

    @cached_property
    def states(self) -> dict[tuple[str, str], Outcome]:
        """The state of every alert (id) by channel: of its last attempt, once delivered for good.

        What is pending and was never tried is not there.
        """
        states: dict[tuple[str, str], Outcome] = {}
        for attempt in self.attempts:
            key = (attempt.alert, attempt.channel)
            if states.get(key) != "delivered":
                states[key] = attempt.outcome
        return states

    @property
    def pending(self) -> list[tuple[Alert, str]]:
        """The alerts that were not delivered, each with the channel, the oldest first."""
        return [
            (alert, channel)
            for alert in self.alerts
            for channel in alert.channels
            if self.states.get((alert.id, channel)) != "delivered"
        ]


def log_file(home: Path) -> Path:
    """Return where the log of a home lies."""
    return home / "alerts" / "log.ndjson"


def read_log(home: Path) -> AlertLog:
    """Return the log of a home, empty without one; raises AlertError when it cannot be read."""
    try:
        noted = _content(_head_file(home))  # first: a writer may be at work
        content = _content(log_file(home)) or b""
    except OSError as error:
        raise AlertError(
            f"the log of alerts cannot be read ({error.strerror}): see to '{log_file(home)}' and "
            "its permissions"
        ) from error
    alerts: list[Alert] = []
    attempts: list[Attempt] = []
    faults: list[str] = []
    head, is_cut = "", noted is not None
    *lines, rest = content.split(b"\n")
    if rest and _read_line(rest[:-1]) is not None:  # a whole line with another end
        faults.append("the last line of the log of alerts is damaged: restore it from a backup")
    for number, text in enumerate(lines, 1):
        line = _read_line(text)
        if line is None or line.before != head:
            fault = "is not what was written" if line is None else "does not follow the one before"
            faults.append(f"line {number} of the log of alerts {fault}: restore it from a backup")
        if line is None:
            continue
        head = line.sha256
        is_cut &= head.encode() != noted
        if isinstance(line.record, Alert):
            alerts.append(line.record)
        else:
            attempts.append(line.record)
    if is_cut:
        faults.append("the log of alerts has lost its end: restore it from a backup")
    return AlertLog(tuple(alerts), tuple(attempts), tuple(faults))


def sound_log(home: Path) -> AlertLog:
    """Return the log of a home; raises AlertError when it cannot be read or is damaged."""
    log = read_log(home)
    if log.faults:
        raise AlertError(
            f"{log.faults[0]}, or move '{log_file(home).parent}' away: alerts may then come twice"
        )
    return log


@contextmanager
def writing(home: Path) -> Iterator[None]:
    """Hold the log against other writers; raises AlertError when the disk or one of them refuses.

    What reads the log to decide what to add has to hold it all the while.
    """
    try:
        log_file(home).parent.mkdir(parents=True, exist_ok=True)
        with locked(log_file(home).with_name(".log.lock")):
            yield
    except OSError as error:
        raise AlertError(
            f"the log of alerts cannot be written ({error.strerror}): see to the folder "
            f"'{log_file(home).parent}'; what could not be recorded is done again"
        ) from error


def add(home: Path, records: Iterable[Alert | Attempt]) -> None:
    """Add records to a log that is held; they are on the disk when this returns.

    Raises AlertError when its last line is damaged, OSError when the disk refuses.
    """
    path = log_file(home)
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    with os.fdopen(descriptor, "r+b") as file:
        start = max(0, path.stat().st_size - _TAIL)
        file.seek(start)
        tail = file.read()
        end = tail.rfind(b"\n") + 1
        head = _hash_of_last(tail[:end])
        file.seek(start + end)
        for record in records:
            line = with_own_hash(Line(before=head, record=record).model_dump_json()).encode()
            head = Line.model_validate_json(line).sha256
            file.write(line + b"\n")
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        sync(path.parent)
    write_whole(_head_file(home), head.encode())


def _head_file(home: Path) -> Path:
    return log_file(home).with_name("head")


def _content(path: Path) -> bytes | None:
    """Return the content of a file, None where there is no file."""
    try:
        return read_whole(path, _MOST_BYTES)
    except FileNotFoundError:
        return None


def _hash_of_last(lines: bytes) -> str:
    if not lines:
        return ""
    last = _read_line(lines[:-1].rpartition(b"\n")[2])
    if last is None:
        raise AlertError("the last line of the log of alerts is not what was written: restore it")
    return last.sha256


def _read_line(text: bytes) -> Line | None:
    """Return a line, None if it is not what was written."""
    try:
        line = Line.model_validate_json(text)
    except ValidationError:
        return None
    return line if hash_of_record(text, line.sha256) == line.sha256 else None
