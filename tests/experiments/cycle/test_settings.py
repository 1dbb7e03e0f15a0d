from pathlib import Path

import pytest

from experiments.configuration import DEFAULT, DEMO, read_configuration
from experiments.cycle.settings import FILE, cycle_settings
from features.errors import ConfigurationError


def test_a_home_without_a_file_has_the_packaged_settings(tmp_path: Path) -> None:
    settings = cycle_settings(tmp_path)
    assert (settings.events.source, settings.retraining.months) == ("archive", 6)
    assert settings.configuration(tmp_path) == read_configuration(DEFAULT)


def test_a_file_needs_only_what_differs(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('experiment = "demo"\n[quality]\nvanished = 3\n')
    settings = cycle_settings(tmp_path)
    assert settings.quality == cycle_settings(Path("none")).quality.model_copy(
        update={"vanished": 3}
    )
    assert settings.configuration(tmp_path) == read_configuration(DEMO)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("[quality]\nlots = 1\n", "quality.lots: Extra inputs are not permitted"),
        ("[quality]\nlost = -1\n", "quality.lost: Input should be greater than or equal to 0"),
        ("[quality]\nlost = nan\n", "quality.lost: Input should be"),
        ("[retraining]\nmonths = 0\n", "retraining.months: "),
        ('[events]\nsource = "mail"\n', "events.source: "),
        ("quality = 1\n", "quality: Input should be a valid dictionary"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: str, fault: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(ConfigurationError, match="is not a cycle") as refusal:
        cycle_settings(tmp_path)
    assert fault in str(refusal.value)


def test_an_experiment_is_a_file_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('experiment = "own.toml"\n')
    with pytest.raises(ConfigurationError, match=r"own\.toml cannot be read"):
        cycle_settings(tmp_path).configuration(tmp_path)
