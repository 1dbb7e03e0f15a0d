import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.log import AlertLog, add, log_file, read_log, sound_log, writing
from alerts.raising import raise_alerts
from alerts.record import Attempt, Outcome
from bulletins.reading import read_manifests
from features.errors import AlertError
from tests.alerts.conftest import rules_of
from tests.bulletins.example import NOW


def attempt(alert: str, outcome: Outcome = "failed", channel: str = "machine") -> Attempt:
    return Attempt(alert=alert, channel=channel, at=NOW, outcome=outcome, details="503")


def log_of(home: Path) -> AlertLog:
    """The log of a home in which two alerts rang, and one was tried in vain."""
    (first, _) = raise_alerts(home, rules_of("threshold = 0.5"), read_manifests(home)[0][0], NOW)
    with writing(home):
        add(home, [attempt(first.id)])
    return read_log(home)


def test_without_a_log_nothing_is_pending(tmp_path: Path) -> None:
    assert read_log(tmp_path) == AlertLog()
    assert read_log(tmp_path).pending == []


def test_what_was_added_is_read_in_order(home: Path) -> None:
    log = log_of(home)
    assert [alert.region for alert in log.alerts] == ["MLI-gao", "MLI-mopti"]
    assert log.attempts == (attempt(log.alerts[0].id),)
    assert log.faults == ()
    assert [alert.id for alert, _ in log.pending] == [alert.id for alert in log.alerts]


def test_what_was_delivered_once_is_delivered(home: Path) -> None:
    first, second = log_of(home).alerts
    with writing(home):
        add(
            home, [attempt(first.id, "delivered"), attempt(first.id), attempt(second.id, "unknown")]
        )
    log = read_log(home)
    assert log.pending == [(second, "machine")]
    assert log.states[second.id, "machine"] == "unknown"


@pytest.fixture(scope="module")
def content(two_months: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    home = tmp_path_factory.mktemp("log")
    (home / "bulletins").symlink_to(two_months / "bulletins")
    log_of(home)
    return log_file(home).read_bytes()


def write_log(home: Path, content: bytes) -> None:
    log_file(home).parent.mkdir(parents=True, exist_ok=True)
    log_file(home).write_bytes(content)


@settings(max_examples=60)
@given(st.data())
def test_a_changed_bit_is_noticed(
    content: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, 8 * len(content) - 1))
    changed = bytearray(content)
    changed[place // 8] ^= 1 << place % 8
    home = tmp_path_factory.mktemp("bit")
    write_log(home, bytes(changed))
    assert read_log(home).faults
    with pytest.raises(AlertError, match="log of alerts"):
        sound_log(home)


def test_a_changed_end_of_the_last_line_is_noticed(content: bytes, tmp_path: Path) -> None:
    write_log(tmp_path, content[:-1] + b"\x0b")
    assert read_log(tmp_path).faults == (
        "the last line of the log of alerts is damaged: restore it from a backup",
    )


def test_a_line_that_was_removed_or_put_in_is_noticed(content: bytes, tmp_path: Path) -> None:
    one, two, three = content.splitlines(keepends=True)
    for lines in (two + three, one + three, one + two + two + three, one + three + two):
        write_log(tmp_path, lines)
        assert read_log(tmp_path).faults


def test_what_a_killed_writer_left_is_no_damage_and_is_taken_away(
    content: bytes, tmp_path: Path
) -> None:
    whole = len(content.splitlines(keepends=True)[0])
    for length in (whole + 1, len(content) - 1):
        home = tmp_path / str(length)
        write_log(home, content[:length])
        log = read_log(home)
        assert log.faults == ()
        with writing(home):
            add(home, [attempt(log.alerts[0].id, "delivered")])
        after = read_log(home)
        assert (after.faults, after.alerts) == ((), log.alerts)
        assert len(after.attempts) == 1


def test_a_log_that_was_cut_or_emptied_is_noticed(home: Path) -> None:
    log_of(home)
    content = log_file(home).read_bytes()
    ends = [place + 1 for place, byte in enumerate(content) if byte == ord("\n")]
    for end in (0, 10, *ends[:-1], len(content) - 1):
        log_file(home).write_bytes(content[:end])
        assert read_log(home).faults == (
            "the log of alerts has lost its end: restore it from a backup",
        )
    log_file(home).unlink()
    with pytest.raises(AlertError, match="lost its end"):
        sound_log(home)
    log_file(home).write_bytes(content)
    assert read_log(home).faults == ()


def test_a_changed_head_is_noticed(home: Path) -> None:
    log_of(home)
    head = log_file(home).with_name("head")
    for content in (b"\xff" + head.read_bytes()[1:], b""):
        head.write_bytes(content)
        assert read_log(home).faults


def test_a_writer_that_was_killed_before_the_head_was_written_left_no_damage(home: Path) -> None:
    log = log_of(home)
    head = log_file(home).with_name("head")
    before = head.read_bytes()
    with writing(home):
        add(home, [attempt(log.alerts[1].id)])
    head.write_bytes(before)
    assert read_log(home).faults == ()
    head.unlink()
    assert read_log(home).faults == ()
    with writing(home):
        add(home, [attempt(log.alerts[1].id)])
    assert head.exists()


def test_a_log_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    log_file(tmp_path).mkdir(parents=True)
    with pytest.raises(AlertError, match=r"cannot be read \(Is a directory\)"):
        read_log(tmp_path)


def test_a_folder_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "alerts").write_text("no folder")
    with pytest.raises(AlertError, match="cannot be written"), writing(tmp_path):
        pass


def test_a_line_is_plain_json(content: bytes) -> None:
    record = json.loads(content.splitlines()[0])["record"]
    assert datetime.fromisoformat(record["raised_at"]).astimezone(UTC) == NOW
    assert record["simulated"] is True
    assert record["title"].startswith("SIMULATED")
