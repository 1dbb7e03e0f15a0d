"""What docs/operations.md shows of the monthly cycle is true."""

import re
from pathlib import Path

from experiments.cycle.settings import FILE, cycle_settings
from tests.paths import ROOT


def test_the_settings_of_a_cycle_can_be_read(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    (text,) = re.findall(r"```toml\n(experiment .+?)```", page, re.DOTALL)
    (tmp_path / FILE).write_text(text)
    settings = cycle_settings(tmp_path)
    assert (settings.events.source, settings.retraining.months) == ("ucdp", 3)
