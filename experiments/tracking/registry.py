"""The registry: which model version issues the scores of a level."""

import tempfile
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import mlflow.artifacts
import pandas as pd
from mlflow.entities import model_registry
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from pydantic import TypeAdapter

from bulletins.manifest import RiskScale
from experiments.tracking.store import MlflowStore, model_name
from features.archive.vintage import SummaryEvents, Vintage
from features.errors import ModelError
from features.hashes import sha256_of
from features.months import format_month, parse_month
from features.words import Level
from models import storage
from models.forecaster import Forecaster

_SUMMARY: TypeAdapter[SummaryEvents] = TypeAdapter(SummaryEvents)
RiskScales: TypeAdapter[tuple[RiskScale, ...]] = TypeAdapter(tuple[RiskScale, ...])
CHAMPION = "champion"
CHALLENGER = "challenger"
_ABSENT = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
"""MLflow's error codes for an unknown model and for an unknown alias."""

REPORT_FILE, CARD_FILE = "report.html", "model_card.md"
FORECASTS_FILE = "backtest/probabilities.parquet"


@dataclass(frozen=True, kw_only=True)
class Version(ABC):
    """What every registered version has, of a level or of coups, read from its tags."""

    version: int
    run_id: str
    learner: str
    trained_to: int
    simulated: bool
    passed: bool
    promoted: bool = False
    experiment: str | None = None
    """The digest of its experiment; None for versions older than this tag."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The name of its model in the registry."""

    @property
    def may_issue(self) -> bool:
        """Whether the gate or a person let it pass."""
        return self.passed or self.promoted

    @property
    def label(self) -> str:
        """Its name in scores: `tocsin-admin1/3`."""
        return f"{self.name}/{self.version}"

    def is_renewed_by(self, experiment: str, origin: int) -> bool:
        """Return whether a model of the same experiment (its digest) learned from newer months."""
        return self.experiment == experiment and origin > self.trained_to


@dataclass(frozen=True, kw_only=True)
class ModelVersion(Version):
    """A version of the model of a level."""

    level: Level
    threshold: float | None
    history: str
    summary_events: SummaryEvents
    risk_scales: tuple[RiskScale, ...] | None = None
    """None for versions older than this tag."""
    sha256: str | None = None
    """The hash of its file; None for versions older than this tag."""
    corrects_late_reporting: bool = False

    @property
    def name(self) -> str:
        """The name of its model in the registry."""
        return model_name(self.level)


def champion(store: MlflowStore, level: Level) -> ModelVersion | None:
    """Return the champion of a level, None if there is none."""
    entity = champion_entity(store, level)
    return None if entity is None else _read(level, entity)


def champion_entity(store: MlflowStore, of: str) -> model_registry.ModelVersion | None:
    """Return the champion of a level or of coups as MLflow has it, None if there is none."""
    try:
        return store.client().get_model_version_by_alias(model_name(of), CHAMPION)
    except MlflowException as error:
        if error.error_code in _ABSENT:
            return None
        raise


def model_version(store: MlflowStore, level: Level, version: int) -> ModelVersion:
    """Return one version of a level's model; raises ModelError when it is not there."""
    try:
        entity = store.client().get_model_version(model_name(level), str(version))
    except MlflowException as error:
        raise ModelError(
            f"{model_name(level)}/{version} is not in the MLflow store {store.place}: name one "
            "that `tocsin ui` shows, or restore it from a backup"
        ) from error
    return _read(level, entity)


def champion_for(store: MlflowStore, level: Level, origin: int) -> ModelVersion:
    """Return the model that may issue a level's scores at an origin.

    That is the champion or, if it learned from later months, the newest version that did not and
    may issue. Raises ModelError when there is none.
    """
    best = champion(store, level)
    if best is not None and best.trained_to <= origin:
        return best
    fit = [v for v in versions_of(store, level) if v.may_issue and v.trained_to <= origin]
    if fit:
        return max(fit, key=lambda v: (v.trained_to, v.version))
    month = format_month(origin)
    raise ModelError(
        f"no {level} model trained on months to {month} only has passed the gate: run "
        f"`tocsin train --origin {month}` and read in the MLflow UI why others were refused"
    )


def refuse_other_events(store: MlflowStore, level: Level, vintage: Vintage) -> None:
    """Raise ModelError when models of a level learned from another history than the vintage's."""
    new = _described(vintage.history, simulated=vintage.simulated)
    _refuse_all_but(new, f"these are {new}", store, level)


def refuse_mixed_events(store: MlflowStore, model: ModelVersion) -> None:
    """Raise ModelError when any model of the store learned from another history than this one."""
    own = _described(model.history, simulated=model.simulated)
    for level in levels_with_models(store):
        _refuse_all_but(own, f"{model.label} from {own}", store, level)


def _refuse_all_but(own: str, description: str, store: MlflowStore, level: Level) -> None:
    for version in versions_of(store, level):
        other = _described(version.history, simulated=version.simulated)
        if other != own:
            raise ModelError(
                f"{version.label} learned from {other} events and {description}: keep each in "
                "an MLflow store of its own (MLFLOW_TRACKING_URI)"
            )


def _described(history: str, *, simulated: bool) -> str:
    return f"{'simulated' if simulated else 'real'} '{history}'"


def history_of_models(store: MlflowStore) -> str | None:
    """Return the event history that the registered models learned from, None if there is none."""
    versions = (v for level in levels_with_models(store) for v in versions_of(store, level))
    return next((version.history for version in versions), None)


def levels_with_models(store: MlflowStore) -> list[Level]:
    """Return the levels that have a registered model."""
    names = {model.name for model in store.client().search_registered_models()}
    return [level for level in get_args(Level) if model_name(level) in names]


def load_forecaster(store: MlflowStore, model: ModelVersion) -> Forecaster:
    """Load a registered forecaster of TRUSTED_TYPES alone; raises ModelError when there is none.

    MLflow's own loader would run the code that travels with the stored model.
    """
    content = forecaster_file(store, model)
    try:
        loaded = storage.load(content)
    except storage.DAMAGE as error:
        raise _loading_fault(model, error) from error
    if not isinstance(loaded, Forecaster):
        raise ModelError(f"{model.label} is no forecaster of this project: train another")
    return loaded


def forecaster_file(store: MlflowStore, model: ModelVersion) -> bytes:
    """Return the file of a registered forecaster.

    Raises ModelError when it is gone, or is not what was registered; of versions older than the
    tag of its hash, nobody knows that.
    """
    name, version, client = model_name(model.level), str(model.version), store.client()
    try:
        uri = client.get_model_version_download_uri(name, version)
        with tempfile.TemporaryDirectory() as folder:
            local = mlflow.artifacts.download_artifacts(
                uri, dst_path=folder, tracking_uri=store.uri
            )
            # Older versions have it in another folder.
            content = next(Path(local).rglob("*.skops"), Path(local)).read_bytes()
    except (MlflowException, OSError) as error:
        raise _loading_fault(model, error) from error
    if model.sha256 not in (None, sha256_of(content)):
        raise ModelError(
            f"{storage.FILE} of {model.label} is not what was registered: restore it from a "
            "backup, or train and register another"
        )
    return content


def _loading_fault(model: ModelVersion, error: Exception) -> ModelError:
    return ModelError(f"{model.label} cannot be loaded ({error}): train and register another")


def backtest_forecasts(store: MlflowStore, model: Version) -> pd.DataFrame:
    """Return the backtest forecasts that were logged with a version, with ids of regions."""
    with tempfile.TemporaryDirectory() as folder:
        path = store.client().download_artifacts(model.run_id, FORECASTS_FILE, folder)
        return pd.read_parquet(Path(path))


def documents_of(store: MlflowStore, run_id: str) -> dict[str, bytes]:
    """Return REPORT_FILE and CARD_FILE of the training of a run, without those it does not have."""
    client = store.client()
    run = client.get_run(run_id).data.tags.get(MLFLOW_PARENT_RUN_ID, run_id)
    present = {entry.path for entry in client.list_artifacts(run)} & {REPORT_FILE, CARD_FILE}
    with tempfile.TemporaryDirectory() as folder:
        return {
            name: Path(client.download_artifacts(run, name, folder)).read_bytes()
            for name in sorted(present)
        }


def versions_of(store: MlflowStore, level: Level) -> list[ModelVersion]:
    """Return the registered versions of a level."""
    entities = store.client().search_model_versions(f"name = '{model_name(level)}'")
    return [_read(level, entity) for entity in entities]


def _read(level: Level, entity: model_registry.ModelVersion) -> ModelVersion:
    tags = entity.tags
    if not {"learner", "trained_to", "history", "summary_events"} <= set(tags):
        raise ModelError(
            f"{model_name(level)}/{entity.version} was not registered by `tocsin train`: delete "
            "this version in the MLflow UI"
        )
    return ModelVersion(
        level=level,
        version=int(entity.version),
        run_id=str(entity.run_id),
        learner=tags["learner"],
        trained_to=parse_month(tags["trained_to"]),
        threshold=float(tags["threshold"]) if "threshold" in tags else None,
        simulated=tags.get("simulated") == "true",
        history=tags["history"],
        summary_events=_SUMMARY.validate_python(tags["summary_events"]),
        passed=tags.get("gate") == "passed",
        experiment=tags.get("experiment_digest"),
        promoted="promoted_reason" in tags,
        risk_scales=RiskScales.validate_json(tags["risk_bands"]) if "risk_bands" in tags else None,
        sha256=tags.get("sha256"),
        corrects_late_reporting=tags.get("late_reporting") == "true",
    )
