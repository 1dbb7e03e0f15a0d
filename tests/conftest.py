import atexit
import copy
import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

# Test processes share the processors; set before NumPy is loaded, which reads it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _keep_temporary_files_in_memory() -> None:
    """Let temporary files lie in memory where there is room: on a disk the tests wait for it.

    The processes that this one starts inherit the folder, and it is removed in the end.
    """
    memory, room = Path("/dev/shm"), 4 * 2**30
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK):
        return
    if shutil.disk_usage(memory).free > room:
        folder = tempfile.mkdtemp(prefix="tocsin-", dir=memory)
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


_keep_temporary_files_in_memory()

import hypothesis
import pytest

from features.places.regions import load_regions
from features.sources.simulation.parameters import SimulationParameters
from features.sources.simulation.world import World, simulate
from tests.browser import browser
from tests.paths import DATA
from tests.servers import BUCKET, execute, object_server, postgres_server
from tests.targets import SOME_AHEAD

__all__ = ["browser"]

# Tests decide these for themselves; the first two are read by mlflow when it is imported.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"
os.environ.pop("MLFLOW_TRACKING_URI", None)
os.environ.pop("TOCSIN_HOME", None)

# How long an example takes is for the benchmarks to say, not for a busy machine.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

SLOW = {
    "test_docs.py": "the demo in its real size gives the README's answer",
    "test_page_map.py": "a real browser draws, clicks and types",
    "test_end_to_end.py": "files, commands and a real socket fit together",
    "test_backtest_command.py": "a killed process leaves what the next one continues",
    "test_publish.py": "bulletins of real champions, replayed bit for bit",
    "test_leak.py": "training and publishing read nothing after the origin",
    "test_counts_path.py": "counts go the whole path from a file to a score",
    "test_command_line.py": "signals, pipes and exit codes of real processes",
}
"""Files of slow tests, and what each proves that a quick test cannot. They start first."""

SETTINGS: dict[str, Any] = {
    "name": "small",
    "description": "Small enough for a test",
    "levels": ["admin1"],
    "seed": 1,
    "measure": "deaths",
    "violence": "all",
    "indicators": [
        "deaths",
        "deaths_mean_3",
        "deaths_decay_6",
        "deaths_decay_36",
        "months_since_1",
        "active_share_12",
        "neighbour_deaths_mean_3",
        "neighbour_active_share_24",
        "season_sine",
    ],
    "learners": ["logistic", "boosting"],
    "events": {"history": "any", "summary": "spread"},
    "targets": {target: list(horizons) for target, horizons in SOME_AHEAD.items()},
    "thresholds": {"country": 25, "admin1": 5, "priogrid": 1},
    "training": {"months": 96, "quiet_share": {"country": 1, "admin1": 1, "priogrid": 1}},
    "backtest": {"years": 2, "refit_months": 12},
    "logistic": {"indicators": ["deaths_decay_6", "months_since_1", "neighbour_deaths_mean_3"]},
    "boosting": {
        "iterations": 10,
        "learning_rate": 0.2,
        "leaves": 6,
        "smallest_leaf": 30,
        "l2": 1.0,
        "share_tried": 1.0,
    },
    "ensemble": {"penalty": 100.0},
    "analogues": {
        "months": 24,
        "share": 0.5,
        "halving": {"country": 300, "admin1": 10000, "priogrid": 10000},
    },
    "records": {
        "half_lives": [1, 3, 9],
        "spreads": [0.2, 0.5],
        "rate": 20,
        "common_rate": 20,
        "memory": 0.97,
    },
    "late_reporting": {"correct": False},
}


def pytest_configure(config: pytest.Config) -> None:
    """Let pass what MLflow brings upon itself; what we bring upon ourselves is an error."""
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:mlflow")
    config.addinivalue_line("filterwarnings", "ignore:.*Any type hint is inferred:UserWarning")
    config.addinivalue_line("filterwarnings", "ignore:<psycopg.Connection:ResourceWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow files first and the rooms of quick ones last: no process waits at the end."""
    order = {name: place for place, name in enumerate(SLOW)}
    items.sort(key=lambda item: str(item.path), reverse=True)
    items.sort(key=lambda item: order.get(item.path.name, len(SLOW)))


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass by what is loaded by now: it stays to the end."""
    gc.collect()
    gc.freeze()


def real(*parts: str) -> Path:
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path} is not here: set TOCSIN_DATA")
    return path


@pytest.fixture(scope="session")
def real_data() -> Callable[..., Path]:
    return real


@pytest.fixture(scope="session")
def small_settings() -> dict[str, Any]:
    """A small experiment, as its TOML file would say it; not to be changed."""
    return copy.deepcopy(SETTINGS)


@pytest.fixture
def settings() -> dict[str, Any]:
    """The same, for a test that changes it."""
    return copy.deepcopy(SETTINGS)


@pytest.fixture(scope="session")
def world() -> World:
    """A simulated world of three countries, 2010-01 to 2024-12, on which models beat references."""
    parameters = SimulationParameters(first_month="2010-01", last_month="2024-12", groups=12)
    return simulate(parameters, load_regions("admin1", ["BFA", "MLI", "NER"]), seed=2)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server, without a database."""
    with postgres_server() as address:
        yield address


@pytest.fixture(scope="session")
def make_database(postgres: str) -> Callable[[], str]:
    """Make a database that MLflow has filled with its empty tables; return its address."""
    from experiments.tracking.store import open_store

    execute(f"{postgres}/postgres", "CREATE DATABASE mlflow")
    open_store(Path(), f"{postgres}/mlflow")
    # A database is copied only while nobody is connected to it.
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'mlflow'"
    execute(f"{postgres}/postgres", end)

    def make() -> str:
        name = f"mlflow_{uuid4().hex}"
        execute(f"{postgres}/postgres", f"CREATE DATABASE {name} TEMPLATE mlflow")
        return f"{postgres}/{name}"

    return make


@pytest.fixture(scope="session")
def object_store() -> Iterator[str]:
    """The address of a folder in an object store that speaks S3; its variables are set."""
    with pytest.MonkeyPatch.context() as patch, object_server() as variables:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield f"s3://{BUCKET}/tocsin"
