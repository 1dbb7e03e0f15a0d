"""How fast indicators are computed, and in how much memory. Run by hand.

    python tools/benchmarks/indicators.py all
    python tools/benchmarks/indicators.py grid
    python tools/benchmarks/indicators.py peers --mlforecast-python PATH

Events are random. Seconds are wall time of this process and medians of repeats after a first run
that does not count, those of the grid of a single run; memory is the peak of the whole process, the
panel included. For `peers`, PATH is the Python of an environment with mlforecast, which needs
pandas 2.
"""

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from features.indicators.catalogue import CATALOGUE, indicator_table
from features.panel.panel import Panel
from features.places.regions import load_regions
from tools.benchmarks.random_panel import inside, nearest, random_panel
from tools.benchmarks.rolling import (
    ROLLING,
    a_month_later,
    agree,
    long_table,
    mlforecast_columns,
    our_columns,
    our_table,
    pandas_columns,
)

GRID_FAMILIES = ("history", "neighbourhood", "contagion")
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
Repeats = Annotated[int, typer.Option(min=1, help="Runs that count.")]
Months = Annotated[int, typer.Option(min=24, help="Months of the panel.")]
Events = Annotated[int, typer.Option(min=1, help="Random events.")]


@app.command("all")
def all_families(
    regions: Annotated[int, typer.Option(min=1, help="Regions, those nearest to Bamako.")] = 994,
    months: Months = 168,
    events: Events = 150_000,
    repeats: Repeats = 3,
) -> None:
    """Time every family of the catalogue on a panel of admin1 regions."""
    panel = random_panel(nearest(load_regions("admin1"), regions), months, events)
    typer.echo(f"{regions} admin1 regions x {months} months, {events:,} events\n")
    rows = [f"| {len(CATALOGUE)} | all | {seconds_of(table_of(panel, None), repeats):.2f} |"]
    for family in dict.fromkeys(indicator.family for indicator in CATALOGUE):
        seconds = seconds_of(table_of(panel, [family]), repeats)
        rows.append(f"| {len(names_of([family]))} | {family} | {seconds:.2f} |")
    typer.echo("\n".join(["| indicators | family | seconds |", "|--:|---|--:|", *rows]))


@app.command()
def grid(months: Months = 420, events: Events = 400_000) -> None:
    """Time the families that PRIO-GRID needs, and measure the memory."""
    regions = inside(load_regions("priogrid"))
    panel = random_panel(regions, months, events)
    before = peak_memory()
    typer.echo(f"{len(panel.regions)} cells x {months} months, {events:,} events\n")
    seconds = seconds_once(table_of(panel, GRID_FAMILIES))
    rows = [f"| {len(names_of(GRID_FAMILIES))} | all three | {seconds:.1f} |"]
    after = peak_memory()
    for family in GRID_FAMILIES:
        seconds = seconds_once(table_of(panel, [family]))
        rows.append(f"| {len(names_of([family]))} | {family} | {seconds:.1f} |")
    typer.echo("\n".join(["| indicators | families | seconds |", "|--:|---|--:|", *rows]))
    typer.echo(f"\nPeak memory {after:.1f} GB, {before:.1f} GB before the first indicator.")


@app.command()
def peers(
    mlforecast_python: Annotated[Path, typer.Option(help="Python that can import mlforecast.")],
    regions: Annotated[int, typer.Option(min=1, help="Regions, those nearest to Bamako.")] = 994,
    months: Months = 168,
    repeats: Repeats = 9,
) -> None:
    """Hold lags and rolling statistics against pandas and mlforecast: the same columns.

    Windows end with the month itself; mlforecast has them a month later. Raises RuntimeError when
    the figures differ.
    """
    panel = random_panel(nearest(load_regions("admin1"), regions), months, 150_000)
    deaths = panel.total_deaths
    long = long_table(deaths)
    ours, rolling = our_columns(deaths), tuple(ROLLING)
    agree(ours, pandas_columns(long), deaths.shape)
    peer, peer_seconds = mlforecast_columns(mlforecast_python, deaths, repeats)
    agree({name: a_month_later(name, values) for name, values in ours.items()}, peer, deaths.shape)
    works: dict[str, Callable[[], object]] = {
        "ours, month x region arrays": lambda: our_columns(deaths),
        "ours, long table to long table": lambda: our_table(long, months),
        "pandas groupby, long table": lambda: pandas_columns(long),
        "ours, rolling only": lambda: our_columns(deaths, rolling),
        "pandas groupby-rolling, rolling only": lambda: pandas_columns(long, rolling),
    }
    seconds = {name: seconds_of(work, repeats) for name, work in works.items()}
    seconds["mlforecast, long table"] = peer_seconds
    typer.echo(f"{regions} regions x {months} months, {len(ours)} columns ({len(rolling)} rolling)")
    base = next(iter(seconds.values()))
    rows = [f"| {name} | {s * 1000:.1f} | {s / base:.1f} |" for name, s in seconds.items()]
    typer.echo("\n".join(["", "| what | ms | ratio to the first |", "|---|--:|--:|", *rows]))


def names_of(families: Sequence[str]) -> list[str]:
    """Return the names of the indicators of families."""
    return [indicator.name for indicator in CATALOGUE if indicator.family in families]


def table_of(panel: Panel, families: Sequence[str] | None) -> Callable[[], object]:
    """Return what computes a table of families, or of all, of a panel that remembers nothing."""
    names = None if families is None else names_of(families)
    return lambda: indicator_table(replace(panel), names)


def seconds_once(work: Callable[[], object]) -> float:
    """Return the seconds that a piece of work takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def seconds_of(work: Callable[[], object], repeats: int) -> float:
    """Return the median of so many runs, after one that does not count [s]."""
    work()
    return statistics.median(seconds_once(work) for _ in range(repeats))


def peak_memory() -> float:
    """Return the most memory that this process had so far [GB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    app()
