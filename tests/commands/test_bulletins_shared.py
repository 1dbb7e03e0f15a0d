"""Commands and services of several machines that share bulletins at one address."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from bulletins.shared import SharedBulletins
from features.shared.address import Address
from tests.bulletins.sharing import Publish, files, publish
from tests.command import process, tocsin
from tests.features.shared.conftest import address
from tests.service.conftest import newest_id

__all__ = ["address", "files", "publish"]

MOST_S = 5
"""In which every service serves what was published [s]."""


@contextmanager
def serving(homes: list[Path], address: str) -> Iterator[list[httpx.Client]]:
    """Processes that serve a home each, from the shared address."""
    with ExitStack() as stack:
        serve = ("serve", "--port", "0")
        services = [process(home, *serve, TOCSIN_BULLETINS=address) for home in homes]
        for service in services:
            stack.callback(stop, service)
        urls = [service.stdout.readline().split()[-1] for service in services if service.stdout]
        yield [stack.enter_context(httpx.Client(base_url=url)) for url in urls]


def stop(service: subprocess.Popen[str]) -> None:
    with service:
        service.send_signal(signal.SIGINT)
        _, log = service.communicate()
    assert "Traceback" not in log


@pytest.mark.parametrize("address", ["s3"], indirect=True)
def test_services_of_two_machines_serve_what_a_third_publishes(
    tmp_path: Path, address: str, publish: Publish
) -> None:
    shared = SharedBulletins(tmp_path / "publisher", address)
    with serving([tmp_path / "a", tmp_path / "b"], address) as clients:
        shared.catch_up()
        issued = publish(tmp_path / "publisher", shared)
        begin = time.monotonic()
        while any(newest_id(client) != issued.id for client in clients):
            assert time.monotonic() < begin + MOST_S
            time.sleep(0.02)


def test_commands_read_what_another_machine_published(
    tmp_path: Path, address: str, publish: Publish
) -> None:
    shared = SharedBulletins(tmp_path / "publisher", address)
    shared.catch_up()
    issued = publish(tmp_path / "publisher", shared)
    home = tmp_path / "home"
    listed = tocsin(home, "bulletins", "--format", "json", TOCSIN_BULLETINS=address)
    assert [row["bulletin"] for row in json.loads(listed.stdout)] == [issued.id]
    later = publish(tmp_path / "publisher", shared)
    top = ("scores", "--limit", "1", "--format", "table")
    assert later.id in tocsin(home, *top, TOCSIN_BULLETINS=address).stdout
    assert later.id in tocsin(home, *top).stdout


def test_a_home_that_refuses_a_change_can_be_read(
    tmp_path: Path, address: str, publish: Publish
) -> None:
    shared = SharedBulletins(tmp_path, address)
    shared.catch_up()
    issued = publish(tmp_path, shared)
    (tmp_path / "withdrawn").write_text("no folder")
    Address(address, 10).put(f"withdrawn/{issued.id}", b"")
    listed = tocsin(tmp_path, "bulletins", TOCSIN_BULLETINS=address)
    assert (listed.returncode, issued.id in listed.stdout) == (0, True)
    refusal = "bulletins cannot be copied into the home (File exists): see to the disk and its "
    assert listed.stderr == f"{refusal}permissions; the copies in the home are used\n"


def test_status_verify_and_home_say_how_it_stands_with_the_address(
    tmp_path: Path, address: str, publish: Publish
) -> None:
    home = tmp_path / "home"
    shared = SharedBulletins(home, address)
    shared.catch_up()
    issued = publish(home, shared)

    def shown(command: str) -> str:
        return tocsin(home, command, "--format", "csv", TOCSIN_BULLETINS=address).stdout

    assert f"ok,shared,1 bulletins at {address}" in shown("status")
    assert f"whole,shared,1 bulletins at {address}" in shown("verify")
    assert f"shared,{address},0,0,1,0,0" in shown("home")
    Address(address, 10).put(f"{issued.id}/scores.parquet", b"PAR1")
    assert f'damaged,shared,"{issued.id}/scores.parquet at {address} is not what' in shown("verify")
    assert f"shared,{address},0,0,0,0,1" in shown("home")


def test_without_its_address_a_home_is_read_and_nothing_is_published(
    tmp_path: Path, publish: Publish
) -> None:
    issued = publish(tmp_path, None)
    address = (tmp_path / "away").as_uri()
    away = f"{address} cannot be reached (there is no such folder): "
    away += "see to the address, the network and the keys"
    listed = tocsin(tmp_path, "bulletins", TOCSIN_BULLETINS=address)
    assert (listed.returncode, issued.id in listed.stdout) == (0, True)
    assert listed.stderr == f"{away}; the copies in the home are used\n"
    state = tocsin(tmp_path, "status", TOCSIN_BULLETINS=address)
    assert f"bad   shared    {away}\n" in state.stdout
    checked = tocsin(tmp_path, "verify", TOCSIN_BULLETINS=address)
    assert (checked.returncode, f"damaged   shared     {away}" in checked.stdout) == (1, True)
    cycle = tocsin(tmp_path, "cycle", TOCSIN_BULLETINS=address)
    assert (cycle.returncode, cycle.stderr) == (1, f"tocsin: {away}\n")
    refused = tocsin(tmp_path, "publish", TOCSIN_BULLETINS=address)
    assert (refused.returncode, refused.stderr) == (1, f"tocsin: {away}\n")
    # The variable goes before the file, even empty.
    (tmp_path / "tocsin.toml").write_text(f'bulletins = "{address}"')
    assert tocsin(tmp_path, "bulletins").stderr == listed.stderr
    assert tocsin(tmp_path, "bulletins", TOCSIN_BULLETINS="").stderr == ""
