import fcntl
import json
import os
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.samples import Samples
from experiments.tracking.registry import ModelVersion, champion
from experiments.tracking.store import MlflowStore, open_store
from features.archive.releases import Archive
from features.archive.vintage import Vintage, open_vintage
from features.arrays import FloatArray
from features.panel.panel import Panel, read_panel
from features.sources.simulation.world import World, deliver
from models.record import RecordPool
from tests.experiments.ledger import Ledger, ledger_in
from tests.targets import FEW_AHEAD, HORIZONS
from tests.training import train_level, without_pictures

JANUARY_2010 = 480
HISTORY = 24


def samples_of(deaths: FloatArray, tau: float = 5) -> Samples:
    """Samples of (T, R) deaths, NaN where not observed; the one indicator is the month's index."""
    seen = ~np.isnan(deaths)
    run = np.array([seen[max(0, t - HISTORY + 1) : t + 1].sum(axis=0) for t in range(len(seen))])
    index = np.broadcast_to(np.arange(len(deaths))[:, None], deaths.shape)
    return Samples(
        level="admin1",
        months=np.arange(JANUARY_2010, JANUARY_2010 + len(deaths)),
        ids=np.array([f"MLI-{number}" for number in range(deaths.shape[1])], dtype=object),
        names=("index",),
        indicators=index[:, :, None].astype(np.float32),
        deaths=deaths,
        eligible=run == HISTORY,
        tau=tau,
        pool=RecordPool(),
        horizons=HORIZONS,
    )


@pytest.fixture(scope="session")
def make_samples() -> Callable[..., Samples]:
    return samples_of


@pytest.fixture(scope="session")
def events_home(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the simulated events and nothing else; not to be changed."""
    home = tmp_path_factory.mktemp("events")
    Archive(home).add(deliver(world, date(2025, 1, 15)))
    return home


@pytest.fixture(scope="session")
def archive(events_home: Path) -> Archive:
    """The archive of those events."""
    return Archive(events_home)


@pytest.fixture(scope="session")
def vintage(events_home: Path) -> Vintage:
    return open_vintage(Archive(events_home), date(2025, 1, 20))


@pytest.fixture(scope="session")
def panel(vintage: Vintage) -> Panel:
    return read_panel(vintage, "admin1")


def train_into(
    home: Path, vintage: Vintage, settings: dict[str, Any], origin: str
) -> dict[str, Any]:
    """Train at one level; return what came of it."""
    store = open_store(home, None)
    result = train_level(store, vintage, settings, origin)
    best = champion(store, result.level)
    return {
        "version": result.version,
        "learner": result.learner,
        "passed": result.verdict.passed,
        "reason": result.verdict.reason,
        "is_champion": result.is_champion,
        "champion": best.version if best else None,
    }


@pytest.fixture(scope="session")
def trained(
    events_home: Path,
    vintage: Vintage,
    small_settings: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A home with four trainings, made once for all test processes; not to be changed.

    In order: a good one, the only one to draw its pictures; one that learns next to nothing, at a
    few horizons; the good one again; one of half a year earlier. What came of them stands in
    `trainings.json`.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    home = shared / "trained"
    with (shared / "trained.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "trainings.json").exists():
            shutil.copytree(events_home, home)
            plain = small_settings | {"learners": ["logistic"]}
            slow = small_settings["boosting"] | {"iterations": 1, "learning_rate": 0.01}
            silly = small_settings | {"learners": ["boosting"], "boosting": slow}
            silly |= {"targets": FEW_AHEAD}
            trainings = [train_into(home, vintage, small_settings, "2023-12")]
            with without_pictures():
                trainings.append(train_into(home, vintage, silly, "2023-12"))
                trainings.append(train_into(home, vintage, small_settings, "2023-12"))
                trainings.append(train_into(home, vintage, plain, "2023-06"))
            (home / "trainings.json").write_text(json.dumps(trainings))
    return home


@pytest.fixture(scope="session")
def trainings(trained: Path) -> list[dict[str, Any]]:
    """What came of the trainings, in order."""
    results: list[dict[str, Any]] = json.loads((trained / "trainings.json").read_text())
    return results


@pytest.fixture
def store(trained: Path) -> MlflowStore:
    """The store of the trained home; not to be changed."""
    return open_store(trained, None)


def tags_of(store: MlflowStore, version: int) -> dict[str, str]:
    """Return the tags of a version of the level admin1."""
    tags: dict[str, str] = store.client().get_model_version("tocsin-admin1", str(version)).tags
    return tags


@pytest.fixture
def best(store: MlflowStore) -> ModelVersion:
    """The champion of the trained home."""
    model = champion(store, "admin1")
    assert model is not None
    return model


@pytest.fixture
def own_home(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained home that a test may change."""
    return Path(shutil.copytree(trained, tmp_path / "own"))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A home that knows Mali and Niger from 2020-01 to 2022-01, as of 2022-02-20."""
    return ledger_in(tmp_path / "ledger")
