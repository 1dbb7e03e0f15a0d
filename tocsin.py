"""The command line: one thin function a command.

The clock, the environment and the machine are read here and nowhere below. Imports stand inside
the commands, so that `tocsin --help` need not load what it does not use.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from experiments.store import Store
    from experiments.training import Trained
    from features.archive import Delivery
    from features.vintage import Vintage

app = typer.Typer(
    help="Monthly, calibrated risk scores of escalation and instability for every region.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help, in half the time
)
ingest = typer.Typer(help="Add a release of events to the archive.", no_args_is_help=True)
app.add_typer(ingest, name="ingest")

Step = TypeVar("Step")
Month = Annotated[
    str | None, typer.Option("--origin", help="Last month that may be used, YYYY-MM.")
]
Day = Annotated[str | None, typer.Option("--as-of", help="Use what was public by this day.")]
Port = Annotated[int, typer.Option(help="Port to listen on.")]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Fits side by side; default: every processor.")
]


def main() -> None:
    """Run a command; a TocsinError is one plain line on stderr and exit code 1."""
    from features.errors import TocsinError

    try:
        app()
    except TocsinError as error:
        print(f"tocsin: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(1) from None


@ingest.command("ucdp")
def ingest_ucdp(
    paths: Annotated[list[Path], typer.Argument(help="UCDP CSV files, plain, .gz or .zip.")],
    coverage: Annotated[
        Path | None, typer.Option(help="CSV of country,first_month,last_month it observes.")
    ] = None,
    release: Annotated[str | None, typer.Option(help="Name of the release.")] = None,
    available_on: Annotated[
        str | None, typer.Option(help="Day from which it was public, YYYY-MM-DD.")
    ] = None,
    allow_rejects: Annotated[
        bool, typer.Option("--allow-rejects", help="Take a file of which much is rejected.")
    ] = False,
) -> None:
    """Read UCDP GED or Candidate files into the archive."""
    from features.coverage import read_coverage
    from features.sources.ucdp import read_ucdp

    observed = None if coverage is None else read_coverage(coverage)
    day = None if available_on is None else _day(available_on)
    for path in paths:
        _add(
            read_ucdp(
                path,
                _today(),
                available_on=day,
                coverage=observed,
                release=release,
                allow_rejects=allow_rejects,
            )
        )


@ingest.command("simulation")
def ingest_simulation(
    seed: Annotated[int, typer.Option(help="Which of the possible worlds.")] = 2,
) -> None:
    """Simulate a world of invented actors in West Africa and add it to the archive."""
    from features.regions import load_regions
    from features.sources.simulation.delivery import deliver
    from features.sources.simulation.names import WESTERN_AFRICA
    from features.sources.simulation.parameters import SimulationParameters
    from features.sources.simulation.world import simulate

    world = simulate(SimulationParameters(), load_regions("admin1", WESTERN_AFRICA), seed)
    _add(deliver(world, _today()))


@app.command()
def events() -> None:
    """Show the releases in the archive and what they cover."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    from features.archive import Archive
    from features.errors import ArchiveError
    from features.months import format_month

    table = Table("release", "public from", "events", "rejected", "countries", "months", box=SIMPLE)
    releases = Archive(_home()).releases()
    if not releases:
        raise ArchiveError(f"no release in '{_home()}' yet: add one with tocsin ingest FILE")
    for release in releases:
        spans = release.coverage().spans
        first, last = min(s.first_month for s in spans), max(s.last_month for s in spans)
        table.add_row(
            release.name + (" SIMULATED" if release.simulated else ""),
            str(release.available_on),
            f"{release.rows_accepted:,}",
            f"{release.rows_rejected:,}",
            str(len({s.country for s in spans})),
            f"{format_month(first)} to {format_month(last)}",
        )
    Console().print(table)


@app.command()
def indicators(
    markdown: Annotated[bool, typer.Option("--markdown", help="As in docs/indicators.md.")] = False,
) -> None:
    """List every indicator: name, meaning, unit, family."""
    from rich.console import Console
    from rich.table import Table

    from features.catalogue import CATALOGUE, as_markdown

    if markdown:
        print(as_markdown(CATALOGUE), end="")
        return
    table = Table("name", "meaning", "unit", "family")
    for indicator in CATALOGUE:
        table.add_row(indicator.name, indicator.meaning, indicator.unit, indicator.family)
    Console().print(table)


@app.command()
def train(
    origin: Month = None,
    config: Annotated[Path | None, typer.Option(help="Experiment in TOML.")] = None,
    as_of: Day = None,
    jobs: Jobs = None,
) -> None:
    """Fit, judge, track and register the models of each level."""
    from experiments.configuration import DEFAULT, read_configuration
    from experiments.training import train as train_levels

    configuration = read_configuration(DEFAULT if config is None else config)
    trained = train_levels(
        _vintage(as_of),
        configuration,
        _store(),
        None if origin is None else _month(origin),
        code=_code(),
        jobs=jobs or os.cpu_count() or 1,
        progress=_progress,
    )
    for level in trained:
        _print_trained(level)


@app.command()
def publish(origin: Month = None, as_of: Day = None) -> None:
    """Issue the bulletin of an origin from the champions."""
    from experiments.publishing import publish as issue

    published = issue(
        _vintage(as_of),
        _store(),
        _home(),
        None if origin is None else _month(origin),
        issued_at=datetime.now(UTC),
        code=_code(),
    )
    manifest = published.manifest
    for reason in published.left_out:
        print(f"left out: {reason}")
    models = ", ".join(f"{m.name}/{m.version} ({m.learner})" for m in manifest.models)
    print(
        f"{_simulated(simulated=manifest.simulated)}bulletin {manifest.id}: "
        f"{manifest.rows:,} scores at origin {manifest.origin} from {models}"
        + ("" if published.is_new else "; it was already there and stays as it is")
    )


@app.command()
def evaluate(
    bulletin: Annotated[str | None, typer.Argument(help="Id; default: the newest.")] = None,
    as_of: Day = None,
) -> None:
    """Set a bulletin beside what happened, as Markdown."""
    from experiments.track_record import evaluate_bulletin

    print(evaluate_bulletin(_home(), bulletin, _vintage(as_of)))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Serve the bulletins over HTTP."""
    from service.server import serve as serve_bulletins

    serve_bulletins(_home(), host, port, _announce)


@app.command()
def scores(
    country: Annotated[list[str] | None, typer.Option(help="ISO 3166-1 alpha-3.")] = None,
    region: Annotated[list[str] | None, typer.Option(help="Region id.")] = None,
    level: Annotated[str | None, typer.Option(help="country, admin1 or priogrid.")] = None,
    target: Annotated[str, typer.Option(help="What is forecast.")] = "instability",
    horizon: Annotated[list[int] | None, typer.Option(help="Months ahead.")] = None,
    limit: Annotated[int, typer.Option(help="Rows, at most.")] = 25,
) -> None:
    """Print the top of the newest bulletin."""
    from rich.console import Console
    from rich.table import Table

    from service.terminal import top_scores

    manifest, rows = top_scores(
        _home(),
        country=country or (),
        region=region or (),
        level=level,
        target=target,
        horizon=horizon or (),
        limit=limit,
    )
    heading = f"bulletin {manifest.id}, origin {manifest.origin}"
    table = Table(
        "region", "name", "target", "months ahead", "to", "deaths/month to reach", "probability",
        title=_simulated(simulated=manifest.simulated) + heading,
    )  # fmt: skip
    for row in rows:
        table.add_row(
            row.region,
            row.name,
            row.target,
            str(row.horizon),
            row.target_month,
            f"{row.threshold:g}",
            f"{row.probability:.3f}",
        )
    Console().print(table)


@app.command()
def ui(port: Port = 5000) -> None:
    """Open the MLflow UI on the experiments."""
    import signal
    import subprocess

    store = _store()
    address = f"http://127.0.0.1:{port}/#/experiments?workflowType=machine_learning"
    print(f"MLflow UI on {address} (Ctrl-C stops it)", flush=True)
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store.uri]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    if store.artifacts is not None:
        command += ["--default-artifact-root", store.artifacts.as_uri()]
    # Apart from Ctrl-C, which the server answers with a page of traceback, and its helpers too.
    with subprocess.Popen(command, start_new_session=True) as server:  # noqa: S603
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            server.wait()
        except KeyboardInterrupt:
            os.killpg(server.pid, signal.SIGTERM)
            return
    raise SystemExit(server.returncode)


@app.command()
def demo(
    port: Port = 8000,
    home: Annotated[Path, typer.Option(help="Folder that the demo may fill.")] = Path(".demo"),
    seed: Annotated[int, typer.Option(help="Which of the possible worlds.")] = 2,
    serving: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve at the end.")] = True,
) -> None:
    """Take a simulated world along the whole path."""
    from experiments.configuration import DEMO

    os.environ["TOCSIN_HOME"] = str(home)
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    print("1/4 simulating a world of invented armed groups in West Africa")
    ingest_simulation(seed)
    print("2/4 training: logistic regression against boosting, judged on past origins")
    train(config=DEMO)
    print("3/4 publishing")
    publish()
    print(f"4/4 serving\n    MLflow UI: TOCSIN_HOME={home} .venv/bin/tocsin ui")
    if serving:
        serve(port=port)


def _add(delivery: "Delivery") -> None:
    from features.archive import Archive

    new = Archive(_home()).add(delivery)
    rows, rejected = len(delivery.events), len(delivery.rejected)
    print(
        f"{_simulated(simulated=delivery.simulated)}{delivery.source} {delivery.release}: "
        f"{rows + rejected:,} rows read, {rows:,} events, {rejected:,} rejected"
        + ("" if new else "; already in the archive, nothing changed")
    )
    for note in delivery.notes:
        print(f"  note: {note}")


def _print_trained(trained: "Trained") -> None:
    state = "champion" if trained.is_champion else "not champion"
    print(
        f"tocsin-{trained.level}/{trained.version} ({trained.learner}, to {trained.origin}) is "
        f"{state}: {trained.verdict.reason}"
    )
    for target, row in trained.skill.iterrows():
        skill = row["crps_skill"] if target == "fatalities" else row["brier_skill"]
        name = "CRPS" if target == "fatalities" else "Brier"
        print(f"  {target}: {name} skill {skill:+.3f} over the best reference")


def _progress(steps: Iterable[Step], total: int, label: str) -> Iterator[Step]:
    from rich.console import Console
    from rich.progress import track

    yield from track(steps, label, total, console=Console(stderr=True))


def _announce(address: str) -> None:
    print(f"serving on {address}", flush=True)
    for path in ("/", "/docs", "/v1/scores?level=admin1&target=instability&limit=5"):
        print(f"    {address}{path}", flush=True)


def _vintage(as_of: str | None) -> "Vintage":
    from features.archive import Archive
    from features.vintage import open_vintage

    return open_vintage(Archive(_home()), _today() if as_of is None else _day(as_of))


def _store() -> "Store":
    # Read by mlflow when it is imported.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["DO_NOT_TRACK"] = "true"
    from experiments.store import open_store

    return open_store(_home(), os.environ.get("MLFLOW_TRACKING_URI") or None)


def _code() -> str:
    """Return version and commit of the running code."""
    import subprocess
    from importlib.metadata import version

    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        commit = "unknown"
    return f"{version('tocsin')}+{commit}"


def _home() -> Path:
    return Path(os.environ.get("TOCSIN_HOME") or ".tocsin")


def _today() -> date:
    return datetime.now(UTC).date()


def _day(text: str) -> date:
    from features.errors import InputError

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"'{text}' is not a day: write it as YYYY-MM-DD") from None


def _month(text: str) -> int:
    from features.months import parse_month

    return parse_month(text)


def _simulated(*, simulated: bool) -> str:
    return "SIMULATED " if simulated else ""


if __name__ == "__main__":
    main()
