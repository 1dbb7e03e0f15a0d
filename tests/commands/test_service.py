"""The command that serves."""

import os
from typing import Any

import pytest

from commands import service
from service import server


def test_the_service_has_its_memory_from_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    monkeypatch.setenv("ARROW_DEFAULT_MEMORY_POOL", "")
    monkeypatch.delenv("ARROW_DEFAULT_MEMORY_POOL")
    pools = []
    monkeypatch.setattr(
        server, "serve", lambda *_: pools.append(os.environ["ARROW_DEFAULT_MEMORY_POOL"])
    )
    service.serve(host=None, port=None)
    assert pools == ["system"]
