"""What `tocsin train` and `tocsin backtest` do: judge, log, and for training fit and register."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import mlflow
import pandas as pd

from experiments.backtest.folds import Period
from experiments.backtest.rolling import fit_forecaster
from experiments.configuration import Configuration
from experiments.judging import gate
from experiments.judging.judge import Judgement, Training, Work, judge
from experiments.judging.verification import risk_scales
from experiments.report.card import model_card
from experiments.report.page import findings_of, report_page
from experiments.report.sentences import Finding, headline
from experiments.tracking import registry
from experiments.tracking.promotion import settle_version
from experiments.tracking.runs import log_forecaster, log_training, training_run
from experiments.tracking.store import MlflowStore, model_name
from features.archive.vintage import Vintage
from features.errors import ConfigurationError
from features.words import Level
from models.learners import LearnerName


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """The outcome of one level's training."""

    level: Level
    version: int
    learner: LearnerName
    origin: str
    verdict: gate.Verdict
    is_champion: bool
    skill: pd.DataFrame
    untold: dict[str, str]


def train_levels(
    vintage: Vintage,
    configuration: Configuration,
    store: MlflowStore,
    origin: int | None,
    work: Work,
    tags: Mapping[str, str] | None = None,
) -> list[TrainingResult]:
    """Train every level of the configuration up to an origin, by default the newest month.

    Versions get `tags` besides their own. Raises CoverageError when the events do not reach the
    origin or begin too late, ModelError when a store would mix simulated and real, and
    ConfigurationError for an experiment whose scores are not published.
    """
    if configuration.measure != "deaths" or configuration.types is not None:
        raise ConfigurationError(
            f"published scores are of deaths in all types of violence, and {configuration.name} "
            "counts something else: judge it with `tocsin backtest`"
        )
    for level in configuration.levels:
        registry.refuse_other_events(store, level, vintage)
    results = []
    for level in configuration.levels:
        with training_run(store, vintage, level, configuration.name) as run:
            judgement = judge(vintage, level, configuration, Period(origin), work)
            results.append(_register(judgement, store, work, run, tags or {}))
    return results


def _register(
    judgement: Judgement,
    store: MlflowStore,
    work: Work,
    run: mlflow.ActiveRun,
    marks: Mapping[str, str],
) -> TrainingResult:
    training, learner = judgement.training, judgement.chosen
    runs = log_training(store, run, judgement, report_page(judgement))
    forecaster = fit_forecaster(
        *(training.samples, training.configuration, training.level, learner),
        *(work.jobs, work.progress),
    )
    logged = log_forecaster(training, forecaster, learner, runs[learner])
    verdict = _judge(training, store, learner)
    client, name = store.client(), model_name(training.level)
    client.log_text(run.info.run_id, model_card(judgement), registry.CARD_FILE)
    client.log_table(run.info.run_id, verdict.evidence, "tables/gate.json")
    tags = _version_tags(training, learner, verdict) | {"sha256": logged.sha256, **marks}
    version = int(mlflow.register_model(logged.uri, name, tags=tags).version)
    best = settle_version(store, training.level, version)
    return TrainingResult(
        level=training.level,
        version=version,
        learner=learner,
        origin=training.origin,
        verdict=verdict,
        is_champion=best == version,
        skill=judgement.skill.summary(learner),
        untold=training.untold,
    )


def _version_tags(
    training: Training, learner: LearnerName, verdict: gate.Verdict
) -> dict[str, str]:
    scales = risk_scales(training.level, training.backtest.probabilities, learner)
    return {
        "learner": learner,
        "trained_to": training.origin,
        "threshold": str(training.samples.tau),
        **verdict.tags(),
        "experiment_digest": training.configuration.digest(training.level),
        "simulated": str(training.vintage.simulated).lower(),
        "vintage": training.digest,
        "history": training.vintage.history,
        "summary_events": training.vintage.summary_events,
        "late_reporting": str(training.configuration.late_reporting.correct).lower(),
        "risk_bands": registry.RiskScales.dump_json(scales).decode(),
    }


def _judge(training: Training, store: MlflowStore, learner: LearnerName) -> gate.Verdict:
    """Return the verdict of the gate.

    References replace a champion of a later month, another threshold or count of summary events.
    """
    ids = training.regions.table["id"].to_numpy()
    forecasts = training.backtest.probabilities
    forecasts = forecasts.assign(
        region=ids[forecasts["region"]], target=forecasts["target"].astype(str)
    )
    best = registry.champion(store, training.level)
    origin = int(training.samples.months[-1])
    tau, seed = training.samples.tau, training.configuration.seed
    outcomes = tau, training.vintage.summary_events
    alone = partial(gate.against_references, forecasts, learner, seed=seed)
    if (
        best is None
        or (best.threshold, best.summary_events) != outcomes
        or best.trained_to > origin
    ):
        return alone()
    return gate.against_champion(
        forecasts,
        learner,
        registry.backtest_forecasts(store, best),
        best.learner,
        label=best.label,
        is_renewal=best.is_renewed_by(training.configuration.digest(training.level), origin),
        seed=seed,
        alone=alone,
    )


FOLDER = "backtests"
"""The folder of finished tasks in the home directory."""


@dataclass(frozen=True)
class BacktestReport:
    """The outcome of one level's backtest: findings, and a page about them."""

    level: Level
    simulated: bool
    headline: str
    findings: Sequence[Finding]
    page: str


def backtest_levels(
    vintage: Vintage,
    configuration: Configuration,
    store: MlflowStore,
    period: Period,
    work: Work,
    folder: Path,
) -> list[BacktestReport]:
    """Backtest every level of the configuration and log runs, pictures and reports.

    `folder` caches finished tasks. Raises what `train_levels` raises.
    """
    for level in configuration.levels:
        registry.refuse_other_events(store, level, vintage)
    reports = []
    for level in configuration.levels:
        with training_run(store, vintage, level, configuration.name) as run:
            judgement = judge(vintage, level, configuration, period, work, folder)
            page = report_page(judgement)
            log_training(store, run, judgement, page, role="backtest")
        claim = headline(judgement.verification, judgement.chosen)
        findings = findings_of(judgement)
        reports.append(BacktestReport(level, vintage.simulated, claim, findings, page))
    return reports
