"""Machines that are killed while they share a folder, one after the other.

`python -m tests.features.shared.kills WORK HOMES ADDRESS REQUESTS ...`: each adds a bulletin or a
release from a home of its own, or copies releases into it, and is killed (SIGKILL) after so many
writes to the address, or reads from there.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bulletins.shared import SharedBulletins
from features.archive.releases import Archive
from features.archive.shared import SharedReleases
from features.shared.address import Address
from tests.bulletins.sharing import issue
from tests.features.archive.deliveries import JANUARY, a_delivery


def die_after(most: int, *methods: str) -> None:
    """Kill this process after so many requests by some methods of an address."""
    number = 0

    def counted(request: Callable[..., Any]) -> Callable[..., Any]:
        def requesting(*arguments: Any) -> Any:
            nonlocal number
            if number == most:
                os.kill(os.getpid(), signal.SIGKILL)
            number += 1
            answer = request(*arguments)
            if number == most:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return requesting

    for name in methods:
        setattr(Address, name, counted(getattr(Address, name)))


def publish(home: Path, address: str, writes: int) -> None:
    """Issue a bulletin of four files and its manifest."""
    names = ("a.md", "b.md", "drivers.parquet", "scores.parquet")
    shared = SharedBulletins(home, address)
    shared.catch_up()
    die_after(writes, "put", "create")
    issue(home, shared, {name: name.encode() for name in names})


def ingest(home: Path, address: str, writes: int) -> None:
    """Add a release of four tables and its record."""
    archive = Archive(home, SharedReleases(home, address))
    archive.catch_up()
    die_after(writes, "put", "create")
    archive.add(a_delivery("1", [("MLI", JANUARY, 1, 5)], [("MLI", JANUARY, JANUARY)]))


def copy(home: Path, address: str, reads: int) -> None:
    """Copy what is at the address."""
    die_after(reads, "get")
    SharedReleases(home, address).pull()


def main(work: str, homes: Path, address: str, *places: int) -> None:
    """Fork a machine for each place; exit 0 if every one was killed."""
    for number, requests in enumerate(places):
        child = os.fork()
        if child == 0:
            {"publish": publish, "ingest": ingest, "copy": copy}[work](
                homes / str(number), address, requests
            )
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(f"the machine of {requests} requests lived")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], *map(int, sys.argv[4:]))
