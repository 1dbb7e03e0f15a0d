"""Train the model of coups: judge it, choose what is served, fit, log and register."""

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import mlflow
import pandas as pd
import skops.io

from bulletins.manifest import CoupSource
from experiments.backtest.rolling import Progress
from experiments.coups.backtest import backtest_coups
from experiments.coups.fitting import COUP, CoupName, fit_forecaster
from experiments.coups.gate import SERVED, judge_version, served_scores
from experiments.coups.judging import DECISIVE, HorizonFigures, judge_coups, served
from experiments.coups.registry import (
    COUPS,
    FOLDER,
    CoupVersion,
    coup_champion,
    coup_versions,
    register_coups,
    tags_of,
)
from experiments.coups.settings import CoupSettings, read_coup_settings
from experiments.judging.gate import Verdict
from experiments.judging.verification import risk_scales
from experiments.tracking.artifacts import record_artifacts
from experiments.tracking.registry import FORECASTS_FILE
from experiments.tracking.store import MlflowStore
from features.archive.releases import Archive, Release
from features.archive.vintage import Vintage
from features.hashes import hash_of_file
from features.months import format_month
from features.states.history import StateHistory, read_state_history
from models import storage
from models.coups import CoupForecaster
from models.learners import RidgeLogistic


@dataclass(frozen=True)
class CoupTraining:
    """A version that was registered, what the gate said, and its backtest by horizon."""

    version: CoupVersion
    verdict: Verdict
    is_champion: bool
    figures: list[HorizonFigures]


def states_as_known(archive: Archive, day: date, *, simulated: bool) -> StateHistory | None:
    """Return the history of states as known on a day, None without a list of coups.

    Invented coups go with invented events alone.
    """
    lists = {release.history for release in lists_on(archive, day, simulated=simulated)}
    return read_state_history(archive, day, lists) if lists else None


def lists_on(archive: Archive, day: date, *, simulated: bool) -> list[Release]:
    """Return the releases of lists of coups that were available on a day."""
    return [
        release
        for release in archive.releases("coups")
        if release.simulated == simulated and release.available_on <= day
    ]


def train_on_lists(
    archive: Archive,
    vintage: Vintage,
    origin: int,
    store: MlflowStore,
    progress: Progress,
    *,
    again: bool = True,
) -> CoupTraining | None:
    """Train the default experiment on the lists in an archive; None where it has no list of coups.

    Also None unless `again` where a version has learned from the same months. Raises CoverageError
    when the lists begin too late, or do not reach the origin [months since 1970-01].
    """
    simulated = vintage.simulated
    versions = coup_versions(store)
    is_there = any((v.trained_to, v.simulated) == (origin, simulated) for v in versions)
    if is_there and not again:
        return None
    history = states_as_known(archive, vintage.as_of, simulated=simulated)
    if history is None:
        return None
    settings = read_coup_settings()
    return train_coups(history, origin, settings, store, simulated=simulated, progress=progress)


def train_coups(
    history: StateHistory,
    origin: int,
    settings: CoupSettings,
    store: MlflowStore,
    *,
    simulated: bool,
    progress: Progress,
) -> CoupTraining:
    """Train on what was known at an origin [months since 1970-01], and register.

    Raises CoverageError when the lists begin too late, or do not reach the origin.
    """
    past = history.until(origin)
    forecasts = backtest_coups(past, settings, origin, progress)
    figures = judge_coups(forecasts, settings.backtest)
    chosen = served(figures, settings.horizons)
    forecaster = fit_forecaster(past, settings, chosen)
    sources = _kinds(forecaster, chosen)
    scores = served_scores(forecasts, sources)
    best = coup_champion(store, simulated=simulated)
    verdict = judge_version(scores, best, store, settings, origin)
    with mlflow.start_run(
        experiment_id=store.coups(simulated=simulated),
        run_name=f"coups to {format_month(origin)}",
        tags={"simulated": str(simulated).lower()},
    ) as run:
        sha256 = _log(settings, forecasts, figures, forecaster, verdict)
        tags = verdict.tags() | tags_of(
            sources,
            {f.horizon: f.measures[DECISIVE].value for f in figures},
            min((round(f.cases / f.horizon) for f in figures), default=0),
            risk_scales("country", scores.assign(target=COUP), SERVED),
            experiment=settings.digest(),
            trained_to=origin,
            simulated=simulated,
            sha256=sha256,
        )
        version = register_coups(store, run.info.run_id, tags)
    record_artifacts(store)
    return CoupTraining(
        version, verdict, coup_champion(store, simulated=simulated) == version, figures
    )


def _kinds(forecaster: CoupForecaster, chosen: dict[int, CoupName]) -> dict[int, CoupSource]:
    """Return what is served at each horizon: with too few events it is the base rate."""
    return {
        horizon: name if isinstance(forecaster.learner(horizon), RidgeLogistic) else "base_rate"
        for horizon, name in chosen.items()
    }


def _log(
    settings: CoupSettings,
    forecasts: pd.DataFrame,
    figures: list[HorizonFigures],
    forecaster: CoupForecaster,
    verdict: Verdict,
) -> str:
    """Log a training to the active run; return the hash of the model's file."""
    mlflow.set_tag("level", COUPS)
    mlflow.log_params({"name": settings.name, "indicators": ", ".join(settings.indicators)})
    mlflow.log_text(settings.model_dump_json(indent=2), "configuration.json")
    rows = []
    for figure in figures:
        for name, gain in figure.measures.items():
            metric = f"coups/{name.replace(' %', ' per cent').replace(',', '')}"
            mlflow.log_metric(metric.replace(" ", "_"), gain.value, step=figure.horizon)
            rows.append((figure.horizon, figure.rows, figure.cases, name, *gain))
    columns = ["horizon", "rows", "cases", "measure", "value", "low", "high"]
    mlflow.log_table(pd.DataFrame(rows, columns=columns), "tables/coups.json")
    mlflow.log_table(verdict.evidence, "tables/gate.json")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(FORECASTS_FILE).name
        forecasts.to_parquet(path)
        mlflow.log_artifact(str(path), Path(FORECASTS_FILE).parent.name)
        path = Path(folder) / storage.FILE
        skops.io.dump(forecaster, path)
        mlflow.log_artifact(str(path), FOLDER)
        return hash_of_file(path)
