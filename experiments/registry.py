"""The registry: which model version issues the scores of a level."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import mlflow.sklearn
import pandas as pd
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from experiments.store import Store, model_name
from features.errors import ModelError
from features.months import format_month, parse_month
from features.regions import Level
from models.forecaster import Forecaster

CHAMPION = "champion"
CHALLENGER = "challenger"
_ABSENT = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
"""What MLflow answers for an unknown model and for an unknown alias."""

FORECASTS_FILE = "backtest/probabilities.parquet"

TRUSTED_TYPES = [
    "models.calibration.LogisticCalibration",
    "models.distribution.Analogues",
    "models.forecaster.Cell",
    "models.forecaster.Forecaster",
    "models.learners.BaseRate",
    "models.learners.Boosting",
    "models.learners.Logistic",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
]
"""Everything a stored model may consist of beyond what skops trusts by itself."""


@dataclass(frozen=True)
class Registered:
    """One registered model version, read from its tags."""

    level: Level
    version: int
    run_id: str
    learner: str
    trained_to: int
    passed: bool

    @property
    def label(self) -> str:
        """What scores call it: `tocsin-admin1/3`."""
        return f"{model_name(self.level)}/{self.version}"


def champion(store: Store, level: Level) -> Registered | None:
    """Return the champion of a level, None if there is none."""
    try:
        found = store.client().get_model_version_by_alias(model_name(level), CHAMPION)
    except MlflowException as error:
        if error.error_code in _ABSENT:
            return None
        raise
    return _read(level, found)


def champion_for(store: Store, level: Level, origin: int) -> Registered:
    """Return the model that may issue a level's scores at an origin.

    The champion, unless it has learned from months after the origin; then the newest version that
    passed the gate and has not. Raises ModelError when there is no such version.
    """
    best = champion(store, level)
    if best is not None and best.trained_to <= origin:
        return best
    versions = store.client().search_model_versions(f"name = '{model_name(level)}'")
    passed = [v for v in (_read(level, found) for found in versions) if v.passed]
    fit = [v for v in passed if v.trained_to <= origin]
    if fit:
        return max(fit, key=lambda v: (v.trained_to, v.version))
    month = format_month(origin)
    raise ModelError(
        f"no {level} model trained on months to {month} only has passed the gate: run "
        f"`tocsin train --origin {month}` and read in the MLflow UI why others were refused"
    )


def levels_with_models(store: Store) -> list[Level]:
    """Return the levels that have a registered model."""
    names = {model.name for model in store.client().search_registered_models()}
    return [level for level in get_args(Level) if model_name(level) in names]


def load_forecaster(model: Registered) -> Forecaster:
    """Load a registered forecaster; nothing outside TRUSTED_TYPES is ever built."""
    uri = f"models:/{model_name(model.level)}/{model.version}"
    loaded = mlflow.sklearn.load_model(uri)
    if not isinstance(loaded, Forecaster):
        raise ModelError(f"{uri} is not a forecaster of this project: register another version")
    return loaded


def backtest_forecasts(store: Store, model: Registered) -> pd.DataFrame:
    """Return the backtest forecasts that were logged with a version (region ids, not indices)."""
    with tempfile.TemporaryDirectory() as folder:
        path = store.client().download_artifacts(model.run_id, FORECASTS_FILE, folder)
        return pd.read_parquet(Path(path))


def _read(level: Level, found: ModelVersion) -> Registered:
    return Registered(
        level=level,
        version=int(found.version),
        run_id=str(found.run_id),
        learner=found.tags["learner"],
        trained_to=parse_month(found.tags["trained_to"]),
        passed=found.tags.get("gate") == "passed",
    )
