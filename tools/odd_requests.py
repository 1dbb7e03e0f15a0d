"""Ask a service everything that its OpenAPI document allows, and much that it forbids.

    python -m tools.odd_requests HOME [--examples 2000] [--keys always]

HOME holds bulletins; the key that is needed is made in a copy. schemathesis asks every operation up
to so many times, with all its checks: first a service without keys, then one that needs them, or
one of the two alone. It ends with 1 if a check fails, or a status was 500 or more.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from shutil import copytree

import httpx

from service.access.keys import KeyRing
from tools.benchmarks.service import running

SERVICE = """
import os, sys
from pathlib import Path
from service.server import serve
from service.settings import Settings
announce = lambda address: print(address, flush=True)
ages = dict.fromkeys(("max_age_days", "max_origin_age_days"), 36500)
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a line for each refusal
serve(Path(sys.argv[1]), "127.0.0.1", 0, announce,
      Settings(keys=sys.argv[2], wrong_keys_per_minute=10**6, head_bytes=10**6, **ages))
"""


_FAULTS = 500
"""The lowest status of a fault of the service."""


def ask_oddly(address: str, headers: dict[str, str], examples: int) -> tuple[bool, str]:
    """Return whether a service passed every check of schemathesis, and what that says of it."""
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", "--checks", "all"]
    command += ["--max-examples", str(examples), "--workers", "2", "--continue-on-failure"]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    with tempfile.TemporaryDirectory() as folder:  # it leaves its examples where it runs
        run = subprocess.run(  # noqa: S603
            [*command, f"{address}/openapi.json"],
            check=False,
            capture_output=True,
            text=True,
            cwd=folder,
        )
    return run.returncode == 0, run.stdout + run.stderr


def statuses_of(address: str, headers: dict[str, str]) -> Counter[int]:
    """Return how often a service has answered with each status."""
    counted = re.findall(
        r'tocsin_requests_total\{.*status="(\d+)"\} (\S+)',
        httpx.get(f"{address}/metrics", headers=headers).raise_for_status().text,
    )
    statuses: Counter[int] = Counter()
    for status, count in counted:
        statuses[int(status)] += int(float(count))
    return statuses


def main() -> None:
    """Print what schemathesis says of both services, and what they answered."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--keys", choices=("never", "always"), help="One service alone.")
    options = parser.parse_args()
    passed = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        copytree(options.home / "bulletins", home / "bulletins")
        key = KeyRing(home).add("schemathesis", date(2025, 1, 1))
        services = {"never": {}, "always": {"Authorization": f"Bearer {key}"}}
        for keys in [options.keys] if options.keys else services:
            headers = services[keys]
            with running(SERVICE, str(home), keys) as (address, _):
                is_passed, text = ask_oddly(address, headers, options.examples)
                statuses = statuses_of(address, headers)
            passed += [is_passed, max(statuses) < _FAULTS]
            print(f"keys: {keys}", text[text.rfind("SUMMARY") :] if is_passed else text, sep="\n")
            print(f"answers by status: {dict(sorted(statuses.items()))}", flush=True)
    raise SystemExit(0 if all(passed) else 1)


if __name__ == "__main__":
    main()
