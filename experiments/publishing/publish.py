"""Publish: turn the champions' forecasts at an origin into an immutable bulletin."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bulletins.form import (
    DISTRIBUTIONS_FILE,
    DISTRIBUTIONS_SCHEMA,
    DRIVERS_FILE,
    DRIVERS_SCHEMA,
    HISTORY_FILE,
    HISTORY_SCHEMA,
    INDICATOR_VALUES_FILE,
    REGIONS_FILE,
    REGIONS_SCHEMA,
    RISK_LEVELS,
    SCORES_FILE,
    SCORES_SCHEMA,
    TRACK_RECORD_FILE,
    TRACK_RECORD_SCHEMA,
    Manifest,
    ModelUsed,
    ReleaseUsed,
    RiskLevel,
    RiskScale,
    VintageUsed,
)
from bulletins.reading import read_file, read_manifest
from bulletins.writing import parquet_of, sha256_of, write_bulletin
from experiments.publishing.drivers import drivers_of
from experiments.publishing.earlier import (
    Previous,
    earlier_bulletins,
    read_bulletin,
    read_previous,
)
from experiments.publishing.history import (
    history_of,
    indicator_values_of,
    indicator_values_schema,
)
from experiments.publishing.regions import regions_of
from experiments.publishing.scores import Issue, distributions_of, scores_of
from experiments.publishing.track_record import track_record_of
from experiments.samples import newest_origin, samples_at
from experiments.tracking.registry import (
    Registered,
    backtest_forecasts,
    champion_for,
    levels_with_models,
    load_forecaster,
    refuse_other_events,
    registered,
)
from experiments.tracking.store import Store, model_name
from features.archive.releases import Archive
from features.archive.vintage import Vintage, vintage_of
from features.arrow import in_arrow_memory
from features.errors import BulletinError, ModelError
from features.indicators.catalogue import CATALOGUE, needs_of
from features.months import format_month, parse_month
from features.panel.panel import read_panel
from features.words import PROBABILITIES, TARGETS, Level
from models.risk import risk_bands


def risk_scales_of(store: Store, model: Registered) -> list[RiskScale]:
    """Return the scales of a model's targets, all horizons together; none without a base rate."""
    forecasts = backtest_forecasts(store, model)
    scales = []
    for target in TARGETS:
        part = forecasts[forecasts["target"] == target]
        bands = risk_bands(part[model.learner].to_numpy(), part["outcome"].to_numpy())
        if bands is None:
            continue
        levels = tuple(
            RiskLevel(name=name, **band._asdict())
            for name, band in zip(RISK_LEVELS, bands, strict=True)
        )
        base_rate = float(part["outcome"].mean())
        scales.append(
            RiskScale(level=model.level, target=target, base_rate=base_rate, levels=levels)
        )
    return scales


@dataclass(frozen=True)
class Published:
    """A bulletin, whether it was issued just now, and why levels were left out."""

    manifest: Manifest
    is_new: bool
    left_out: tuple[str, ...]


def publish(
    vintage: Vintage,
    store: Store,
    home: Path,
    origin: int | None,
    *,
    issued_at: datetime,
    code: str,
    jobs: int = -1,
) -> Published:
    """Issue the bulletin of an origin, by default the newest month that the events reach.

    For the same origin, vintage and models the bulletin that is already there stays as it is. What
    changed is told against the newest whole bulletin of an earlier origin. `jobs` explain the
    scores side by side, by default one a core; their number changes no result.
    A level whose models may not issue scores is left out and said to be. Raises ModelError when
    that leaves none, and CoverageError when no region is covered at the origin.
    """
    levels = levels_with_models(store)
    for level in levels:
        refuse_other_events(store, level, vintage)
    if origin is None:
        panels = [read_panel(vintage, level) for level in levels]
        origin = max(map(newest_origin, panels), default=0)
    models, left_out = _models(store, levels, origin)
    issues = [_issue(store, vintage, model, origin) for model in models]
    digest = hashlib.sha256(
        "\n".join(f"{i.model.label} {i.panel.digest()}" for i in issues).encode()
    ).hexdigest()
    bulletin = f"{format_month(origin)}-{_identity(digest, issues)}"
    place = home / "bulletins" / bulletin
    if place.exists():
        return Published(read_manifest(place), is_new=False, left_out=left_out)
    earlier = earlier_bulletins(home, origin, vintage)
    files = _files(issues, earlier, jobs)
    hashes = {name: sha256_of(content) for name, content in files.items()}
    manifest = Manifest(
        id=bulletin,
        origin=format_month(origin),
        issued_at=issued_at,
        simulated=vintage.simulated,
        levels=tuple(i.model.level for i in issues),
        thresholds={i.model.level: i.forecaster.tau for i in issues},
        vintage=_vintage_used(vintage, digest),
        models=tuple(_model_used(store, i.model) for i in issues),
        code=code,
        rows=_rows_of(files[SCORES_FILE]),
        scores_sha256=hashes.pop(SCORES_FILE),
        drivers_sha256=hashes.pop(DRIVERS_FILE),
        previous=earlier[0].id if earlier else None,
        files=hashes,
        risk_scales=_risk_scales(store, models),
    )
    is_new = write_bulletin(place, files, manifest, CATALOGUE)
    return Published(manifest if is_new else read_manifest(place), is_new, left_out)


def replay(
    archive: Archive, store: Store, home: Path, bulletin: str, *, jobs: int = -1
) -> Manifest:
    """Compute a bulletin again from the releases, model versions and bulletin that it names.

    Returns its manifest. The risk levels and every file that the manifest names are compared, but
    for the track record: it tells of other bulletins, some of which may be gone or have been issued
    since, so that only its hash is. What an older bulletin is without is not asked for. Raises
    BulletinError when a release or the previous bulletin is no longer as it was, when a file
    differs by one bit, or when the bulletin is not there, and ModelError when a model is gone.
    """
    manifest, _ = read_bulletin(home, bulletin)
    previous = [] if manifest.previous is None else [read_previous(home, manifest.previous)]
    wanted = {(r.source, r.release, r.sha256) for r in manifest.vintage.releases}
    held = [r for r in archive.releases() if (r.source, r.release, r.sha256) in wanted]
    if len(held) < len(wanted):
        there = {(r.source, r.release, r.sha256) for r in held}
        gone = ", ".join(sorted(f"{source} {name}" for source, name, _ in wanted - there))
        raise BulletinError(
            f"bulletin {bulletin} was computed from {gone}, which '{archive.folder}' does not hold "
            "as it was: ingest the same file again under the same name"
        )
    vintage = vintage_of(held, manifest.vintage.as_of)
    models = [registered(store, model.level, model.version) for model in manifest.models]
    origin = parse_month(manifest.origin)
    issues = [_issue(store, vintage, model, origin) for model in models]
    named = {SCORES_FILE: manifest.scores_sha256, **manifest.files}
    if manifest.drivers_sha256 is not None:
        named[DRIVERS_FILE] = manifest.drivers_sha256
    for name, digest in named.items():
        read_file(home / "bulletins" / bulletin, name, digest)
    files = _files(issues, previous, jobs)
    others = [
        name
        for name, digest in named.items()
        if name != TRACK_RECORD_FILE and sha256_of(files[name]) != digest
    ]
    if manifest.risk_scales and manifest.risk_scales != _risk_scales(store, models):
        others.append("risk levels")
    if others:
        raise BulletinError(
            f"bulletin {bulletin} comes out otherwise ({', '.join(others)}): it was issued by "
            f"{manifest.code}; run that version with the packages of its time"
        )
    return manifest


def _files(issues: list[Issue], earlier: list[Previous], jobs: int) -> dict[str, bytes]:
    """Return the content of the Parquet files of a bulletin, by name."""
    previous = earlier[0] if earlier else None
    names = {name for issue in issues for name in issue.forecaster.names}

    def told(tell: Callable[[Issue], pd.DataFrame], by: list[str], schema: pa.Schema) -> bytes:
        table: pd.DataFrame = pd.concat([tell(issue) for issue in issues], ignore_index=True)
        return parquet_of(table.sort_values(by, kind="stable", ignore_index=True), schema)

    by_score = ["level", "region", "target", "horizon"]
    by_month = ["level", "region", "month"]
    by_bulletin = ["bulletin", "level", "target", "horizon"]
    return {
        SCORES_FILE: told(
            lambda i: scores_of(i.panel, i.samples, i.forecaster, i.model.label),
            by_score,
            SCORES_SCHEMA,
        ),
        DRIVERS_FILE: told(lambda i: drivers_of(i, previous, jobs), by_score, DRIVERS_SCHEMA),
        DISTRIBUTIONS_FILE: told(
            distributions_of, ["level", "region", "horizon"], DISTRIBUTIONS_SCHEMA
        ),
        REGIONS_FILE: told(regions_of, ["level", "region"], REGIONS_SCHEMA),
        HISTORY_FILE: told(history_of, by_month, HISTORY_SCHEMA),
        INDICATOR_VALUES_FILE: told(indicator_values_of, by_month, indicator_values_schema(names)),
        TRACK_RECORD_FILE: told(
            lambda i: track_record_of(i, earlier), by_bulletin, TRACK_RECORD_SCHEMA
        ),
    }


def _risk_scales(store: Store, models: list[Registered]) -> tuple[RiskScale, ...]:
    return tuple(scale for model in models for scale in risk_scales_of(store, model))


def _rows_of(content: bytes) -> int:
    return int(pq.read_metadata(in_arrow_memory(content)).num_rows)


def _models(
    store: Store, levels: list[Level], origin: int
) -> tuple[list[Registered], tuple[str, ...]]:
    if not levels:
        raise ModelError("no model is registered: run `tocsin train` first")
    models, refusals = [], []
    for level in levels:
        try:
            models.append(champion_for(store, level, origin))
        except ModelError as error:
            refusals.append(str(error))
    if not models:
        raise ModelError("; ".join(refusals))
    return models, tuple(refusals)


def _issue(store: Store, vintage: Vintage, model: Registered, origin: int) -> Issue:
    own = replace(vintage, summary_events=model.summary_events)
    forecaster = load_forecaster(store, model)
    panel = read_panel(own, model.level, needs_of(forecaster.names)).until(origin)
    samples = samples_at(panel, origin, forecaster.tau, forecaster.names)
    return Issue(panel, model, forecaster, samples)


def _identity(digest: str, issues: list[Issue]) -> str:
    runs = [i.model.run_id for i in issues]
    return hashlib.sha256(json.dumps([digest, *runs]).encode()).hexdigest()[:12]


def _vintage_used(vintage: Vintage, digest: str) -> VintageUsed:
    releases = tuple(
        ReleaseUsed(
            source=r.source, release=r.release, available_on=r.available_on, sha256=r.sha256
        )
        for r in vintage.releases
    )
    return VintageUsed(
        history=vintage.history, as_of=vintage.as_of, digest=digest, releases=releases
    )


def _model_used(store: Store, model: Registered) -> ModelUsed:
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
