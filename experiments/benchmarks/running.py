"""How a benchmark is run."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import joblib

from experiments.backtest import Progress

Result = TypeVar("Result")


@dataclass(frozen=True)
class Run:
    """The seed, how many fits side by side, what shows progress, and files to write, if any."""

    seed: int
    jobs: int
    progress: Progress
    json_path: Path | None = None
    predictions_path: Path | None = None

    def each(
        self, tasks: Iterable[Callable[[], Result]], total: int, label: str
    ) -> Iterator[Result]:
        """Yield the results of tasks in order; any backend of joblib can take them."""
        parallel = joblib.Parallel(n_jobs=self.jobs, return_as="generator")
        yield from self.progress(parallel(joblib.delayed(task)() for task in tasks), total, label)
