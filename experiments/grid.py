"""A grid of independent tasks, run side by side through joblib, each result kept once it is there.

Any joblib backend can take it: a task gets all it needs as arguments, touches no file, and its
result depends on nothing else. Only the process that asked for the grid writes.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import joblib

from experiments.kept import Arrays, Kept

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
