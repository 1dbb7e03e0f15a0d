"""One file of settings, the environment above it, the command line above both."""

import os
from pathlib import Path

import pytest

from commands.environment import default_settings, home
from commands.settings import TocsinSettings, read_settings
from features.errors import ConfigurationError
from tests.command import tocsin


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, without settings in the environment."""
    for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_file_that_explains_the_settings_has_all_of_them_as_they_are_by_default(
    folder: Path,
) -> None:
    explained = default_settings()
    assert explained.pop("home") == str(home())
    assert TocsinSettings(**explained) == read_settings()  # type: ignore[arg-type]
    assert explained.keys() == TocsinSettings.model_fields.keys()


def test_the_command_line_goes_before_the_environment_and_that_before_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "tocsin.toml").write_text("host = 'file'\nport = 1\nmax_age_days = 1\n")
    monkeypatch.setenv("TOCSIN_HOST", "environment")
    monkeypatch.setenv("TOCSIN_PORT", "2")
    monkeypatch.setenv("TOCSIN_CORS_ORIGINS", '["https://example.org"]')
    monkeypatch.setenv("TOCSIN_URL", "")
    settings = read_settings(port=3, host=None)
    assert (settings.port, settings.host, settings.max_age_days) == (3, "environment", 1)
    assert (settings.cors_origins, settings.url) == (("https://example.org",), "")


def test_the_file_is_looked_for_here_then_in_the_home(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = folder / ".tocsin"
    own.mkdir()
    (own / "tocsin.toml").write_text("port = 1\nhome = 'elsewhere'\n")
    assert (read_settings().port, home()) == (1, Path(".tocsin"))
    (folder / "tocsin.toml").write_text("port = 2\nhome = 'there'\n")
    assert (read_settings().port, home()) == (2, Path("there"))
    (folder / "named.toml").write_text("port = 3\n")
    monkeypatch.setenv("TOCSIN_SETTINGS", "named.toml")
    assert (read_settings().port, home()) == (3, Path(".tocsin"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_age = 3", "'tocsin.toml': no setting is called 'max_age': there are home, "),
        ("keys = 'sometimes'", "keys in 'tocsin.toml'"),
        ("requests_per_minute = 0", "requests_per_minute in 'tocsin.toml'"),
        ("embed_origins = ['https://a.example; script-src *']", "embed_origins in 'tocsin.toml'"),
        ("answer_seconds = '3'\nlog = 1", "log in 'tocsin.toml'"),
        ("= 3", "'tocsin.toml' cannot be read as TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_key(
    folder: Path, text: str, said: str
) -> None:
    (folder / "tocsin.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        read_settings()


@pytest.mark.parametrize("value", ["many", '["a"'])
def test_a_variable_that_cannot_be_used_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    name = "cors_origins" if value.startswith("[") else "port"
    monkeypatch.setenv(f"TOCSIN_{name.upper()}", value)
    with pytest.raises(ConfigurationError, match=rf"(?i){name}.*TOCSIN|TOCSIN_{name}"):
        read_settings()


def test_a_command_reads_the_settings_that_it_is_given(folder: Path) -> None:
    (folder / "own.toml").write_text(f"home = '{folder / 'there'}'\n")
    refused = tocsin(None, "--settings", "own.toml", "bulletins", cwd=folder)
    assert refused.returncode == 1
    assert f"'{folder / 'there'}'" in refused.stderr
    unreadable = tocsin(None, "serve", "--settings", "absent.toml", cwd=folder)
    assert (unreadable.returncode, unreadable.stderr.count("\n")) == (1, 1)
    assert "'absent.toml' cannot be read" in unreadable.stderr
