"""A forecaster as an MLflow model that loads where Tocsin is not installed."""

import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import mlflow
import pandas as pd
import skops.io
from mlflow.models import infer_signature

import models
from features.hashes import hash_of_file
from models import storage
from models.forecaster import Forecaster

_ROOT = Path(models.__path__[0]).parent
_EXAMPLE_ROWS = 3


class LoggedModel(NamedTuple):
    """Where a model lies in MLflow, and the hash of its file."""

    uri: str
    sha256: str


def log_model(forecaster: Forecaster, inputs: pd.DataFrame) -> LoggedModel:
    """Log a forecaster in the active run, with its code and packages.

    `inputs` are its columns for some regions; the first rows become the example.
    """
    example = inputs.head(_EXAMPLE_ROWS)
    with tempfile.TemporaryDirectory() as folder:
        skops.io.dump(forecaster, Path(folder) / storage.FILE)
        for name in storage.CODE:
            (Path(folder) / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(_ROOT / name, Path(folder) / name)
        logged = mlflow.pyfunc.log_model(
            name="forecaster",
            loader_module=storage.__name__,
            data_path=str(Path(folder) / storage.FILE),
            code_paths=[str(Path(folder) / room) for room in ("features", "models")],
            pip_requirements=[f"{package}=={version(package)}" for package in storage.PACKAGES],
            signature=infer_signature(example, forecaster.predict(example)),
            input_example=example,
        )
        return LoggedModel(str(logged.model_uri), hash_of_file(Path(folder) / storage.FILE))
