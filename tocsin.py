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
    from features.sources.source import EventSource
    from features.vintage import SummaryEvents, Vintage

app = typer.Typer(
    help="Monthly, calibrated risk scores of escalation and instability for every region.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help, in half the time
)
ingest = typer.Typer(help="Add a release of events to the archive.", no_args_is_help=True)
app.add_typer(ingest, name="ingest")
fetch = typer.Typer(help="Download what a source has published.", no_args_is_help=True)
app.add_typer(fetch, name="fetch")
events = typer.Typer(help="Show what the archive holds.", invoke_without_command=True)
app.add_typer(events, name="events")

Step = TypeVar("Step")
Month = Annotated[
    str | None, typer.Option("--origin", help="Last month that may be used, YYYY-MM.")
]
Day = Annotated[str | None, typer.Option("--as-of", help="Use what was public by this day.")]
History = Annotated[
    str | None, typer.Option("--history", help="Event history, if the archive holds several.")
]
Files = Annotated[list[Path], typer.Argument(help="Files, plain, .gz or .zip.")]
CoverageFile = Annotated[
    Path | None,
    typer.Option("--coverage", help="CSV of country,first_month,last_month it observes."),
]
ReleaseName = Annotated[str | None, typer.Option("--release", help="Name of the release.")]
Available = Annotated[
    str | None,
    typer.Option("--available-on", help="Day from which it was public, YYYY-MM-DD."),
]
AllowRejects = Annotated[
    bool, typer.Option("--allow-rejects", help="Take a file of which much is rejected.")
]
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
    paths: Files,
    coverage: CoverageFile = None,
    release: ReleaseName = None,
    available_on: Available = None,
    allow_rejects: AllowRejects = False,
) -> None:
    """Read UCDP GED or Candidate files into the archive."""
    from features.sources.ucdp import Ucdp

    for path in paths:
        _ingest(Ucdp(), path, coverage, release, available_on, allow_rejects=allow_rejects)


@ingest.command("acled")
def ingest_acled(
    paths: Files,
    coverage: CoverageFile = None,
    release: ReleaseName = None,
    available_on: Available = None,
    deletions: Annotated[
        Path | None, typer.Option(help="CSV or JSON of the ids that ACLED has withdrawn.")
    ] = None,
    allow_rejects: AllowRejects = False,
) -> None:
    """Read ACLED exports, CSV or JSON, into the archive."""
    from features.sources.acled import Acled, read_deletions

    until = _today() if available_on is None else _day(available_on)
    deleted = () if deletions is None else read_deletions(deletions, until)
    for path in paths:
        _ingest(
            Acled(), path, coverage, release, available_on, deleted, allow_rejects=allow_rejects
        )


@ingest.command("table")
def ingest_table(
    paths: Files,
    mapping: Annotated[Path, typer.Option(help="TOML that says what the columns mean.")],
    coverage: CoverageFile = None,
    release: ReleaseName = None,
    available_on: Available = None,
    allow_rejects: AllowRejects = False,
) -> None:
    """Read any table of events, CSV or Parquet, into the archive."""
    from features.sources.table import Table, read_mapping

    source = Table(read_mapping(mapping))
    for path in paths:
        _ingest(source, path, coverage, release, available_on, allow_rejects=allow_rejects)


@ingest.command("counts")
def ingest_counts(
    path: Annotated[Path, typer.Argument(help="CSV of counts by region and month or week.")],
    source: Annotated[str, typer.Option(help="Name of the source, and of its history.")],
    release: Annotated[str, typer.Option(help="Name of the release.")],
    available_on: Annotated[str, typer.Option(help="Day from which it was public, YYYY-MM-DD.")],
    level: Annotated[str, typer.Option(help="country, admin1 or priogrid.")] = "admin1",
    corrections: Annotated[
        Path | None, typer.Option(help="CSV of country,name,region for names that do not match.")
    ] = None,
    coverage: CoverageFile = None,
    report: Annotated[
        Path | None, typer.Option(help="Write how each region was matched to this CSV file.")
    ] = None,
    allow_rejects: AllowRejects = False,
) -> None:
    """Read history that is already aggregated into the archive."""
    from features.coverage import read_coverage
    from features.names.matching import read_corrections
    from features.regions import parse_level
    from features.sources.counts_file import CountsSaid, read_counts

    said = CountsSaid(
        source=source,
        level=parse_level(level),
        release=release,
        available_on=_day(available_on),
        coverage=None if coverage is None else read_coverage(coverage),
        corrections=None if corrections is None else read_corrections(corrections),
        allow_rejects=allow_rejects,
    )
    delivery = read_counts(path, said)
    _add(delivery)
    unmatched = delivery.matches[delivery.matches["region"].isna()]
    print(f"  {len(delivery.matches) - len(unmatched)} of {len(delivery.matches)} regions matched")
    for row in unmatched.itertuples():
        print(f"  without geometry: {row.country}, {row.name}")
    if report is not None:
        delivery.matches.to_csv(report, index=False)


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


@fetch.command("ucdp")
def fetch_ucdp(
    releases: Annotated[
        list[str] | None,
        typer.Argument(help="24.1, 24.0.10 ...; default: all that a forecast of today needs."),
    ] = None,
    folder: Annotated[Path, typer.Option("--to", help="Folder for the files.")] = Path("downloads"),
    api: Annotated[
        bool, typer.Option("--api", help="From UCDP's API, with the token in UCDP_ACCESS_TOKEN.")
    ] = False,
    as_of: Day = None,
    files: Annotated[str | None, typer.Option(help="Another address of UCDP's downloads.")] = None,
) -> None:
    """Download UCDP GED and Candidate releases; what is there already is left alone."""
    from importlib.metadata import version

    from features.errors import InputError
    from features.sources.fetching.transport import NotThereError, Transport
    from features.sources.fetching.ucdp import FILES, fetch_release, wanted_releases

    token = os.environ.get("UCDP_ACCESS_TOKEN") or None
    if api and token is None:
        raise InputError("UCDP's API wants a token: set UCDP_ACCESS_TOKEN, or leave out --api")
    wanted = releases or wanted_releases(_today() if as_of is None else _day(as_of))
    folder.mkdir(parents=True, exist_ok=True)
    transport = Transport(user_agent=f"tocsin/{version('tocsin')}")
    for release in wanted:
        try:
            fetched = fetch_release(
                release, folder, transport, token=token if api else None, files=files or FILES
            )
        except NotThereError as error:
            if releases or release != wanted[-1]:
                raise
            print(f"{release}: not yet there ({error})")
            continue
        state = "already there" if fetched.was_there else f"{fetched.bytes:,} bytes"
        print(f"{fetched.path}: {state}")


@events.callback()
def show_events(
    context: typer.Context,
    as_of: Day = None,
    history: History = None,
    countries: Annotated[
        bool, typer.Option("--countries", help="Months observed by country, and gaps.")
    ] = False,
) -> None:
    """Show the releases in the archive, what they cover, and how far a forecast may go."""
    if context.invoked_subcommand is not None:
        return
    from rich.console import Console

    from features.archive import Archive
    from features.errors import ArchiveError
    from features.listing import release_table, state_of
    from features.vintage import open_vintage

    archive = Archive(_home())
    releases = [r for r in archive.releases() if history in (None, r.history)]
    if not releases:
        raise ArchiveError(f"no release in '{_home()}' yet: add one with tocsin ingest FILE")
    Console().print(release_table(releases))
    day = _today() if as_of is None else _day(as_of)
    for name in sorted({release.history for release in releases}):
        for line in state_of(open_vintage(archive, day, name), countries=countries):
            print(line)


@events.command("diff")
def diff_events(
    a: Annotated[str, typer.Argument(help="A release (24.1, 23.0.10) or a day (2024-07-01).")],
    b: Annotated[str, typer.Argument(help="What to set beside it.")],
    history: History = None,
    limit: Annotated[int, typer.Option(help="Country-months to show, at most.")] = 25,
) -> None:
    """Show what changed from one release, or one day, to another."""
    from rich.console import Console

    from features.archive import Archive
    from features.listing import revision_table
    from features.revisions import compare, find

    archive = Archive(_home())
    revision = compare(find(archive, a, history), find(archive, b, history))
    for line in revision.lines():
        print(line)
    Console().print(revision_table(revision, a, b, limit))
    if len(revision.months) > limit:
        print(f"{len(revision.months) - limit:,} more country-months changed (--limit)")


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
        _vintage(as_of, configuration.events.named, configuration.events.summary),
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
    from experiments.registry import history_of_models
    from features.listing import staleness_of

    store = _store()
    vintage = _vintage(as_of, history_of_models(store))
    published = issue(
        vintage,
        store,
        _home(),
        None if origin is None else _month(origin),
        issued_at=datetime.now(UTC),
        code=_code(),
    )
    manifest = published.manifest
    if origin is None:
        for line in staleness_of(vintage):
            print(line)
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
    from features.archive import Archive

    day = _today() if as_of is None else _day(as_of)
    print(evaluate_bulletin(_home(), bulletin, Archive(_home()), day))


@app.command()
def replay(bulletin: Annotated[str, typer.Argument(help="Id of a bulletin.")]) -> None:
    """Compute a bulletin again and compare every bit of its scores."""
    from experiments.publishing import replay as compute_again
    from features.archive import Archive

    manifest = compute_again(Archive(_home()), _store(), _home(), bulletin)
    print(
        f"bulletin {manifest.id}: the same {manifest.rows:,} scores, bit for bit, from events as "
        f"known on {manifest.vintage.as_of}"
    )


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


def _ingest(
    source: "EventSource",
    path: Path,
    coverage: Path | None,
    release: str | None,
    available_on: str | None,
    deleted: tuple[str, ...] = (),
    *,
    allow_rejects: bool,
) -> None:
    from features.coverage import read_coverage
    from features.ingestion import FileDelivery
    from features.sources.source import Said

    said = Said(
        received_on=_today(),
        available_on=None if available_on is None else _day(available_on),
        coverage=None if coverage is None else read_coverage(coverage),
        release=release,
        allow_rejects=allow_rejects,
    )
    _add(FileDelivery(source, path, said, deleted))


def _add(delivery: "Delivery") -> None:
    from features.archive import Archive

    release, is_new = Archive(_home()).add(delivery)
    what = "events" if release.level is None else "rows of counts"
    print(
        f"{_simulated(simulated=release.simulated)}{release.name}: "
        f"{release.rows_read:,} rows read, {release.rows_accepted:,} {what}, "
        f"{release.rows_rejected:,} rejected"
        + (f", {release.rows_deleted:,} withdrawn" if release.rows_deleted else "")
        + ("" if is_new else "; already in the archive, nothing changed")
    )
    for note in release.notes:
        print(f"  note: {note}")


def _print_trained(trained: "Trained") -> None:
    state = "champion" if trained.is_champion else "not champion"
    print(
        f"tocsin-{trained.level}/{trained.version} ({trained.learner}, to {trained.origin}) is "
        f"{state}: {trained.verdict.reason}"
    )
    for name, details in trained.untold.items():
        print(f"  without {name}: the events do not tell {details}")
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


def _vintage(
    as_of: str | None, history: str | None, summary_events: "SummaryEvents" = "spread"
) -> "Vintage":
    from features.archive import Archive
    from features.vintage import open_vintage

    day = _today() if as_of is None else _day(as_of)
    return open_vintage(Archive(_home()), day, history, summary_events)


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
