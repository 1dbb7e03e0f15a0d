"""Machines that are killed while they share a folder, one after the other.

`python -m tests.features.shared.kills KIND HOMES ADDRESS WRITES ...`: each adds a bulletin or a
release from a home of its own, and is killed (SIGKILL) after so many writes to the address.
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


def die_after(writes: int) -> None:
    """Kill this process after so many writes."""
    number = 0

    def counted(write: Callable[..., Any]) -> Callable[..., Any]:
        def writing(*arguments: Any) -> Any:
            nonlocal number
            if number == writes:
                os.kill(os.getpid(), signal.SIGKILL)
            number += 1
            answer = write(*arguments)
            if number == writes:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return writing

    Address.put, Address.create = counted(Address.put), counted(Address.create)  # type: ignore[method-assign]


def publish(home: Path, address: str, writes: int) -> None:
    """Issue a bulletin of four files and its manifest."""
    names = ("a.md", "b.md", "drivers.parquet", "scores.parquet")
    shared = SharedBulletins(home, address)
    shared.catch_up()
    die_after(writes)
    issue(home, shared, {name: name.encode() for name in names})


def ingest(home: Path, address: str, writes: int) -> None:
    """Add a release of four tables and its record."""
    archive = Archive(home, SharedReleases(home, address))
    archive.catch_up()
    die_after(writes)
    archive.add(a_delivery("1", [("MLI", JANUARY, 1, 5)], [("MLI", JANUARY, JANUARY)]))


def main(kind: str, homes: Path, address: str, *places: int) -> None:
    """Fork a machine for each place; exit 0 if every one was killed."""
    add = {"bulletins": publish, "releases": ingest}[kind]
    for number, writes in enumerate(places):
        child = os.fork()
        if child == 0:
            add(homes / str(number), address, writes)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(f"the machine of {writes} writes lived")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], *map(int, sys.argv[4:]))
