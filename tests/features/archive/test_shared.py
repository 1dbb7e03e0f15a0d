"""Archives of several machines, over a folder and over a real object store."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Barrier
from typing import Any

import pandas as pd
import pytest

from features.archive.delivery import ReleaseContent
from features.archive.releases import Archive
from features.archive.shared import SharedReleases
from features.errors import ArchiveError, StoreError
from features.shared.address import Address
from tests.features.archive.deliveries import JANUARY, EventsDelivery, a_delivery
from tests.features.shared.conftest import address
from tests.paths import ROOT

__all__ = ["address"]


REJECTED = [{"line": 7, "reasons": "low is negative", "record": '{"low": "-1"}'}]


def a_release(name: str = "24.1", deaths: int = 3, **changes: Any) -> EventsDelivery:
    delivery = a_delivery(name, [("MLI", JANUARY, 1, deaths)], [("MLI", JANUARY, JANUARY)])
    identity = replace(delivery.identity, **changes)
    return replace(delivery, identity=identity, rejected=pd.DataFrame(REJECTED))


def archive_of(home: Path, address: str) -> Archive:
    """Return the archive of a home that shares it, up with the address."""
    archive = Archive(home, SharedReleases(home, address))
    archive.catch_up()
    return archive


def names(archive: Archive) -> list[str]:
    return [release.name for release in archive.releases()]


def chain_at(address: str) -> list[str]:
    """The releases that were added at an address, in order, each without its hash."""
    shared = SharedReleases(Path("none"), address)
    assert list(shared.faults()) == []
    return [entry.id.rpartition("/")[0] for entry in shared.entries]


def contents(home: Path) -> dict[str, bytes]:
    """Every file of a home by path, hidden ones too, but for its lock."""
    files = [path for path in home.rglob("*") if path.is_file() and path.name != ".events.lock"]
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in files}


def test_a_release_is_copied_whole_with_what_was_rejected(tmp_path: Path, address: str) -> None:
    a = archive_of(tmp_path / "a", address)
    added = a.add(a_release())
    assert added.is_new
    b = archive_of(tmp_path / "b", address)
    assert contents(b.home) == contents(a.home)
    (release,) = b.releases()
    assert release == added.release.model_copy(update={"folder": release.folder})
    assert list(release.rejected()["reasons"]) == ["low is negative"]


def test_releases_of_several_machines_have_one_order(tmp_path: Path, address: str) -> None:
    for home, name in (("a", "24.2"), ("b", "24.1"), ("a", "24.3")):
        archive_of(tmp_path / home, address).add(a_release(name))
    order = [f"events/source=ucdp-ged/release={name}" for name in ("24.2", "24.1", "24.3")]
    assert chain_at(address) == order
    archives = [archive_of(tmp_path / home, address) for home in "abc"]
    assert [r.number for r in archives[0].releases()] == [1, 0, 2]
    assert contents(archives[0].home) == contents(archives[1].home) == contents(archives[2].home)


def test_what_a_home_had_before_goes_along_in_its_order(tmp_path: Path, address: str) -> None:
    for name in ("24.2", "24.1"):
        Archive(tmp_path / "a").add(a_release(name))
    archive_of(tmp_path / "a", address)
    places = [f"events/source=ucdp-ged/release={name}" for name in ("24.2", "24.1")]
    assert chain_at(address) == places
    assert names(archive_of(tmp_path / "b", address)) == ["ucdp-ged 24.1", "ucdp-ged 24.2"]


def test_homes_that_had_the_same_release_before_share_it(tmp_path: Path, address: str) -> None:
    for home in "ab":
        Archive(tmp_path / home).add(a_release())
    archives = [archive_of(tmp_path / home, address) for home in "ab"]
    assert len(chain_at(address)) == 1
    assert not archives[1].add(a_release()).is_new


@pytest.mark.parametrize("other", [{"deaths": 9}, {"available_on": date(2021, 1, 1)}])
def test_another_release_of_the_same_name_is_refused(
    tmp_path: Path, address: str, other: dict[str, Any]
) -> None:
    """Nor may the day differ from which it was public: machines would know it as of other days."""
    archive_of(tmp_path / "a", address).add(a_release())
    Archive(tmp_path / "b").add(a_release(**other))
    before = contents(tmp_path / "b")
    shared = SharedReleases(tmp_path / "b", address)
    ((name, fault),) = shared.pull().items()
    place = tmp_path / "b" / "events" / "source=ucdp-ged" / "release=24.1"
    remedy = "move it out of the home, which then gets that"
    assert fault == f"'{place}' is not {name} at {address}: {remedy}"
    with pytest.raises(ArchiveError, match="which then gets that; nothing is added before"):
        Archive(tmp_path / "b", shared).catch_up()
    assert contents(tmp_path / "b") == before
    shutil.rmtree(place)
    archive_of(tmp_path / "b", address)
    assert contents(tmp_path / "b") == contents(tmp_path / "a")


@pytest.mark.parametrize("alike", [True, False])
def test_of_machines_that_ingest_a_release_at_once_one_adds_it(
    tmp_path: Path, address: str, alike: bool
) -> None:
    together = Barrier(3)

    def race(number: int) -> bool | str:
        archive = archive_of(tmp_path / str(number), address)
        delivery = a_release(deaths=3 if alike else 3 + number)
        together.wait()
        try:
            return archive.add(delivery).is_new
        except ArchiveError as error:
            return str(error)

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(race, range(3)))
    refusals = [answer for answer in answers if isinstance(answer, str)]
    assert len(refusals) == (0 if alike else 2)
    assert all("already holds ucdp-ged 24.1, with other content" in line for line in refusals)
    assert len(chain_at(address)) == 1
    homes = [contents(archive_of(tmp_path / str(number), address).home) for number in range(3)]
    assert homes[0] == homes[1] == homes[2]
    at = Address(address, 10)
    assert len(at.objects("events")) == len(homes[0])  # of those that lost nothing is left


def test_machines_that_ingest_several_releases_at_once_have_them_all(
    tmp_path: Path, address: str
) -> None:
    together = Barrier(3)

    def race(number: int) -> None:
        archive = archive_of(tmp_path / str(number), address)
        together.wait()
        for minor in range(2):
            assert archive.add(a_release(f"{number}.{minor}")).is_new

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(race, range(3)))
    assert len(set(chain_at(address))) == 6
    archive = archive_of(tmp_path / "0", address)
    assert sorted(release.number for release in archive.releases()) == list(range(6))


class LateDelivery(EventsDelivery):
    """Written while another machine adds a simulated one."""

    def write(self, folder: Path) -> ReleaseContent:
        home, address = folder.parents[3] / "b", self.notes[0]
        archive_of(home, address).add(a_release("24.2", simulated=True))
        return super().write(folder)


def test_simulated_and_real_releases_never_share_an_address(tmp_path: Path, address: str) -> None:
    late = LateDelivery(a_release().identity, a_release().events, notes=(address,))
    with pytest.raises(ArchiveError, match=r"simulated events and '24\.1' real ones"):
        archive_of(tmp_path / "a", address).add(late)
    assert len(chain_at(address)) == 1
    Archive(tmp_path / "c").add(a_release())
    message = "has simulated releases and '.*' real ones, which may never share an archive"
    with pytest.raises(ArchiveError, match=message):
        archive_of(tmp_path / "c", address)
    assert names(Archive(tmp_path / "c")) == ["ucdp-ged 24.1"]


def test_a_release_that_is_damaged_at_the_address_is_named_and_not_taken_up(
    tmp_path: Path, address: str
) -> None:
    archive_of(tmp_path / "a", address).add(a_release("24.1"))
    archive_of(tmp_path / "a", address).add(a_release("24.2"))
    at = Address(address, 10)
    (key,) = [o.key for o in at.objects("events") if "24.2" in o.key and "coverage" in o.key]
    whole = at.get(key) or b""
    at.put(key, b"PAR1")
    shared = SharedReleases(tmp_path / "b", address)
    (fault,) = shared.pull().values()
    assert fault.startswith(f"{key} at {address} is not what was stored: copy it there")
    assert names(Archive(tmp_path / "b")) == ["ucdp-ged 24.1"]
    with pytest.raises(ArchiveError, match="nothing is added before"):
        archive_of(tmp_path / "b", address)
    at.put(key, whole)
    archive_of(tmp_path / "b", address)
    assert contents(tmp_path / "b") == contents(tmp_path / "a")


def test_what_is_damaged_in_the_home_is_not_shared(tmp_path: Path, address: str) -> None:
    release = Archive(tmp_path).add(a_release()).release
    (release.folder / "rejected.parquet").write_bytes(b"PAR1")
    with pytest.raises(ArchiveError, match=r"rejected\.parquet is not what was stored"):
        archive_of(tmp_path, address)
    assert chain_at(address) == []


def test_a_home_with_a_damaged_release_takes_up_none_and_names_it(
    tmp_path: Path, address: str
) -> None:
    archive_of(tmp_path / "a", address).add(a_release("24.1"))
    release = Archive(tmp_path / "b").add(a_release("24.2")).release
    (release.folder / "release.json").write_text("{")
    with pytest.raises(ArchiveError, match=r"release=24\.2' is damaged"):
        SharedReleases(tmp_path / "b", address).pull()
    assert [path.name for path in release.folder.parent.iterdir()] == ["release=24.2"]


def test_a_release_that_was_withdrawn_is_taken_away_and_its_name_is_free(
    tmp_path: Path, address: str
) -> None:
    a, b = (archive_of(tmp_path / home, address) for home in "ab")
    wrong = a.add(a_release(deaths=9))
    b.catch_up()
    shared = SharedReleases(tmp_path, address)
    shared.pull()
    (entry,) = (entry.id for entry in shared.entries)
    Address(address, 10).put(f"withdrawn/{entry}", b"")
    assert names(archive_of(tmp_path / "b", address)) == []
    for number in range(2):  # whatever else there is
        withdrawn = rf"{entry} was withdrawn at .*: delete withdrawn/.* or keep it out"
        with pytest.raises(ArchiveError, match=withdrawn):
            archive_of(tmp_path / "b", address).add(a_release(deaths=9))
        archive_of(tmp_path / "b", address).add(a_release(f"24.{number + 2}"))
    assert archive_of(tmp_path / "b", address).add(a_release()).is_new
    a = archive_of(tmp_path / "a", address)
    assert [r.sha256 for r in a.releases()] != [wrong.release.sha256]
    assert (tmp_path / "a" / "withdrawn" / entry / "events.parquet").exists()
    assert contents(tmp_path / "a" / "events") == contents(tmp_path / "b" / "events")


def test_nothing_is_added_while_the_address_is_away(tmp_path: Path) -> None:
    (tmp_path / "address").mkdir()
    archive = archive_of(tmp_path / "a", (tmp_path / "address").as_uri())
    archive.add(a_release("24.1"))
    (tmp_path / "address").rename(tmp_path / "away")
    with pytest.raises(StoreError, match="cannot be reached"):
        archive.add(a_release("24.2"))
    assert names(archive) == ["ucdp-ged 24.1"]
    (tmp_path / "away").rename(tmp_path / "address")
    assert archive.add(a_release("24.2")).is_new


def kill(work: str, homes: Path, address: str, requests: Sequence[int]) -> None:
    """Run a machine for each number of requests, after which it is killed."""
    command = [sys.executable, "-m", "tests.features.shared.kills", work, str(homes), address]
    subprocess.run([*command, *map(str, requests)], check=True, cwd=ROOT, timeout=60)


def test_a_machine_that_is_killed_while_it_ingests_leaves_a_whole_archive(
    tmp_path: Path, address: str
) -> None:
    """Each of five files, the record the last, is a write; the sixth is the entry."""
    writes = (0, 1, 4, 5, 6)
    kill("ingest", tmp_path, address, writes)
    assert chain_at(address) == ["events/source=ucdp-ged/release=1"]
    for number in range(len(writes)):
        home = tmp_path / str(number)
        assert names(Archive(home)) == []
        assert "ucdp-ged 1" in names(archive_of(home, address))
        assert archive_of(home, address).add(a_release(f"2.{number}")).is_new
        assert not [path for path in contents(home) if "/." in path]


def test_a_machine_that_is_killed_while_it_copies_has_whole_releases_alone(
    tmp_path: Path, address: str
) -> None:
    """The entry and each of five files is a read."""
    archive = archive_of(tmp_path / "a", address)
    archive.add(a_release())
    reads = (0, 1, 2, 5, 6)
    kill("copy", tmp_path, address, reads)
    for number in range(len(reads)):
        home = tmp_path / str(number)
        assert names(Archive(home)) == []
        assert SharedReleases(home, address).pull() == {}
        assert contents(home) == contents(archive.home)
