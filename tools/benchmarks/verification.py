"""Measure `tocsin verify`: how long it takes, and whether it finds single bytes that are changed.

    python -m tools.benchmarks.verification HOME [--changes 200] [--seed 1]

HOME must be whole; it is given back as it was. Each change is of one random byte, to any other, in
a random file, and is taken back before the next. Files that hold nothing at rest are left out:
locks, files that a person writes, caches, downloads, and what loading a model leaves beside it.
"""

import argparse
import json
import random
import time
from pathlib import Path

from typer.testing import CliRunner

import tocsin
from experiments.tracking.artifacts import FROM_LOADING

NOT_AT_REST = {"backtests", "downloads", "relive", "tocsin.toml", "cycle.toml", "alerts.toml"}


def files_at_rest(home: Path) -> list[Path]:
    """Return all files of a home that are stored for good and are not empty."""
    return sorted(
        path
        for path in home.rglob("*")
        if path.is_file()
        and path.stat().st_size
        and path.relative_to(home).parts[0] not in NOT_AT_REST
        and not path.name.startswith(".")
        and FROM_LOADING.isdisjoint(path.parts)
    )


def damages(home: Path) -> list[str]:
    """Return what `tocsin verify` says to be damaged."""
    command = ["verify", "--format", "json"]
    shown = CliRunner().invoke(tocsin.app, command, env={"TOCSIN_HOME": str(home)})
    if shown.exception is not None and not isinstance(shown.exception, SystemExit):
        raise shown.exception
    findings = json.loads(shown.stdout)
    return [finding["details"] for finding in findings if finding["state"] == "damaged"]


def missed_changes(home: Path, number: int, seed: int) -> list[str]:
    """Change single bytes, one after the other; return the changes that are not found."""
    chosen, files, missed = random.Random(seed), files_at_rest(home), []
    for _ in range(number):
        file = chosen.choice(files)
        content = file.read_bytes()
        place, by = chosen.randrange(len(content)), chosen.randrange(1, 256)
        changed = bytearray(content)
        changed[place] ^= by
        file.write_bytes(changed)
        if not damages(home):
            missed.append(f"{file.relative_to(home)}, byte {place}, XOR {by}")
        file.write_bytes(content)
    return missed


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begin = time.perf_counter()
    found = damages(options.home)
    taken = time.perf_counter() - begin
    bulletins = len(list((options.home / "bulletins").glob("*/manifest.json")))
    print(f"{len(files_at_rest(options.home))} files, {bulletins} bulletins: {taken:.1f} s")
    if found:
        raise SystemExit("\n".join(["the home is not whole:", *found]))
    missed = missed_changes(options.home, options.changes, options.seed)
    print(f"{options.changes - len(missed)} of {options.changes} changes found")
    print("\n".join(missed))


if __name__ == "__main__":
    main()
