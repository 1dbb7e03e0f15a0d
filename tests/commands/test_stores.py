import os
from pathlib import Path

import pytest

from commands.stores import open_own_store


@pytest.mark.parametrize("named", [None, ""])
def test_a_store_that_was_opened_is_not_taken_for_one_that_was_named(
    named: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    if named is not None:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", named)
    for _ in range(2):
        assert open_own_store().artifacts == tmp_path / "artifacts"
    assert os.environ.get("MLFLOW_TRACKING_URI") == named
