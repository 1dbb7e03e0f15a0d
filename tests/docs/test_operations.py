"""What docs/operations.md shows of the monthly cycle is true."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from experiments.cycle.settings import FILE, cycle_settings
from tests.command import COMMAND
from tests.paths import ROOT

UNITS = ROOT / "docs" / "systemd"
ANALYZE = shutil.which("systemd-analyze")
analyzed = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not here")


def test_the_settings_of_a_cycle_can_be_read(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    (text,) = re.findall(r"```toml\n(experiment .+?)```", page, re.DOTALL)
    (tmp_path / FILE).write_text(text)
    settings = cycle_settings(tmp_path)
    assert (settings.events.source, settings.retraining.months) == ("ucdp", 3)


@analyzed
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/usr/local/bin/tocsin", COMMAND)
        (tmp_path / unit.name).write_text(text)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["tocsin-cycle.service", "tocsin-cycle.timer"]
    checked = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", "--recursive-errors=no", *names],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, "")


@analyzed
def test_the_timer_rings_every_month() -> None:
    (when,) = re.findall(r"OnCalendar=(.+)", (UNITS / "tocsin-cycle.timer").read_text())
    shown = subprocess.run(
        [str(ANALYZE), "calendar", "--iterations=3", "--base-time=2026-01-01 UTC", when],
        capture_output=True, text=True, check=True, env={"TZ": "UTC", "LC_ALL": "C"},
    )  # fmt: skip
    days = re.findall(r"(?:Next elapse|Iter(?:ation|\.) #\d): \w+ (\S+)", shown.stdout)
    assert days == ["2026-01-25", "2026-02-25", "2026-03-25"]
