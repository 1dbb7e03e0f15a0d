"""The panel of a training as an MLflow dataset, and the releases that it is from."""

from typing import Any

import numpy as np
import pandas as pd
from mlflow.data.dataset_source import DatasetSource
from mlflow.data.dataset_source_registry import register_dataset_source
from mlflow.data.numpy_dataset import NumpyDataset, from_numpy

from experiments.judging.judge import Training


class ReleasesSource(DatasetSource):
    """The releases of an event history that were public by a day, with their content hashes."""

    def __init__(self, history: str, as_of: str, releases: list[dict[str, str]]) -> None:
        self.history = history
        self.as_of = as_of
        self.releases = releases

    def load(self) -> pd.DataFrame:
        """Return the releases, a row each, as they are ingested under the same names."""
        return pd.DataFrame(self.releases)

    def to_dict(self) -> dict[Any, Any]:
        """Return what MLflow keeps."""
        return dict(vars(self))

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> "ReleasesSource":
        """Return what MLflow kept."""
        return cls(**source_dict)

    @staticmethod
    def _get_source_type() -> str:
        return "releases"

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:  # noqa: ARG004 - MLflow's form
        return False

    @classmethod
    def _resolve(cls, raw_source: Any) -> "ReleasesSource":
        raise NotImplementedError


register_dataset_source(ReleasesSource)  # type: ignore[arg-type]  # MLflow wants the class


def panel_dataset(training: Training) -> NumpyDataset:
    """Return the panel as an MLflow dataset: a matrix of months and regions an indicator."""
    samples, vintage = training.samples, training.vintage
    releases = [
        {
            "source": release.source,
            "release": release.release,
            "available_on": str(release.available_on),
            "sha256": release.sha256,
        }
        for release in vintage.releases
    ]
    return from_numpy(
        dict(zip(samples.names, np.moveaxis(samples.indicators, 2, 0), strict=True)),
        source=ReleasesSource(vintage.history, str(vintage.as_of), releases),
        targets=samples.deaths[-len(samples.indicators) :],
        name=f"{training.level} panel to {training.origin}",
        digest=training.digest[:36],
    )
