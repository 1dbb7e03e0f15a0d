"""Fixtures of the example bulletin, for tests of its form and reader."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulletins.form import Manifest
from tests.bulletins.example import publish_bulletin


@pytest.fixture(scope="session")
def publish() -> Callable[..., Manifest]:
    return publish_bulletin


@pytest.fixture
def own_home(tmp_path: Path, publish: Callable[..., Any]) -> Path:
    publish(tmp_path)
    return tmp_path
