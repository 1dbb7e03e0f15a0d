import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow.artifacts
import mlflow.data
import numpy as np
import pandas as pd
import pytest
from mlflow.entities import LoggedModelStatus, Run
from mlflow.models import Model

from experiments.tracking.dataset import ReleasesSource
from experiments.tracking.registry import CARD_FILE, ModelVersion, backtest_forecasts
from experiments.tracking.runs import training_run
from experiments.tracking.store import MlflowStore, open_store
from features.archive.vintage import Vintage
from features.disk import hidden_folder
from features.indicators.catalogue import CATALOGUE
from features.words import Target
from models.forecaster import cell_key
from models.metrics import brier
from models.record import RECORD
from models.references import REFERENCES
from tests.targets import SOME_AHEAD, SOME_CELLS

NAME = "tocsin-admin1"
FORECASTS = ("logistic", "boosting", *REFERENCES)
CLASSES: tuple[Target, ...] = ("instability", "escalation", "onset")
Runs = dict[str, Run]


@pytest.fixture
def runs(store: MlflowStore) -> Runs:
    """The runs of the first training: the parent, and those under it by forecast."""
    client = store.client()
    learner = client.get_run(str(client.get_model_version(NAME, "1").run_id))
    parent = learner.data.tags["mlflow.parentRunId"]
    children = client.search_runs(
        [learner.info.experiment_id], f"tags.mlflow.parentRunId = '{parent}'"
    )
    return {"parent": client.get_run(parent)} | {r.data.tags["forecast"]: r for r in children}


def artifacts(store: MlflowStore, run: Run, folder: str = "") -> set[str]:
    result = set()
    for entry in store.client().list_artifacts(run.info.run_id, folder):
        result |= artifacts(store, run, entry.path) if entry.is_dir else {entry.path}
    return result


def table(store: MlflowStore, run: Run, name: str, folder: Path) -> pd.DataFrame:
    path = store.client().download_artifacts(run.info.run_id, f"tables/{name}.json", str(folder))
    content = json.loads(Path(path).read_text())
    return pd.DataFrame(content["data"], columns=content["columns"])


def steps(store: MlflowStore, run: Run, metric: str) -> dict[int, float]:
    return {m.step: m.value for m in store.client().get_metric_history(run.info.run_id, metric)}


def test_a_training_is_a_parent_with_a_run_a_learner_and_a_reference(runs: Runs) -> None:
    assert set(runs) == {"parent", *FORECASTS}
    names = {key: run.info.run_name for key, run in runs.items()}
    assert names.pop("parent") == "admin1 to 2023-12: logistic against boosting"
    assert names == {forecast: f"admin1 to 2023-12: {forecast}" for forecast in FORECASTS}
    assert {run.info.status for run in runs.values()} == {"FINISHED"}


def test_every_run_says_what_it_is_and_what_it_was_made_from(runs: Runs) -> None:
    for key, run in runs.items():
        tags = run.data.tags
        role = {"parent": "comparison", "logistic": "learner", "boosting": "learner"}
        assert tags["role"] == role.get(key, "reference")
        assert tags["level"] == "admin1"
        assert tags["trained_to"] == "2023-12"
        assert tags["experiment"] == "small"
        assert tags["simulated"] == "true"
        assert tags["releases"] == "simulation seed-2-2024-12"
        assert tags["version"] == "1.2.3+abc"
        assert tags["mlflow.source.git.commit"] == "abc"
        assert len(tags["vintage"]) == 64


def test_the_parent_and_the_better_learner_name_the_version_and_the_verdict(
    runs: Runs, trainings: list[dict[str, Any]]
) -> None:
    chosen = trainings[0]["learner"]
    assert runs["parent"].data.tags["chosen"] == chosen
    for key, run in runs.items():
        if key in ("parent", chosen):
            assert run.data.tags["registered_as"] == f"{NAME}/1"
            assert run.data.tags["gate"] == f"passed: {trainings[0]['reason']}"
        else:
            assert "registered_as" not in run.data.tags


def test_the_description_warns_of_simulated_events_and_shows_the_figures(runs: Runs) -> None:
    for key, run in runs.items():
        note = run.data.tags["mlflow.note.content"]
        assert note.startswith("**SIMULATED")
        assert "| target | forecast | n |" in note
        assert ("Small enough for a test" in note) == (key == "parent")
        for forecast in FORECASTS:
            assert (f"| {forecast} |" in note) == (key in ("parent", forecast))


def test_the_whole_configuration_is_in_the_parents_parameters(
    runs: Runs, store: MlflowStore, small_settings: dict[str, Any], tmp_path: Path
) -> None:
    parameters = runs["parent"].data.params
    assert parameters["training.months"] == "96"
    assert parameters["boosting.learning_rate"] == "0.2"
    assert parameters["learners"] == "logistic, boosting"
    assert parameters["records.half_lives"] == "1.0, 3.0, 9.0"
    assert parameters["indicators"] == ", ".join(small_settings["indicators"])
    path = store.client().download_artifacts(
        runs["parent"].info.run_id, "configuration.json", str(tmp_path)
    )
    assert json.loads(Path(path).read_text()) == small_settings


def test_a_learners_parameters_are_its_own(runs: Runs) -> None:
    boosting, logistic = runs["boosting"].data.params, runs["logistic"].data.params
    assert boosting["boosting.leaves"] == "6"
    assert "boosting.leaves" not in logistic
    assert logistic["logistic.indicators"].startswith("deaths_decay_6, ")
    assert {run.data.params["tau"] for key, run in runs.items() if key != "parent"} == {"5.0"}


def test_every_run_names_the_data_by_the_hash_of_the_vintage(runs: Runs) -> None:
    for run in runs.values():
        assert run.inputs is not None
        (used,) = run.inputs.dataset_inputs
        assert used.dataset.name == "admin1 panel to 2023-12"
        assert run.data.tags["vintage"].startswith(used.dataset.digest)
        assert used.tags[0].value == "training and backtest"


def test_the_steps_of_a_metric_are_months_ahead(runs: Runs, store: MlflowStore) -> None:
    for forecast in FORECASTS:
        for target in CLASSES:
            history = steps(store, runs[forecast], f"{target}/brier")
            assert tuple(sorted(history)) == SOME_AHEAD[target]
        assert tuple(steps(store, runs[forecast], "fatalities/crps")) == SOME_AHEAD["fatalities"]


def test_the_metrics_are_those_of_the_logged_forecasts(
    runs: Runs, store: MlflowStore, best: ModelVersion
) -> None:
    forecasts = backtest_forecasts(store, replace(best, run_id=runs["boosting"].info.run_id))
    assert set(FORECASTS) <= set(forecasts.columns)
    for forecast in ("boosting", "climatology"):
        history = steps(store, runs[forecast], "instability/brier")
        for horizon, part in forecasts[forecasts["target"] == "instability"].groupby("horizon"):
            own = brier(part["outcome"].to_numpy(), part[forecast].to_numpy())
            assert history[horizon] == pytest.approx(own)  # type: ignore[index]
        whole = forecasts[forecasts["target"] == "onset"]
        own = brier(whole["outcome"].to_numpy(), whole[forecast].to_numpy())
        assert runs[forecast].data.metrics["all/onset_brier"] == pytest.approx(own)


def test_by_origin_the_steps_are_months_since_the_first_and_the_time_is_the_origin(
    runs: Runs, store: MlflowStore
) -> None:
    for metric in ("instability_brier", "fatalities_crps"):
        history = store.client().get_metric_history(
            runs["logistic"].info.run_id, f"by_origin/{metric}"
        )
        assert sorted(m.step for m in history) == [*range(24)]
        assert {m.timestamp: m.step for m in history}[1640995200000] == 1  # 2022-01-01 UTC
    (whole,) = store.client().get_metric_history(
        runs["logistic"].info.run_id, "all/instability_brier"
    )
    assert whole.timestamp == 1701388800000  # 2023-12-01 UTC


def test_no_metric_has_a_blank_in_its_name(runs: Runs) -> None:
    assert not [name for run in runs.values() for name in run.data.metrics if " " in name]


def test_every_run_lasts_as_long_as_the_work_that_it_is_of(runs: Runs) -> None:
    started = {run.info.start_time for run in runs.values()}
    assert len(started) == 1
    ends = {key: run.info.end_time for key, run in runs.items()}
    assert max(ends, key=lambda key: ends[key]) == "parent"
    # It takes seconds to judge, fit and register.
    assert ends["parent"] - started.pop() > 2000


def test_the_data_name_the_releases_that_they_are_from(runs: Runs, vintage: Vintage) -> None:
    for run in runs.values():
        assert run.inputs is not None
        (used,) = run.inputs.dataset_inputs
        source = mlflow.data.get_source(used.dataset)
        assert isinstance(source, ReleasesSource)
        assert (source.history, source.as_of) == ("simulation", "2025-01-20")
        (release,) = vintage.releases
        assert source.load().to_dict("records") == [
            {
                "source": "simulation",
                "release": release.release,
                "available_on": "2025-01-15",
                "sha256": release.sha256,
            }
        ]


def test_the_model_card_is_at_the_run_and_describes_the_version(
    runs: Runs, store: MlflowStore, trainings: list[dict[str, Any]], tmp_path: Path
) -> None:
    run = runs["parent"].info.run_id
    card = Path(store.client().download_artifacts(run, CARD_FILE, str(tmp_path))).read_text()
    assert card.startswith(f"# admin1 scores: {trainings[0]['learner']}, trained to 2023-12\n")
    described = str(store.client().get_model_version(NAME, "1").description)
    verdict, _, shown = described.partition("\n\n")
    assert verdict.endswith(f"Gate: {trainings[0]['reason']}.")
    rest = "...\n\nThe rest is in model_card.md at the run of the training."
    assert card.startswith(shown.removesuffix(rest))
    assert (shown == card) == (len(f"{verdict}\n\n{card}") <= 5000)
    assert len(described) <= 5000


def test_the_parent_carries_the_summary_of_the_better_learner(
    runs: Runs, trainings: list[dict[str, Any]]
) -> None:
    parent = runs["parent"].data.metrics
    chosen = runs[trainings[0]["learner"]].data.metrics
    summary = {name: value for name, value in chosen.items() if name.startswith("all/")}
    assert {name: parent[name] for name in summary} == summary
    assert {f"all/{target}_brier_skill" for target in CLASSES} <= set(summary)
    assert "all/fatalities_crps_skill" in summary


def test_no_metric_is_missing_or_infinite(runs: Runs) -> None:
    for run in runs.values():
        assert np.isfinite(list(run.data.metrics.values())).all()


def test_the_pictures_and_tables_that_people_look_at_are_there(
    runs: Runs, store: MlflowStore, trainings: list[dict[str, Any]]
) -> None:
    pictures = {
        f"{name}.png"
        for name in (
            *("skill_by_horizon", "skill_by_year", "skill_map", "reliability", "countries"),
            *("precision_recall", "pit", "deaths_ratio"),
        )
    }
    tables = {
        f"tables/{name}.json"
        for name in (
            *("by_horizon", "deaths", "by_origin", "deaths_by_origin", "gains", "gains_overall"),
            *("gains_by_year", "calibration", "calibration_by_horizon", "calibration_by_country"),
            *("calibration_high", "pit"),
        )
    }
    kept = {"backtest/probabilities.parquet"}
    for learner in ("logistic", "boosting"):
        assert artifacts(store, runs[learner]) >= pictures | tables | kept
    chosen = artifacts(store, runs[trainings[0]["learner"]])
    assert chosen >= {f"map/instability_{horizon}.png" for horizon in ("01", "06", "12")}
    parent = {"report.html", "model_card.md", "configuration.json"}
    parent |= {"tables/overall.json", "tables/gate.json"}
    assert artifacts(store, runs["parent"]) == parent


def test_the_report_of_the_chosen_learner_is_on_the_parent(
    runs: Runs, store: MlflowStore, trainings: list[dict[str, Any]], tmp_path: Path
) -> None:
    run = runs["parent"].info.run_id
    page = Path(store.client().download_artifacts(run, "report.html", str(tmp_path))).read_text()
    assert f"admin1 regions backtest: {trainings[0]['learner']}</title>" in page
    assert "SIMULATED events" in page


def test_the_logged_gains_are_those_of_the_logged_forecasts(
    runs: Runs, store: MlflowStore, tmp_path: Path
) -> None:
    gains = table(store, runs["boosting"], "gains", tmp_path).set_index(
        ["target", "horizon", "reference"]
    )
    measured = table(store, runs["boosting"], "by_horizon", tmp_path).set_index(
        ["target", "horizon", "forecast"]
    )["brier"]
    assert set(gains["learner"]) == {"boosting"}
    for reference in REFERENCES:
        own = measured["escalation", 6, "boosting"]
        theirs = measured["escalation", 6, reference]
        assert gains.loc[("escalation", 6, reference), "gain"] == pytest.approx(1 - own / theirs)


def test_every_picture_is_a_picture(trained: Path) -> None:
    pictures = list(trained.rglob("*.png"))
    assert len(pictures) >= 10
    for picture in pictures:
        content = picture.read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) > 5_000, picture


def test_the_table_of_coefficients_names_indicators_and_their_errors(
    runs: Runs, store: MlflowStore, trainings: list[dict[str, Any]], tmp_path: Path
) -> None:
    if trainings[0]["learner"] != "logistic":
        pytest.fail("choose a world in which the logistic regression wins")
    coefficients = table(store, runs["logistic"], "coefficients", tmp_path)
    assert list(coefficients.columns) == [
        "cell", "indicator", "coefficient", "standard_error", "z",
    ]  # fmt: skip
    known = {indicator.name for indicator in CATALOGUE} | {"(constant)", RECORD}
    assert set(coefficients["indicator"]) <= known
    assert (coefficients["standard_error"] > 0).all()
    assert "coefficients/instability_01.png" in artifacts(store, runs["logistic"])


def test_the_gates_evidence_is_in_a_table(runs: Runs, store: MlflowStore, tmp_path: Path) -> None:
    evidence = table(store, runs["parent"], "gate", tmp_path)
    assert set(evidence["opponent"]) == set(REFERENCES)
    assert set(evidence["target"]) == set(CLASSES)
    ratio = evidence["challenger_brier"] / evidence["opponent_brier"]
    np.testing.assert_allclose(evidence["ratio"], ratio)


def test_the_stored_model_says_what_goes_in_and_what_comes_out(
    runs: Runs, store: MlflowStore, small_settings: dict[str, Any]
) -> None:
    uri = store.client().get_model_version_download_uri(NAME, "1")
    model = Model.load(mlflow.artifacts.download_artifacts(uri))
    assert model.signature is not None
    records = [f"record_{cell_key(*cell)}" for cell in SOME_CELLS]
    assert model.signature.inputs.input_names() == [*small_settings["indicators"], *records]
    outputs = model.signature.outputs.input_names()
    assert outputs == [cell_key(target, horizon) for target, horizon in SOME_CELLS]
    assert list(model.flavors) == ["python_function"]


def test_what_a_killed_training_left_open_is_closed_unless_another_one_goes_on(
    own_home: Path, vintage: Vintage
) -> None:
    store = open_store(own_home, None)
    client, experiment = store.client(), store.experiment("admin1", simulated=True)
    run = client.create_run(experiment).info.run_id
    model = client.create_logged_model(experiment, source_run_id=run).model_id
    with hidden_folder(own_home / "training"), training_run(store, vintage, "admin1", "beside"):
        assert client.get_run(run).info.status == "RUNNING"
    with training_run(store, vintage, "admin1", "after") as own:
        assert client.get_run(run).info.status == "KILLED"
        assert client.get_run(own.info.run_id).info.status == "RUNNING"
        assert client.get_logged_model(model).status == LoggedModelStatus.FAILED
    assert client.get_run(own.info.run_id).info.status == "FINISHED"
