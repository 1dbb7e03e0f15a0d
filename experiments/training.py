"""Train: backtest, choose, fit, log, register, and let the gate decide."""

from dataclasses import dataclass

import mlflow
import pandas as pd

from experiments import gate
from experiments.backtest import Progress, fit_forecaster, run_backtest
from experiments.configuration import Configuration
from experiments.evaluation import Skill
from experiments.notes import Training
from experiments.registry import (
    CHALLENGER,
    CHAMPION,
    backtest_forecasts,
    champion,
    refuse_other_events,
)
from experiments.renewal import experiment_digest, renews
from experiments.samples import newest_origin, samples_at
from experiments.store import Store, model_name
from experiments.tracking import log_forecaster, log_training
from features.catalogue import needs_of, untold
from features.months import format_month
from features.panel import Panel, read_panel
from features.regions import Level
from features.vintage import Vintage
from models.learners import LearnerName


@dataclass(frozen=True, eq=False)
class Trained:
    """The outcome of one level's training."""

    level: Level
    version: int
    learner: LearnerName
    origin: str
    verdict: gate.Verdict
    is_champion: bool
    skill: pd.DataFrame
    untold: dict[str, str]


def train(
    vintage: Vintage,
    configuration: Configuration,
    store: Store,
    origin: int | None,
    *,
    code: str,
    jobs: int,
    progress: Progress,
) -> list[Trained]:
    """Train every level of the configuration up to an origin, by default the newest month.

    `code` is the version and commit that is running. Raises CoverageError when the events do not
    reach the origin or begin too late, and ModelError when a store would mix simulated and real.
    """
    for level in configuration.levels:
        refuse_other_events(store, level, vintage)
    done = []
    for level in configuration.levels:
        panel = read_panel(vintage, level, needs_of(configuration.indicator_names))
        month = newest_origin(panel) if origin is None else origin
        training = _backtest(vintage, panel, configuration, month, code, jobs, progress)
        done.append(_register(training, store, jobs, progress))
    return done


def _backtest(
    vintage: Vintage,
    panel: Panel,
    configuration: Configuration,
    origin: int,
    code: str,
    jobs: int,
    progress: Progress,
) -> Training:
    level = panel.regions.level
    panel = panel.until(origin)
    missing = untold(panel, configuration.indicator_names)
    configuration = configuration.without(missing)
    samples = samples_at(panel, origin, configuration.tau(level), configuration.indicator_names)
    return Training(
        level=level,
        configuration=configuration,
        regions=panel.regions,
        samples=samples,
        backtest=run_backtest(samples, configuration, level, jobs, progress),
        digest=panel.digest(),
        releases=tuple(release.name for release in vintage.releases),
        code=code,
        simulated=vintage.simulated,
        history=vintage.history,
        summary_events=vintage.summary_events,
        untold=missing,
    )


def _register(training: Training, store: Store, jobs: int, progress: Progress) -> Trained:
    skill = Skill.of(training.backtest)
    learner = _better(skill, training.configuration.learners)
    runs = log_training(store, training, skill, learner)
    forecaster = fit_forecaster(
        training.samples, training.configuration, training.level, learner, jobs, progress
    )
    uri = log_forecaster(training, forecaster, runs[learner])
    verdict, champion_to = _judge(training, store, learner)
    tags = {
        "learner": learner,
        "trained_to": training.origin,
        "threshold": str(training.samples.tau),
        "gate": "passed" if verdict.passed else "refused",
        "gate_reason": verdict.reason,
        "gate_evidence": verdict.as_json(),
        "experiment_digest": experiment_digest(training.configuration, training.level),
        "simulated": str(training.simulated).lower(),
        "vintage": training.digest,
        "history": training.history,
        "summary_events": training.summary_events,
    }
    name = model_name(training.level)
    registered = mlflow.register_model(uri, name, tags=tags)
    version, client = int(registered.version), store.client()
    passed = verdict.passed and (champion_to is None or champion_to <= training.origin)
    description = (
        f"{'SIMULATED events. ' if training.simulated else ''}{learner}, trained to "
        f"{training.origin}. Gate: {verdict.reason}."
    )
    client.update_model_version(name, str(version), description=description)
    client.update_registered_model(name, f"Scores of every {training.level} region")
    client.set_registered_model_alias(name, CHALLENGER, str(version))
    if passed:
        client.set_registered_model_alias(name, CHAMPION, str(version))
    for run in {runs["parent"], runs[learner]}:
        client.set_tag(run, "registered_as", f"{name}/{version}")
        client.set_tag(run, "gate", f"{tags['gate']}: {verdict.reason}")
    client.log_table(runs["parent"], verdict.evidence, "tables/gate.json")
    return Trained(
        level=training.level,
        version=version,
        learner=learner,
        origin=training.origin,
        verdict=verdict,
        is_champion=passed,
        skill=skill.summary(learner),
        untold=training.untold,
    )


def _better(skill: Skill, learners: tuple[LearnerName, ...]) -> LearnerName:
    """Return the learner with the higher logarithmic skill, mean over the targets."""
    return max(learners, key=lambda learner: float(skill.summary(learner)["log_skill"].mean()))


def _judge(
    training: Training, store: Store, learner: LearnerName
) -> tuple[gate.Verdict, str | None]:
    """Return the verdict, and the month the champion was trained to (None: there is none).

    A model for an earlier origin than the champion's replaces nothing, and one for another
    threshold, or that counts summary events otherwise, forecasts other outcomes, so they meet the
    references.
    """
    ids = training.regions.table["id"].to_numpy()
    forecasts = training.backtest.probabilities
    forecasts = forecasts.assign(
        region=ids[forecasts["region"]], target=forecasts["target"].astype(str)
    )
    best = champion(store, training.level)
    origin = int(training.samples.months[-1])
    tau, seed = training.samples.tau, training.configuration.seed
    alike = best is not None and (best.threshold, best.summary_events) == (
        tau,
        training.summary_events,
    )
    if best is None or not alike or best.trained_to > origin:
        verdict = gate.against_references(forecasts, learner, seed=seed)
    else:
        digest = experiment_digest(training.configuration, training.level)
        verdict = gate.against_champion(
            forecasts,
            learner,
            backtest_forecasts(store, best),
            best.learner,
            label=best.label,
            is_renewal=renews(digest, origin, best),
            seed=seed,
        )
    return verdict, None if best is None else format_month(best.trained_to)
