from pathlib import Path

import pytest

from experiments.coups.settings import DEFAULT, CoupSettings, read_coup_settings
from features.errors import ConfigurationError
from models.coups import MONTHS_SINCE


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = DEFAULT.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "coups.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"regime",', '"weather",', "not in the family state: weather"),
        ("penalty = 1.0", "penalty = 0", "penalty"),
        ("penalty = 1.0", "penality = 1.0", "penality"),
        ('"1990-01"', '"1990-13"', "first_month"),
        ("[1, 6, 12]", "[1, 1]", "more than once: 1"),
        ("[1, 6, 12]", "[48]", "horizons"),
    ],
)
def test_a_wrong_experiment_is_refused_with_what_is_wrong(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        read_coup_settings(changed(tmp_path, old, new))


def test_the_digest_is_of_what_is_fitted(coup_settings: CoupSettings, tmp_path: Path) -> None:
    own = read_coup_settings()
    assert coup_settings.digest() == own.digest()
    other = read_coup_settings(changed(tmp_path, "penalty = 1.0", "penalty = 2.0"))
    assert other.digest() != own.digest()


def test_the_model_reads_when_the_last_attempt_was() -> None:
    assert MONTHS_SINCE[0] in read_coup_settings().indicators
