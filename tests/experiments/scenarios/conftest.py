import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from experiments.coups.settings import CoupSettings
from experiments.coups.training import train_coups
from experiments.scenarios.run import LevelInputs
from experiments.tracking.promotion import promote_version
from experiments.tracking.registry import champion, load_forecaster
from experiments.tracking.store import open_store
from features.archive.releases import Archive
from features.archive.vintage import Vintage
from features.months import parse_month
from features.panel.panel import ALL_DETAILS, Panel, read_panel
from features.sources.simulation.world import World, deliver_states
from features.states.history import StateHistory
from features.words import Level
from tests.experiments.coups.conftest import LAST, PROVENANCE, coup_history, coup_settings
from tests.experiments.publishing.test_publish import issue
from tests.targets import FEW_AHEAD
from tests.training import plainly, train_level, without_pictures

__all__ = ["coup_history", "coup_settings"]

ORIGIN = parse_month("2023-12")
MONTHS = 3


@pytest.fixture(scope="session")
def scenario_home(
    trained: Path,
    world: World,
    vintage: Vintage,
    small_settings: dict[str, Any],
    coup_history: StateHistory,
    coup_settings: CoupSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A home with the bulletin of December 2023: regions, countries and coups of both."""
    home = Path(shutil.copytree(trained, tmp_path_factory.mktemp("issued") / "home"))
    archive, store = Archive(home), open_store(home, None)
    for delivery in deliver_states(world, date(2025, 1, 15)):
        archive.add(delivery)
    small = {"levels": ["country"], "learners": ["logistic"], "targets": FEW_AHEAD}
    with without_pictures():
        result = train_level(store, vintage, small_settings | small, "2023-06")
    promote_version(store, "country", result.version, "Three countries are few", by="test")
    train_coups(coup_history, LAST, coup_settings, store, PROVENANCE, plainly)
    issue(home, vintage, "2023-12")
    return home


@pytest.fixture(scope="session")
def whole(vintage: Vintage) -> dict[Level, Panel]:
    """The panels of regions and countries, with what happens after the origin."""
    return {level: read_panel(vintage, level, ALL_DETAILS) for level in ("admin1", "country")}


@pytest.fixture(scope="session")
def levels(scenario_home: Path, whole: dict[Level, Panel]) -> list[LevelInputs]:
    """Regions and countries at the origin, with their champions."""
    store, inputs = open_store(scenario_home, None), []
    for level, panel in whole.items():
        model = champion(store, level)
        assert model is not None
        inputs.append(LevelInputs(model, load_forecaster(store, model), panel.until(ORIGIN)))
    return inputs
