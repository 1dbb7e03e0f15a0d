"""How the service runs, as an operator chooses."""

import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from service.app import create_app
from service.server import needs_keys, server_of
from service.settings import Settings


@pytest.mark.parametrize("number", [math.inf, math.nan, 1e300, -1, 0, 10**30])
def test_a_number_that_no_clock_and_no_buffer_holds_is_refused(number: float) -> None:
    fields = Settings.model_fields.items()
    for name in (name for name, field in fields if type(field.default) in (int, float)):
        with pytest.raises(ValidationError):
            Settings.model_validate({name: number})


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
    settings = Settings(keep_alive_seconds=3)
    server = server_of(create_app(own_home, settings), settings)
    assert server.config.timeout_keep_alive == 3
