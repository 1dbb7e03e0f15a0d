"""Fixtures of the example bulletin, for tests of its form and reader."""

from pathlib import Path

import pytest

from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_rows import Row, rows_of


@pytest.fixture
def own_home(tmp_path: Path) -> Path:
    publish_bulletin(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def rows() -> list[Row]:
    """The rows of the example bulletin."""
    return rows_of()
