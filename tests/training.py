"""Small trainings for tests."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import mlflow

from experiments import training
from experiments.backtest.rolling import Step
from experiments.configuration import Configuration
from experiments.judging.judge import Work
from experiments.tracking import runs
from experiments.tracking.store import MlflowStore
from experiments.training import TrainingResult, train_levels
from features.archive.vintage import Vintage
from features.months import parse_month


def plainly(steps: Iterable[Step], total: int, label: str) -> Iterable[Step]:
    """Show no progress."""
    return steps


@contextmanager
def without_pictures() -> Iterator[None]:
    """Train without pictures, page and tables: half of the time, and nothing reads them."""
    with (
        mock.patch.object(mlflow, "log_table"),
        mock.patch.object(runs, "pictures_of", return_value=[]),
        mock.patch.object(runs, "_log_figure"),
        mock.patch.object(training, "report_page", return_value=""),
    ):
        yield


def train_level(
    store: MlflowStore, vintage: Vintage, settings: dict[str, Any], origin: str
) -> TrainingResult:
    """Train the one level of some settings up to an origin."""
    (result,) = train_levels(
        vintage,
        Configuration.model_validate(settings),
        store,
        parse_month(origin),
        Work("1.2.3+abc", 1, plainly),
    )
    return result
