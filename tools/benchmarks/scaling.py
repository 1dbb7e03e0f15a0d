"""What each stage takes as the cells of a grid grow: time, memory and bytes at rest.

    python -m tools.benchmarks.scaling FOLDER [--cells 250 1000 4000 13070] [--config FILE]

makes random events from 1989-01 to 2023-12 in the countries nearest to Bamako, as many as have so
many cells; ingests them, makes panel and indicators, trains with the backtest and publishes, by
experiments/grid.toml or another of the level `priogrid`. Each stage is a process of its own, so
that its peak is its own; memory is as in `processes.py`. Homes stay in FOLDER. Needs Linux.
"""

import argparse
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.backtest.folds import months_back
from experiments.configuration import DEFAULT, read_configuration
from experiments.samples import panel_for, training_data
from features.archive.releases import Archive
from features.archive.vintage import open_vintage
from features.indicators.near import great_circle_km
from features.markdown import markdown_table
from features.months import format_month
from features.places.regions import Regions, load_regions
from tools.benchmarks.processes import Run, run
from tools.benchmarks.random_panel import BAMAKO, random_incidents

GRID = DEFAULT.with_name("grid.toml")
MONTHS, FIRST = 12 * 35, 12 * 19  # from 1989-01
EVENTS_A_CELL = 14
"""As many as UCDP GED has in 16 countries: 45,568 events in 3,206 cells."""
MODULE = sys.executable, "-m", "tools.benchmarks.scaling"
TOCSIN = sys.executable, "-m", "tocsin"
KINDS = np.array(["state-based", "non-state", "one-sided"])
MAPPING = """\
source = "random"

[columns]
event_id = "id"
date_start = "day"
country = "country"
type_of_violence = "kind"
side_a = "side_a"
side_b = "side_b"
best = "deaths"
latitude = "latitude"
longitude = "longitude"

[types]
"state-based" = "state-based"
"non-state" = "non-state"
"one-sided" = "one-sided"

[constants]
where_prec = 1
"""


class Stage(NamedTuple):
    """A stage, what it took, and by how much the home has grown [bytes]."""

    name: str
    run: Run
    bytes: int


def nearest_countries(cells: int) -> Regions:
    """Return the cells of the countries nearest to Bamako that together have so many."""
    world = load_regions("priogrid")
    places = world.table[["latitude", "longitude"]].to_numpy().T
    table = world.table.assign(km=great_circle_km(*places, *map(np.asarray, BAMAKO)))
    countries = table.groupby("country")["km"].agg(["mean", "size"]).sort_values("mean")
    enough = int(np.searchsorted(countries["size"].cumsum(), cells)) + 1
    return world.within(countries.index[:enough].tolist())


def write_events(folder: Path, cells: Regions) -> None:
    """Write random events, how their columns are called, and what they cover."""
    rng = np.random.default_rng(1)
    events = random_incidents(cells, MONTHS, EVENTS_A_CELL * len(cells), rng)
    names = np.array([*events.names, ""])
    table = cells.table.iloc[events.region]
    month = events.month - events.month.min() + FIRST
    pd.DataFrame(
        {
            "id": np.arange(len(month)),
            "day": [f"{format_month(int(m))}-15" for m in month],
            "country": table["country"].to_numpy(),
            "kind": KINDS[events.type_of_violence - 1],
            "side_a": names[events.actors[:, 0]],
            "side_b": names[events.actors[:, 1]],
            "deaths": events.deaths.astype(int),
            "latitude": table["latitude"].to_numpy(),
            "longitude": table["longitude"].to_numpy(),
        }
    ).to_csv(folder / "events.csv", index=False)
    coverage = pd.DataFrame({"country": cells.table["country"].unique()})
    ends = format_month(FIRST), format_month(FIRST + MONTHS - 1)
    coverage = coverage.assign(first_month=ends[0], last_month=ends[1])
    coverage.to_csv(folder / "coverage.csv", index=False)
    (folder / "mapping.toml").write_text(MAPPING)


def stages(folder: Path) -> Iterator[Stage]:
    """Run all stages in a folder with events and an experiment."""
    home, config = folder / "home", str(folder / "experiment.toml")
    events = ("--coverage", str(folder / "coverage.csv"), "--available-on", "2024-02-01")
    mapped = (str(folder / "events.csv"), "--mapping", str(folder / "mapping.toml"), *events)
    commands = {
        "ingest": (*TOCSIN, "ingest", "table", *mapped),
        "panel": (*MODULE, str(folder), "--stage", "panel"),
        "panel and indicators": (*MODULE, str(folder), "--stage", "indicators"),
        "training with the backtest": (*TOCSIN, "train", "--config", config),
        # The gate refuses what is learned from random events.
        "promotion": (*TOCSIN, "promote", "priogrid", "1", "--reason", "a benchmark"),
        "publishing": (*TOCSIN, "publish"),
    }
    before = 0
    for name, command in commands.items():
        took = run(command, TOCSIN_HOME=str(home), TMPDIR=str(folder))
        size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
        yield Stage(name, took, size - before)
        before = size


def make(folder: Path, stage: str) -> None:
    """Make the panel of a home, or what is learned from it."""
    configuration = read_configuration(folder / "experiment.toml")
    vintage = open_vintage(Archive(folder / "home"), datetime.now(UTC).date())
    panel = panel_for(configuration, vintage, "priogrid")
    if stage == "indicators":
        training_data(panel, configuration, None, months_back(configuration))


def main() -> None:
    """Print what each stage takes, by the number of cells."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cells", type=int, nargs="+", default=[250, 1000, 4000, 13070])
    parser.add_argument("--config", type=Path, default=GRID)
    parser.add_argument("--stage", choices=["panel", "indicators"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        make(options.folder, options.stage)
        return
    rows = []
    for number in options.cells:
        cells = nearest_countries(number)
        folder = options.folder / str(number)
        folder.mkdir(parents=True)
        write_events(folder, cells)
        shutil.copy(options.config, folder / "experiment.toml")
        for name, took, size in stages(folder):
            figures = f"{took.seconds:.1f}", f"{took.processor:.1f}", f"{took.memory / 1e9:.2f}"
            rows.append([f"{len(cells):,}", name, *figures, f"{size / 1e6:.1f}"])
            print(*rows[-1], sep="  ", file=sys.stderr, flush=True)
    head = ["cells", "stage", "seconds", "of a processor", "peak [GB]", "written [MB]"]
    print(markdown_table(head, rows, texts=2), end="")


if __name__ == "__main__":
    main()
