"""The same forecasts from the workers of a real scheduler, to the last bit."""

import os
import signal
import socket
from collections.abc import Iterator
from threading import Event
from typing import Any

import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster

from experiments.backtest.cluster import SameEnvironment, open_cluster
from experiments.backtest.grid import Jobs, in_parallel
from experiments.backtest.rolling import Backtest, Progress, run_backtest
from experiments.configuration import Configuration
from experiments.samples import TrainingData, training_data
from features.errors import ConfigurationError
from features.panel.panel import Panel
from models.forecaster import CellName
from tests.training import plainly

CELLS: list[CellName] = [("instability", 1), ("instability", 3)]

pytestmark = [
    # Dask's own, where a worker is killed.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def local_cluster(workers: int) -> LocalCluster:
    """A scheduler with so many workers, processes of this machine."""
    return LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    )


@pytest.fixture(scope="module")
def scheduler() -> Iterator[LocalCluster]:
    """A scheduler with two workers."""
    with local_cluster(2) as local:
        yield local


@pytest.fixture(scope="module")
def learned(panel: Panel, small_settings: dict[str, Any]) -> TrainingData:
    """What a small experiment learns from."""
    settings = small_settings | {"learners": ["logistic"]}
    return training_data(panel, Configuration.model_validate(settings))


def backtest(learned: TrainingData, jobs: Jobs, progress: Progress = plainly) -> Backtest:
    samples, configuration = learned.samples, learned.configuration
    return run_backtest(samples, configuration, "admin1", jobs, progress, CELLS)


def assert_same(one: Backtest, other: Backtest) -> None:
    for name in ("probabilities", "crps", "means", "below", "upto"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


def test_a_cluster_forecasts_what_one_process_does_even_when_a_worker_is_killed(
    scheduler: LocalCluster, learned: TrainingData
) -> None:
    here = backtest(learned, 1)
    with open_cluster(scheduler.scheduler_address) as cluster:
        assert_same(backtest(learned, cluster), here)
        pids = cluster.client.run(os.getpid)
        killed = False

        def progress(steps: Any, total: int, label: str) -> Iterator[Any]:
            nonlocal killed
            for number, step in enumerate(steps):
                if number == 1:
                    os.kill(next(iter(pids.values())), signal.SIGKILL)
                    killed = True
                yield step

        assert_same(backtest(learned, cluster, progress), here)
        assert killed


def numbers_held(client: Client) -> list[list[int]]:
    """The bytes of the arrays that each worker has."""
    held = client.run(
        lambda dask_worker: [
            value.nbytes for value in dask_worker.data.values() if hasattr(value, "nbytes")
        ]
    )
    return list(held.values())


def test_what_is_large_lies_on_each_worker_once_before_the_tasks(scheduler: LocalCluster) -> None:
    large, small = np.arange(300_000.0), np.arange(3.0)
    tasks = {str(number): (large, small, number) for number in range(20)}

    # Functions without a name travel with their code: workers have no tests.
    with open_cluster(scheduler.scheduler_address) as cluster:
        cluster.client.wait_for_workers(2, timeout=60)  # another test kills one
        results = in_parallel(lambda big, few, _: float(big.sum() + few.sum()), tasks, cluster)
        first = next(results)
        held = numbers_held(cluster.client)
        values = dict([first, *results])
    assert held == [[large.nbytes]] * 2
    assert values == dict.fromkeys(tasks, large.sum() + small.sum())


def test_what_is_large_stays_where_there_is_no_task_for_it_yet(scheduler: LocalCluster) -> None:
    large = np.arange(300_000.0)
    with open_cluster(scheduler.scheduler_address) as cluster:
        cluster.client.wait_for_workers(2, timeout=60)
        # Dask looks for copies that it may remove every two seconds.
        results = in_parallel(lambda _: Event().wait(5), {"one": (large,)}, cluster)
        next(results)
        held = numbers_held(cluster.client)
        assert list(results) == []
    assert held == [[large.nbytes]] * 2
    with Client(scheduler.scheduler_address) as client:  # type: ignore[no-untyped-call]
        assert client.amm.running()


def test_no_tasks_have_no_results(scheduler: LocalCluster) -> None:
    with open_cluster(scheduler.scheduler_address) as cluster:
        assert list(in_parallel(len, {}, cluster)) == []


def test_a_worker_of_another_version_is_refused(
    scheduler: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = SameEnvironment().environment | {"numpy": "1.0"}
    monkeypatch.setattr("experiments.backtest.cluster.environment", lambda: other)
    with (
        pytest.raises(ConfigurationError, match=r"worker tcp.*numpy is .* there and 1\.0 here"),
        open_cluster(scheduler.scheduler_address),
    ):
        pass


def test_no_scheduler_and_no_worker_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.backtest.cluster._PATIENCE_S", 0.5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with (
        pytest.raises(ConfigurationError, match="no Dask scheduler answers"),
        open_cluster(address),
    ):
        pass
    with (
        local_cluster(0) as empty,
        pytest.raises(ConfigurationError, match="has no worker: start some with dask worker"),
        open_cluster(empty.scheduler_address),
    ):
        pass
