"""Addresses of each kind."""

from pathlib import Path
from uuid import uuid4

import pytest


@pytest.fixture(params=["file", "s3"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An address where nothing lies yet."""
    if request.param == "s3":
        return f"{request.getfixturevalue('object_store')}/{uuid4().hex}"
    folder = tmp_path / "a shared folder"
    folder.mkdir()
    return folder.as_uri()
