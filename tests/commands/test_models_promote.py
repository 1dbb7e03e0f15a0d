from pathlib import Path

import pytest

from experiments.tracking.registry import champion
from experiments.tracking.store import open_store
from tests.command import tocsin


def test_a_promotion_is_said_in_a_line_and_kept_with_its_reason(own_home: Path) -> None:
    done = tocsin(own_home, "promote", "admin1", "2", "--reason", "nothing else is at hand")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "SIMULATED tocsin-admin1/2 (boosting, to 2023-12, gate: refused) is champion instead of "
        "tocsin-admin1/1\n"
    )
    store = open_store(own_home, None)
    best = champion(store, "admin1")
    assert best is not None
    assert best.version == 2
    tags = store.client().get_model_version("tocsin-admin1", "2").tags
    assert tags["promoted_reason"] == "nothing else is at hand"
    assert tags["promoted_by"] == "the command line"
    again = tocsin(own_home, "promote", "admin1", "2", "--reason", "once more")
    assert again.stdout == "tocsin-admin1/2 is champion already: nothing changed\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("admin1", "99", "--reason", "why"), 1, "tocsin-admin1/99 is not in the MLflow store"),
        (("admin1", "2", "--reason", " "), 1, "a promotion needs a reason"),
        (("county", "2", "--reason", "why"), 1, "county"),
        (("admin1", "2"), 2, "--reason"),
        (("admin1", "two", "--reason", "why"), 2, "version"),
        (("admin1", "0", "--reason", "why"), 2, "version"),
    ],
)
def test_what_cannot_be_promoted_is_refused_with_its_exit_code(
    own_home: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    refused = tocsin(own_home, "promote", *arguments)
    assert (refused.returncode, refused.stdout) == (code, "")
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
    if code == 1:
        assert refused.stderr.startswith("tocsin: ")
        assert refused.stderr.count("\n") == 1
