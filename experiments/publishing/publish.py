"""Publish: issue the bulletin of an origin from the champions, or compute one again."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from bulletins.form import (
    DRIVERS_FILE,
    INDICATOR_VALUES_FILE,
    INDICATORS_FILE,
    SCORES_FILE,
    TRACK_RECORD_FILE,
)
from bulletins.manifest import Manifest, ModelUsed, RiskScale, blank_id
from bulletins.reading import read_file, read_manifests
from bulletins.writing import indicators_file, write_bulletin
from experiments.backtest.grid import Jobs
from experiments.coups.registry import CoupVersion, coup_version
from experiments.publishing import contents
from experiments.publishing.coups import COUP_LEVEL, CoupForecast, forecast_coups, lists_named
from experiments.publishing.earlier import (
    EarlierBulletin,
    earlier_bulletins,
    read_bulletin,
    read_previous,
    releases_named,
)
from experiments.publishing.regions import unscored_in_words
from experiments.publishing.scores import LevelForecast
from experiments.samples import newest_origin
from experiments.tracking.registry import (
    ModelVersion,
    champion,
    champion_for,
    forecaster_file,
    levels_with_models,
    model_version,
    refuse_other_events,
)
from experiments.tracking.store import MlflowStore
from features.archive.releases import Archive, Release
from features.archive.vintage import Vintage, vintage_of
from features.arrow import in_arrow_memory
from features.errors import BulletinError, ModelError
from features.hashes import file_faults, sha256_of
from features.indicators.catalogue import CATALOGUE, LISTED
from features.months import format_month, parse_month
from features.panel.panel import ALL_DETAILS, Panel, read_panel
from features.sources.publication import staleness
from models.forecaster import Forecaster

if TYPE_CHECKING:
    from bulletins.shared import SharedBulletins

_OF_ITS_DAY = {TRACK_RECORD_FILE, INDICATORS_FILE, INDICATOR_VALUES_FILE}
"""Files of which only the hash is compared: words improve, and older bulletins have two that are
written no more. What they hold of indicators is in the scores that are compared."""


@dataclass(frozen=True)
class Publication:
    """A bulletin, and whether it is new."""

    manifest: Manifest
    is_new: bool


def issue_bulletin(
    vintage: Vintage,
    store: MlflowStore,
    home: Path,
    origin: int | None,
    *,
    issued_at: datetime,
    code: str,
    jobs: Jobs = -1,
    shared: "SharedBulletins | None" = None,
) -> Publication:
    """Issue the bulletin of an origin, by default the newest month that the events reach.

    A whole bulletin of the same origin, events and models stays; a level without a model that may
    issue is left out. Raises ModelError when all are, CoverageError when no region is covered.
    """
    forecasts, coups, left_out = _forecasts(store, home, vintage, origin)
    month, digest = forecasts[0].origin, _digest(forecasts, coups)
    models = tuple(contents.model_used(store, f.model) for f in forecasts)
    if issued := _issued_from(home, format_month(month), digest, models):
        return Publication(issued, is_new=False)
    previous = next(earlier_bulletins(home, month, vintage), None)
    files = _files(store, forecasts, coups, previous, jobs)
    hashes = {name: sha256_of(content) for name, content in files.items()}
    draft = Manifest(
        id=(bulletin := blank_id(format_month(month))),
        origin=format_month(month),
        issued_at=issued_at,
        simulated=vintage.simulated,
        levels=tuple(f.model.level for f in forecasts),
        thresholds={f.model.level: f.forecaster.tau for f in forecasts},
        vintage=contents.vintage_used(vintage, digest),
        months_behind=behind.months if (behind := staleness(vintage)) else None,
        models=models,
        code=code,
        rows=pq.read_metadata(in_arrow_memory(files[SCORES_FILE])).num_rows,
        scores_sha256=hashes.pop(SCORES_FILE),
        drivers_sha256=hashes.pop(DRIVERS_FILE),
        previous=None if previous is None else previous.id,
        files=hashes,
        risk_scales=_scales(store, [f.model for f in forecasts], coups),
        coups=None if coups is None else coups.used(),
        left_out=left_out,
        unscored=tuple(line for f in forecasts for line in unscored_in_words(f)),
        late_reporting=contents.late_reporting_of(vintage, forecasts),
        placed_nowhere={f.model.level: contents.placed_nowhere(vintage, f) for f in forecasts},
        citation=contents.citation_of(bulletin, issued_at, simulated=vintage.simulated),
        sources=contents.sources_used(vintage, coups),
    )
    return Publication(*write_bulletin(home, files, contents.with_record(draft, home), shared))


def _coups(
    store: MlflowStore,
    archive: Archive,
    vintage: Vintage,
    forecasts: list[LevelForecast],
    version: CoupVersion | None = None,
) -> CoupForecast | None:
    """Return the forecast of coups, None where no level is of countries."""
    country = [forecast for forecast in forecasts if forecast.model.level == COUP_LEVEL]
    return forecast_coups(store, archive, vintage, country[0], version) if country else None


def _files(
    store: MlflowStore,
    forecasts: list[LevelForecast],
    coups: CoupForecast | None,
    previous: EarlierBulletin | None,
    jobs: Jobs,
) -> dict[str, bytes]:
    """Return all files of a bulletin but its manifest, by name."""
    documents = contents.documents(store, [forecast.model for forecast in forecasts], coups)
    indicators = {INDICATORS_FILE: indicators_file(CATALOGUE if coups is None else LISTED)}
    return contents.bulletin_files(forecasts, coups, previous, jobs) | documents | indicators


def _scales(
    store: MlflowStore, models: list[ModelVersion], coups: CoupForecast | None
) -> tuple[RiskScale, ...]:
    own = () if coups is None else coups.version.scales
    return contents.risk_scales_of(store, models, own)


def _digest(forecasts: list[LevelForecast], coups: CoupForecast | None) -> str:
    """Return the content hash of all events and states that forecasts are computed from."""
    lines = [f"{f.model.label} {f.panel.digest()}" for f in forecasts]
    if coups is not None:
        lines.append(f"{coups.version.label} {coups.past.digest()}")
    return sha256_of("\n".join(lines).encode())


def _issued_from(
    home: Path, origin: str, digest: str, models: tuple[ModelUsed, ...]
) -> Manifest | None:
    """Return the whole bulletin of an origin, events and models, None if there is none."""
    for manifest in read_manifests(home)[0]:
        if (manifest.origin, manifest.vintage.digest) == (origin, digest):
            runs = [(model.run_id, model.sha256) for model in models]
            used = [(model.run_id, model.sha256) for model in manifest.models]
            is_same = used in (runs, [(run, None) for run, _ in runs])
            folder = home / "bulletins" / manifest.id
            if is_same and not any(file_faults(folder, manifest.hashes)):
                return manifest
    return None


def replay_bulletin(
    archive: Archive, store: MlflowStore, home: Path, bulletin: str, *, jobs: Jobs = -1
) -> Manifest:
    """Compute a bulletin again from what it names, compare it, and return its manifest.

    Models, risk levels and every named file are compared, of _OF_ITS_DAY only the hash. Raises
    BulletinError when the bulletin, a release or the previous bulletin is gone or changed, or a
    file differs by one bit; ModelError when a model is gone or another.
    """
    manifest, _ = read_bulletin(home, bulletin)
    previous = None if manifest.previous is None else read_previous(home, manifest.previous)
    vintage = vintage_of(releases_of(archive, manifest), manifest.vintage.as_of)
    models = [issuing_model(store, bulletin, model) for model in manifest.models]
    origin = parse_month(manifest.origin)
    forecasts = [
        contents.forecast_level(model, *_inputs(store, vintage, model), origin) for model in models
    ]
    for name, digest in manifest.hashes.items():
        read_file(home / "bulletins" / bulletin, name, digest)
    coups = None
    if manifest.coups is not None:
        version = coup_version(store, manifest.coups.version)
        coups = _coups(store, lists_named(archive, manifest), vintage, forecasts, version)
    files = _files(store, forecasts, coups, previous, jobs)
    others = [
        name
        for name, digest in manifest.hashes.items()
        if name not in _OF_ITS_DAY and sha256_of(files.get(name, b"")) != digest
    ]
    if manifest.risk_scales and manifest.risk_scales != _scales(store, models, coups):
        others.append("risk levels")
    if others:
        same_events = _digest(forecasts, coups) == manifest.vintage.digest
        raise BulletinError(
            f"bulletin {bulletin} comes out otherwise ({', '.join(others)}): "
            + ("" if same_events else "the events, or how they are counted, are others now, and ")
            + f"it was issued by {manifest.code}; run that version with the packages of its time"
        )
    return manifest


def issuing_model(store: MlflowStore, bulletin: str, used: ModelUsed) -> ModelVersion:
    """Return a model that issued a bulletin; raises ModelError when its file is another now."""
    model = model_version(store, used.level, used.version)
    if used.sha256 not in (None, sha256_of(forecaster_file(store, model))):
        raise ModelError(
            f"the file of {model.label} is not the one that bulletin {bulletin} was issued from: "
            "restore it from a backup"
        )
    return model


def releases_of(archive: Archive, manifest: Manifest) -> list[Release]:
    """Return the releases that a bulletin names; raises BulletinError if any is gone."""
    named = [manifest.vintage.releases, *(it.releases for it in manifest.late_reporting.values())]
    return releases_named(archive.releases(), chain(*named), manifest.id, archive.folder)


def _inputs(store: MlflowStore, vintage: Vintage, model: ModelVersion) -> tuple[Forecaster, Panel]:
    """Return a forecaster and its panel with all that the history has: a bulletin tells it."""
    return contents.read_inputs(store, vintage, model, ALL_DETAILS)


def _forecasts(
    store: MlflowStore, home: Path, vintage: Vintage, origin: int | None
) -> tuple[list[LevelForecast], CoupForecast | None, tuple[str, ...]]:
    """Return the forecasts of levels and coups at an origin, and why levels are left out."""
    levels = levels_with_models(store)
    for level in levels:
        refuse_other_events(store, level, vintage)
    inputs_of = cache(partial(_inputs, store, vintage))
    if origin is None:
        # Champions nearly always forecast it, so their panels are not read again.
        best = [champion(store, level) for level in levels]
        panels = [
            read_panel(vintage, level) if model is None else inputs_of(model)[1]
            for level, model in zip(levels, best, strict=True)
        ]
        origin = max(map(newest_origin, panels), default=0)
    models, refusals = [], []
    for level in levels:
        try:
            models.append(champion_for(store, level, origin))
        except ModelError as error:
            refusals.append(str(error))
    if not models:
        none = f"no model is registered in the MLflow store {store.place}: run `tocsin train` first"
        raise ModelError("; ".join(refusals) or none)
    forecasts = [contents.forecast_level(model, *inputs_of(model), origin) for model in models]
    return forecasts, _coups(store, Archive(home), vintage, forecasts), tuple(refusals)
