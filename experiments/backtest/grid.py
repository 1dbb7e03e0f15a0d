"""A grid of independent tasks, run in parallel by joblib, with a cache of finished results.

A task touches no file, so any joblib backend can run it: processes here, or Dask's workers.
"""

import hashlib
import io
import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from multiprocessing import resource_tracker
from pathlib import Path
from platform import machine, python_version
from typing import TYPE_CHECKING, Literal, TypeVar

import joblib
import numpy as np

from experiments.configuration import Configuration
from experiments.samples import Samples
from features.arrays import FloatArray
from features.disk import write_whole

if TYPE_CHECKING:
    from distributed import Client

Arrays = Mapping[str, FloatArray]

DECIDES_NO_TASK = {"name", "description", "levels", "learners", "backtest"}
"""Settings that no task reads; the keys say which tasks there are."""

_HASH_BYTES = 32
_LARGE_BYTES = 1 << 20
_ROOT = Path(__file__).parents[2]
_CODE = ("features/**/*.py", "models/**/*.py")
_OWN_CODE = (
    *("backtest/folds", "backtest/grid", "backtest/rolling"),
    *("configuration", "samples", "sampling"),
)
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "statsmodels")


@dataclass(frozen=True)
class TaskCache:
    """A folder of results, one file per task; any of them may be deleted at any time."""

    folder: Path

    def read(self, key: str) -> Arrays | None:
        """Return the arrays of a key; None if there are none or they are damaged."""
        try:
            content = self._file(key).read_bytes()
        except FileNotFoundError:
            return None
        digest, body = content[:_HASH_BYTES], content[_HASH_BYTES:]
        if hashlib.sha256(body).digest() != digest:
            return None
        with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
            return dict(arrays)

    def write(self, key: str, arrays: Arrays) -> None:
        """Store arrays under a key, whole or not at all."""
        body = io.BytesIO()
        np.savez(body, allow_pickle=False, **arrays)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._file(key), hashlib.sha256(body.getvalue()).digest() + body.getvalue())

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.npz"


def task_cache(folder: Path, samples: Samples, configuration: Configuration) -> TaskCache:
    """Return the cache that backtests with equal results share, a folder of its own."""
    return TaskCache(folder / grid_digest(samples, configuration)[:16])


def grid_digest(samples: Samples, configuration: Configuration) -> str:
    """Return the SHA-256 of everything besides its key that a task's result depends on.

    That is data, settings, code, and the libraries and machine, which decide the last digits.
    """
    content = hashlib.sha256()
    settings = configuration.model_dump(mode="json", exclude=DECIDES_NO_TASK)
    inputs = [settings, environment(), samples.names, samples.tau, samples.indicators.shape]
    inputs += [samples.pool.get_params(), samples.ids.tolist()]
    content.update(json.dumps(inputs, sort_keys=True).encode())
    for array in (samples.months, samples.indicators, samples.deaths, samples.eligible):
        content.update(np.ascontiguousarray(array).data)
    return content.hexdigest()


def environment() -> dict[str, str]:
    """Return the libraries and machine that decide the last digits, and the code."""
    libraries = {name: version(name) for name in _LIBRARIES}
    return libraries | {"python": python_version(), "machine": machine(), "code": code_digest()}


@cache
def code_digest() -> str:
    """Return the SHA-256 of the source files that a task runs, as the process started them."""
    content = hashlib.sha256()
    own = [_ROOT / "experiments" / f"{name}.py" for name in _OWN_CODE]
    for path in sorted([*own, *(path for form in _CODE for path in _ROOT.glob(form))]):
        content.update(f"{path.relative_to(_ROOT)}\n".encode() + path.read_bytes())
    return content.hexdigest()


Result = TypeVar("Result")
Arguments = tuple[object, ...]


@dataclass(frozen=True)
class Cluster:
    """The workers of a Dask scheduler; see `experiments.backtest.cluster`."""

    client: "Client"


Jobs = int | Cluster
"""Who does the tasks: so many processes of this machine, or the workers of a cluster."""


def run_grid(
    work: Callable[..., Arrays],
    tasks: Mapping[str, Arguments],
    jobs: Jobs,
    cache: TaskCache | None = None,
) -> Iterator[tuple[str, Arrays]]:
    """Yield key and result of every task (arguments of `work` by key), cached ones first."""
    missing = {}
    for key, arguments in tasks.items():
        result = None if cache is None else cache.read(key)
        if result is None:
            missing[key] = arguments
        else:
            yield key, result
    for key, result in in_parallel(work, missing, jobs):
        if cache is not None:
            cache.write(key, result)
        yield key, result


def in_parallel(
    work: Callable[..., Result],
    tasks: Mapping[str, Arguments],
    jobs: Jobs,
    prefer: Literal["processes", "threads"] = "processes",
) -> Iterator[tuple[str, Result]]:
    """Yield key and result of every task, in the order in which they finish.

    On this machine they run in processes or, where these would have to be sent much, in threads.
    """
    calls = (joblib.delayed(_keyed)(work, key, *arguments) for key, arguments in tasks.items())
    with _interrupts_blocked(), joblib.parallel_config(**_workers(jobs, tasks)):
        parallel = joblib.Parallel(return_as="generator_unordered", prefer=prefer)
        results: Iterator[tuple[str, Result]] = parallel(calls)
    return results


def _workers(jobs: Jobs, tasks: Mapping[str, Arguments]) -> dict[str, object]:
    """Return joblib's settings; a cluster gets what is large once a worker, before the tasks."""
    if isinstance(jobs, int):
        return {"n_jobs": jobs}
    every = {id(one): one for arguments in tasks.values() for one in arguments}
    large = [one for one in every.values() if sys.getsizeof(one) > _LARGE_BYTES]
    return {"n_jobs": -1, "backend": "dask", "client": jobs.client, "scatter": large}


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start processes that Ctrl-C, which a terminal sends to all, passes by: ours ends them."""
    resource_tracker.ensure_running()  # it unblocks interrupts where it has to be started
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _keyed(work: Callable[..., Result], key: str, *arguments: object) -> tuple[str, Result]:
    # A cluster sends an argument once to all tasks only if it is an argument by itself.
    return key, work(*arguments)
