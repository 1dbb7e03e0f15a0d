"""The workers of a Dask scheduler, which must be what this process is.

Source: Rocklin (2015), Dask: Parallel computation with blocked algorithms and task scheduling,
Proceedings of the 14th Python in Science Conference.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from distributed import Client, Worker, WorkerPlugin

from experiments.backtest.grid import Cluster, environment
from features.errors import ConfigurationError

_PATIENCE_S = 10


class SameEnvironment(WorkerPlugin):
    """Refuses workers, those that come later too, on which a task would have other digits."""

    name = "tocsin"

    def __init__(self) -> None:
        self.environment = environment()

    def setup(self, worker: Worker) -> None:
        """Raise RuntimeError in a worker that has other code, libraries or another machine."""
        own = environment()
        others = [
            f"{name} is {own[name]} there and {value} here"
            for name, value in self.environment.items()
            if own[name] != value
        ]
        if others:
            raise RuntimeError(f"worker {worker.address}: {', '.join(others)}")


@contextmanager
def open_cluster(address: str) -> Iterator[Cluster]:
    """Use the workers of the scheduler at an address, such as tcp://host:8786.

    Raises ConfigurationError where no scheduler answers, none of its workers does, or one is
    refused.
    """
    try:
        _reach(address)
        client: Client = Client(  # type: ignore[no-untyped-call]
            address, timeout=_PATIENCE_S, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"no Dask scheduler answers at '{address}' ({error}): start one with dask scheduler"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE_S)
        except TimeoutError as error:
            raise ConfigurationError(
                f"the scheduler at '{address}' has no worker: start some with dask worker {address}"
            ) from error
        try:
            client.register_plugin(SameEnvironment())
        except (RuntimeError, ImportError) as error:
            raise ConfigurationError(
                f"{error}: start the workers with the same version of Tocsin and of its libraries"
            ) from error
        with _replicas_kept(client):
            yield Cluster(client)


def _reach(address: str) -> None:
    """Raise OSError or ValueError where nothing answers.

    A client that cannot connect is never closed, and may lock up the next one that is made.
    """
    place = urlsplit(address if "://" in address else f"tcp://{address}")
    if place.hostname is None or place.port is None:
        raise ValueError("a host and a port are needed")
    socket.create_connection((place.hostname, place.port), _PATIENCE_S).close()


@contextmanager
def _replicas_kept(client: Client) -> Iterator[None]:
    """Leave what was sent to each worker there: Dask removes every copy but one after seconds.

    Tasks would queue for the worker that has it, or have it sent again.
    """
    was_running = client.amm.running()
    client.amm.stop()
    try:
        yield
    finally:
        if was_running:
            with suppress(OSError):  # the scheduler is gone
                client.amm.start()
