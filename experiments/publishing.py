"""Publish: turn the champions' forecasts at an origin into an immutable bulletin."""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from experiments.bulletin_files import parquet_of, read_published, sha256_of, write_bulletin
from experiments.explaining import drivers_of
from experiments.previous import Previous
from experiments.registry import (
    Registered,
    champion_for,
    levels_with_models,
    load_forecaster,
    refuse_other_events,
    registered,
)
from experiments.samples import newest_origin, samples_at
from experiments.scoring import Issue, in_order, scores_of
from experiments.store import Store, model_name
from features.archive import Archive
from features.catalogue import CATALOGUE, needs_of
from features.errors import BulletinError, ModelError
from features.months import format_month, parse_month
from features.panel import read_panel
from features.regions import Level
from features.vintage import Vintage, vintage_of
from models.bulletin import (
    DRIVERS_FILE,
    DRIVERS_SCHEMA,
    MANIFEST_FILE,
    SCORES_FILE,
    SCORES_SCHEMA,
    Manifest,
    ModelUsed,
    ReleaseUsed,
    VintageUsed,
)


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
    month = origin
    bulletin = f"{format_month(month)}-{_identity(digest, issues)}"
    place = home / "bulletins" / bulletin
    if place.exists():
        return Published(read_manifest(place), is_new=False, left_out=left_out)
    previous = _newest_before(home, month, vintage)
    content = _files(issues, previous, jobs)
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
        rows=content.rows,
        scores_sha256=sha256_of(content.scores),
        drivers_sha256=sha256_of(content.drivers),
        previous=None if previous is None else previous.id,
    )
    is_new = write_bulletin(place, content.scores, content.drivers, manifest, CATALOGUE)
    return Published(manifest if is_new else read_manifest(place), is_new, left_out)


def replay(
    archive: Archive, store: Store, home: Path, bulletin: str, *, jobs: int = -1
) -> Manifest:
    """Compute a bulletin again from the releases, model versions and bulletin that it names.

    Returns its manifest. Raises BulletinError when a release or the previous bulletin is no longer
    as it was, when a score or driver differs by one bit, or when the bulletin is not there, and
    ModelError when a model is gone. Drivers are compared if the bulletin has any.
    """
    manifest, _ = read_bulletin(home, bulletin)
    previous = None if manifest.previous is None else read_previous(home, manifest.previous)
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
    content = _files(issues, previous, jobs)
    is_same = sha256_of(content.scores) == manifest.scores_sha256
    if manifest.drivers_sha256 is not None:
        read_published(home / "bulletins" / bulletin / DRIVERS_FILE, manifest.drivers_sha256)
        is_same &= sha256_of(content.drivers) == manifest.drivers_sha256
    if not is_same:
        raise BulletinError(
            f"bulletin {bulletin} comes out otherwise: it was issued by {manifest.code}; run that "
            "version with the packages of its time"
        )
    return manifest


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
    return newest, read_published(folder / newest.id / SCORES_FILE, newest.scores_sha256)


def read_previous(home: Path, bulletin: str) -> Previous:
    """Read what changes are told against; raises BulletinError when it is not as published."""
    folder = home / "bulletins" / bulletin
    manifest = read_manifest(folder)
    scores = read_published(folder / SCORES_FILE, manifest.scores_sha256)
    return Previous(manifest.id, parse_month(manifest.origin), scores)


def _newest_before(home: Path, origin: int, vintage: Vintage) -> Previous | None:
    """Return the newest bulletin of an earlier origin, of the same history, that is whole."""
    found = []
    for file in (home / "bulletins").glob(f"[0-9]*/{MANIFEST_FILE}"):
        with suppress(BulletinError):  # passed over, as the service does
            found.append(read_manifest(file.parent))
    kind = vintage.history, vintage.simulated
    earlier = [
        m
        for m in found
        if m.origin < format_month(origin) and (m.vintage.history, m.simulated) == kind
    ]
    for manifest in sorted(earlier, key=lambda m: (m.origin, m.issued_at, m.id), reverse=True):
        with suppress(BulletinError):
            return read_previous(home, manifest.id)
    return None


@dataclass(frozen=True)
class _Content:
    """What the tables of a bulletin hold, and the number of scores."""

    scores: bytes
    drivers: bytes
    rows: int


def _files(issues: list[Issue], previous: Previous | None, jobs: int) -> _Content:
    scores = [scores_of(i.panel, i.samples, i.forecaster, i.model.label) for i in issues]
    drivers = [drivers_of(issue, previous, jobs) for issue in issues]
    return _Content(
        scores=parquet_of(in_order(pd.concat(scores)), SCORES_SCHEMA),
        drivers=parquet_of(in_order(pd.concat(drivers)), DRIVERS_SCHEMA),
        rows=sum(map(len, scores)),
    )


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
