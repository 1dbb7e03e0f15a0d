"""From model versions and a vintage to the Parquet files and the manifest of a bulletin."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from bulletins import form
from bulletins.manifest import (
    LICENCE,
    LateReporting,
    Manifest,
    ModelUsed,
    RiskScale,
    Shortfall,
    SourceUsed,
    VintageUsed,
)
from bulletins.record import RIVAL, read_newest, read_summary
from bulletins.writing import parquet_of
from experiments.backtest.grid import Jobs
from experiments.judging.verification import risk_scales, served_scales
from experiments.publishing.coups import CoupForecast, coup_drivers, coup_scores
from experiments.publishing.drivers import drivers_of
from experiments.publishing.earlier import EarlierBulletin
from experiments.publishing.indicators import indicator_series
from experiments.publishing.regions import history_of, regions_of, unscored_of
from experiments.publishing.scores import (
    LevelForecast,
    distribution_rows,
    scores_of,
    scores_schema,
)
from experiments.publishing.signs import signs_files
from experiments.samples import samples_for
from experiments.tracking.registry import (
    CARD_FILE,
    REPORT_FILE,
    ModelVersion,
    backtest_forecasts,
    documents_of,
    forecaster_file,
    load_forecaster,
)
from experiments.tracking.store import MlflowStore
from features.archive.nowhere import deaths_of_countries
from features.archive.vintage import Vintage
from features.hashes import sha256_of
from features.indicators.catalogue import needs_of
from features.months import format_month
from features.panel.late_reporting import growth
from features.panel.panel import Detail, Panel, read_panel, with_reports
from features.sources.credits import credit_of
from features.words import PROBABILITIES, Level, ModelOf
from models.explanation import LONGEST_PAST
from models.forecaster import Forecaster

_MONTHS_READ = 2 * LONGEST_PAST
"""The newest months of which indicators are kept: all that is usual, and a previous bulletin."""


def read_inputs(
    store: MlflowStore, vintage: Vintage, model: ModelVersion, more: frozenset[Detail] = frozenset()
) -> tuple[Forecaster, Panel]:
    """Load the forecaster of a version and read the panel of its level, as it was trained on.

    The panel has the details that the forecaster reads, and `more`.
    """
    forecaster = load_forecaster(store, model)
    counted = _counted_alike(vintage, model)
    panel = read_panel(counted, model.level, needs_of(forecaster.names) | more)
    return forecaster, with_reports(panel, counted) if model.corrects_late_reporting else panel


def _counted_alike(vintage: Vintage, model: ModelVersion) -> Vintage:
    return replace(vintage, summary_events=model.summary_events)


def forecast_level(
    model: ModelVersion,
    forecaster: Forecaster,
    panel: Panel,
    origin: int,
    months: int | None = _MONTHS_READ,
) -> LevelForecast:
    """Forecast a level at an origin; raises CoverageError when it covers no region there.

    Indicators are kept of the newest `months`, None for all.
    """
    past = panel.until(origin)
    samples = samples_for(forecaster, past, origin, months)
    return LevelForecast(past, model, forecaster, samples)


def bulletin_files(
    levels: list[LevelForecast],
    coups: CoupForecast | None,
    previous: EarlierBulletin | None,
    jobs: Jobs,
) -> dict[str, bytes]:
    """Return a bulletin's Parquet files by name; changes are told against the `previous` one."""
    scores = [] if coups is None else [coup_scores(coups)]
    drivers = [] if coups is None else [coup_drivers(coups, previous)]

    def content(
        table_of: Callable[[LevelForecast], pd.DataFrame],
        order: list[str],
        schema: pa.Schema,
        others: Sequence[pd.DataFrame] = (),
    ) -> bytes:
        table: pd.DataFrame = pd.concat([*map(table_of, levels), *others], ignore_index=True)
        return parquet_of(table.sort_values(order, kind="stable", ignore_index=True), schema)

    by_score = ["level", "region", "target", "horizon"]
    by_horizon = ["level", "region", "horizon"]
    by_month = ["level", "region", "month"]
    return {
        form.SCORES_FILE: content(scores_of, by_score, scores_schema(levels), scores),
        form.DRIVERS_FILE: content(
            lambda f: drivers_of(f, previous, jobs), by_score, form.DRIVERS_SCHEMA, drivers
        ),
        form.DISTRIBUTIONS_FILE: content(distribution_rows, by_horizon, form.DISTRIBUTIONS_SCHEMA),
        form.REGIONS_FILE: content(regions_of, ["level", "region"], form.REGIONS_SCHEMA),
        form.HISTORY_FILE: content(history_of, by_month, form.HISTORY_SCHEMA),
        form.INDICATOR_SERIES_FILE: indicator_series(levels),
        form.UNSCORED_FILE: content(
            unscored_of, ["level", "region", "target"], form.UNSCORED_SCHEMA
        ),
        **signs_files([level.panel for level in levels]),
    }


def documents(
    store: MlflowStore, models: list[ModelVersion], coups: CoupForecast | None
) -> dict[str, bytes]:
    """Return a bulletin's reports and model cards by name, as they were logged at training."""
    names = {REPORT_FILE: form.REPORT_FILES, CARD_FILE: form.CARD_FILES}
    runs: dict[ModelOf, str] = {model.level: model.run_id for model in models}
    if coups is not None:
        runs["coups"] = coups.version.run_id
    return {
        names[logged][of]: content
        for of, run_id in runs.items()
        for logged, content in documents_of(store, run_id).items()
    }


def vintage_used(vintage: Vintage, digest: str) -> VintageUsed:
    """Describe a vintage; `digest` is the content hash of what was read of it."""
    fields = {name: getattr(vintage, name) for name in ("history", "as_of", "releases")}
    return VintageUsed.model_validate(fields | {"digest": digest}, from_attributes=True)


def late_reporting_of(
    vintage: Vintage, forecasts: list[LevelForecast]
) -> dict[Level, LateReporting]:
    """Return by level how late reporting was corrected; nothing of a level where it was not."""
    reports = {f.model.level: f.panel.reports for f in forecasts if f.panel.reports is not None}
    return {
        level: LateReporting.model_validate(
            {"releases": vintage.available, "factors": np.exp(growth(of_level)).round(4).tolist()},
            from_attributes=True,
        )
        for level, of_level in reports.items()
    }


def placed_nowhere(vintage: Vintage, forecast: LevelForecast) -> dict[str, int]:
    """Return the deaths of HISTORY_MONTHS to the origin that lie in no region, by country."""
    deaths = deaths_of_countries(_counted_alike(vintage, forecast.model), forecast.model.level)
    told = deaths["month"].between(forecast.origin - form.HISTORY_MONTHS + 1, forecast.origin)
    sums = deaths[told & (deaths["placed_nowhere"] > 0)].groupby("country")["placed_nowhere"].sum()
    return {str(country): int(number) for country, number in sums.items()}


def sources_used(vintage: Vintage, coups: CoupForecast | None) -> tuple[SourceUsed, ...]:
    """Return whom events, and lists and tables of coups, are owed to, in order of releases."""
    names = dict.fromkeys(release.source for release in vintage.releases)
    if coups is not None:
        names |= dict.fromkeys(release.source for release in coups.releases)
    return tuple(SourceUsed(name=name, **asdict(credit_of(name))) for name in names)


def citation_of(bulletin: str, issued_at: datetime, *, simulated: bool) -> str:
    """Return how to cite a bulletin."""
    what = f"bulletin {bulletin} (simulated)" if simulated else f"bulletin {bulletin}"
    return f"Tocsin ({issued_at.year}), {what}, issued {issued_at:%Y-%m-%d}. {LICENCE}."


def model_used(store: MlflowStore, model: ModelVersion) -> ModelUsed:
    """Describe a model version, with its skill in the backtest."""
    logged = store.client().get_run(model.run_id).data.metrics
    # In older runs: `summary/onset brier_skill`.
    metrics = {
        name.replace("summary/", "all/").replace(" ", "_"): value for name, value in logged.items()
    }
    skill: dict[str, float] = {
        target: metrics[f"all/{target}_brier_skill"]
        for target in PROBABILITIES
        if f"all/{target}_brier_skill" in metrics
    }
    return ModelUsed(
        level=model.level,
        name=model.name,
        version=model.version,
        run_id=model.run_id,
        learner=model.learner,
        summary_events=model.summary_events,
        trained_to=format_month(model.trained_to),
        skill=skill,
        sha256=sha256_of(forecaster_file(store, model)),
    )


def with_record(draft: Manifest, home: Path) -> Manifest:
    """Return a manifest with what the newest edition of the track record shows of its levels.

    With an interval the scores are worse where it lies below zero, without one where the skill
    does. Raises RecordError when the record is damaged.
    """
    edition = read_newest(home)
    if edition is None:
        return draft
    table = read_summary(home, edition).table.to_pandas()
    is_rival = (table["by"] == "all") & (table["forecast"] == RIVAL)
    worst = table["skill_high"].fillna(table["skill"])
    worse = table[is_rival & (worst < 0) & table["level"].isin(draft.levels)]
    rows = worse.rename(columns={"skill_low": "low", "skill_high": "high"})
    fields = rows[list(Shortfall.model_fields)].astype(object)
    shortfalls = fields.where(fields.notna(), None).to_dict("records")
    changes = {
        "record_sha256": edition.record_sha256,
        "shortfalls": tuple(map(Shortfall.model_validate, shortfalls)),
    }
    return draft.model_copy(update=changes)


def risk_scales_of(
    store: MlflowStore, models: list[ModelVersion], coups: tuple[RiskScale, ...] = ()
) -> tuple[RiskScale, ...]:
    """Return the risk scales of model versions, computed again for those older than their tag.

    Those of `coups` follow.
    """
    scales: list[RiskScale] = []
    for model in models:
        if model.risk_scales is None:
            forecasts = backtest_forecasts(store, model)
            scales += risk_scales(model.level, forecasts, model.learner)
        else:
            scales += model.risk_scales
    return served_scales([*scales, *coups])
