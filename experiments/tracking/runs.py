"""The MLflow runs of a training: a parent, and under it one a learner and reference."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from mlflow.data.numpy_dataset import NumpyDataset
from mlflow.entities import LoggedModelStatus, Metric, RunStatus
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME, MLFLOW_RUN_NOTE

from experiments.judging.judge import Judgement, Training, comparison_note, forecast_note
from experiments.judging.skill import SkillTables
from experiments.judging.verification import MAPPED
from experiments.report import model_figures
from experiments.report.page import pictures_of
from experiments.tracking.artifacts import record_artifacts
from experiments.tracking.dataset import panel_dataset
from experiments.tracking.portable import LoggedModel, log_model
from experiments.tracking.registry import FORECASTS_FILE, REPORT_FILE
from experiments.tracking.store import OURS, MlflowStore
from features.archive.vintage import Vintage
from features.disk import hidden_folder
from features.words import OF_VIOLENCE, PROBABILITIES, SPECS, Level
from models.forecaster import Forecaster, cell_key
from models.learners import LearnerName
from models.record import RECORD
from models.references import REFERENCES

_PREFIX = {"comparison": "", "backtest": "backtest of "}
_COEFFICIENT_CELLS = [
    cell_key(target, 6 if SPECS[target].is_window else 1)
    for target in PROBABILITIES
    if target in OF_VIOLENCE
]
_MAPPED_HORIZONS = (1, 6, 12)
_DATASET_CONTEXT = "training and backtest"
INPUTS_FILE = "forecaster/inputs.parquet"
"""What the model reads of every region at its origin: `region`, then its columns."""

_RUNNING, _KILLED = map(RunStatus.to_string, (RunStatus.RUNNING, RunStatus.KILLED))
_BATCH = 900
"""MLflow takes at most 1,000 metrics at once."""


@contextmanager
def training_run(
    store: MlflowStore, vintage: Vintage, level: Level, name: str
) -> Iterator[mlflow.ActiveRun]:
    """Make a run the active one for as long as a training or backtest takes."""
    with (
        _alone_closing_runs(store),
        mlflow.start_run(
            experiment_id=store.experiment(level, simulated=vintage.simulated),
            run_name=f"{level}: {name}",
            tags={"level": level, "simulated": str(vintage.simulated).lower()},
        ) as run,
    ):
        yield run
    record_artifacts(store)


@contextmanager
def _alone_closing_runs(store: MlflowStore) -> Iterator[None]:
    """Close what killed trainings left open, unless another training goes on in this home.

    Of a remote store nobody knows who else trains: its runs stay as they are.
    """
    if store.artifacts is None:
        yield
        return
    with hidden_folder(store.artifacts.with_name("training")) as folder:
        if list(folder.parent.glob(".training.*")) == [folder]:
            _close_runs(store)
        yield


def _close_runs(store: MlflowStore) -> None:
    client = store.client()
    experiments = [e.experiment_id for e in client.search_experiments(filter_string=OURS)]
    if not experiments:
        return
    for run in client.search_runs(experiments, f"attributes.status = '{_RUNNING}'"):
        client.set_terminated(run.info.run_id, _KILLED)
    for model in client.search_logged_models(experiments):
        if model.status == LoggedModelStatus.PENDING:
            client.finalize_logged_model(model.model_id, LoggedModelStatus.FAILED)


def log_training(
    store: MlflowStore,
    run: mlflow.ActiveRun,
    judgement: Judgement,
    page: str,
    *,
    role: str = "comparison",
) -> dict[str, str]:
    """Log to a `training_run` and to child runs; return the run id of every forecast by name.

    The run itself has the role, the report, and the chosen learner's summary.
    Child runs are of learners and references, and as old: one backtest judges them all.
    """
    training, skill, chosen = judgement.training, judgement.skill, judgement.chosen
    learners, title = training.configuration.learners, f"{training.level} to {training.origin}"
    dataset = panel_dataset(training)
    mlflow.set_tags(
        _tags(training, role)
        | {
            "chosen": chosen,
            MLFLOW_RUN_NAME: f"{title}: {_PREFIX[role]}{' against '.join(learners)}",
            MLFLOW_RUN_NOTE: comparison_note(training, skill, chosen),
        }
    )
    mlflow.log_params(_flat(training.configuration.model_dump(mode="json")))
    mlflow.log_input(dataset, context=_DATASET_CONTEXT)
    _log_metrics(store, run, _summary(skill, chosen), training)
    mlflow.log_text(page, REPORT_FILE)
    mlflow.log_text(training.configuration.model_dump_json(indent=2), "configuration.json")
    mlflow.log_table(_plain(skill.overall), "tables/overall.json")
    return {
        forecast: _log_forecast(store, run, judgement, forecast, dataset)
        for forecast in (*learners, *REFERENCES)
    }


def _log_forecast(
    store: MlflowStore,
    parent: mlflow.ActiveRun,
    judgement: Judgement,
    forecast: str,
    dataset: NumpyDataset,
) -> str:
    """Log the run of a learner or reference; return its id."""
    training, skill = judgement.training, judgement.skill
    role = "reference" if forecast in REFERENCES else "learner"
    child = store.client().create_run(
        parent.info.experiment_id,
        start_time=parent.info.start_time,
        run_name=f"{training.level} to {training.origin}: {forecast}",
        tags=_tags(training, role)
        | {
            "forecast": forecast,
            MLFLOW_PARENT_RUN_ID: parent.info.run_id,
            MLFLOW_RUN_NOTE: forecast_note(training, skill, forecast),
        },
    )
    run_id = str(child.info.run_id)
    with mlflow.start_run(run_id=run_id, nested=True) as run:
        mlflow.log_params(_own_settings(training, forecast))
        mlflow.log_input(dataset, context=_DATASET_CONTEXT)
        metrics = pd.concat([_summary(skill, forecast), _stepped(skill, forecast)])
        _log_metrics(store, run, metrics, training)
        if role == "learner":
            _log_learner(judgement, forecast)
    return run_id


def log_forecaster(
    training: Training, forecaster: Forecaster, learner: LearnerName, run_id: str
) -> LoggedModel:
    """Log the fitted forecaster, its map and its coefficients."""
    heading = model_figures.title(training.level, learner, simulated=training.vintage.simulated)
    latest = training.samples.indicators[-1]
    scored = training.samples.eligible[-1]
    forecasts = training.samples.forecasts(forecaster)
    with mlflow.start_run(run_id=run_id, nested=True):
        for horizon in (h for h in _MAPPED_HORIZONS if (MAPPED, h) in forecasts):
            values = np.full(len(latest), np.nan)
            values[scored] = forecasts[MAPPED, horizon].probability
            text = f"{heading}, P(deaths >= {forecaster.tau:g}) {horizon} months after "
            picture = model_figures.score_map(training.regions, values, text + training.origin)
            _log_figure(picture, f"map/{cell_key(MAPPED, horizon)}.png")
        table = model_figures.coefficients(forecaster, (*forecaster.names, RECORD))
        if not table.empty:
            mlflow.log_table(table, "tables/coefficients.json")
            for cell in _COEFFICIENT_CELLS:
                if cell in set(table["cell"]):
                    picture = model_figures.coefficient_plot(table, cell, f"{heading}, {cell}")
                    _log_figure(picture, f"coefficients/{cell}.png")
        inputs = _inputs(training, forecaster)
        _log_parquet(inputs, INPUTS_FILE)
        return log_model(forecaster, inputs.drop(columns="region"))


def _inputs(training: Training, forecaster: Forecaster) -> pd.DataFrame:
    """Return what a forecaster reads of every region at the origin: `region`, then its columns."""
    samples, newest = training.samples, training.samples.newest()
    own = [samples.record_probability(*cell, newest) for cell in forecaster.cell_names]
    scored = samples.eligible[-1]
    read = np.column_stack([samples.indicators[-1][scored], *own])
    inputs = pd.DataFrame(read, columns=list(forecaster.columns))
    inputs.insert(0, "region", training.regions.table["id"].to_numpy()[scored])
    return inputs


def _tags(training: Training, role: str) -> dict[str, str]:
    return {
        "role": role,
        "level": training.level,
        "trained_to": training.origin,
        "experiment": training.configuration.name,
        "simulated": str(training.vintage.simulated).lower(),
        "vintage": training.digest,
        "releases": training.releases,
        "history": training.vintage.history,
        "summary_events": training.vintage.summary_events,
        "untold": ", ".join(training.untold) or "nothing",
        "version": training.code,
        "mlflow.source.git.commit": training.code.partition("+")[2],
    }


def _own_settings(training: Training, forecast: str) -> dict[str, Any]:
    settings = training.configuration.model_dump(mode="json")
    shared = {key: settings[key] for key in ("seed", "training", "backtest")}
    own = {forecast: settings[forecast]} if forecast in settings else {}
    tau = {"forecast": forecast, "level": training.level, "tau": training.samples.tau}
    return tau | _flat(shared) | _flat(own)


def _summary(skill: SkillTables, forecast: str) -> pd.DataFrame:
    overall = skill.overall.assign(target="all/" + skill.overall["target"].astype(str), step=0)
    measures = ["brier_skill", "log_skill", "crps_skill", "brier", "log_score", "crps", "auc"]
    measures += ["average_precision", "calibration_error", "mean_ratio"]
    return _long(overall[["target", "step", "forecast", *measures]], forecast, "_")


def _stepped(skill: SkillTables, forecast: str) -> pd.DataFrame:
    by_horizon = [t.assign(step=t["horizon"]) for t in (skill.probabilities, skill.deaths)]
    by_origin = [
        _by_origin(skill.by_origin, ["brier", "brier_skill", "log_score", "auc"]),
        _by_origin(skill.deaths_by_origin, ["crps", "crps_skill", "mean_ratio"]),
    ]
    parts = [_long(table, forecast, "/") for table in by_horizon]
    return pd.concat([*parts, *(_long(table, forecast, "_") for table in by_origin)])


def _by_origin(table: pd.DataFrame, measures: list[str]) -> pd.DataFrame:
    """Return measures whose steps are months since the first origin."""
    step = table["origin"] - table["origin"].min()
    named = table.assign(target="by_origin/" + table["target"].astype(str), step=step)
    return named[["target", "step", "origin", "forecast", *measures]]


def _log_metrics(
    store: MlflowStore, run: mlflow.ActiveRun, rows: pd.DataFrame, training: Training
) -> None:
    """Log metrics at the time of their origin, by default the training's."""
    month = int(training.samples.months[-1])
    origins = rows["origin"].fillna(month) if "origin" in rows else pd.Series(month, rows.index)
    times = origins.to_numpy("int64").astype("datetime64[M]").astype("datetime64[ms]")
    metrics = [
        Metric(name, value, timestamp=int(time), step=int(step))
        for name, value, step, time in zip(
            *(rows[column].to_list() for column in ("name", "value", "step")),
            times.astype("int64"),
            strict=True,
        )
    ]
    client = store.client()
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run.info.run_id, metrics=metrics[start : start + _BATCH])


def _long(table: pd.DataFrame, forecast: str, joint: str) -> pd.DataFrame:
    """Return a row a metric: name (`instability/brier`), value, step, origin; none missing."""
    own = table[table["forecast"] == forecast].drop(
        columns=["forecast", "horizon"], errors="ignore"
    )
    keys = [name for name in ("target", "step", "origin") if name in own]
    long = own.melt(id_vars=keys).dropna()
    name = long["target"].astype(str) + joint + long["variable"].astype(str)
    return long[keys[1:]].assign(name=name, value=long["value"].astype(float))


def _log_learner(judgement: Judgement, learner: str) -> None:
    training, probabilities = judgement.training, judgement.training.backtest.probabilities
    heading = model_figures.title(training.level, learner, simulated=training.vintage.simulated)
    for picture in pictures_of(judgement, learner):
        _log_figure(picture.as_figure(heading), f"{picture.name}.png")
    for name, table in judgement.tables_of(learner).items():
        mlflow.log_table(_plain(table), f"tables/{name}.json")
    ids = training.regions.table["id"]
    named = probabilities.assign(region=ids.to_numpy()[probabilities["region"]])
    _log_parquet(named, FORECASTS_FILE)


def _log_parquet(table: pd.DataFrame, file: str) -> None:
    """Log a table as an artifact of the active run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(file).name
        table.to_parquet(path, index=False)
        mlflow.log_artifact(str(path), str(Path(file).parent))


def _log_figure(figure: Figure, name: str) -> None:
    mlflow.log_figure(figure, name, save_kwargs={"dpi": 110})


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype({"target": str}) if "target" in table else table


def _flat(content: dict[str, Any]) -> dict[str, Any]:
    (flat,) = pd.json_normalize(content).to_dict("records")
    return {
        str(key): ", ".join(map(str, value)) if isinstance(value, list) else value
        for key, value in flat.items()
    }
