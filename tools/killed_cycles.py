"""Kill `tocsin cycle` at random moments of some simulated months, beside a run without a kill.

    python -m tools.killed_cycles FOLDER [--kills 50] [--months 12] [--seed 1] [--experiment FILE]

Two homes grow side by side in FOLDER on the simulated world of the demo, with its experiment or
another one, and rules whose alerts go to a server here. In one of them the cycle of a month is
killed (SIGKILL, its whole process group), at moments drawn from its length, and run again until all
kills are done. In the end both must have the same bulletins, chain, track record, journal, alerts
and registry, but for times and what is named at random, and every alert must have arrived; a kill
may make one arrive twice. It ends with 1 if not. POSIX only.
"""

import argparse
import base64
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pyarrow.parquet as pq

from alerts.log import read_log
from experiments.tracking.registry import champion, levels_with_models, versions_of
from experiments.tracking.store import open_store
from features.months import format_month, parse_month

FIRST = parse_month("2025-01")
SETTINGS = """experiment = "{experiment}"

[events]
source = "simulation"

[retraining]
months = 6
"""
RULES = """[channels.desk]
kind = "webhook"
url = "{url}"
secret_variable = "{variable}"

[[rules]]
name = "high"
level = "admin1"
target = "instability"
horizon = 1
first = "high"
channels = ["desk"]

[[rules]]
name = "rise"
level = "country"
target = "instability"
horizon = 3
rise = 0.02
quiet_months = 2
channels = ["desk"]

[[rules]]
name = "change"
level = "admin1"
target = "escalation"
horizon = 3
change = "any"
language = "fr"
channels = ["desk"]
"""
_VARIABLE = "TOCSIN_KILLED_CYCLES"
_RANDOM = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"), "<time>"),
    (re.compile(r"\d{4}-\d\d-[0-9a-f]{12}"), "<bulletin>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hash>"),
    (re.compile(r"\b(m-)?[0-9a-f]{32}\b"), "<run>"),
    (re.compile(r"issued \d{4}-\d\d-\d\d"), "issued <day>"),
)
"""Times, and what follows from them or is drawn by MLflow."""

_STORED = ("bulletins", "record", "cycles", "alerts")


class Desk(BaseHTTPRequestHandler):
    """A desk that takes every alert; `arrivals` counts them by id."""

    arrivals: ClassVar[Counter[str]] = Counter()

    def do_POST(self) -> None:
        """Take an alert."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.arrivals[self.headers["webhook-id"]] += 1
        self.send_response(204)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Print nothing."""


def cycle(home: Path, month: int, after: float | None = None) -> float:
    """Run the cycle of a month, killed after some seconds; return how long it took [s]."""
    day = date.fromisoformat(f"{format_month(month + 1)}-02")
    command = [str(Path(sys.executable).with_name("tocsin")), "--quiet", "cycle"]
    secret = f"whsec_{base64.b64encode(bytes(32)).decode()}"
    begun = time.monotonic()
    process = subprocess.Popen(  # noqa: S603
        [*command, "--as-of", str(day)],
        env=os.environ | {"TOCSIN_HOME": str(home), _VARIABLE: secret},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _, errors = process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return time.monotonic() - begun
    if process.returncode:
        raise RuntimeError(f"the cycle of {day} in {home} ends with {process.returncode}: {errors}")
    return time.monotonic() - begun


def content_of(home: Path) -> dict[str, str]:
    """Return what a home holds in the end, by place, without what is named at random."""
    content = {}
    for folder in _STORED:
        for path in sorted((home / folder).rglob("*")):
            if path.is_file() and path.suffix != ".lock":
                content[_plain(str(path.relative_to(home)))] = _plain(_text(path))
    content["registry"] = "\n".join(_registry(home))
    return content


def _text(path: Path) -> str:
    if path.suffix == ".parquet":
        table: str = pq.read_table(path).to_pandas().to_csv(index=False)
        return table
    return path.read_bytes().decode(errors="replace")


def _plain(text: str) -> str:
    for pattern, name in _RANDOM:
        text = pattern.sub(name, text)
    return text


def _registry(home: Path) -> Iterator[str]:
    store = open_store(home, None)
    for level in levels_with_models(store):
        best = champion(store, level)
        yield f"{level}: champion {best and best.version}"
        for model in sorted(versions_of(store, level), key=lambda model: model.version):
            yield f"{model.label} {model.learner} {model.trained_to} {model.passed}"


def leftovers(home: Path) -> list[str]:
    """Return what is hidden in a home, but for locks, and an open journal."""
    hidden = [path for path in home.rglob(".*") if path.suffix != ".lock"]
    return [str(path) for path in (*hidden, *home.glob("cycles/open.json"))]


def differences(whole: dict[str, str], killed: dict[str, str]) -> Iterator[str]:
    """Yield how two homes differ, a line a place."""
    for place in sorted(whole.keys() | killed.keys()):
        one, other = whole.get(place), killed.get(place)
        if one is None or other is None:
            yield f"{place} is {'only in the killed home' if one is None else 'not in it'}"
        elif one != other:
            lines = zip(one.splitlines(), other.splitlines(), strict=False)
            first = next(
                (pair for pair in lines if pair[0] != pair[1]), ("", "more or fewer lines")
            )
            yield f"{place}: {first[0][:200]!r} and {first[1][:200]!r}"


def deliveries(home: Path) -> tuple[str, list[str]]:
    """Return how many alerts of a home arrived, in words, and which did not.

    The desk is the witness, not the log.
    """
    alerts = {alert.id for alert in read_log(home).alerts}
    twice = sum(Desk.arrivals[key] > 1 for key in alerts)
    missing = [f"{home.name}: alert {key} did not arrive" for key in alerts - Desk.arrivals.keys()]
    return f"{home.name}: {len(alerts)} alerts, {twice} of them arrived more than once", missing


def main() -> None:
    """Run both homes and compare them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--experiment", type=Path, help="Default: the demo's.")
    options = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rules = RULES.format(url=f"http://127.0.0.1:{server.server_port}/", variable=_VARIABLE)
    chance, homes = random.Random(options.seed), []  # noqa: S311
    for name in ("whole", "killed"):
        homes.append(options.folder / name)
        shutil.rmtree(homes[-1], ignore_errors=True)
        homes[-1].mkdir(parents=True)
        own = options.experiment and options.experiment.resolve()
        (homes[-1] / "cycle.toml").write_text(SETTINGS.format(experiment=own or "demo"))
        (homes[-1] / "alerts.toml").write_text(rules)
    whole, killed = homes
    months = range(FIRST, FIRST + options.months)
    kills = [chance.choice(months) for _ in range(options.kills)]
    for month in months:
        length = cycle(whole, month)
        for _ in range(kills.count(month)):
            cycle(killed, month, chance.uniform(0, length))
        cycle(killed, month)
        print(f"{format_month(month)}: {length:.1f} s, {kills.count(month)} kills", flush=True)
    faults = [*differences(content_of(whole), content_of(killed)), *leftovers(killed)]
    for home in homes:
        summary, missing = deliveries(home)
        print(summary)
        faults += missing
    print(*faults, f"{options.kills} kills, {len(faults)} differences", sep="\n")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
