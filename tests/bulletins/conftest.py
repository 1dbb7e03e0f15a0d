"""Fixtures of the example bulletin, for tests of its form and reader."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bulletins.form import Manifest
from tests.bulletins.example import Row, publish_bulletin, rows_of, table_of


@pytest.fixture(scope="session")
def publish() -> Callable[..., Manifest]:
    return publish_bulletin


@pytest.fixture
def own_home(tmp_path: Path, publish: Callable[..., Any]) -> Path:
    publish(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def rows() -> list[Row]:
    """The rows of the example bulletin."""
    return rows_of()


@pytest.fixture(scope="session")
def table() -> Callable[[list[Row]], pa.Table]:
    return table_of
