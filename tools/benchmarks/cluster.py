"""How a backtest grows with the workers of a cluster, each in a network namespace of its own.

    python -m tools.benchmarks.cluster HOME [--workers 1 2] [--waiting 4] [--level admin1]

backtests the regions of a home by an experiment, in one process and on so many workers of
one core, and prints of each: seconds, that as a share of the possible speed-up, megabytes sent to
the workers, and whether the forecasts are equal. Workers beyond the cores of the machine share
them, and count as these. So of more workers than cores, `--waiting`, the tasks only wait as long as
each took in one process. Needs Linux, root and `ip`; a `--delay` [ms] of the network needs `tc`.
"""

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import numpy as np

from experiments.backtest.cluster import open_cluster
from experiments.backtest.folds import months_back
from experiments.backtest.grid import Cluster, Jobs, in_parallel
from experiments.backtest.rolling import Backtest, Step, run_backtest
from experiments.configuration import DEFAULT, read_configuration
from experiments.samples import Samples, TrainingData, panel_for, training_data
from features.archive.releases import Archive
from features.archive.vintage import open_vintage
from features.arrays import FloatArray
from features.words import LEVELS
from tools.kills import plainly

BRIDGE, NETWORK, PORT = "tocsin0", "10.77.0", 8786
DASK = sys.executable, "-m", "dask"


def ip(*words: str) -> None:
    """Change the network."""
    subprocess.run(["ip", *words], check=True)


@contextmanager
def network(workers: int, delay_ms: float) -> Iterator[list[str]]:
    """Give the names of so many namespaces behind one bridge, and remove them."""
    names = [f"tocsin{number + 1}" for number in range(workers)]
    with ExitStack() as stack:
        ip("link", "add", BRIDGE, "type", "bridge")
        stack.callback(ip, "link", "del", BRIDGE)
        ip("addr", "add", f"{NETWORK}.254/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for number, name in enumerate(names, start=1):
            ip("netns", "add", name)
            stack.callback(ip, "netns", "del", name)
            inside = ("netns", "exec", name, "ip")
            ip("link", "add", f"{name}-out", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", f"{name}-out", "master", BRIDGE, "up")
            ip(*inside, "addr", "add", f"{NETWORK}.{number}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                ip(*inside, "link", "set", device, "up")
            if delay_ms:
                wait = ("netem", "delay", f"{delay_ms}ms")
                ip("netns", "exec", name, "tc", "qdisc", "add", "dev", "eth0", "root", *wait)
        yield names


@contextmanager
def running(*command: str) -> Iterator[None]:
    """Run a program of Dask's while the block lasts."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def await_scheduler(patience_s: float = 30.0) -> None:
    """Return when the scheduler listens."""
    end = time.monotonic() + patience_s
    while True:
        try:
            return socket.create_connection((f"{NETWORK}.254", PORT), patience_s).close()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def bytes_sent(names: Sequence[str]) -> int:
    """Return what namespaces were sent so far."""
    counts = (Path(f"/sys/class/net/{name}-out/statistics/tx_bytes") for name in names)
    return sum(int(count.read_text()) for count in counts)


def timed(data: TrainingData, jobs: Jobs) -> tuple[Backtest, float, list[float]]:
    """Return a backtest, its seconds, and those from each task to the next."""
    times = [time.monotonic()]

    def progress(steps: Iterable[Step], total: int, label: str) -> Iterable[Step]:
        for step in plainly(steps, total, label):
            times.append(time.monotonic())
            yield step

    samples = data.samples
    backtest = run_backtest(samples, data.configuration, samples.level, jobs, progress)
    return backtest, time.monotonic() - times[0], np.diff(times).tolist()


def wait(samples: Samples, seconds: float) -> dict[str, FloatArray]:
    """Do nothing for as long as a task took."""
    del samples
    time.sleep(seconds)
    return {}


def waited(data: TrainingData, jobs: Jobs, seconds: Sequence[float]) -> float:
    """Return the seconds of a backtest whose tasks only wait."""
    tasks = {str(number): (data.samples, each) for number, each in enumerate(seconds)}
    begun = time.monotonic()
    list(in_parallel(wait, tasks, jobs))
    return time.monotonic() - begun


def is_equal(one: Backtest, other: Backtest) -> bool:
    """Return whether two backtests are equal to the last bit."""
    return all(getattr(one, f.name).equals(getattr(other, f.name)) for f in fields(one))


@contextmanager
def cluster_of(workers: int, delay_ms: float) -> Iterator[tuple[Cluster, list[str]]]:
    """Give a cluster of so many workers, and their namespaces."""
    address = f"tcp://{NETWORK}.254:{PORT}"
    with ExitStack() as stack:
        names = stack.enter_context(network(workers, delay_ms))
        scheduler = (*DASK, "scheduler", "--host", f"{NETWORK}.254", "--port", str(PORT))
        stack.enter_context(running(*scheduler, "--dashboard-address", ":0"))
        await_scheduler()
        for name in names:
            worker = (*DASK, "worker", address, "--nthreads", "1", "--memory-limit", "0")
            stack.enter_context(running("ip", "netns", "exec", name, *worker))
        cluster = stack.enter_context(open_cluster(address))
        cluster.client.wait_for_workers(workers, timeout=60)
        for run in (cluster.client.run, cluster.client.run_on_scheduler):
            run(import_module, "tools.benchmarks.cluster")  # once in the life of each
        yield cluster, names


def on_cluster(data: TrainingData, workers: int, delay_ms: float) -> tuple[Backtest, float, int]:
    """Return a backtest on a cluster, its seconds, and the bytes that workers were sent for it."""
    with cluster_of(workers, delay_ms) as (cluster, names):
        before = bytes_sent(names)
        backtest, seconds, _ = timed(data, cluster)
        return backtest, seconds, bytes_sent(names) - before


def main() -> None:
    """Run the backtest here and on clusters."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--waiting", type=int, nargs="*", default=[4])
    parser.add_argument("--delay", type=float, default=0.0, help="Of each packet [ms].")
    parser.add_argument("--level", choices=LEVELS, default="admin1")
    parser.add_argument("--config", type=Path, default=DEFAULT)
    options = parser.parse_args()
    configuration = read_configuration(options.config)
    vintage = open_vintage(Archive(options.home), datetime.now(UTC).date())
    panel = panel_for(configuration, vintage, options.level)
    data = training_data(panel, configuration, None, months_back(configuration))
    data.samples.records  # noqa: B018, made once, before the clock runs
    here, alone, each = timed(data, 1)
    print(f"{data.samples.deaths.shape[1]} regions, one process: {alone:.1f} s", flush=True)
    for workers in options.workers:
        backtest, seconds, sent = on_cluster(data, workers, options.delay)
        possible = min(workers, os.cpu_count() or 1)
        share = alone / seconds / possible
        same = "equal" if is_equal(backtest, here) else "NOT EQUAL"
        print(
            f"{workers} workers, {len(each)} tasks: {seconds:.1f} s, {share:.2f} of the possible "
            f"speed-up, {sent / 1e6:.1f} MB sent, {same}",
            flush=True,
        )
    for workers in options.waiting:
        with cluster_of(workers, options.delay) as (cluster, _):
            seconds = waited(data, cluster, each)
        share = sum(each) / seconds / workers
        print(
            f"{workers} workers that wait, {len(each)} tasks: {seconds:.2f} s of {sum(each):.2f}, "
            f"{share:.2f} of the possible speed-up",
            flush=True,
        )


if __name__ == "__main__":
    main()
