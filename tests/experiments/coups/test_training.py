import numpy as np
import pytest
from numpy.testing import assert_array_equal

from experiments.coups.fitting import MODEL, names_read, rows_at_end
from experiments.coups.registry import coup_version, coup_version_for, load_coup_forecaster
from experiments.coups.settings import CoupSettings
from experiments.coups.training import CoupTraining, train_coups
from experiments.tracking.registry import levels_with_models
from experiments.tracking.store import MlflowStore, open_store
from features.errors import CoverageError, ModelError
from features.states.history import StateHistory
from models.learners import RidgeLogistic
from tests.experiments.coups.conftest import LAST
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
    return train_coups(coup_history, ORIGIN, coup_settings, store, simulated=True, progress=plainly)


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


def test_a_version_that_is_not_there_is_named(store: MlflowStore, training: CoupTraining) -> None:
    with pytest.raises(ModelError, match="tocsin-coups/9 is not in the MLflow store"):
        coup_version(store, training.version.version + 8)


def test_a_list_that_is_too_short_is_refused(
    store: MlflowStore, coup_history: StateHistory, coup_settings: CoupSettings
) -> None:
    with pytest.raises(CoverageError, match="begins too late"):
        train_coups(
            *(coup_history, FIRST + 100, coup_settings, store), simulated=True, progress=plainly
        )
