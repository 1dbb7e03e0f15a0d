"""Ask a service everything that its OpenAPI document allows, and much that it forbids.

    python -m tools.odd_requests HOME [--examples 2000]

HOME holds bulletins; the keys that it needs are made in a copy. schemathesis asks every operation
so many times, with all its checks: first a service without keys, then one that needs them. It ends
with 1 if a check fails; none may, and no status may be 500 or more.
"""

import argparse
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from shutil import copytree

from service.access.keys import KeyRing
from tools.benchmarks.service import running

SERVICE = """
import sys
from pathlib import Path
from service.server import serve
from service.settings import Settings
announce = lambda address: print(address, flush=True)
ages = dict.fromkeys(("max_age_days", "max_origin_age_days"), 36500)
serve(Path(sys.argv[1]), "127.0.0.1", 0, announce,
      Settings(keys=sys.argv[2], wrong_keys_per_minute=10**6, **ages))
"""


def cases_of(address: str, key: str | None, examples: int) -> tuple[int, str]:
    """Return the exit code of schemathesis, and the last it says of a service."""
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", "--checks", "all"]
    command += ["--max-examples", str(examples), "--workers", "2", "--continue-on-failure"]
    headers = [] if key is None else ["--header", f"Authorization: Bearer {key}"]
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(  # noqa: S603
            [*command, *headers, f"{address}/openapi.json"],
            check=False,
            capture_output=True,
            text=True,
            cwd=folder,  # it leaves its examples there
        )
    return run.returncode, run.stdout + run.stderr


def main() -> None:
    """Print what schemathesis says of both services."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--examples", type=int, default=2000)
    options = parser.parse_args()
    codes = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        copytree(options.home / "bulletins", home / "bulletins")
        made = KeyRing(home).add("schemathesis", date(2025, 1, 1))
        for keys, key in (("never", None), ("always", made)):
            with running(SERVICE, str(home), keys) as (address, _):
                code, text = cases_of(address, key, options.examples)
            codes.append(code)
            summary = text[text.rfind("SUMMARY") :] if code == 0 else text
            print(f"keys: {keys}\n{summary}", flush=True)
    raise SystemExit(max(codes))


if __name__ == "__main__":
    main()
