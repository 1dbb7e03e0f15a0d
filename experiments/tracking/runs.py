"""The MLflow runs of a training: a parent, and under it one a learner and reference."""

import tempfile
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.numpy_dataset import NumpyDataset, from_numpy
from mlflow.entities import Metric
from mlflow.models import infer_signature

from experiments.judging.judge import Judgement, Training, comparison_note, forecast_note
from experiments.judging.skill import SkillTables
from experiments.judging.verification import MAPPED
from experiments.report import model_figures
from experiments.report.page import pictures_of
from experiments.tracking.registry import FORECASTS_FILE, TRUSTED_TYPES
from experiments.tracking.store import MlflowStore
from features.months import format_month
from features.words import PROBABILITIES, SPECS
from models.forecaster import Forecaster, cell_key
from models.learners import LearnerName
from models.record import RECORD
from models.references import REFERENCES

_PREFIX = {"comparison": "", "backtest": "backtest of "}
_COEFFICIENT_CELLS = [
    cell_key(target, 6 if SPECS[target].is_window else 1) for target in PROBABILITIES
]
_MAPPED_HORIZONS = (1, 6, 12)
_DATASET_CONTEXT = "training and backtest"
_BATCH = 900
"""MLflow takes at most 1,000 metrics at once."""


def log_training(
    store: MlflowStore, judgement: Judgement, page: str, *, role: str = "comparison"
) -> dict[str, str]:
    """Log parent and child runs; return the run id of the parent and of every forecast by name.

    The parent has the role, the report, and the chosen learner's summary.
    """
    training, skill, chosen = judgement.training, judgement.skill, judgement.chosen
    experiment = store.experiment(training.level, simulated=training.vintage.simulated)
    learners, title = training.configuration.learners, f"{training.level} to {training.origin}"
    dataset, runs = _dataset(training), {}
    with mlflow.start_run(
        experiment_id=experiment,
        run_name=f"{title}: {_PREFIX[role]}{' against '.join(learners)}",
        tags=_tags(training, role) | {"chosen": chosen},
        description=comparison_note(training, skill, chosen),
    ) as parent:
        runs["parent"] = parent.info.run_id
        mlflow.log_params(_flat(training.configuration.model_dump(mode="json")))
        mlflow.log_input(dataset, context=_DATASET_CONTEXT)
        _log_metrics(store, parent.info.run_id, _summary(skill, chosen))
        mlflow.log_text(page, "report.html")
        mlflow.log_text(training.configuration.model_dump_json(indent=2), "configuration.json")
        mlflow.log_table(_plain(skill.overall), "tables/overall.json")
        for forecast in (*learners, *REFERENCES):
            own_role = "reference" if forecast in REFERENCES else "learner"
            with mlflow.start_run(
                nested=True,
                experiment_id=experiment,
                run_name=f"{title}: {forecast}",
                tags=_tags(training, own_role) | {"forecast": forecast},
                description=forecast_note(training, skill, forecast),
            ) as run:
                runs[forecast] = run.info.run_id
                mlflow.log_params(_own_settings(training, forecast))
                mlflow.log_input(dataset, context=_DATASET_CONTEXT)
                metrics = pd.concat([_summary(skill, forecast), _stepped(skill, forecast)])
                _log_metrics(store, run.info.run_id, metrics)
                if own_role == "learner":
                    _log_learner(judgement, forecast)
    return runs


def log_forecaster(
    training: Training, forecaster: Forecaster, learner: LearnerName, run_id: str
) -> str:
    """Log the fitted forecaster, its map and its coefficients; return the model's URI."""
    heading = model_figures.title(training.level, learner, simulated=training.vintage.simulated)
    latest = training.samples.indicators[-1]
    scored = training.samples.eligible[-1]
    forecasts = training.samples.forecasts(forecaster)
    with mlflow.start_run(run_id=run_id):
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
        newest = training.samples.newest()
        own = [training.samples.record_probability(*c, newest) for c in forecaster.cell_names]
        example = pd.DataFrame(
            np.column_stack([latest[scored], *own])[:3], columns=list(forecaster.columns)
        )
        logged = mlflow.sklearn.log_model(
            forecaster,
            name="forecaster",
            serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_SKOPS,
            skops_trusted_types=TRUSTED_TYPES,
            pip_requirements=["numpy", "pandas", "scikit-learn", "skops", "statsmodels"],
            signature=infer_signature(example, forecaster.predict(example)),
        )
    return str(logged.model_uri)


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


def _dataset(training: Training) -> NumpyDataset:
    """Return the panel as an MLflow dataset, by column: of a table MLflow reads every value."""
    samples = training.samples
    usable = samples.eligible
    learned = samples.indicators[usable]
    return from_numpy(
        dict(zip(samples.names, learned.T, strict=True)),
        source=CodeDatasetSource({"releases": training.releases}),
        targets=samples.deaths[usable],
        name=f"{training.level} panel to {training.origin}",
        digest=training.digest[:36],
    )


def _summary(skill: SkillTables, forecast: str) -> pd.DataFrame:
    overall = skill.overall.assign(target="summary/" + skill.overall["target"].astype(str), step=0)
    measures = ["brier_skill", "log_skill", "crps_skill", "brier", "log_score", "crps", "auc"]
    measures += ["average_precision", "calibration_error", "mean_ratio"]
    return _long(overall[["target", "step", "forecast", *measures]], forecast, " ")


def _stepped(skill: SkillTables, forecast: str) -> pd.DataFrame:
    by_horizon = [t.assign(step=t["horizon"]) for t in (skill.probabilities, skill.deaths)]
    by_origin = [
        _by_origin(skill.by_origin, ["brier", "brier_skill", "log_score", "auc"]),
        _by_origin(skill.deaths_by_origin, ["crps", "crps_skill", "mean_ratio"]),
    ]
    parts = [_long(table, forecast, "/") for table in by_horizon]
    return pd.concat([*parts, *(_long(table, forecast, " ") for table in by_origin)])


def _by_origin(table: pd.DataFrame, measures: list[str]) -> pd.DataFrame:
    """Return measures whose steps are origins [YYYYMM]."""
    target = "by origin/" + table["target"].astype(str)
    step = [int(format_month(month).replace("-", "")) for month in table["origin"]]
    return table.assign(target=target, step=step)[["target", "step", "forecast", *measures]]


def _log_metrics(store: MlflowStore, run_id: str, rows: pd.DataFrame) -> None:
    metrics = [
        Metric(name, value, timestamp=0, step=step)
        for name, value, step in rows.itertuples(index=False)
    ]
    client = store.client()
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _BATCH])


def _long(table: pd.DataFrame, forecast: str, joint: str) -> pd.DataFrame:
    """Return a row a metric: name (`instability/brier`), value, step; without missing ones."""
    own = table[table["forecast"] == forecast].drop(
        columns=["forecast", "horizon"], errors="ignore"
    )
    long = own.melt(id_vars=["target", "step"]).dropna()
    name = long["target"].astype(str) + joint + long["variable"].astype(str)
    return pd.DataFrame({"name": name, "value": long["value"].astype(float), "step": long["step"]})


def _log_learner(judgement: Judgement, learner: str) -> None:
    training, probabilities = judgement.training, judgement.training.backtest.probabilities
    heading = model_figures.title(training.level, learner, simulated=training.vintage.simulated)
    for picture in pictures_of(judgement, learner):
        _log_figure(picture.as_figure(heading), f"{picture.name}.png")
    for name, table in judgement.tables_of(learner).items():
        mlflow.log_table(_plain(table), f"tables/{name}.json")
    ids = training.regions.table["id"]
    named = probabilities.assign(region=ids.to_numpy()[probabilities["region"]])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(FORECASTS_FILE).name
        named.to_parquet(path, index=False)
        mlflow.log_artifact(str(path), str(Path(FORECASTS_FILE).parent))


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
