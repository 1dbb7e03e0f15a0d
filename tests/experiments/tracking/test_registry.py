import pickle
import pickletools
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote, urlsplit

import numpy as np
import pandas as pd
import pytest
import skops.io
from mlflow import MlflowClient
from sklearn.naive_bayes import GaussianNB

from experiments.backtest.rolling import fit_forecaster
from experiments.configuration import Configuration
from experiments.samples import samples_at
from experiments.tracking.registry import (
    ModelVersion,
    backtest_forecasts,
    champion,
    champion_for,
    history_of_models,
    levels_with_models,
    load_forecaster,
    model_version,
    refuse_other_events,
)
from experiments.tracking.store import MlflowStore, open_store
from features.archive.vintage import Vintage
from features.errors import ModelError
from features.months import parse_month
from features.panel.panel import Panel
from models.forecaster import Forecaster, cell_key, fitted_cells
from models.learners import LearnerName
from models.storage import FILE, TRUSTED_TYPES
from tests.targets import FEW_AHEAD, HORIZONS
from tests.training import plainly

NAME = "tocsin-admin1"
Tags = dict[str, str]
Tampered = tuple[MlflowStore, ModelVersion, Path]
"""A store, a version in it, and the folder of its files."""


@pytest.fixture
def own_store(own_home: Path) -> MlflowStore:
    """A store that a test may change, with every version taken out of the registry."""
    store = open_store(own_home, None)
    store.client().delete_registered_model(NAME)
    store.client().create_registered_model(NAME)
    return store


def register(client: MlflowClient, **tags: str) -> int:
    told = {"learner": "logistic", "trained_to": "2023-12", "gate": "passed", "simulated": "true"}
    told |= {"history": "simulation", "summary_events": "spread"}
    version = client.create_model_version(NAME, "somewhere", tags=told | {"threshold": "5"} | tags)
    return int(version.version)


def stored_model(trained: Path, version: int) -> Path:
    """The folder of a stored model."""
    client = open_store(trained, None).client()
    return Path(unquote(urlsplit(client.get_model_version_download_uri(NAME, str(version))).path))


def test_a_level_without_a_model_has_no_champion(own_store: MlflowStore) -> None:
    assert champion(own_store, "admin1") is None
    assert champion(own_store, "country") is None


def test_the_levels_are_those_that_were_trained(store: MlflowStore) -> None:
    assert levels_with_models(store) == ["admin1"]


def test_the_champion_is_the_version_that_has_the_alias(best: ModelVersion) -> None:
    assert best.label == f"{NAME}/{best.version}"
    assert best.trained_to == parse_month("2023-12")
    assert best.threshold == 5
    assert best.simulated
    assert best.passed


def test_the_champion_issues_scores_from_what_it_was_trained_to_on(own_store: MlflowStore) -> None:
    client = own_store.client()
    register(client, trained_to="2023-06")
    best = register(client, trained_to="2023-12")
    register(client, trained_to="2023-12")
    client.set_registered_model_alias(NAME, "champion", str(best))
    for origin in ("2023-12", "2024-05"):
        assert champion_for(own_store, "admin1", parse_month(origin)).version == best


def test_before_that_it_is_the_newest_that_passed_and_saw_nothing_later(
    own_store: MlflowStore,
) -> None:
    client = own_store.client()
    register(client, trained_to="2022-12")
    newest = register(client, trained_to="2023-06")
    register(client, trained_to="2023-07", gate="refused")
    register(client, trained_to="2023-05")
    best = register(client, trained_to="2023-12")
    client.set_registered_model_alias(NAME, "champion", str(best))
    assert champion_for(own_store, "admin1", parse_month("2023-11")).version == newest
    assert champion_for(own_store, "admin1", parse_month("2023-06")).version == newest
    assert champion_for(own_store, "admin1", parse_month("2023-05")).version == newest + 2


def test_of_two_trained_to_the_same_month_the_later_version_is_taken(
    own_store: MlflowStore,
) -> None:
    client = own_store.client()
    register(client, trained_to="2023-06")
    later = register(client, trained_to="2023-06")
    assert champion_for(own_store, "admin1", parse_month("2023-08")).version == later


def test_a_promoted_version_may_issue_scores_although_the_gate_refused_it(
    own_store: MlflowStore,
) -> None:
    client = own_store.client()
    register(client, trained_to="2023-05")
    promoted = register(client, trained_to="2023-06", gate="refused", promoted_reason="a reason")
    register(client, trained_to="2023-07", gate="refused")
    model = champion_for(own_store, "admin1", parse_month("2023-08"))
    assert model.version == promoted
    assert (model.passed, model.promoted, model.may_issue) == (False, True, True)


def test_a_version_tells_its_experiment_unless_it_is_older_than_the_tag(
    own_store: MlflowStore,
) -> None:
    client = own_store.client()
    old, new = register(client), register(client, experiment_digest="abc")
    assert model_version(own_store, "admin1", old).experiment is None
    assert model_version(own_store, "admin1", new).experiment == "abc"


@pytest.mark.parametrize("version", [99, 2**70])
def test_an_unknown_version_is_said_to_be_unknown(own_store: MlflowStore, version: int) -> None:
    refusal = f"{NAME}/{version} is not in the MLflow store in .*: name one"
    with pytest.raises(ModelError, match=refusal):
        model_version(own_store, "admin1", version)


@pytest.mark.parametrize("tags", [{"gate": "refused"}, {"trained_to": "2024-01"}])
def test_when_none_may_issue_scores_the_message_says_how_to_get_one(
    own_store: MlflowStore, tags: Tags
) -> None:
    register(own_store.client(), **tags)
    with pytest.raises(ModelError, match="run `tocsin train --origin 2023-12`"):
        champion_for(own_store, "admin1", parse_month("2023-12"))


def test_a_version_of_other_making_is_refused_by_name(own_store: MlflowStore) -> None:
    own_store.client().create_model_version(NAME, "somewhere")
    with pytest.raises(ModelError, match=f"{NAME}/1 was not registered by `tocsin train`"):
        champion_for(own_store, "admin1", parse_month("2023-12"))


@pytest.mark.parametrize(
    ("tags", "held"),
    [
        ({"simulated": "false"}, "real 'simulation'"),
        ({"history": "other"}, "simulated 'other'"),
    ],
)
def test_models_of_two_histories_never_share_a_level(
    own_store: MlflowStore, vintage: Vintage, tags: Tags, held: str
) -> None:
    register(own_store.client())
    refuse_other_events(own_store, "admin1", vintage)
    assert history_of_models(own_store) == "simulation"
    register(own_store.client(), **tags)
    refuse_other_events(own_store, "country", vintage)
    with pytest.raises(ModelError, match=f"{NAME}/2 learned from {held} events and these are sim"):
        refuse_other_events(own_store, "admin1", vintage)


def test_the_stored_champion_forecasts(store: MlflowStore, best: ModelVersion) -> None:
    forecaster = load_forecaster(store, best)
    assert (forecaster.level, forecaster.tau) == ("admin1", 5)
    assert "season_sine" in forecaster.names


def test_the_trusted_types_are_enough_for_every_learner_and_no_more_than_needed(
    panel: Panel, small_settings: dict[str, Any]
) -> None:
    configuration = Configuration.model_validate(small_settings | {"targets": FEW_AHEAD})
    names = configuration.indicator_names
    samples = samples_at(panel, parse_month("2023-12"), 5, names, horizons=HORIZONS)
    newest = samples.newest()
    records = {
        f"record_{cell_key(*cell)}": samples.record_probability(cell[0], cell[1], newest)
        for cell in fitted_cells(configuration.targets)
    }
    rows = pd.DataFrame(samples.indicators[newest], columns=list(names)).assign(**records)
    needed: set[str] = set()
    for learner in get_args(LearnerName):
        fitted = fit_forecaster(samples, configuration, "admin1", learner, 1, plainly)
        stored = skops.io.dumps(fitted)
        needed |= set(skops.io.get_untrusted_types(data=stored))
        loaded = skops.io.loads(stored, trusted=TRUSTED_TYPES)
        assert isinstance(loaded, Forecaster)
        assert loaded.predict(rows).equals(fitted.predict(rows))
    others = {"models.learners.BaseRate", "models.coups.CoupForecaster"}
    assert needed | others == set(TRUSTED_TYPES)


@pytest.fixture
def tampered(trained: Path, own_home: Path, best: ModelVersion) -> Tampered:
    """A store with one version of which the test may change the files."""
    store, folder = open_store(own_home, None), own_home / "tampered"
    shutil.copytree(stored_model(trained, 1), folder)
    tags = {"learner": "logistic", "trained_to": "2023-12"}
    version = store.client().create_model_version(NAME, folder.as_uri(), tags=tags)
    return store, replace(best, version=int(version.version), sha256=None), folder


def test_a_model_that_is_not_tampered_with_loads(tampered: Tampered) -> None:
    store, version, _ = tampered
    assert load_forecaster(store, version).tau == 5


def test_a_type_that_the_code_beside_the_model_trusts_is_refused(tampered: Tampered) -> None:
    store, version, folder = tampered
    forecaster = load_forecaster(store, version)
    forecaster.extra = np.testing.assert_raises
    skops.io.dump(forecaster, folder / "data" / FILE)
    code = folder / "code" / "models" / "storage.py"
    type_name = "numpy.testing._private.utils.assert_raises"
    code.write_text(f"{code.read_text()}\nTRUSTED_TYPES.append({type_name!r})\n")
    with pytest.raises(ModelError, match=f"{NAME}/{version.version} cannot be loaded"):
        load_forecaster(store, version)


def test_a_pickled_model_is_never_opened(tampered: Tampered) -> None:
    store, version, folder = tampered
    with (folder / "data" / "model.pkl").open("wb") as file:
        pickle.dump(load_forecaster(store, version), file)
    (folder / "data" / FILE).unlink()
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_forecaster(store, version)


def test_a_model_that_is_no_forecaster_is_refused(tampered: Tampered) -> None:
    store, version, folder = tampered
    skops.io.dump(GaussianNB(), folder / "data" / FILE)
    with pytest.raises(ModelError, match="is no forecaster of this project"):
        load_forecaster(store, version)


def test_a_valid_model_in_place_of_the_registered_one_is_refused(
    tampered: Tampered, best: ModelVersion
) -> None:
    store, version, folder = tampered
    registered = replace(version, sha256=best.sha256)
    forecaster = load_forecaster(store, registered)
    forecaster.tau = 6
    skops.io.dump(forecaster, folder / "data" / FILE)
    assert load_forecaster(store, version).tau == 6
    with pytest.raises(ModelError, match=r"forecaster\.skops of .*/\d is not what was registered"):
        load_forecaster(store, registered)


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_a_damaged_model_is_refused(tampered: Tampered, content: bytes) -> None:
    store, version, folder = tampered
    (folder / "data" / FILE).write_bytes(content)
    with pytest.raises(ModelError, match="train and register another"):
        load_forecaster(store, version)


def test_a_model_whose_files_are_gone_is_refused(tampered: Tampered) -> None:
    store, version, folder = tampered
    shutil.rmtree(folder)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_forecaster(store, version)


def test_nothing_that_training_stores_is_a_pickle(trained: Path) -> None:
    files = [path for path in trained.rglob("*") if path.is_file()]
    assert any(path.suffix == ".skops" for path in files)
    assert not [path for path in files if path.suffix in {".pkl", ".pickle", ".joblib", ".npy"}]
    for path in files:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                for name in packed.namelist():
                    assert not is_pickle(packed.read(name)), (path, name)
        else:
            assert not is_pickle(path.read_bytes()), path
        assert b"cloudpickle" not in path.read_bytes() or path.name in {"mlflow.db"}, path


def is_pickle(content: bytes) -> bool:
    """Do the bytes run through to a pickle's end, with more in them than a stray full stop?"""
    try:
        operations = [operation.name for operation, _, _ in pickletools.genops(content)]
    except (ValueError, IndexError, UnicodeDecodeError, OverflowError):
        return False
    return len(operations) > 1


def test_the_check_for_pickles_knows_one() -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert is_pickle(pickle.dumps({"a": [1, 2.0]}, protocol=protocol))
    assert not is_pickle(b'{"a": 1}')


def test_the_backtest_of_a_version_is_kept_with_region_ids(
    store: MlflowStore, panel: Panel, best: ModelVersion
) -> None:
    table = backtest_forecasts(store, best)
    assert set(table["region"]) <= set(panel.regions.ids)
    assert best.learner in table.columns
    assert table["origin"].max() < parse_month("2023-12")
