"""How the service runs, as an operator chooses."""

from pathlib import Path
from typing import Any

import pytest

from features.errors import ConfigurationError
from features.toml import read_toml
from service.app import create_app
from service.server import bind, needs_keys, server_of
from service.settings import DEFAULT, Settings


def test_the_settings_that_are_shipped_are_the_defaults() -> None:
    assert read_toml(DEFAULT, Settings, "settings") == Settings()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("max_age = 3", "max_age"),
        ("keys = 'sometimes'", "keys"),
        ("requests_per_minute = 0", "requests_per_minute"),
        ("embed_origins = ['https://a.example; script-src *']", "embed_origins"),
        ("answer_seconds = '3'\nlog = 1", "log"),
        ("= 3", "TOML"),
    ],
)
def test_settings_that_cannot_be_used_are_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=named):
        read_toml(tmp_path / "s.toml", Settings, "settings")


@pytest.mark.parametrize(
    ("keys", "host", "needed"),
    [
        ("outside loopback", "127.0.0.1", False),
        ("outside loopback", "::1", False),
        ("outside loopback", "localhost", False),
        ("outside loopback", "0.0.0.0", True),
        ("outside loopback", "192.168.1.4", True),
        ("always", "127.0.0.1", True),
        ("never", "0.0.0.0", False),
    ],
)
def test_when_keys_are_needed(keys: Any, host: str, *, needed: bool) -> None:
    assert needs_keys(Settings(keys=keys), host) is needed


def test_the_server_takes_its_bounds_from_the_settings(own_home: Path) -> None:
    settings = Settings(most_connections=7, keep_alive_seconds=3)
    server = server_of(create_app(own_home, settings), settings)
    assert (server.config.limit_concurrency, server.config.timeout_keep_alive) == (7, 3)
    bind("127.0.0.1", 0).close()
