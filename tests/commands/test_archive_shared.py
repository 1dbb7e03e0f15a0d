"""Commands of several machines that share the archive of releases at one address."""

import json
from pathlib import Path

import pytest

from bulletins.shared import SharedBulletins
from features.archive.releases import Archive
from features.archive.shared import SharedReleases
from features.shared.address import Address
from tests.bulletins.sharing import Publish, files, publish
from tests.command import Outcome, tocsin
from tests.features.archive.deliveries import JANUARY, a_delivery
from tests.features.shared.conftest import address

__all__ = ["address", "files", "publish"]

COUPS = "country,date,outcome\nMLI,2012-03-22,success\n"


def share(home: Path, address: str, name: str = "1") -> SharedReleases:
    """Add a release of events from a home, and share it."""
    shared = SharedReleases(home, address)
    archive = Archive(home, shared)
    archive.catch_up()
    archive.add(a_delivery(name, [("MLI", JANUARY, 1, 5)], [("MLI", JANUARY, JANUARY)]))
    return shared


@pytest.fixture
def coups(tmp_path: Path) -> tuple[str, ...]:
    """The command that ingests a list of coups."""
    (tmp_path / "list.csv").write_text(COUPS)
    return "ingest", "coups", str(tmp_path / "list.csv"), "--to", "2012-12"


def test_what_one_machine_ingests_another_reads(
    tmp_path: Path, address: str, coups: tuple[str, ...]
) -> None:
    share(tmp_path / "a", address)
    added = tocsin(tmp_path / "b", *coups, TOCSIN_EVENTS=address)
    assert (added.returncode, added.stderr) == (0, "")
    for home in ("a", "b", "c"):
        listed = tocsin(tmp_path / home, "events", "--format", "json", TOCSIN_EVENTS=address)
        assert [row["release"] for row in json.loads(listed.stdout)] == ["ucdp-ged 1", "coups list"]
    history = ("history", "country", "MLI", "--from", "2020-01")
    assert "2020-01,1,5" in tocsin(tmp_path / "d", *history, TOCSIN_EVENTS=address).stdout


def test_another_content_of_the_same_name_is_refused_in_a_line(
    tmp_path: Path, address: str, coups: tuple[str, ...]
) -> None:
    assert tocsin(tmp_path / "a", *coups, TOCSIN_EVENTS=address).returncode == 0
    (tmp_path / "list.csv").write_text(f"{COUPS}MLI,2020-08-18,success\n")
    refused = tocsin(tmp_path / "b", *coups[:-1], "2020-12", TOCSIN_EVENTS=address)
    assert refused.returncode == 1
    start = "tocsin: the archive already holds coups list, with other content (from 'list.csv')"
    assert refused.stderr.startswith(start)
    assert refused.stderr.count("\n") == 1


def test_status_verify_and_home_say_how_it_stands_with_the_address(
    tmp_path: Path, address: str, publish: Publish
) -> None:
    """Releases and bulletins may lie at the same one."""
    home = tmp_path / "home"
    share(home, address, "1")
    shared = share(home, address, "2")
    bulletins = SharedBulletins(home, address)
    bulletins.catch_up()
    publish(home, bulletins)

    def shown(command: str) -> Outcome:
        arguments = (command, "--format", "csv")
        return tocsin(home, *arguments, TOCSIN_EVENTS=address, TOCSIN_BULLETINS=address)

    releases, issued = f"2 releases at {address}", f"1 bulletins at {address}"
    assert f"ok,shared,{releases}\nok,shared,{issued}\n" in shown("status").stdout
    assert f"whole,shared,{releases}\nwhole,shared,{issued}\n" in shown("verify").stdout
    assert f"shared,{address},0,0,2,0,0" in shown("home").stdout
    shared.pull()
    key = f"{shared.entries[0].id}/rejected.parquet"
    Address(address, 10).put(key, b"PAR1")
    damage = shown("verify")
    assert damage.returncode == 1
    assert f'damaged,shared,"{key} at {address} is not what was stored' in damage.stdout
    assert f"shared,{address},0,0,1,0,1" in shown("home").stdout
    named = tocsin(tmp_path / "other", "events", "--format", "json", TOCSIN_EVENTS=address)
    assert [row["release"] for row in json.loads(named.stdout)] == ["ucdp-ged 2"]
    assert named.stderr.startswith(f"{key} at {address} is not what was stored: copy it there")


def test_without_its_address_an_archive_is_read_and_nothing_is_added(
    tmp_path: Path, coups: tuple[str, ...]
) -> None:
    (tmp_path / "address").mkdir()
    home, address = tmp_path / "home", (tmp_path / "address").as_uri()
    share(home, address)
    (tmp_path / "address").rename(tmp_path / "away")
    away = f"{address} cannot be reached (there is no such folder): "
    away += "see to the address, the network and the keys"
    listed = tocsin(home, "events", "--format", "csv", TOCSIN_EVENTS=address)
    assert (listed.returncode, "ucdp-ged 1" in listed.stdout) == (0, True)
    assert listed.stderr.startswith(f"{away}; the copies in the home are used\n")
    assert f"bad   shared    {away}\n" in tocsin(home, "status", TOCSIN_EVENTS=address).stdout
    for command in (coups, ("cycle",)):
        refused = tocsin(home, *command, TOCSIN_EVENTS=address)
        assert (refused.returncode, refused.stderr) == (1, f"tocsin: {away}\n")
    assert not (home / "coups").exists()
    # The variable goes before the file, even empty.
    (home / "tocsin.toml").write_text(f'events = "{address}"')
    assert tocsin(home, "events", "--format", "csv").stderr == listed.stderr
    assert tocsin(home, *coups, TOCSIN_EVENTS="").returncode == 0
