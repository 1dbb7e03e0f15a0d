"""Memory that was used goes back to the system: in a process of its own, whose settings it is."""

import subprocess
import sys

import pytest

USE_AND_FREE = """
import sys
from pathlib import Path
from service.memory import give_memory_back
if sys.argv[1] == "told":
    give_memory_back()
bytearray(30_000_000)  # freed at once, after which glibc takes such pieces from its own store
pieces = [bytearray(2_000_000) for _ in range(50)]
last = bytearray(100_000)  # behind them, so that the store cannot shrink
del pieces
print(int(Path("/proc/self/statm").read_text().split()[1]) * 4096)
"""


def resident_bytes(said: str) -> int:
    command = [sys.executable, "-c", USE_AND_FREE, said]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and glibc is told")
def test_large_pieces_go_back_to_the_system() -> None:
    assert resident_bytes("told") < resident_bytes("not told") - 50_000_000
