"""Time until the commands that answer at once have done so, beside the import of typer.

python -m tools.benchmarks.startup HOME
"""

import os
import subprocess
import sys
import time
from statistics import median

RUNS = 20
CASES = {
    "import typer": ["-c", "import typer"],
    **{f"tocsin {name}": ["-m", "tocsin", name] for name in ("--version", "--help", "status")},
}


def seconds(arguments: list[str], home: str) -> float:
    """Return the wall time of one run [s]."""
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        check=False,  # status exits 1 when something is bad
        capture_output=True,
        env=os.environ | {"TOCSIN_HOME": home},
    )
    return time.perf_counter() - begin


def main(home: str) -> None:
    """Print least and median times, taken in turns so that a busy machine is busy for all."""
    rounds = [
        {name: seconds(arguments, home) for name, arguments in CASES.items()} for _ in range(RUNS)
    ]
    for name in CASES:
        times = [one[name] for one in rounds]
        ratio = median(one[name] / one["import typer"] for one in rounds)
        print(f"{name:18} {min(times):.3f} s {median(times):.3f} s {ratio:.2f} times")


if __name__ == "__main__":
    main(sys.argv[1])
