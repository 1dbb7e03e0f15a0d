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
from experiments.coups.card import coup_card
from experiments.coups.fitting import COUP, CoupName, fit_forecaster
from experiments.coups.gate import SERVED, judge_version, served_scores
from experiments.coups.judgement import CoupJudgement, Provenance
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
from experiments.coups.report import coup_report, pictures_of
from experiments.coups.settings import CoupSettings, read_coup_settings
from experiments.judging.gate import Verdict
from experiments.judging.verification import risk_scales
from experiments.tracking.artifacts import record_artifacts
from experiments.tracking.registry import CARD_FILE, FORECASTS_FILE, REPORT_FILE
from experiments.tracking.store import MlflowStore
from features.archive.folders import Records
from features.archive.releases import Archive, Release
from features.archive.vintage import Vintage
from features.hashes import hash_of_file
from features.months import format_month
from features.states.history import StateHistory, read_state_history
from models import storage
from models.coups import CoupForecaster
from models.learners import RidgeLogistic

OF_STATES: tuple[Records, ...] = ("coups", "conditions", "elections")
"""The records that forecasts of coups read."""


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
    code: str,
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
    releases = tuple(release.name for release in releases_read(archive, vintage))
    provenance = Provenance(simulated, releases, vintage.as_of, code)
    return train_coups(history, origin, read_coup_settings(), store, provenance, progress)


def releases_read(archive: Archive, vintage: Vintage) -> list[Release]:
    """Return the lists and tables that were public on the day of a vintage."""
    return [
        release
        for records in OF_STATES
        for release in archive.releases(records)
        if release.available_on <= vintage.as_of
    ]


def train_coups(
    history: StateHistory,
    origin: int,
    settings: CoupSettings,
    store: MlflowStore,
    provenance: Provenance,
    progress: Progress,
) -> CoupTraining:
    """Train on what was known at an origin [months since 1970-01], and register.

    Raises CoverageError when the lists begin too late, or do not reach the origin.
    """
    simulated, best = provenance.simulated, coup_champion(store, simulated=provenance.simulated)
    past = history.until(origin)
    forecasts = backtest_coups(past, settings, origin, progress)
    figures = judge_coups(forecasts, settings.backtest)
    chosen = served(figures, settings.horizons)
    forecaster = fit_forecaster(past, settings, chosen)
    sources = _kinds(forecaster, chosen)
    scores = served_scores(forecasts, sources)
    verdict = judge_version(scores, best, store, settings, origin)
    judgement = CoupJudgement(
        provenance, settings, past, scores, figures, sources, forecaster, verdict
    )
    with mlflow.start_run(
        experiment_id=store.coups(simulated=simulated),
        run_name=f"coups to {format_month(origin)}",
        tags={"simulated": str(simulated).lower()},
    ) as run:
        sha256 = _log(judgement, forecasts)
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


def _log(judgement: CoupJudgement, forecasts: pd.DataFrame) -> str:
    """Log a training to the active run; return the hash of the model's file."""
    settings = judgement.settings
    mlflow.set_tags({"level": COUPS, "version": judgement.provenance.code})
    mlflow.log_params({"name": settings.name, "indicators": ", ".join(settings.indicators)})
    mlflow.log_text(settings.model_dump_json(indent=2), "configuration.json")
    for figure in judgement.figures:
        for name, gain in figure.measures.items():
            metric = f"coups/{name.replace(' %', ' per cent').replace(',', '')}"
            mlflow.log_metric(metric.replace(" ", "_"), gain.value, step=figure.horizon)
    for name, table in {
        "coups": judgement.measures(),
        "gate": judgement.verdict.evidence,
        "coefficients": judgement.coefficients(),
    }.items():
        mlflow.log_table(table, f"tables/{name}.json")
    _log_documents(judgement)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(FORECASTS_FILE).name
        forecasts.to_parquet(path)
        mlflow.log_artifact(str(path), Path(FORECASTS_FILE).parent.name)
        path = Path(folder) / storage.FILE
        skops.io.dump(judgement.forecaster, path)
        mlflow.log_artifact(str(path), FOLDER)
        return hash_of_file(path)


def _log_documents(judgement: CoupJudgement) -> None:
    """Log the card, the report, and its pictures."""
    mlflow.log_text(coup_card(judgement), CARD_FILE)
    mlflow.log_text(coup_report(judgement).as_html(), REPORT_FILE)
    mark = "SIMULATED - " if judgement.provenance.simulated else ""
    for picture in pictures_of(judgement):
        figure = picture.as_figure(f"{mark}coups to {judgement.origin}")
        mlflow.log_figure(figure, f"{picture.name}.png", save_kwargs={"dpi": 110})
