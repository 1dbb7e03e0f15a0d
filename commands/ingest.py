"""Add releases to the archive."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.environment import DAY, home, simulated_mark, today

if TYPE_CHECKING:
    from features.archive.releases import Delivery
    from features.sources.source import EventSource

ingest = typer.Typer(help="Add a release of events to the archive.", no_args_is_help=True)

Files = Annotated[list[Path], typer.Argument(help="Files, plain, .gz or .zip.")]
CoverageFile = Annotated[
    Path | None,
    typer.Option("--coverage", help="CSV of country,first_month,last_month it observes."),
]
ReleaseName = Annotated[str | None, typer.Option("--release", help="Name of the release.")]
Available = Annotated[
    date | None,
    typer.Option("--available-on", help="Day from which it was public, YYYY-MM-DD.", **DAY),
]
AllowRejects = Annotated[
    bool, typer.Option("--allow-rejects", help="Take a file of which much is rejected.")
]

Sheet = Annotated[str | None, typer.Option(help="Sheet of a workbook, if it has several.")]


@ingest.command("ucdp")
def ingest_ucdp(
    paths: Files,
    coverage: CoverageFile = None,
    release: ReleaseName = None,
    available_on: Available = None,
    sheet: Sheet = None,
    allow_rejects: AllowRejects = False,
) -> None:
    """Read UCDP GED or Candidate files into the archive."""
    from features.sources.ucdp import Ucdp

    _ingest(Ucdp(sheet), paths, coverage, release, available_on, allow_rejects=allow_rejects)


@ingest.command("acled")
def ingest_acled(
    paths: Files,
    coverage: CoverageFile = None,
    release: ReleaseName = None,
    available_on: Available = None,
    deletions: Annotated[
        Path | None, typer.Option(help="CSV or JSON of the ids that ACLED has withdrawn.")
    ] = None,
    sheet: Sheet = None,
    allow_rejects: AllowRejects = False,
) -> None:
    """Read ACLED exports into the archive."""
    from features.sources.acled import Acled, read_deletions

    deleted = () if deletions is None else read_deletions(deletions, available_on or today())
    _ingest(
        Acled(sheet), paths, coverage, release, available_on, deleted, allow_rejects=allow_rejects
    )


@ingest.command("table")
def ingest_table(
    paths: Files,
    mapping: Annotated[Path, typer.Option(help="TOML that names the columns.")],
    coverage: CoverageFile = None,
    release: ReleaseName = None,
    available_on: Available = None,
    sheet: Sheet = None,
    allow_rejects: AllowRejects = False,
) -> None:
    """Read any table of events into the archive: CSV, JSON, Parquet or a workbook."""
    from features.sources.table import Table
    from features.sources.table_mapping import read_mapping

    source = Table(read_mapping(mapping), sheet)
    _ingest(source, paths, coverage, release, available_on, allow_rejects=allow_rejects)


@ingest.command("counts")
def ingest_counts(
    path: Annotated[Path, typer.Argument(help="Counts by region and month or week.")],
    source: Annotated[str, typer.Option(help="Name of the source, and of its history.")],
    release: Annotated[str, typer.Option(help="Name of the release.")],
    available_on: Annotated[
        date, typer.Option(help="Day from which it was public, YYYY-MM-DD.", **DAY)
    ],
    level: Annotated[str, typer.Option(help="country, admin1 or priogrid.")] = "admin1",
    country: Annotated[
        str | None, typer.Option(help="Country of a file that names none, as MLI or Mali.")
    ] = None,
    corrections: Annotated[
        Path | None, typer.Option(help="CSV of country,name,region for names that do not match.")
    ] = None,
    coverage: CoverageFile = None,
    report: Annotated[
        Path | None, typer.Option(help="Write how each region was matched to this CSV file.")
    ] = None,
    sheet: Sheet = None,
    allow_rejects: AllowRejects = False,
) -> None:
    """Read history that is already aggregated into the archive."""
    from features.archive.coverage import read_coverage
    from features.places.matching import known_country, read_corrections
    from features.places.regions import parse_level
    from features.sources.counts import CountsOptions, read_counts

    options = CountsOptions(
        source=source,
        level=parse_level(level),
        release=release,
        available_on=available_on,
        coverage=None if coverage is None else read_coverage(coverage),
        corrections=None if corrections is None else read_corrections(corrections),
        allow_rejects=allow_rejects,
        sheet=sheet,
        country=None if country is None else known_country(country),
    )
    delivery = read_counts(path, options)
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
    from features.places.regions import load_regions
    from features.sources.simulation.parameters import WESTERN_AFRICA, SimulationParameters
    from features.sources.simulation.world import deliver, simulate

    world = simulate(SimulationParameters(), load_regions("admin1", WESTERN_AFRICA), seed)
    _add(deliver(world, today()))


def _ingest(
    source: "EventSource",
    paths: list[Path],
    coverage: Path | None,
    release: str | None,
    available_on: date | None,
    deleted: tuple[str, ...] = (),
    *,
    allow_rejects: bool,
) -> None:
    from features.archive.coverage import read_coverage
    from features.sources.ingestion import FileDelivery
    from features.sources.source import FileOptions

    options = FileOptions(
        received_on=today(),
        available_on=available_on,
        coverage=None if coverage is None else read_coverage(coverage),
        release=release,
        allow_rejects=allow_rejects,
    )
    for path in paths:
        _add(FileDelivery(source, path, options, deleted))


def _add(delivery: "Delivery") -> None:
    from features.archive.releases import Archive

    release, is_new = Archive(home()).add(delivery)
    what = "events" if release.level is None else "rows of counts"
    print(
        f"{simulated_mark(simulated=release.simulated)}{release.name}: "
        f"{release.rows_read:,} rows read, {release.rows_accepted:,} {what}, "
        f"{release.rows_rejected:,} rejected"
        + (f", {release.rows_deleted:,} withdrawn" if release.rows_deleted else "")
        + ("" if is_new else "; already in the archive, nothing changed")
    )
    for note in release.notes:
        print(f"  note: {note}")
