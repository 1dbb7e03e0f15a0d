import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.archive.coverage import Coverage, Span
from features.archive.delivery import Identity, ReleaseContent
from features.archive.releases import DELETED_SCHEMA, REJECTED_SCHEMA, Archive
from features.archive.schemas import EVENTS_SCHEMA
from features.errors import ArchiveError
from tests.features.archive.deliveries import EventsDelivery
from tests.paths import ROOT


def an_event(number: int, day: str = "2020-01-05", best: int = 3) -> dict[str, object]:
    deaths = {"deaths_a": 0, "deaths_b": 0, "deaths_civilians": best, "deaths_unknown": 0}
    return {
        "event_id": str(number),
        "type_of_violence": 1,
        "side_a": "Government",
        "side_b": None,
        "date_start": pd.Timestamp(day),
        "date_end": pd.Timestamp(day),
        "date_prec": 1,
        "where_prec": 1,
        "event_clarity": 1,
        "code_status": "Clear",
        "latitude": 14.5,
        "longitude": -4.2,
        "country": "MLI",
        "admin1": "MLI-1",
        "priogrid": "150000",
        **deaths,
        "best": best,
        "high": best,
        "low": best,
    }


def a_delivery(name: str = "24.1", deaths: int = 3, **identity: Any) -> EventsDelivery:
    days = ["2020-02-01", "2020-01-05", "2020-01-05"]
    events = [an_event(number, day, deaths) for number, day in enumerate(days)]
    rejected = [{"line": 7, "reasons": "low is negative", "record": '{"low": "-1"}'}]
    usual: dict[str, Any] = {
        "history": "ucdp",
        "source": "ucdp-ged",
        "release": name,
        "kind": "final",
        "available_on": date(2020, 6, 30),
        "coverage": Coverage((Span("MLI", 600, 604), Span("GNB", 590, 604))),
        "file_name": f"{name}.csv",
    }
    return EventsDelivery(
        identity=Identity(**usual | identity),
        events=pd.DataFrame(events),
        rejected=pd.DataFrame(rejected),
        deleted=("x9", "x1"),
        notes=("2 NUL bytes were replaced",),
    )


def contents(home: Path) -> dict[str, bytes]:
    files = [path for path in home.rglob("*") if path.is_file()]
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


def test_what_is_added_can_be_read_back(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home")
    assert archive.releases() == []
    added = archive.add(a_delivery())
    (release,) = archive.releases()
    assert added == (release, True)
    assert release.name == "ucdp-ged 24.1"
    assert (release.rows_read, release.rows_accepted, release.rows_rejected) == (4, 3, 1)
    assert release.history == "ucdp"
    assert release.coverage() == a_delivery().identity.coverage
    assert release.rejected().to_dict("records") == a_delivery().rejected.to_dict("records")
    assert release.notes == ("2 NUL bytes were replaced",)
    assert release.folder == tmp_path / "home/events/source=ucdp-ged/release=24.1"
    events = pq.ParquetFile(release.table_file).read()
    assert events.schema.equals(EVENTS_SCHEMA)
    assert events["event_id"].to_pylist() == ["1", "2", "0"]
    assert events["text"].to_pylist() == [None, None, None]
    deleted = pq.ParquetFile(release.folder / "deleted.parquet").read()
    assert deleted.schema.equals(DELETED_SCHEMA)
    assert (deleted["event_id"].to_pylist(), release.rows_deleted) == (["x1", "x9"], 2)
    said = json.loads((release.folder / "release.json").read_text())
    assert said["available_on"] == "2020-06-30"
    assert "folder" not in said


def test_a_delivery_without_rejects_has_an_empty_table_of_them(tmp_path: Path) -> None:
    delivery = a_delivery()
    Archive(tmp_path).add(EventsDelivery(delivery.identity, delivery.events))
    (release,) = Archive(tmp_path).releases()
    assert list(release.rejected().columns) == REJECTED_SCHEMA.names
    assert release.rows_rejected == 0


def test_adding_the_same_again_changes_nothing(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.add(a_delivery())
    before = contents(tmp_path)
    for same in (a_delivery(), a_delivery(available_on=date(2021, 1, 1))):
        assert archive.add(same) == (archive.releases()[0], False)
    assert contents(tmp_path) == before


def test_the_same_events_in_another_file_are_the_same_release(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.add(a_delivery())
    assert not archive.add(a_delivery(file_name="24.1.zip")).is_new
    assert archive.releases()[0].file_name == "24.1.csv"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (a_delivery(deaths=9), "with other content"),
        (replace(a_delivery(), deleted=("x1",)), "with other content"),
        (replace(a_delivery(), rejected=a_delivery().rejected[:0]), "with other content"),
        (a_delivery(coverage=Coverage((Span("MLI", 600, 601),))), "with another coverage"),
    ],
)
def test_a_release_is_never_rewritten(tmp_path: Path, other: EventsDelivery, said: str) -> None:
    archive = Archive(tmp_path)
    archive.add(a_delivery())
    before = contents(tmp_path)
    with pytest.raises(ArchiveError, match=f"{said}.*--release NAME"):
        archive.add(other)
    assert contents(tmp_path) == before


def test_a_history_never_mixes_events_with_counts_or_counts_of_several_levels(
    tmp_path: Path,
) -> None:
    archive = Archive(tmp_path)
    archive.add(a_delivery("1", level="admin1"))
    for level, what in (("country", "counts by country"), (None, "events")):
        with pytest.raises(ArchiveError, match=f"holds counts by admin1.*of {what}.*--source"):
            archive.add(a_delivery("2", level=level))
    assert len(archive.releases()) == 1


@pytest.mark.parametrize("simulated_first", [True, False])
def test_simulated_and_real_events_never_share_an_archive(
    tmp_path: Path, simulated_first: bool
) -> None:
    archive = Archive(tmp_path)
    archive.add(a_delivery(simulated=simulated_first))
    with pytest.raises(ArchiveError, match="may never share an archive"):
        archive.add(a_delivery("24.2", simulated=not simulated_first))
    assert len(archive.releases()) == 1


def test_an_archive_in_which_someone_mixed_them_by_hand_is_not_read(tmp_path: Path) -> None:
    Archive(tmp_path / "a").add(a_delivery())
    Archive(tmp_path / "b").add(a_delivery("24.2", simulated=True))
    shutil.copytree(tmp_path / "b", tmp_path / "a", dirs_exist_ok=True)
    with pytest.raises(ArchiveError, match="mixes simulated and real"):
        Archive(tmp_path / "a").releases()


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "a b", "../up", "x" * 101, "a\nb"])
def test_a_name_that_cannot_be_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    misnamed: list[dict[str, Any]] = [{"release": name}, {"source": name}, {"history": name}]
    for identity in misnamed:
        with pytest.raises(ArchiveError, match="cannot name a release"):
            Archive(tmp_path).add(a_delivery(**identity))
    assert contents(tmp_path) == {}


def test_months_that_were_not_over_cannot_have_been_observed(tmp_path: Path) -> None:
    early = a_delivery(available_on=date(2020, 4, 30))
    with pytest.raises(ArchiveError, match="whole of 2020-05, which was not over on 2020-04-30"):
        Archive(tmp_path).add(early)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda events: events.drop(columns="best"),
        lambda events: events.assign(best="many"),
        lambda events: events.assign(country=None),
    ],
)
def test_events_that_are_not_in_the_normal_form_are_refused(
    tmp_path: Path, spoil: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    with pytest.raises(ArchiveError, match="not in the normal form"):
        Archive(tmp_path).add(replace(a_delivery(), events=spoil(a_delivery().events)))
    assert contents(tmp_path) == {}


def test_the_same_events_in_another_order_give_the_same_bytes(tmp_path: Path) -> None:
    shuffled = a_delivery().events.sample(frac=1, random_state=3)[::-1]
    columns = list(reversed(shuffled.columns))
    Archive(tmp_path / "a").add(a_delivery())
    Archive(tmp_path / "b").add(
        replace(a_delivery(), events=shuffled[columns], deleted=("x1", "x9"))
    )
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), OSError(28, "No space left")])
def test_an_interrupted_write_leaves_the_archive_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interruption: BaseException
) -> None:
    archive = Archive(tmp_path)
    archive.add(a_delivery())
    before = contents(tmp_path)
    write = pq.write_table

    def break_off(table: object, path: Path, **options: object) -> None:
        write(table, path, **options)
        if path.name == "rejected.parquet":
            raise interruption

    monkeypatch.setattr(pq, "write_table", break_off)
    with pytest.raises((KeyboardInterrupt, ArchiveError)) as raised:
        archive.add(a_delivery("24.2"))
    assert isinstance(interruption, KeyboardInterrupt) or "No space left" in str(raised.value)
    assert contents(tmp_path) == before
    monkeypatch.undo()
    assert archive.add(a_delivery("24.2")).is_new


def test_what_a_killed_writer_leaves_behind_is_never_seen(tmp_path: Path) -> None:
    killed = f"""
import os, runpy
import features.disk
tests = runpy.run_path({str(__file__)!r})
features.disk.sync = lambda path: os._exit(9)
tests["Archive"](tests["Path"]({str(tmp_path)!r})).add(tests["a_delivery"]())
"""
    ended = subprocess.run([sys.executable, "-c", killed], cwd=ROOT, check=False)
    assert ended.returncode == 9
    assert any(".release=24.1." in name for name in contents(tmp_path))
    archive = Archive(tmp_path)
    assert archive.releases() == []
    assert archive.add(a_delivery()).is_new
    assert len(archive.releases()) == 1


def _meet_at(barrier: object) -> None:
    globals()["barrier"] = barrier


def _add(home: Path, deaths: int) -> bool | str:
    globals()["barrier"].wait()
    try:
        return Archive(home).add(a_delivery(deaths=deaths)).is_new
    except ArchiveError as error:
        return str(error)


@pytest.fixture(scope="module")
def writers() -> Iterator[Callable[[list[tuple[Any, ...]]], list[Any]]]:
    """Add four deliveries from four processes that begin together."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["features.archive.releases"])
    with context.Pool(4, initializer=_meet_at, initargs=(context.Barrier(4),)) as pool:
        yield lambda jobs: pool.starmap(_add, jobs, chunksize=1)


class LateDelivery(EventsDelivery):
    """Written while another delivery comes into the archive."""

    def write(self, folder: Path) -> ReleaseContent:
        Archive(folder.parents[2]).add(a_delivery("24.2", simulated=not self.identity.simulated))
        return super().write(folder)


@pytest.mark.parametrize("simulated", [True, False])
def test_what_came_in_while_a_delivery_was_written_is_reckoned_with(
    tmp_path: Path, simulated: bool
) -> None:
    late = a_delivery(simulated=simulated)
    with pytest.raises(ArchiveError, match="may never share an archive"):
        Archive(tmp_path).add(LateDelivery(late.identity, late.events))
    assert [release.release for release in Archive(tmp_path).releases()] == ["24.2"]


@pytest.mark.parametrize("alike", [True, False])
def test_of_writers_at_the_same_time_exactly_one_wins(
    writers: Callable[[list[tuple[Any, ...]]], list[Any]], tmp_path: Path, alike: bool
) -> None:
    answers = writers([(tmp_path, 3 if alike else 3 + number) for number in range(4)])
    assert answers.count(True) == 1
    assert answers.count(False) == (3 if alike else 0)
    assert all("other content" in said for said in answers if isinstance(said, str))
    (release,) = Archive(tmp_path).releases()
    events = pq.ParquetFile(release.table_file).read().to_pandas()
    assert events["best"].tolist() == [3 + answers.index(True) * (not alike)] * 3
    assert not [name for name in contents(tmp_path) if "/." in name]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"source": "x"}'])
def test_a_damaged_release_is_named_rather_than_skipped(tmp_path: Path, text: str) -> None:
    archive = Archive(tmp_path)
    archive.add(a_delivery())
    (archive.releases()[0].folder / "release.json").write_text(text)
    for use in (archive.releases, lambda: archive.add(a_delivery())):
        with pytest.raises(ArchiveError, match=r"release=24\.1' is damaged"):
            use()


def test_a_home_that_cannot_be_written_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "events").write_text("not a folder")
    with pytest.raises(ArchiveError, match="cannot be listed") as refused:
        Archive(tmp_path).add(a_delivery())
    assert "\n" not in str(refused.value)


def test_the_folders_of_a_release_can_be_read_by_others(tmp_path: Path) -> None:
    Archive(tmp_path).add(a_delivery())
    (release,) = Archive(tmp_path).releases()
    mask = os.umask(0o022)
    os.umask(mask)
    assert release.folder.stat().st_mode & 0o777 == 0o777 & ~mask


def test_a_byte_changed_in_any_file_of_a_release_is_found_and_the_file_named(
    tmp_path: Path,
) -> None:
    archive = Archive(tmp_path)
    folder = archive.add(a_delivery()).release.folder
    for file in sorted(folder.iterdir()):
        content = file.read_bytes()
        for place in (*range(0, len(content), max(1, len(content) // 20)), len(content) - 1):
            file.write_bytes(
                content[:place] + bytes([content[place] ^ 0x20]) + content[place + 1 :]
            )
            with pytest.raises(ArchiveError, match=file.name):
                archive.releases()
        file.unlink()
        for use in (archive.releases, lambda: archive.add(a_delivery())):
            with pytest.raises(ArchiveError, match=rf"{file.name}.*No such file.*ingest the"):
                use()
        file.write_bytes(content)
    (folder / "unknown.parquet").write_bytes(b"more")
    with pytest.raises(ArchiveError, match=r"unknown\.parquet is not of it"):
        archive.releases()
    (folder / "unknown.parquet").unlink()
    shutil.rmtree(folder)
    assert archive.add(a_delivery()).is_new


def test_a_release_that_was_stored_before_there_were_hashes_is_read(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    release = archive.add(a_delivery()).release
    record = json.loads((release.folder / "release.json").read_text())
    for name in ("files", "record_sha256"):
        del record[name]
    (release.folder / "release.json").write_text(json.dumps(record))
    assert archive.releases() == [release.model_copy(update={"files": {}, "record_sha256": None})]
