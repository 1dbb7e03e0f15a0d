"""A grid of independent tasks, run side by side through joblib, each result kept once it is there.

Any joblib backend can take it: a task gets all it needs as arguments, touches no file, and its
result depends on nothing else. Only the process that asked for the grid writes.
"""

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from platform import machine, python_version
from typing import TypeVar

import joblib
import numpy as np

from experiments.configuration import Configuration
from experiments.samples import Samples
from features.arrays import FloatArray
from features.disk import write_whole

Arrays = Mapping[str, FloatArray]

DECIDES_NO_TASK = {"name", "description", "levels", "learners", "backtest"}
"""Settings that no task reads: which tasks there are, their keys say."""

_HASH_BYTES = 32
_ROOT = Path(__file__).parents[2]
_CODE = ("features/**/*.py", "models/**/*.py")
_OWN_CODE = ("backtest/folds", "backtest/grid", "backtest/rolling", "configuration", "samples")
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "statsmodels")


@dataclass(frozen=True)
class Kept:
    """A folder of results, a file a task; everything in it may be deleted at any time."""

    folder: Path

    def read(self, key: str) -> Arrays | None:
        """Return the arrays kept under a key; None if there are none that are whole."""
        try:
            content = self._file(key).read_bytes()
        except FileNotFoundError:
            return None
        told, body = content[:_HASH_BYTES], content[_HASH_BYTES:]
        if hashlib.sha256(body).digest() != told:
            return None
        with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
            return dict(arrays)

    def write(self, key: str, arrays: Arrays) -> None:
        """Keep arrays under a key, whole or not at all."""
        body = io.BytesIO()
        np.savez(body, allow_pickle=False, **arrays)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._file(key), hashlib.sha256(body.getvalue()).digest() + body.getvalue())

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.npz"


def kept_under(folder: Path, samples: Samples, configuration: Configuration) -> Kept:
    """Return what is kept of backtests that would come out the same, in a folder of its own."""
    return Kept(folder / grid_digest(samples, configuration)[:16])


def grid_digest(samples: Samples, configuration: Configuration) -> str:
    """Return the SHA-256 of all that the result of a task depends on beside its key.

    That is everything it reads (indicators, deaths, eligibility, threshold, settings), the code
    that computes it, and the libraries and the kind of machine, on which last digits depend.
    """
    content = hashlib.sha256()
    settings = configuration.model_dump(mode="json", exclude=DECIDES_NO_TASK)
    surroundings = {name: version(name) for name in _LIBRARIES}
    surroundings |= {"python": python_version(), "machine": machine()}
    told = [settings, surroundings, samples.names, samples.tau, samples.indicators.shape]
    content.update(json.dumps(told, sort_keys=True).encode())
    for array in (samples.months, samples.indicators, samples.deaths, samples.eligible):
        content.update(np.ascontiguousarray(array).data)
    content.update(code_digest().encode())
    return content.hexdigest()


@cache
def code_digest() -> str:
    """Return the SHA-256 of the source files that a task runs through.

    Taken once: what is edited while a process runs is not what runs in it.
    """
    content = hashlib.sha256()
    own = [_ROOT / "experiments" / f"{name}.py" for name in _OWN_CODE]
    for path in sorted([*own, *(path for form in _CODE for path in _ROOT.glob(form))]):
        content.update(f"{path.relative_to(_ROOT)}\n".encode() + path.read_bytes())
    return content.hexdigest()


Result = TypeVar("Result")
Arguments = tuple[object, ...]


def run_grid(
    work: Callable[..., Arrays], tasks: Mapping[str, Arguments], jobs: int, kept: Kept | None = None
) -> Iterator[tuple[str, Arrays]]:
    """Yield key and result of every task: first those kept, then the others as they finish.

    `tasks` are the arguments of `work` by key. What is kept already is not computed again.
    """
    missing = {}
    for key, arguments in tasks.items():
        found = None if kept is None else kept.read(key)
        if found is None:
            missing[key] = arguments
        else:
            yield key, found
    for key, result in in_parallel(work, missing, jobs):
        if kept is not None:
            kept.write(key, result)
        yield key, result


def in_parallel(
    work: Callable[..., Result], tasks: Mapping[str, Arguments], jobs: int
) -> Iterator[tuple[str, Result]]:
    """Yield key and result of every task, in the order in which they finish."""
    calls = (joblib.delayed(_keyed)(work, key, *arguments) for key, arguments in tasks.items())
    done: Iterator[tuple[str, Result]] = joblib.Parallel(
        n_jobs=jobs, return_as="generator_unordered"
    )(calls)
    return done


def _keyed(work: Callable[..., Result], key: str, *arguments: object) -> tuple[str, Result]:
    # The arguments stay apart, because a cluster sends only those once that it sees by themselves.
    return key, work(*arguments)
