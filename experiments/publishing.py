"""Publish: turn the champions' forecasts at an origin into an immutable bulletin."""

import hashlib
import io
import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.bulletin_files import write_bulletin
from experiments.registry import (
    Registered,
    champion_for,
    levels_with_models,
    load_forecaster,
    refuse_other_events,
    registered,
)
from experiments.samples import Samples, newest_origin, samples_at
from experiments.store import Store, model_name
from features.archive import Archive
from features.catalogue import CATALOGUE, needs_of
from features.errors import BulletinError, ModelError
from features.months import format_month, parse_month
from features.panel import Panel, read_panel
from features.regions import Level
from features.targets import Target, is_quiet, threshold
from features.vintage import Vintage, vintage_of
from models.bulletin import (
    MANIFEST_FILE,
    QUANTILES,
    SCORES_FILE,
    SCORES_SCHEMA,
    Manifest,
    ModelUsed,
    ReleaseUsed,
    VintageUsed,
    quantile_column,
)
from models.forecaster import CELLS, Forecaster

_ORDER = ["level", "region", "target", "horizon"]


@dataclass(frozen=True)
class Published:
    """A bulletin, whether it was issued just now, and why levels were left out."""

    manifest: Manifest
    is_new: bool
    left_out: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Issue:
    """What one level brings to a bulletin."""

    panel: Panel
    model: Registered
    forecaster: Forecaster
    samples: Samples


def publish(
    vintage: Vintage,
    store: Store,
    home: Path,
    origin: int | None,
    *,
    issued_at: datetime,
    code: str,
) -> Published:
    """Issue the bulletin of an origin, by default the newest month that the events reach.

    For the same origin, vintage and models the bulletin that is already there stays as it is.
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
    month = origin
    bulletin = f"{format_month(month)}-{_identity(digest, issues)}"
    place = home / "bulletins" / bulletin
    if place.exists():
        return Published(read_manifest(place), is_new=False, left_out=left_out)
    content = _as_parquet(issues)
    manifest = Manifest(
        id=bulletin,
        origin=format_month(month),
        issued_at=issued_at,
        simulated=vintage.simulated,
        levels=tuple(i.model.level for i in issues),
        thresholds={i.model.level: i.forecaster.tau for i in issues},
        vintage=_vintage_used(vintage, digest),
        models=tuple(_model_used(store, i.model) for i in issues),
        code=code,
        rows=pq.ParquetFile(pa.BufferReader(content)).metadata.num_rows,
        scores_sha256=hashlib.sha256(content).hexdigest(),
    )
    is_new = write_bulletin(place, content, manifest, CATALOGUE)
    return Published(manifest if is_new else read_manifest(place), is_new, left_out)


def replay(archive: Archive, store: Store, home: Path, bulletin: str) -> Manifest:
    """Compute a bulletin again from the releases and model versions that it names.

    Returns its manifest. Raises BulletinError when a release is no longer as it was, when a score
    differs by one bit, or when the bulletin is not there, and ModelError when a model is gone.
    """
    manifest, _ = read_bulletin(home, bulletin)
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
    content = _as_parquet([_issue(store, vintage, model, origin) for model in models])
    if hashlib.sha256(content).hexdigest() != manifest.scores_sha256:
        raise BulletinError(
            f"bulletin {bulletin} comes out otherwise: it was issued by {manifest.code}; run that "
            "version with the packages of its time"
        )
    return manifest


def scores_of(
    panel: Panel, samples: Samples, forecaster: Forecaster, model_version: str
) -> pd.DataFrame:
    """Return the scores of a level at the newest month of its samples, as in SCORES_SCHEMA.

    Only regions whose coverage reaches the origin have scores, and `onset` only those without a
    death in the last 24 months.
    """
    scored = samples.eligible[-1]
    regions = panel.regions.table[scored]
    indicators = pd.DataFrame(samples.indicators[-1][scored], columns=list(samples.names))
    forecasts = forecaster.predict(indicators)
    origin = int(samples.months[-1])
    quiet = is_quiet(samples.deaths)[-1][scored]
    parts = []
    for target, horizon in CELLS:
        part = pd.DataFrame(
            {
                "region": regions["id"],
                "name": regions["name"],
                "country": regions["country"],
                "level": forecaster.level,
                "target": target,
                "horizon": horizon,
                "target_month": format_month(origin + horizon),
                "threshold": threshold(target, samples.deaths, samples.tau)[-1][scored],
                "model_version": model_version,
            }
        )
        values = _values(forecasts, target, horizon)
        part = part.assign(**{name: column.to_numpy() for name, column in values.items()})
        parts.append(part[quiet] if target == "onset" else part)
    scores: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return scores


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a bulletin; raises BulletinError when it is not one."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST_FILE).read_bytes())
    except (OSError, ValueError) as error:
        raise BulletinError(
            f"{folder} holds no bulletin that this version reads: move it away and publish again"
        ) from error


def read_bulletin(home: Path, bulletin: str | None) -> tuple[Manifest, pd.DataFrame]:
    """Return manifest and scores of a bulletin, by default the newest by origin and issue.

    Raises BulletinError when it is not there or not as it was published.
    """
    folder = home / "bulletins"
    found = [read_manifest(p.parent) for p in folder.glob(f"[0-9]*/{MANIFEST_FILE}")]
    found = [m for m in found if bulletin in (None, m.id)]
    if not found:
        wanted = "no bulletin" if bulletin is None else f"no bulletin {bulletin}"
        raise BulletinError(f"{wanted} in {folder}: run `tocsin publish` first")
    newest = max(found, key=lambda m: (m.origin, m.issued_at))
    file = folder / newest.id / SCORES_FILE
    content = file.read_bytes() if file.is_file() else b""
    if hashlib.sha256(content).hexdigest() != newest.scores_sha256:
        raise BulletinError(f"{file} is not what was published: restore it, or publish again")
    return newest, pd.read_parquet(io.BytesIO(content))


def _values(forecasts: pd.DataFrame, target: Target, horizon: int) -> dict[str, pd.Series]:
    key = f"{horizon:02d}"
    columns = ["mean", *(quantile_column(level) for level in QUANTILES)]
    if target == "fatalities":
        # The score of a level's threshold is the instability score: one distribution, one number.
        return {"probability": forecasts[f"instability_{key}"]} | {
            column: forecasts[f"fatalities_{key}_{column}"] for column in columns
        }
    nothing = pd.Series(np.nan, index=forecasts.index)
    return {"probability": forecasts[f"{target}_{key}"]} | dict.fromkeys(columns, nothing)


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


def _issue(store: Store, vintage: Vintage, model: Registered, origin: int) -> _Issue:
    own = replace(vintage, summary_events=model.summary_events)
    forecaster = load_forecaster(store, model)
    panel = read_panel(own, model.level, needs_of(forecaster.names)).until(origin)
    samples = samples_at(panel, origin, forecaster.tau, forecaster.names)
    return _Issue(panel, model, forecaster, samples)


def _identity(digest: str, issues: list[_Issue]) -> str:
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
    skill = {
        target: metrics[f"summary/{target} brier_skill"]
        for target in ("instability", "escalation", "onset")
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


def _as_parquet(issues: list[_Issue]) -> bytes:
    scores = pd.concat([scores_of(i.panel, i.samples, i.forecaster, i.model.label) for i in issues])
    ordered = scores.sort_values(_ORDER)
    table = pa.Table.from_pandas(ordered, schema=SCORES_SCHEMA, preserve_index=False)
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")
    content: bytes = buffer.getvalue().to_pybytes()
    return content
