import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import obstore
import pytest
from obstore.store import from_url

from bulletins.chain import chain_faults
from bulletins.manifest import Manifest
from bulletins.reading import read_manifests, read_parts
from bulletins.shared import SharedBulletins
from features.errors import BulletinError, StoreError
from features.hashes import sha256_of
from features.shared.address import Address
from features.shared.folders import Entry
from tests.bulletins.example import publish_bulletin
from tests.bulletins.sharing import Publish, files, publish
from tests.features.shared.conftest import address
from tests.paths import ROOT

__all__ = ["address", "files", "publish"]


def contents(home: Path) -> dict[str, bytes]:
    """Every file of a home's bulletins, by path; hidden ones too."""
    folder = home / "bulletins"
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def ids(home: Path) -> list[str]:
    return [manifest.id for manifest in read_manifests(home)[0]]


def faults(home: Path) -> list[str]:
    manifests, refused = read_manifests(home)
    places = {m.id: home / "bulletins" / m.id / "manifest.json" for m in manifests}
    hashes = {name: sha256_of(place.read_bytes()) for name, place in places.items()}
    return [*refused.values(), *chain_faults(manifests, hashes)]


def chain_at(address: str) -> list[str]:
    """The ids of the bulletins that were issued at an address, in order."""
    at = Address(address, 10)
    entries = (at.get(one.key) or b"" for one in at.objects("chain"))
    return [Entry.model_validate_json(entry).id for entry in entries]


@pytest.fixture
def shared(tmp_path: Path, address: str) -> SharedBulletins:
    """The bulletins at an address, of which the home `a` has copies."""
    return SharedBulletins(tmp_path / "a", address)


def test_a_bulletin_is_copied_byte_for_byte(
    tmp_path: Path, address: str, shared: SharedBulletins, publish: Publish
) -> None:
    shared.catch_up()
    issued = publish(tmp_path / "a", shared)
    other = SharedBulletins(tmp_path / "b", address)
    assert other.pull() == {}
    assert contents(tmp_path / "b") == contents(tmp_path / "a") != {}
    assert read_parts(tmp_path / "b" / "bulletins" / issued.id, issued).keys() >= {"scores.parquet"}
    assert (other.count(), list(other.faults())) == (1, [])


def test_bulletins_of_several_publishers_are_one_chain(
    tmp_path: Path, address: str, publish: Publish
) -> None:
    issued = []
    for home in ("a", "b", "a", "c"):
        shared = SharedBulletins(tmp_path / home, address)
        shared.catch_up()
        issued.append(publish(tmp_path / home, shared))
    assert [m.chain and m.chain.id for m in issued] == [None, *(m.id for m in issued[:-1])]
    assert chain_at(address) == [m.id for m in issued]
    assert faults(tmp_path / "c") == []


def test_what_a_home_issued_by_itself_goes_along_in_its_order(
    tmp_path: Path, address: str, shared: SharedBulletins, publish: Publish
) -> None:
    old = publish_bulletin(tmp_path / "a", id="2024-12-0123456789ab")
    first, lost, second = (publish(tmp_path / "a", None, f"2024-{m}") for m in ("12", "08", "10"))
    shutil.rmtree(tmp_path / "a" / "bulletins" / lost.id)
    shared.catch_up()
    third = publish(tmp_path / "a", shared)
    assert third.lost == (lost.id,)
    assert chain_at(address) == [old.id, first.id, second.id, third.id]
    assert SharedBulletins(tmp_path / "b", address).pull() == {}
    assert contents(tmp_path / "b") == contents(tmp_path / "a")
    assert faults(tmp_path / "b") == []


def test_what_is_damaged_in_the_home_is_not_shared(
    tmp_path: Path, address: str, shared: SharedBulletins, publish: Publish
) -> None:
    issued = publish(tmp_path / "a", None)
    (tmp_path / "a" / "bulletins" / issued.id / "regions.parquet").write_bytes(b"PAR1")
    with pytest.raises(BulletinError, match=f"regions.parquet of {issued.id} in the home is not"):
        shared.catch_up()
    assert chain_at(address) == []


def test_a_home_that_issued_apart_is_refused_by_name(
    tmp_path: Path, address: str, shared: SharedBulletins, publish: Publish
) -> None:
    shared.catch_up()
    issued = publish(tmp_path / "a", shared)
    apart = publish(tmp_path / "b", None)
    other = SharedBulletins(tmp_path / "b", address)
    with pytest.raises(BulletinError, match=f"{apart.id} does not follow {issued.id}, the last at"):
        other.catch_up()
    assert chain_at(address) == [issued.id]
    shutil.rmtree(tmp_path / "b" / "bulletins" / apart.id)
    other.catch_up()
    assert publish(tmp_path / "b", other).chain is not None


def test_of_publishers_at_once_one_wins_and_the_chain_stays_one(
    tmp_path: Path, address: str, shared: SharedBulletins, publish: Publish
) -> None:
    shared.catch_up()
    first = publish(tmp_path / "a", shared)
    together = Barrier(4)

    def race(number: int) -> Manifest | str:
        home = tmp_path / f"racer {number}"
        own = SharedBulletins(home, address)
        own.catch_up()
        together.wait()
        try:
            return publish(home, own)
        except BulletinError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(race, range(4)))
    (winner,) = [outcome for outcome in outcomes if isinstance(outcome, Manifest)]
    line = f"bulletin {winner.id} was issued at {address} meanwhile, and nothing here: "
    line += "publish again, after it"
    assert [outcome for outcome in outcomes if outcome is not winner] == [line] * 3
    assert chain_at(address) == [first.id, winner.id]
    for number in range(4):
        home = tmp_path / f"racer {number}"
        assert set(ids(home)) <= {first.id, winner.id}
        own = SharedBulletins(home, address)
        own.catch_up()
        assert set(ids(home)) == {first.id, winner.id}
        assert faults(home) == []
    after = publish(home, own)
    assert after.chain is not None
    assert after.chain.id == winner.id


def test_of_a_publisher_that_lost_nothing_is_left_at_the_address(
    tmp_path: Path, shared: SharedBulletins, address: str, publish: Publish
) -> None:
    other = SharedBulletins(tmp_path / "b", address)
    other.catch_up()
    shared.catch_up()
    issued = publish(tmp_path / "a", shared)
    with pytest.raises(BulletinError, match="publish again, after it"):
        publish(tmp_path / "b", other)
    store = from_url(address, client_options={"allow_http": True})
    keys = {meta["path"] for meta in obstore.list(store).collect()}
    copies = {f"{issued.id}/{path.name}" for path in (tmp_path / "a" / "bulletins").glob("*/*")}
    assert keys == copies | {"chain/000001.json"}
    assert contents(tmp_path / "b") == {}


@pytest.mark.parametrize("name", ["scores.parquet", "manifest.json"])
def test_what_was_changed_at_the_address_is_named_and_not_taken_up(
    tmp_path: Path, address: str, shared: SharedBulletins, publish: Publish, name: str
) -> None:
    shared.catch_up()
    good, bad = publish(tmp_path / "a", shared), publish(tmp_path / "a", shared)
    at, key = Address(address, 10), f"{bad.id}/{name}"
    whole = at.get(key) or b""
    at.put(key, whole[: len(whole) // 2])
    other = SharedBulletins(tmp_path / "b", address)
    for _ in range(2):
        ((damaged, reason),) = other.pull().items()
        assert damaged == bad.id
        assert reason.startswith(f"{key} at {address} is not what was stored: copy it there")
        assert ids(tmp_path / "b") == [good.id]
    assert list(other.faults()) == [reason]
    with pytest.raises(BulletinError, match="nothing is added before"):
        other.catch_up()
    at.put(key, whole)
    assert other.pull() == {}
    assert contents(tmp_path / "b") == contents(tmp_path / "a")


def test_a_bulletin_that_was_withdrawn_is_taken_away_everywhere(
    tmp_path: Path, address: str, shared: SharedBulletins, publish: Publish
) -> None:
    shared.catch_up()
    first, wrong = publish(tmp_path / "a", shared), publish(tmp_path / "a", shared)
    Address(address, 10).put(f"withdrawn/{wrong.id}", b"")
    other = SharedBulletins(tmp_path / "b", address)
    assert shared.pull() == other.pull() == {}
    assert ids(tmp_path / "a") == ids(tmp_path / "b") == [first.id]
    assert (tmp_path / "a" / "withdrawn" / wrong.id / "manifest.json").exists()
    other.catch_up()
    after = publish(tmp_path / "b", other)
    assert shared.pull() == {}
    assert faults(tmp_path / "a") == faults(tmp_path / "b") == []
    assert set(ids(tmp_path / "a")) == {first.id, after.id}


def test_what_is_gone_from_the_address_stays_in_the_home(
    tmp_path: Path, address: str, shared: SharedBulletins, publish: Publish
) -> None:
    shared.catch_up()
    issued = publish(tmp_path / "a", shared)
    at = Address(address, 10)
    at.delete([one.key for one in at.objects("chain") + at.objects(issued.id)])
    with pytest.raises(StoreError, match="is gone from there"):
        shared.pull()
    assert ids(tmp_path / "a") == [issued.id]
    SharedBulletins(tmp_path / "a", address).catch_up()
    assert chain_at(address) == [issued.id]


def test_nothing_is_published_while_the_address_is_away(tmp_path: Path, publish: Publish) -> None:
    shared = SharedBulletins(tmp_path / "a", (tmp_path / "address").as_uri())
    with pytest.raises(StoreError, match="cannot be reached"):
        shared.catch_up()
    (tmp_path / "address").mkdir()
    shared.catch_up()
    (tmp_path / "address").rename(tmp_path / "away")
    with pytest.raises(StoreError, match="cannot be reached"):
        publish(tmp_path / "a", shared)
    assert contents(tmp_path / "a") == {}
    (tmp_path / "away").rename(tmp_path / "address")
    issued = publish(tmp_path / "a", shared)
    assert ids(tmp_path / "a") == [issued.id]


def test_a_publisher_that_is_killed_leaves_a_whole_chain(
    tmp_path: Path, address: str, publish: Publish
) -> None:
    """Each of five files, the manifest the last, is a write; the sixth is the entry."""
    writes = (0, 1, 4, 5, 6, 3)
    command = [sys.executable, "-m", "tests.features.shared.kills", "publish", str(tmp_path)]
    subprocess.run([*command, address, *map(str, writes)], check=True, cwd=ROOT, timeout=60)
    (issued,) = chain_at(address)
    for number, before in enumerate(writes):
        expected = [issued] if before == 3 else []  # the last one had pulled what was issued
        assert ids(tmp_path / str(number)) == expected
    home = tmp_path / "next"
    shared = SharedBulletins(home, address)
    shared.catch_up()
    after = publish(home, shared)
    assert chain_at(address) == [issued, after.id]
    assert (sorted(ids(home)), faults(home)) == (sorted([issued, after.id]), [])
    assert not [path for path in contents(home) if path.startswith(".")]
