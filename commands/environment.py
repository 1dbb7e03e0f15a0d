"""The clock, the environment and the machine, and options that several commands have."""

import os
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from experiments.tracking.store import MlflowStore
    from features.archive.vintage import SummaryEvents, Vintage

Step = TypeVar("Step")


def home() -> Path:
    """Return the folder of the archive, the models and the bulletins."""
    return Path(os.environ.get("TOCSIN_HOME") or ".tocsin")


def today() -> date:
    """Return today's date, the same all over the world."""
    return datetime.now(UTC).date()


def day_of(text: str) -> date:
    """Return a day that was written YYYY-MM-DD; raises InputError for anything else."""
    from features.errors import InputError

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is not a day: write it as YYYY-MM-DD") from None


def month_of(text: str) -> int:
    """Return a month that was written YYYY-MM; raises InputError for anything else."""
    from features.months import parse_month

    return parse_month(text)


def vintage_of_day(
    as_of: str | None, history: str | None, summary_events: "SummaryEvents" = "spread"
) -> "Vintage":
    """Return the event history as known on a day, by default today."""
    from features.archive.releases import Archive
    from features.archive.vintage import open_vintage

    day = today() if as_of is None else day_of(as_of)
    return open_vintage(Archive(home()), day, history, summary_events)


def open_own_store() -> "MlflowStore":
    """Open the MLflow store that the environment names, by default that of the home folder."""
    # Read by mlflow when it is imported.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"
    from experiments.tracking.store import open_store

    return open_store(home(), os.environ.get("MLFLOW_TRACKING_URI") or None)


def running_code() -> str:
    """Return version and commit of the running code."""
    import subprocess
    from importlib.metadata import version

    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        commit = "unknown"
    return f"{version('tocsin')}+{commit}"


def progress(steps: Iterable[Step], total: int, label: str) -> Iterator[Step]:
    """Yield the steps and show on stderr how far they are."""
    from rich.console import Console
    from rich.progress import track

    yield from track(steps, label, total, console=Console(stderr=True))


def simulated_mark(*, simulated: bool) -> str:
    """Return what stands before everything that is simulated."""
    return "SIMULATED " if simulated else ""


Month = Annotated[
    str | None, typer.Option("--origin", help="Last month that may be used, YYYY-MM.")
]
Day = Annotated[str | None, typer.Option("--as-of", help="Use what was public by this day.")]
History = Annotated[
    str | None, typer.Option("--history", help="Event history, if the archive holds several.")
]
Port = Annotated[int, typer.Option(help="Port to listen on.")]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Fits side by side; default: every processor.")
]
