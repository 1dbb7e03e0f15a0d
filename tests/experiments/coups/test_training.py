import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from experiments.coups.backtest import BASE, OWN
from experiments.coups.fitting import MODEL, REFERENCE, names_read, rows_at_end
from experiments.coups.registry import (
    NAME,
    coup_champion,
    coup_version,
    coup_version_for,
    load_coup_forecaster,
    promote_coups,
)
from experiments.coups.settings import CoupSettings
from experiments.coups.training import CoupTraining, train_coups
from experiments.tracking.registry import levels_with_models
from experiments.tracking.store import MlflowStore, open_store
from features.errors import CoverageError, ModelError
from features.states.history import StateHistory
from models.learners import RidgeLogistic
from tests.experiments.coups.conftest import LAST, PROVENANCE
from tests.states import FIRST
from tests.training import plainly

ORIGIN = LAST + 12


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MlflowStore:
    return open_store(tmp_path_factory.mktemp("coups"), None)


@pytest.fixture(scope="module")
def training(
    store: MlflowStore, coup_history: StateHistory, coup_settings: CoupSettings
) -> CoupTraining:
    return train_coups(coup_history, ORIGIN, coup_settings, store, PROVENANCE, plainly)


def test_a_version_says_what_is_served_and_how_good_it_was(
    store: MlflowStore, training: CoupTraining
) -> None:
    version = coup_version(store, training.version.version)
    assert version == training.version
    assert (version.trained_to, version.simulated, version.label) == (
        ORIGIN,
        True,
        "tocsin-coups/1",
    )
    assert version.served[1] == MODEL
    assert version.skill[1] > 0.05
    assert {scale.target for scale in version.scales} == {"coup"}
    assert levels_with_models(store) == []


def test_a_version_is_loaded_as_it_was_fitted(
    store: MlflowStore,
    training: CoupTraining,
    coup_history: StateHistory,
    coup_settings: CoupSettings,
) -> None:
    forecaster = load_coup_forecaster(store, training.version)
    rows = rows_at_end(coup_history, names_read(coup_settings))
    learner = forecaster.learner(1)
    assert isinstance(learner, RidgeLogistic)
    assert forecaster.horizons == (1, 6, 12)
    again = load_coup_forecaster(store, training.version).learner(1)
    assert_array_equal(learner.probability(rows), again.probability(rows))
    assert np.ptp(learner.probability(rows)) > 0


def test_versions_are_for_later_origins_and_their_own_kind(
    store: MlflowStore, training: CoupTraining
) -> None:
    assert coup_version_for(store, ORIGIN, simulated=True) == training.version
    assert coup_version_for(store, ORIGIN - 1, simulated=True) is None
    assert coup_version_for(store, ORIGIN, simulated=False) is None


def test_the_same_again_is_refused_and_issues_nothing_until_a_person_says_so(
    tmp_path: Path,
    store: MlflowStore,
    training: CoupTraining,
    coup_history: StateHistory,
    coup_settings: CoupSettings,
) -> None:
    assert store.artifacts is not None
    own = open_store(Path(shutil.copytree(store.artifacts.parent, tmp_path / "own")), None)
    again = train_coups(coup_history, ORIGIN, coup_settings, own, PROVENANCE, plainly)
    assert (again.is_champion, again.version.version) == (False, 2)
    assert again.verdict.reason.startswith("not better than the champion tocsin-coups/1")
    assert coup_version_for(own, ORIGIN, simulated=True) == training.version
    done = promote_coups(own, 2, "the lists of the first were wrong", by="me")
    assert (done.is_new, done.previous) == (True, training.version)
    best = coup_champion(own, simulated=True)
    assert best is not None
    assert (best.version, best.passed, best.promoted) == (2, False, True)
    assert coup_version_for(own, ORIGIN, simulated=True) == best


def test_a_version_that_is_not_there_is_named(store: MlflowStore, training: CoupTraining) -> None:
    with pytest.raises(ModelError, match="tocsin-coups/9 is not in the MLflow store"):
        coup_version(store, training.version.version + 8)


def test_a_list_that_is_too_short_is_refused(
    store: MlflowStore, coup_history: StateHistory, coup_settings: CoupSettings
) -> None:
    with pytest.raises(CoverageError, match="begins too late"):
        train_coups(*(coup_history, FIRST + 100, coup_settings, store), PROVENANCE, plainly)


def test_a_first_version_is_champion_and_says_what_it_was_compared_with(
    store: MlflowStore, training: CoupTraining
) -> None:
    assert training.is_champion
    assert training.verdict.passed
    assert training.verdict.reason.startswith("without a champion")
    tags = store.client().get_model_version(NAME, "1").tags
    evidence = json.loads(tags["gate_evidence"])
    assert [entry["opponent"] for entry in evidence] == [REFERENCE, BASE, OWN]
    assert set(evidence[0]["targets"]) == {"coup_01", "coup_06", "coup_12"}
    run = store.client().get_run(training.version.run_id)
    assert run.data.tags["gate"] == f"passed: {training.verdict.reason}"
    assert f"Gate: {training.verdict.reason}" in describe(store, 1)


def describe(store: MlflowStore, version: int) -> str:
    return str(store.client().get_model_version(NAME, str(version)).description)
