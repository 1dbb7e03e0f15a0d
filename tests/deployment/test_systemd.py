"""systemd takes the units of the deployment, and what they start runs."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.command import COMMAND, process, tocsin
from tests.deployment.conftest import DEPLOYMENT, needs

UNITS = ("tocsin-cycle.service", "tocsin-cycle.timer", "tocsin-serve.service")
MOST_EXPOSED = 15
"""Tenths, of ten, of what systemd counts as open to a program that was taken over."""


def command_of(unit: str) -> list[str]:
    """The arguments of the command that a unit starts."""
    (line,) = re.findall(r"ExecStart=(.+)", (DEPLOYMENT / unit).read_text())
    program, *arguments = shlex.split(line)
    assert program == "/usr/local/bin/tocsin"
    return arguments


def analyze(folder: Path, *arguments: str) -> str:
    """What systemd-analyze prints of the units, with the drop-in that holds of all of them."""
    shutil.copytree(DEPLOYMENT, folder, dirs_exist_ok=True)
    for unit in folder.glob("*.service"):
        unit.write_text(unit.read_text().replace("/usr/local/bin/tocsin", COMMAND))
    checked = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False,
        env={"SYSTEMD_UNIT_PATH": f"{folder}:", "LC_ALL": "C", "TZ": "UTC"},
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    return checked.stdout


@needs("systemd-analyze")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    units = [*DEPLOYMENT.glob("*.service"), *DEPLOYMENT.glob("*.timer")]
    assert {path.name for path in units} == set(UNITS)
    analyze(tmp_path, "verify", "--man=no", "--recursive-errors=no", *UNITS)


@needs("systemd-analyze")
@pytest.mark.parametrize("unit", ["tocsin-cycle.service", "tocsin-serve.service"])
def test_little_of_the_machine_is_open_to_a_unit(tmp_path: Path, unit: str) -> None:
    analyze(tmp_path, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", unit)


@needs("systemd-analyze")
def test_the_timer_rings_every_month(tmp_path: Path) -> None:
    (when,) = re.findall(r"OnCalendar=(.+)", (DEPLOYMENT / "tocsin-cycle.timer").read_text())
    base = ("--iterations=3", "--base-time=2026-01-01 UTC")
    shown = analyze(tmp_path, "calendar", *base, when)
    days = re.findall(r"(?:Next elapse|Iter(?:ation|\.) #\d): \w+ (\S+)", shown)
    assert days == ["2026-01-25", "2026-02-25", "2026-03-25"]


def test_the_service_of_the_unit_answers(home: Path) -> None:
    with process(home, *command_of("tocsin-serve.service"), TOCSIN_PORT="0") as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[-1]
            assert httpx.get(f"{address}/healthz").json()["status"] == "alive"
        finally:
            server.terminate()


def test_the_cycle_of_the_unit_asks_for_events_in_a_home_without(tmp_path: Path) -> None:
    outcome = tocsin(tmp_path, *command_of("tocsin-cycle.service"))
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("tocsin: no release in ")
