"""How fast a file of UCDP's layout is ingested, and in how much memory. Run by hand.

    python tools/benchmarks/ingest.py speed --events 400000 --repeats 3
    python tools/benchmarks/ingest.py size --events 1000000 --events 10000000

Seconds are wall time of whole processes, start of the interpreter included; memory is as in
`processes.py`.
"""

import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from pyarrow import parquet

from tools.benchmarks.processes import Run, run

FILE_NAME = "GEDEvent_v25_1.csv"
TOCSIN = str(Path(sys.executable).with_name("tocsin"))
GENERATOR = str(Path(__file__).parents[1] / "ged_like.py")
MEGABYTE, MILLION = 2**20, 1_000_000

COPY = """
import sys, time, duckdb
source, target, reading, writing = sys.argv[1:]
with duckdb.connect(config={"threads": 2}) as database:
    database.execute("SET enable_progress_bar = false")
    begin = time.perf_counter()
    database.execute(
        f"COPY (SELECT * FROM read_csv('{source}'{reading})) TO '{target}' ({writing})"
    )
    print(time.perf_counter() - begin)
"""
COPIES = {
    "DuckDB copy": ("", "FORMAT parquet"),
    "DuckDB copy, zstd": ("", "FORMAT parquet, COMPRESSION zstd"),
    "DuckDB copy, all_varchar": (", all_varchar = true", "FORMAT parquet"),
}
"""The first, with the types that DuckDB finds, is the one that the ingest is held against."""

AGGREGATE = """
import sys
from datetime import date
from pathlib import Path
from features.archive.releases import Archive
from features.panel.panel import read_panel
from features.archive.vintage import open_vintage
panel = read_panel(open_vintage(Archive(Path(sys.argv[1])), date(2025, 12, 31)), "admin1")
print(int(panel.total_events[panel.observed].sum()))
"""

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
Folder = Annotated[
    Path | None, typer.Option(help="Where there is room for the files; default: TMPDIR.")
]
Seed = Annotated[int, typer.Option(help="Seed of the events.")]


@app.command()
def speed(
    events: Annotated[int, typer.Option(min=1, help="Rows of the file.")] = 400_000,
    repeats: Annotated[int, typer.Option(min=1, help="Runs of each, in turn.")] = 3,
    seed: Seed = 1,
    folder: Folder = None,
) -> None:
    """Hold the ingest against DuckDB's copy of the same file to Parquet."""
    runs: dict[str, list[Run]] = {name: [] for name in [*COPIES, "tocsin ingest"]}
    with tempfile.TemporaryDirectory(dir=folder) as work:
        file = Path(work) / FILE_NAME
        generate(file, events, seed)
        typer.echo(f"{events:,} events, {file.stat().st_size / MEGABYTE:,.0f} MB of CSV")
        for number in range(repeats):
            for name, options in COPIES.items():
                runs[name].append(copy(file, events, *options))
            runs["tocsin ingest"].append(ingest(file, Path(work) / f"home{number}", events))
    typer.echo(speed_table(runs))


@app.command()
def size(
    events: Annotated[list[int], typer.Option(min=1, help="Rows of a file; may be repeated.")],
    seed: Seed = 1,
    folder: Folder = None,
) -> None:
    """Measure how generating, ingesting and aggregating grow with the file."""
    runs: dict[int, dict[str, Run]] = {}
    for number in sorted(set(events)):
        with tempfile.TemporaryDirectory(dir=folder) as work:
            file, home = Path(work) / FILE_NAME, Path(work) / "home"
            runs[number] = {"generate": generate(file, number, seed)}
            runs[number]["ingest"] = ingest(file, home, number)
            runs[number]["admin1 panel"] = aggregate(home, number)
        typer.echo(f"{number:,} events done", err=True)
    typer.echo(size_table(runs))


def generate(file: Path, events: int, seed: int) -> Run:
    """Write a file of so many events, to the disk."""
    done = run([sys.executable, GENERATOR, str(events), str(file), "--seed", str(seed)])
    os.sync()  # or it would be written while others are timed
    return done


def copy(file: Path, events: int, reading: str, writing: str) -> Run:
    """Let DuckDB copy a file to Parquet with two threads; it prints the seconds of that alone.

    Raises RuntimeError when it does not copy every event.
    """
    target = file.with_name("copy.parquet")
    done = run([sys.executable, "-c", COPY, str(file), str(target), reading, writing])
    copied = parquet.read_metadata(target).num_rows
    target.unlink()
    if copied != events:
        raise RuntimeError(f"DuckDB copied {copied:,} of {events:,} events")
    return done


def ingest(file: Path, home: Path, events: int) -> Run:
    """Ingest a file into a fresh home; raises RuntimeError when a row is rejected."""
    done = run([TOCSIN, "ingest", "ucdp", str(file)], TOCSIN_HOME=str(home))
    if f"{events:,} events, 0 rejected" not in done.printed:
        raise RuntimeError(f"not all of {events:,} events were ingested: {done.printed}")
    return done


def aggregate(home: Path, events: int) -> Run:
    """Build the admin1 panel of a home; raises RuntimeError when it holds few of the events."""
    done = run([sys.executable, "-c", AGGREGATE, str(home)])
    if int(done.printed) < 0.9 * events:
        raise RuntimeError(f"the panel holds {int(done.printed):,} of {events:,} events")
    return done


def speed_table(runs: dict[str, list[Run]]) -> str:
    """Return medians as a Markdown table; the ratio is to the first row."""
    rows = ["| process | seconds | range | of it copying | ratio | peak memory |"]
    rows += ["|---|--:|--:|--:|--:|--:|"]
    seconds = {name: [one.seconds for one in each] for name, each in runs.items()}
    base = statistics.median(next(iter(seconds.values())))
    for name, each in runs.items():
        median = statistics.median(seconds[name])
        inside = [float(one.printed) for one in each] if name in COPIES else []
        rows.append(
            f"| {name} | {median:.2f} | {min(seconds[name]):.2f} to {max(seconds[name]):.2f} | "
            f"{f'{statistics.median(inside):.2f}' if inside else ''} | {median / base:.2f} | "
            f"{max(one.memory for one in each) / MEGABYTE:,.0f} MB |"
        )
    return "\n".join(rows)


def size_table(runs: dict[int, dict[str, Run]]) -> str:
    """Return a Markdown table of every size and phase, and how far from linear each grows."""
    rows = ["| events | phase | seconds | seconds per million events | peak memory |"]
    rows += ["|--:|---|--:|--:|--:|"]
    for events, phases in runs.items():
        rows += [
            f"| {events:,} | {name} | {one.seconds:.1f} | {one.seconds / events * MILLION:.2f} | "
            f"{one.memory / MEGABYTE:,.0f} MB |"
            for name, one in phases.items()
        ]
    least, most = min(runs), max(runs)
    growth = [
        f"{name} {runs[most][name].seconds / most * least / one.seconds:.2f}"
        for name, one in runs[least].items()
    ]
    rows += ["", f"Seconds per million, {most:,} over {least:,} events: {', '.join(growth)}."]
    return "\n".join(rows)


if __name__ == "__main__":
    app()
