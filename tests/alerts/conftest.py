"""A home with two bulletins, rules, and servers that receive alerts."""

import shutil
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alerts.rules import Rules
from tests.alerts.receivers import HttpReceiver
from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_rows import rows_of

BEFORE = {"MLI-gao": 0.5, "MLI-mopti": 0.5, "NER-agadez": 0.125}
"""Probabilities of instability in a month before, where they differ from the example's, which are:

Gao 0.75 (high), Mopti 0.5 (elevated), Agadez 0.25 (guarded), Tillaberi 0 (low).
"""

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ENVIRONMENT = {"HOOK_SECRET": SECRET}

CHANNELS = """
[channels.machine]
kind = "webhook"
url = "http://127.0.0.1:9/hook"
secret_variable = "HOOK_SECRET"
"""


def rules_of(*rules: str, channels: str = CHANNELS, target: str = "instability") -> Rules:
    """Rules of admin-1 regions for the machine, with a condition each, in TOML."""
    tables = "\n".join(
        f"""[[rules]]
        name = "rule {number}"
        level = "admin1"
        target = "{target}"
        horizon = 1
        channels = ["machine"]
        {rule}
        """
        for number, rule in enumerate(rules)
    )
    return Rules.model_validate(tomllib.loads(f"{channels}\n{tables}"))


def rows_with(origin: str, probabilities: dict[str, float]) -> list[dict[str, Any]]:
    return [
        row | {"probability": probabilities[row["region"]]}
        if row["region"] in probabilities and (row["target"], row["horizon"]) == ("instability", 1)
        else row
        for row in rows_of(origin=origin)
    ]


@pytest.fixture(scope="session")
def two_months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the bulletins of two months; not to be changed."""
    home = tmp_path_factory.mktemp("alerts")
    first = publish_bulletin(
        home,
        rows_with("2024-11", BEFORE),
        origin="2024-11",
        id=f"2024-11-{1:012x}",
        issued_at=datetime(2024, 12, 21, 6, tzinfo=UTC),
    )
    publish_bulletin(home, rows_of(), previous=first.id)
    return home


@pytest.fixture
def home(two_months: Path, tmp_path: Path) -> Path:
    """A home with the bulletins of two months, of one's own."""
    return Path(shutil.copytree(two_months, tmp_path / "home"))


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver() as server:
        yield server
