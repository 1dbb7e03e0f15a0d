from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.cycle.journal import FOLDER, Entry, Journal
from experiments.cycle.steps import Decision
from features.errors import ArchiveError
from features.strict import Strict

NOW = datetime(2025, 1, 20, 6, tzinfo=UTC)


class Number(Strict):
    value: int


def entry(releases: tuple[str, ...] = ("a 1",), accepted: str | None = None) -> Entry:
    return Entry(
        as_of=date(2025, 1, 20), releases=releases, state="open", code="1+abc", accepted=accepted
    )


def test_a_step_is_done_once_even_by_the_next_process(tmp_path: Path) -> None:
    done = []

    def work() -> Number:
        done.append(1)
        return Number(value=len(done))

    for _ in range(3):  # each opens the journal anew, as after a kill
        opened = Journal(tmp_path).open(entry())
        assert opened.step("first", Number, work) == Number(value=1)
    assert done == [1]


@pytest.mark.parametrize("other", [entry(("a 1", "a 2")), entry(accepted="I looked")])
def test_other_data_or_another_reason_begin_anew(tmp_path: Path, other: Entry) -> None:
    Journal(tmp_path).open(entry()).step("first", Number, lambda: Number(value=1))
    opened = Journal(tmp_path).open(other)
    assert opened.step("first", Number, lambda: Number(value=2)) == Number(value=2)


def test_a_failed_step_is_not_noted(tmp_path: Path) -> None:
    def work() -> Number:
        raise ArchiveError("no")

    with pytest.raises(ArchiveError):
        Journal(tmp_path).open(entry()).step("first", Number, work)
    assert Journal(tmp_path).open(entry()).entry.steps == {}


def test_an_open_entry_that_is_damaged_is_begun_anew(tmp_path: Path) -> None:
    Journal(tmp_path).open(entry()).step("first", Number, lambda: Number(value=1))
    (tmp_path / FOLDER / "open.json").write_bytes(b"{")
    assert Journal(tmp_path).open(entry()).entry.steps == {}


def test_closed_entries_come_in_order_and_the_last_is_of_a_cycle_that_was_not_refused(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path)
    assert (journal.entries(), journal.last()) == ([], None)
    for releases, state in ((("a 1",), "complete"), (("a 2",), "refused")):
        opened = journal.open(entry(releases))
        opened.step("decision", Decision, lambda: Decision(origin="2024-12", due={}))
        journal.close(opened, "complete" if state == "complete" else "refused", NOW)
    assert [one.state for one in journal.entries()] == ["complete", "refused"]
    last = journal.last()
    assert last is not None
    assert (last.releases, last.closed_at) == (("a 1",), NOW)
    assert last.outcome("decision", Decision) == Decision(origin="2024-12", due={})
    assert last.outcome("bulletin", Decision) is None
    names = sorted(path.name for path in (tmp_path / FOLDER).iterdir())
    assert names == ["2025-01-20-0001.json", "2025-01-20-0002.json"]


@given(st.data())
def test_every_changed_byte_of_a_closed_entry_is_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    home = tmp_path_factory.mktemp("home")
    journal = Journal(home)
    journal.close(journal.open(entry()), "complete", NOW)
    (file,) = (home / FOLDER).iterdir()
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    with pytest.raises(ArchiveError, match="of the journal of cycles is damaged"):
        journal.entries()


def test_an_entry_that_is_gone_is_missed(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for release in ("a 1", "a 2", "a 3"):
        journal.close(journal.open(entry((release,))), "complete", NOW)
    (tmp_path / FOLDER / "2025-01-20-0002.json").unlink()
    with pytest.raises(ArchiveError, match="entry 0002 should stand there"):
        journal.entries()
