"""The registered versions of the model of coups, and their files in MLflow.

Every version may issue scores: what does not beat its reference is not in it (`judging.served`).
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from pydantic import TypeAdapter

from bulletins.manifest import CoupSource, RiskScale
from experiments.tracking.registry import CHAMPION, RiskScales
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


@dataclass(frozen=True)
class CoupVersion:
    """One version, read from its tags: what is served at each horizon, and how good it was.

    `skill` is the share of the logarithmic loss of the months since the last attempt that is saved
    in the backtest, by horizon [months]; `attempts` are the events behind it.
    """

    version: int
    run_id: str
    trained_to: int
    simulated: bool
    served: dict[int, CoupSource]
    skill: dict[int, float]
    attempts: int
    scales: tuple[RiskScale, ...]
    sha256: str

    @property
    def label(self) -> str:
        """Its name in scores: `tocsin-coups/3`."""
        return f"{NAME}/{self.version}"


def register_coups(store: MlflowStore, run_id: str, tags: dict[str, str]) -> CoupVersion:
    """Register the file of a run, as the champion unless another learned from later months."""
    client = store.client()
    if not any(model.name == NAME for model in client.search_registered_models()):
        client.create_registered_model(NAME, description="Attempts of coups by country")
    versions = coup_versions(store)
    source = f"{client.get_run(run_id).info.artifact_uri}/{FOLDER}"
    entity = client.create_model_version(NAME, source, run_id=run_id, tags=tags)
    own = _read(entity)
    if all(version.trained_to <= own.trained_to for version in versions):
        client.set_registered_model_alias(NAME, CHAMPION, str(own.version))
    client.set_tag(run_id, "registered_as", own.label)
    return own


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


def coup_version_for(store: MlflowStore, origin: int, *, simulated: bool) -> CoupVersion | None:
    """Return the newest version that learned from no month after an origin, None without any."""
    fit = [v for v in coup_versions(store) if v.trained_to <= origin and v.simulated == simulated]
    return max(fit, key=lambda v: (v.trained_to, v.version), default=None)


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
    trained_to: int,
    simulated: bool,
    sha256: str,
) -> dict[str, str]:
    """Return the tags that a version is read from."""
    return {
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
