"""The parts of a bulletin's manifest that are read from the vintage and the MLflow store."""

from bulletins.form import ModelUsed, ReleaseUsed, RiskScale, VintageUsed
from experiments.judging.risk_scales import risk_scales
from experiments.tracking.registry import ModelVersion, backtest_forecasts
from experiments.tracking.store import MlflowStore, model_name
from features.archive.vintage import Vintage
from features.months import format_month
from features.words import PROBABILITIES


def vintage_used(vintage: Vintage, digest: str) -> VintageUsed:
    """Describe a vintage; `digest` is the content hash of what was read of it."""
    releases = tuple(
        ReleaseUsed(
            source=r.source, release=r.release, available_on=r.available_on, sha256=r.sha256
        )
        for r in vintage.releases
    )
    return VintageUsed(
        history=vintage.history, as_of=vintage.as_of, digest=digest, releases=releases
    )


def model_used(store: MlflowStore, model: ModelVersion) -> ModelUsed:
    """Describe a model version, with its skill in the backtest."""
    metrics = store.client().get_run(model.run_id).data.metrics
    skill: dict[str, float] = {
        target: metrics[f"summary/{target} brier_skill"]
        for target in PROBABILITIES
        if f"summary/{target} brier_skill" in metrics
    }
    return ModelUsed(
        level=model.level,
        name=model_name(model.level),
        version=model.version,
        run_id=model.run_id,
        learner=model.learner,
        summary_events=model.summary_events,
        trained_to=format_month(model.trained_to),
        skill=skill,
    )


def risk_scales_of(store: MlflowStore, models: list[ModelVersion]) -> tuple[RiskScale, ...]:
    """Return the risk scales of model versions, computed again for those older than their tag."""
    scales: list[RiskScale] = []
    for model in models:
        if model.risk_scales is None:
            forecasts = backtest_forecasts(store, model)
            scales += risk_scales(model.level, forecasts, model.learner)
        else:
            scales += model.risk_scales
    return tuple(scales)
