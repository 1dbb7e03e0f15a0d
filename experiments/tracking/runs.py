"""What a training leaves in MLflow: a parent run, under it a run a learner and a reference."""

import tempfile
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.pandas_dataset import PandasDataset, from_pandas
from mlflow.entities import Metric
from mlflow.models import ModelSignature, infer_signature

from experiments.judging.judge import Judged, Training, comparison_note, forecast_note
from experiments.judging.skill import Skill
from experiments.report import model_figures
from experiments.report.page import pictures_of
from experiments.tracking.registry import FORECASTS_FILE, TRUSTED_TYPES
from experiments.tracking.store import Store
from features.months import format_month
from models.forecaster import Forecaster
from models.references import REFERENCES

_PREFIX = {"comparison": "", "backtest": "backtest of "}
_DATASET_CONTEXT = "training and backtest"
_BATCH = 900
"""MLflow takes at most 1,000 metrics at once."""


def log_training(
    store: Store, judged: Judged, page: str, *, role: str = "comparison"
) -> dict[str, str]:
    """Log parent and child runs; return the run id of the parent and of every forecast by name.

    The parent, which has the role, carries the report, a page in HTML, and the summary of the
    chosen learner, so that trainings compare at a glance.
    """
    training, skill, chosen = judged.training, judged.skill, judged.chosen
    experiment = store.experiment(training.level, simulated=training.simulated)
    learners = training.configuration.learners
    dataset, runs = _dataset(training), {}
    with mlflow.start_run(
        experiment_id=experiment,
        run_name=f"{training.title}: {_PREFIX[role]}{' against '.join(learners)}",
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
                run_name=f"{training.title}: {forecast}",
                tags=_tags(training, own_role) | {"forecast": forecast},
                description=forecast_note(training, skill, forecast),
            ) as run:
                runs[forecast] = run.info.run_id
                mlflow.log_params(_own_settings(training, forecast))
                mlflow.log_input(dataset, context=_DATASET_CONTEXT)
                _log_metrics(store, run.info.run_id, _summary(skill, forecast))
                _log_metrics(store, run.info.run_id, _stepped(skill, forecast))
                if own_role == "learner":
                    _log_learner(judged, forecast)
    return runs


def log_forecaster(training: Training, forecaster: Forecaster, run_id: str) -> str:
    """Log the fitted forecaster, its map and its coefficients; return the model's URI."""
    learner = _learner_name(forecaster)
    heading = model_figures.title(training.level, learner, simulated=training.simulated)
    latest = training.samples.indicators[-1]
    frame = pd.DataFrame(latest, columns=list(forecaster.names))
    scored = training.samples.eligible[-1]
    forecasts = forecaster.predict(frame[scored])
    with mlflow.start_run(run_id=run_id):
        for horizon in (1, 6, 12):
            values = np.full(len(frame), np.nan)
            values[scored] = forecasts[f"instability_{horizon:02d}"]
            text = f"{heading}, P(deaths >= {forecaster.tau:g}) {horizon} months after "
            picture = model_figures.score_map(training.regions, values, text + training.origin)
            _log_figure(picture, f"map/instability_{horizon:02d}.png")
        table = model_figures.coefficients(forecaster, forecaster.names)
        if not table.empty:
            mlflow.log_table(table, "tables/coefficients.json")
            for cell in ("instability_01", "escalation_06", "onset_06"):
                if cell in set(table["cell"]):
                    picture = model_figures.coefficient_plot(table, cell, f"{heading}, {cell}")
                    _log_figure(picture, f"coefficients/{cell}.png")
        logged = mlflow.sklearn.log_model(
            forecaster,
            name="forecaster",
            serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_SKOPS,
            skops_trusted_types=TRUSTED_TYPES,
            pip_requirements=["numpy", "pandas", "scikit-learn", "skops", "statsmodels"],
            signature=_signature(frame[scored], forecasts),
        )
    return str(logged.model_uri)


def _learner_name(forecaster: Forecaster) -> str:
    fitted = next(iter(forecaster.cells.values())).size
    return type(fitted).__name__.lower()


def _signature(frame: pd.DataFrame, forecasts: pd.DataFrame) -> ModelSignature:
    return infer_signature(frame.head(3), forecasts.head(3))


def _tags(training: Training, role: str) -> dict[str, str]:
    return {
        "role": role,
        "level": training.level,
        "trained_to": training.origin,
        "experiment": training.configuration.name,
        "simulated": str(training.simulated).lower(),
        "vintage": training.digest,
        "releases": ", ".join(training.releases),
        "history": training.history,
        "summary_events": training.summary_events,
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


def _dataset(training: Training) -> PandasDataset:
    """Return the panel as MLflow lists it; to be made once, for it looks at every single value."""
    samples = training.samples
    usable = samples.eligible
    learned = pd.DataFrame(samples.indicators[usable], columns=list(samples.names))
    return from_pandas(
        learned.assign(deaths=samples.deaths[usable]),
        source=CodeDatasetSource({"releases": ", ".join(training.releases)}),
        name=f"{training.level} panel to {training.origin}",
        digest=training.digest[:36],
    )


def _summary(skill: Skill, forecast: str) -> pd.DataFrame:
    overall = skill.overall.assign(target="summary/" + skill.overall["target"].astype(str), step=0)
    measures = ["brier_skill", "log_skill", "crps_skill", "brier", "log_score", "crps", "auc"]
    measures += ["average_precision", "calibration_error", "mean_ratio"]
    return _long(overall[["target", "step", "forecast", *measures]], forecast, " ")


def _stepped(skill: Skill, forecast: str) -> pd.DataFrame:
    measures = ["brier", "brier_skill", "log_score", "auc"]
    by_origin = _by_origin(skill.by_origin)[["target", "step", "forecast", *measures]]
    measures = ["crps", "crps_skill", "mean_ratio"]
    deaths = _by_origin(skill.deaths_by_origin)[["target", "step", "forecast", *measures]]
    return pd.concat(
        [
            _long(skill.probabilities.assign(step=skill.probabilities["horizon"]), forecast, "/"),
            _long(skill.deaths.assign(step=skill.deaths["horizon"]), forecast, "/"),
            _long(by_origin, forecast, " "),
            _long(deaths, forecast, " "),
        ]
    )


def _by_origin(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose steps are origins [YYYYMM]."""
    return table.assign(
        target="by origin/" + table["target"].astype(str),
        step=[int(format_month(month).replace("-", "")) for month in table["origin"]],
    )


def _log_metrics(store: Store, run_id: str, rows: pd.DataFrame) -> None:
    metrics = [
        Metric(name, value, timestamp=0, step=step)
        for name, value, step in rows.itertuples(index=False)
    ]
    client = store.client()
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _BATCH])


def _long(table: pd.DataFrame, forecast: str, joint: str) -> pd.DataFrame:
    """Return one row a figure: name (`instability/brier`), value, step; absent ones left out."""
    own = table[table["forecast"] == forecast].drop(
        columns=["forecast", "horizon"], errors="ignore"
    )
    long = own.melt(id_vars=["target", "step"]).dropna()
    name = long["target"].astype(str) + joint + long["variable"].astype(str)
    return pd.DataFrame({"name": name, "value": long["value"].astype(float), "step": long["step"]})


def _log_learner(judged: Judged, learner: str) -> None:
    training, probabilities = judged.training, judged.training.backtest.probabilities
    heading = model_figures.title(training.level, learner, simulated=training.simulated)
    for picture in pictures_of(judged, learner):
        _log_figure(picture.as_figure(heading), f"{picture.name}.png")
    for name, table in _tables(judged, learner).items():
        mlflow.log_table(_plain(table), f"tables/{name}.json")
    ids = training.regions.table["id"]
    named = probabilities.assign(region=ids.to_numpy()[probabilities["region"]])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(FORECASTS_FILE).name
        named.to_parquet(path, index=False)
        mlflow.log_artifact(str(path), str(Path(FORECASTS_FILE).parent))


def _tables(judged: Judged, learner: str) -> dict[str, pd.DataFrame]:
    """Return the tables of a learner, beside the references where these stand in them."""
    skill, found = judged.skill, judged.verification
    beside = {
        "by_horizon": skill.probabilities,
        "deaths": skill.deaths,
        "by_origin": skill.by_origin,
        "deaths_by_origin": skill.deaths_by_origin,
        "calibration": found.calibration,
        "calibration_by_horizon": found.by_horizon,
        "calibration_by_country": found.by_country,
        "calibration_high": found.high,
        "pit": found.pit,
    }
    against = {"gains": found.gains, "gains_overall": found.overall, "gains_by_year": found.by_year}
    own = {n: t[t["forecast"].isin([learner, *REFERENCES])] for n, t in beside.items()}
    return own | {n: t[t["learner"] == learner] for n, t in against.items()}


def _log_figure(figure: Figure, name: str) -> None:
    mlflow.log_figure(figure, name, save_kwargs={"dpi": 110})


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype({"target": str}) if "target" in table else table


def _flat(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = ", ".join(value) if isinstance(value, list) else value
    return flat
