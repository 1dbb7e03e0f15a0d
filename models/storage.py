"""A forecaster in a file, and how MLflow loads one where nothing else of Tocsin is installed."""

import zipfile
import zlib

import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from models.forecaster import Forecaster

FILE = "forecaster.skops"

TRUSTED_TYPES = [
    "models.coups.CoupForecaster",
    "models.deaths.DeathsModel",
    "models.distribution.Analogues",
    "models.learners.LogOddsMean",
    "models.learners.RidgeLogistic",
    "models.forecaster.Cell",
    "models.forecaster.Forecaster",
    "models.learners.BaseRate",
    "models.learners.Boosting",
    "models.learners.Logistic",
    "models.record.RecordPool",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
]
"""The types that a stored model may have besides those that skops trusts by itself."""

DAMAGE = (
    *(ArithmeticError, AttributeError, EOFError, ImportError, LookupError, OSError, TypeError),
    *(ValueError, zipfile.BadZipFile, zlib.error, UntrustedTypesFoundException),
)
"""What skops raises for a file that is damaged, or is none of its own."""

CODE = (
    "features/__init__.py",
    "features/arrays.py",
    "features/errors.py",
    "features/printable.py",
    "features/targets.py",
    "features/words.py",
    "models/__init__.py",
    "models/deaths.py",
    "models/distribution.py",
    "models/forecaster.py",
    "models/learners.py",
    "models/record.py",
    "models/storage.py",
)
"""The modules that a stored forecaster needs, and travels with."""

PACKAGES = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops", "statsmodels")
"""The packages that those modules and MLflow need."""


def load(content: bytes) -> object:
    """Return what a file holds; raises one of DAMAGE if it is damaged or not of TRUSTED_TYPES."""
    return skops.io.loads(content, trusted=TRUSTED_TYPES)


def _load_pyfunc(path: str) -> Forecaster:
    """Return a forecaster to MLflow, which asks for this name."""
    forecaster: Forecaster = skops.io.load(path, trusted=TRUSTED_TYPES)
    return forecaster
