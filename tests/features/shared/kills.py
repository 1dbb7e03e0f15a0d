"""Publishers that are killed while they share a bulletin, one after the other.

`python -m tests.features.shared.kills HOMES ADDRESS WRITES ...`: each publishes from a home of its
own, and is killed (SIGKILL) after so many writes to the address.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bulletins.shared import SharedBulletins
from features.shared.address import Address
from tests.bulletins.sharing import issue

FILES = {name: name.encode() for name in ("a.md", "b.md", "drivers.parquet", "scores.parquet")}


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


def main(homes: Path, address: str, *places: int) -> None:
    """Fork a publisher for each place; exit 0 if every one was killed."""
    for number, writes in enumerate(places):
        child = os.fork()
        if child == 0:
            shared = SharedBulletins(homes / str(number), address)
            shared.catch_up()
            die_after(writes)
            issue(homes / str(number), shared, FILES)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(f"the publisher of {writes} writes lived")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))
