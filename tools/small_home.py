"""A home as small as can be that has every kind of file, and the commands that are run on one."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

from experiments.configuration import DEMO
from experiments.tracking.artifacts import RECORD_FILE, record_artifacts
from experiments.tracking.store import open_store
from features.places.regions import load_regions
from features.sources.simulation.parameters import SimulationParameters
from features.sources.simulation.world import simulate
from tools.kills import apart

HISTORY, COUNTS = "monitor", "mine"
"""The histories of events and of counts."""
FIRST, LAST, ORIGINS = "2010-01", "2024-12", ("2024-10", "2024-11")
COUNTRIES = ("BFA", "MLI")

SERVE, LONG = "serve", {"train", "backtest"}
"""The names of what is no command here but a service, and of commands that take long."""

_MAPPING = f"""
source = "{HISTORY}"
[columns]
event_id = "event_id"
date_start = "date_start"
date_end = "date_end"
country = "country"
type_of_violence = "type_of_violence"
best = "best"
latitude = "latitude"
longitude = "longitude"
side_a = "side_a"
side_b = "side_b"
[types]
"1" = "state-based"
"2" = "non-state"
"3" = "one-sided"
[constants]
where_prec = 1
"""
_RULES = """
[channels.nobody]
kind = "webhook"
url = "http://127.0.0.1:9/"
secret_variable = "NOTHING"

[[rules]]
name = "any"
level = "admin1"
target = "instability"
horizon = 1
threshold = 1e-9
channels = ["nobody"]
"""
"""Alerts that are raised and never sent: there is no secret."""

_CHANGES = {
    "levels": '["admin1"]',
    "learners": '["logistic"]',
    "history": f'"{HISTORY}"',
    "fatalities": "[1]",
    "instability": "[1, 6]",
    "escalation": "[6]",
    "onset": "[6]",
    "years": "1",
}
"""What the experiment of the demo is changed to."""


def write_experiment(file: Path, history: str) -> None:
    """Write the smallest experiment on a history."""
    text = DEMO.read_text(encoding="utf-8")
    for key, value in (_CHANGES | {"history": f'"{history}"'}).items():
        text = re.sub(rf"^{key} = [^#\n]*", f"{key} = {value} ", text, flags=re.MULTILINE)
    file.write_text(text, encoding="utf-8")


def write_counts(file: Path, month: str) -> None:
    """Write counts of two months of two regions, a year apart."""
    rows = (f"BFA,{region},{m},3" for region in ("Sahel", "Est") for m in ("2023-01", month))
    file.write_text("\n".join(["country,region,month,deaths", *rows]) + "\n", encoding="utf-8")


def commands_of(home: Path, folder: Path) -> dict[str, list[str]]:
    """Return the commands by name; `folder` is for the files that they read and write."""
    bulletins = sorted(path.name for path in (home / "bulletins").iterdir())
    newest, oldest = bulletins[-1], bulletins[0]
    manifest = json.loads((home / "bulletins" / newest / "manifest.json").read_text())
    history = manifest["vintage"]["history"]
    counts, experiment = folder / "more_counts.csv", folder / "experiment.toml"
    write_counts(counts, "2024-02")
    write_experiment(experiment, history)
    learn, of_history = ["--config", str(experiment), "--jobs", "1"], ["--history", history]
    released = ["--source", COUNTS, "--release", "1", "--available-on", "2025-01-25"]
    return {
        SERVE: [],
        "events": ["events", "--countries", *of_history],
        "diff": ["events", "diff", "2025-01-01", "2026-02-01", *of_history],
        "history": ["history", "country", "BFA", *of_history],
        "ingest": ["ingest", "counts", str(counts), *released],
        "bulletins": ["bulletins"],
        "scores": ["scores", "--limit", "3"],
        "status": ["status"],
        "verify": ["verify"],
        "keys": ["key", "list"],
        "alerts": ["alert", "list"],
        "new key": ["key", "new", "other"],
        "revoke": ["key", "revoke", "x"],
        "promote": ["promote", "admin1", "1", "--reason", "to see"],
        "evaluate": ["evaluate", oldest],
        "replay": ["replay", newest],
        "publish again": ["publish", "--origin", newest[:7], "--jobs", "1"],
        "publish": ["publish", "--jobs", "1"],
        "train": ["train", *learn, "--origin", newest[:7]],
        "backtest": ["backtest", *learn, "--from", "2024-06", "--to", newest[:7]],
    }


def make_home(home: Path, folder: Path, run: Callable[[Sequence[str]], None]) -> None:
    """Fill a new home by running commands; what they read is written to a folder.

    It has events of which one is rejected, counts, a model, a backtest, two bulletins, a key,
    settings, alerts and what a killed command leaves. Of artifacts that are alike it has one.
    """
    counts, events = folder / "counts.csv", folder / "events.csv"
    mapping, coverage = folder / "mapping.toml", folder / "coverage.csv"
    experiment = folder / "experiment.toml"
    write_counts(counts, "2024-01")
    write_experiment(experiment, HISTORY)
    mapping.write_text(_MAPPING, encoding="utf-8")
    spans = (f"{country},{FIRST},{LAST}" for country in COUNTRIES)
    coverage.write_text("\n".join(["country,first_month,last_month", *spans]) + "\n")
    parameters = SimulationParameters(first_month=FIRST, last_month=LAST, groups=12)
    table = simulate(parameters, load_regions("admin1", COUNTRIES), seed=2).events
    table.loc[1, "country"] = "Nowhere"
    table.to_csv(events, index=False)
    home.mkdir()
    (home / "tocsin.toml").write_text("max_age_days = 40\n", encoding="utf-8")
    released = ("--available-on", "2025-01-20")
    with_events = ("--mapping", str(mapping), "--coverage", str(coverage), *released)
    learn = ("--config", str(experiment), "--jobs", "1")
    run(["ingest", "table", str(events), *with_events])
    run(["ingest", "counts", str(counts), "--source", COUNTS, "--release", "0", *released])
    run(["train", *learn, "--origin", ORIGINS[0]])
    run(["promote", "admin1", "1", "--reason", "to have a champion"])
    run(["backtest", *learn, "--from", "2024-06", "--to", ORIGINS[0]])
    _thin(home, folder)
    for origin in ORIGINS:
        run(["publish", "--origin", origin, "--jobs", "1"])
    (home / "alerts.toml").write_text(_RULES, encoding="utf-8")
    run(["publish", "--origin", ORIGINS[-1], "--jobs", "1"])  # it is there, and rings
    run(["key", "new", "x"])
    leftover = home / f".bulletins.tocsin-{UUID(int=1).hex}"
    leftover.mkdir()
    (leftover / "manifest.json").write_text("{", encoding="utf-8")


def _thin(home: Path, folder: Path) -> None:
    """Leave one artifact of each suffix in a folder, and write down their hashes anew."""
    seen = set()
    for path in sorted((home / "artifacts").rglob("*.*")):
        if path.is_file() and (path.parent, path.suffix) in seen:
            path.unlink()
        seen.add((path.parent, path.suffix))
    (home / RECORD_FILE).unlink()
    temporary = folder / "temporary"
    temporary.mkdir()
    if apart(lambda: record_artifacts(open_store(home, None)), temporary) is None:
        raise RuntimeError("the artifacts cannot be written down")
