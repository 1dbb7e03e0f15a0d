"""What a process and all its descendants take: wall time, processor time and memory. Linux.

Memory is looked at every 0.5 s and summed over the processes: pages that several share count once
(`Pss`), with those of files that are mapped. It is the peak that the kernel reports for the largest
process if that is more.
"""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LOOK_EVERY_S = 0.5


@dataclass(frozen=True)
class Run:
    """What a process took [s], the peak of its memory [bytes], and what it printed.

    `processor` is processor time [s], of finished descendants too.
    """

    seconds: float
    processor: float
    memory: int
    printed: str


def run(command: Sequence[str], **environment: str) -> Run:
    """Run a command to its end; raises RuntimeError with what it printed when it fails."""
    with tempfile.TemporaryFile("w+") as output:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=os.environ | environment
        )
        watch = Watch(process.pid)
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        watch.ended.set()
        watch.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read().strip()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:3])} failed: {printed}")
    processor = usage.ru_utime + usage.ru_stime
    return Run(seconds, processor, max(watch.peak, usage.ru_maxrss * 1024), printed)


class Watch(threading.Thread):
    """Looks at the memory of a process and its descendants until it has ended."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.process = process
        self.ended = threading.Event()
        self.peak = 0

    def run(self) -> None:
        """Look until `ended` is set."""
        while not self.ended.wait(LOOK_EVERY_S):
            self.peak = max(self.peak, memory_of(self.process))


def memory_of(process: int) -> int:
    """Return the memory [bytes] of a process and its descendants, 0 when it is gone."""
    folder = Path("/proc") / str(process)
    try:
        lines = (folder / "smaps_rollup").read_text().splitlines()
        threads = list((folder / "task").iterdir())
        children = [child for t in threads for child in (t / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return 0
    own = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return own * 1024 + sum(memory_of(int(child)) for child in children)
