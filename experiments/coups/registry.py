"""The registered versions of the model of coups, and their files in MLflow."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from pydantic import TypeAdapter

from bulletins.manifest import CoupSource, RiskScale
from experiments.tracking.promotion import Promotion, name_champion, reason_of, settle_version
from experiments.tracking.registry import RiskScales, Version, champion_entity
from experiments.tracking.store import MlflowStore, model_name
from features.errors import ModelError
from features.hashes import sha256_of
from features.months import format_month, parse_month
from models import storage
from models.coups import CoupForecaster

COUPS = "coups"
NAME = model_name(COUPS)
_Served: TypeAdapter[dict[int, CoupSource]] = TypeAdapter(dict[int, CoupSource])
FOLDER = "coups"
"""The folder of a version's file among the artifacts of its run."""


@dataclass(frozen=True, kw_only=True)
class CoupVersion(Version):
    """One version: what is served at each horizon, and how good it was.

    `skill` is the share of the logarithmic loss of the months since the last attempt that is saved
    in the backtest, by horizon [months]; `attempts` are the events behind it.
    """

    served: dict[int, CoupSource]
    skill: dict[int, float]
    attempts: int
    scales: tuple[RiskScale, ...]
    sha256: str

    @property
    def name(self) -> str:
        """The name of its model in the registry."""
        return NAME


def register_coups(store: MlflowStore, run_id: str, tags: dict[str, str]) -> CoupVersion:
    """Register the file of a run, as the champion if the gate let it pass."""
    client = store.client()
    if not any(model.name == NAME for model in client.search_registered_models()):
        client.create_registered_model(NAME)
    source = f"{client.get_run(run_id).info.artifact_uri}/{FOLDER}"
    own = _read(client.create_model_version(NAME, source, run_id=run_id, tags=tags))
    settle_version(store, COUPS, own.version)
    return own


def promote_coups(store: MlflowStore, version: int, reason: str, *, by: str) -> Promotion:
    """Name a version champion unless it is, with the reason and the means as its tags.

    Raises InputError for an empty or too long reason, and ModelError for a version that is not
    there or cannot be loaded.
    """
    reason, model = reason_of(reason), coup_version(store, version)
    load_coup_forecaster(store, model)
    best = coup_champion(store, simulated=model.simulated)
    return name_champion(store, model, best, reason, by=by)


def coup_versions(store: MlflowStore) -> list[CoupVersion]:
    """Return the registered versions."""
    return [_read(entity) for entity in store.client().search_model_versions(f"name = '{NAME}'")]


def coup_version(store: MlflowStore, version: int) -> CoupVersion:
    """Return one version; raises ModelError when it is not there."""
    try:
        return _read(store.client().get_model_version(NAME, str(version)))
    except MlflowException as error:
        raise ModelError(
            f"{NAME}/{version} is not in the MLflow store {store.place}: name one that `tocsin ui` "
            "shows, or restore it from a backup"
        ) from error


def coup_champion(store: MlflowStore, *, simulated: bool) -> CoupVersion | None:
    """Return the champion, None if there is none of invented, or of real, coups."""
    entity = champion_entity(store, COUPS)
    best = None if entity is None else _read(entity)
    return best if best is not None and best.simulated == simulated else None


def coup_version_for(store: MlflowStore, origin: int, *, simulated: bool) -> CoupVersion | None:
    """Return the version that may issue scores at an origin, None without any.

    That is the champion or, if it learned from later months, the newest that did not and may issue.
    """
    best = coup_champion(store, simulated=simulated)
    if best is not None and best.trained_to <= origin:
        return best
    kind = [version for version in coup_versions(store) if version.simulated == simulated]
    fit = [version for version in kind if version.may_issue and version.trained_to <= origin]
    return max(fit, key=lambda version: (version.trained_to, version.version), default=None)


def load_coup_forecaster(store: MlflowStore, version: CoupVersion) -> CoupForecaster:
    """Load the file of a version; raises ModelError when it is gone, damaged or another."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            place = f"{FOLDER}/{storage.FILE}"
            local = store.client().download_artifacts(version.run_id, place, folder)
            content = Path(local).read_bytes()
        loaded = storage.load(content)
    except (MlflowException, *storage.DAMAGE) as error:
        raise ModelError(
            f"{version.label} cannot be loaded ({error}): train and register another"
        ) from error
    if sha256_of(content) != version.sha256 or not isinstance(loaded, CoupForecaster):
        raise ModelError(
            f"{storage.FILE} of {version.label} is not what was registered: restore it from a "
            "backup, or train and register another"
        )
    return loaded


def tags_of(
    served: dict[int, CoupSource],
    skill: dict[int, float],
    attempts: int,
    scales: tuple[RiskScale, ...],
    *,
    experiment: str,
    trained_to: int,
    simulated: bool,
    sha256: str,
) -> dict[str, str]:
    """Return the tags that a version is read from but the gate's; `experiment` is a digest."""
    return {
        "learner": ", ".join(dict.fromkeys(served.values())),
        "experiment_digest": experiment,
        "served": json.dumps(served),
        "skill": json.dumps(skill),
        "attempts": str(attempts),
        "risk_bands": RiskScales.dump_json(scales).decode(),
        "trained_to": format_month(trained_to),
        "simulated": str(simulated).lower(),
        "sha256": sha256,
    }


def _read(entity: ModelVersion) -> CoupVersion:
    tags = entity.tags
    try:
        return CoupVersion(
            version=int(entity.version),
            run_id=str(entity.run_id),
            learner=tags.get("learner", "model"),
            passed=tags.get("gate", "passed") == "passed",
            promoted="promoted_reason" in tags,
            experiment=tags.get("experiment_digest"),
            trained_to=parse_month(tags["trained_to"]),
            simulated=tags["simulated"] == "true",
            served=_Served.validate_json(tags["served"]),
            skill={int(h): float(value) for h, value in json.loads(tags["skill"]).items()},
            attempts=int(tags["attempts"]),
            scales=RiskScales.validate_json(tags["risk_bands"]),
            sha256=tags["sha256"],
        )
    except KeyError as error:
        raise ModelError(
            f"{NAME}/{entity.version} was not registered by `tocsin train`: delete this version in "
            "the MLflow UI"
        ) from error
