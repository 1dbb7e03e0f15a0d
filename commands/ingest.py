"""Add releases to the archive."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from commands.environment import DAY, simulated_mark, today
from commands.stores import open_archive
from features.errors import InputError
from features.printable import printable

if TYPE_CHECKING:
    import pandas as pd

    from features.archive.delivery import Delivery
    from features.archive.folders import Records
    from features.archive.releases import Archive
    from features.sources.counts import CountsDelivery, CountsOptions
    from features.sources.source import EventSource, FileOptions

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
IsStrict = Annotated[bool, typer.Option("--strict", help="Refuse a file that is doubtful.")]
ReportFile = Annotated[
    Path | None, typer.Option("--report", help="Write what became of the files to this JSON file.")
]

DecimalSign = Annotated[
    Literal[".", ","] | None, typer.Option(help="Decimal sign, if the file leaves doubt.")
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
    strict: IsStrict = False,
    report: ReportFile = None,
) -> None:
    """Read UCDP GED or Candidate files into the archive."""
    from features.sources.ucdp import Ucdp

    options = _options(coverage, release, available_on, allow_rejects=allow_rejects, strict=strict)
    _ingest(Ucdp(sheet), paths, options, report)


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
    strict: IsStrict = False,
    report: ReportFile = None,
) -> None:
    """Read ACLED exports into the archive."""
    from features.sources.acled import Acled, read_deletions

    deleted = () if deletions is None else read_deletions(deletions, available_on or today())
    options = _options(coverage, release, available_on, allow_rejects=allow_rejects, strict=strict)
    _ingest(Acled(sheet), paths, options, report, deleted)


@ingest.command("table")
def ingest_table(
    paths: Files,
    mapping: Annotated[Path, typer.Option(help="TOML that names the columns.")],
    coverage: CoverageFile = None,
    release: ReleaseName = None,
    available_on: Available = None,
    sheet: Sheet = None,
    allow_rejects: AllowRejects = False,
    strict: IsStrict = False,
    report: ReportFile = None,
) -> None:
    """Read any table of events into the archive: CSV, JSON, Parquet or a workbook."""
    from features.sources.table import Table
    from features.sources.table_mapping import read_mapping

    source = Table(read_mapping(mapping), sheet)
    options = _options(coverage, release, available_on, allow_rejects=allow_rejects, strict=strict)
    _ingest(source, paths, options, report)


@ingest.command("counts")
def ingest_counts(
    path: Annotated[Path, typer.Argument(help="Counts by region and month or week.")],
    source: Annotated[str, typer.Option(help="Name of the source, and of its history.")],
    release: ReleaseName = None,
    available_on: Available = None,
    level: Annotated[str, typer.Option(help="country, admin1 or priogrid.")] = "admin1",
    country: Annotated[
        str | None, typer.Option(help="Country of a file that names none, as MLI, ML or Mali.")
    ] = None,
    decimal: DecimalSign = None,
    corrections: Annotated[
        Path | None, typer.Option(help="CSV of country,name,region for names that do not match.")
    ] = None,
    coverage: CoverageFile = None,
    matches: Annotated[
        Path | None, typer.Option(help="Write how each region was matched to this CSV file.")
    ] = None,
    sheet: Sheet = None,
    allow_rejects: AllowRejects = False,
    strict: IsStrict = False,
    report: ReportFile = None,
) -> None:
    """Read history that is already aggregated into the archive.

    A file with a column `vintage` is a release a day, of all that was known on it.
    """
    from features.archive.coverage import read_coverage
    from features.places.countries import known_country
    from features.places.matching import read_corrections
    from features.places.regions import parse_level
    from features.sources.counts import CountsOptions, vintages_in

    options = CountsOptions(
        source=source,
        level=parse_level(level),
        release=release or "",
        available_on=available_on or today(),
        coverage=None if coverage is None else read_coverage(coverage),
        corrections=None if corrections is None else read_corrections(corrections),
        allow_rejects=allow_rejects,
        sheet=sheet,
        country=None if country is None else known_country(country),
        decimal=decimal,
        strict=strict,
    )
    vintages = vintages_in(path, sheet)
    _refuse_unclear(path, is_dated=bool(vintages), options=(release, available_on, coverage))
    parts = [options.of(vintage) for vintage in vintages] or [options]
    _add_counts(path, parts, report, matches)


def _refuse_unclear(
    path: Path, *, is_dated: bool, options: tuple[str | None, date | None, Path | None]
) -> None:
    """Raise InputError unless it is clear, and said once, when the rows of counts were known."""
    from features.sources.reading.vintages import COLUMN

    if not is_dated and None in options[:2]:
        raise InputError(
            f"'{path}' has no column {COLUMN} that says when its rows were known: give --release "
            "NAME and --available-on DAY"
        )
    if is_dated and any(options):
        raise InputError(
            f"'{path}' says in its column {COLUMN} when its rows were known: leave out --release, "
            "--available-on and --coverage"
        )


def _add_counts(
    path: Path, parts: "Sequence[CountsOptions]", report: Path | None, matches: Path | None
) -> None:
    """Add the vintages of a file that the archive does not hold yet, or the file whole."""
    import pandas as pd

    from features.sources.counts import content_hash, read_counts

    archive = open_archive(is_added_to=True)
    archived = {(it.source, it.release, it.sha256) for it in archive.releases()}
    new = [
        part
        for part in parts
        if part.vintage is None
        or (part.source, part.release, content_hash("", part)) not in archived
    ]
    tables = []

    def deliveries() -> "Iterator[CountsDelivery]":
        for part in new:
            delivery = read_counts(path, part)
            tables.append(delivery.matches)
            yield delivery

    if len(new) < len(parts):
        held = len(parts) - len(new)
        print(f"{held} of {len(parts)} vintages are in the archive already, nothing changed")
    _add(deliveries(), report, archive)
    if tables:
        names = pd.concat(tables).drop_duplicates(ignore_index=True)
        _print_matches(names)
        if matches is not None:
            names.to_csv(matches, index=False)


def _print_matches(matches: "pd.DataFrame") -> None:
    unmatched = matches[matches["region"].isna()]
    print(f"  {len(matches) - len(unmatched)} of {len(matches)} regions matched")
    for row in unmatched.itertuples():
        print(printable(f"  without geometry: {row.country}, {row.name}"))


def _add_command(records: "Records", what: str) -> None:
    """Add the command that reads records of states; `what` names its files in words."""

    @ingest.command(records, help=f"Read {what} into the archive.")
    def ingest_states(
        paths: Files,
        source: Annotated[
            str | None, typer.Option(help="Name of the source, and of its history.")
        ] = None,
        coverage: CoverageFile = None,
        observed_to: Annotated[
            str | None, typer.Option("--to", help="Last month that it observes, YYYY-MM.")
        ] = None,
        release: ReleaseName = None,
        available_on: Available = None,
        sheet: Sheet = None,
        allow_rejects: AllowRejects = False,
        strict: IsStrict = False,
        report: ReportFile = None,
    ) -> None:
        from features.months import parse_month
        from features.sources.states.delivery import read_states

        last = None if observed_to is None else parse_month(observed_to)
        options = _options(
            coverage, release, available_on, allow_rejects=allow_rejects, strict=strict
        )
        _add((read_states(it, records, options, source, last, sheet) for it in paths), report)


_add_command("coups", "lists of coups, attempts and plots")
_add_command("conditions", "tables of what holds of states from a month on")
_add_command("elections", "tables of the days for which votes were due")


@ingest.command("simulation")
def ingest_simulation(
    seed: Annotated[int, typer.Option(help="Which of the possible worlds.")] = 2,
) -> None:
    """Simulate a world of invented actors in West Africa and add it to the archive."""
    from features.places.regions import load_regions
    from features.sources.simulation.parameters import WESTERN_AFRICA, SimulationParameters
    from features.sources.simulation.world import deliver, deliver_states, simulate

    world = simulate(SimulationParameters(), load_regions("admin1", WESTERN_AFRICA), seed)
    _add([deliver(world, today()), *deliver_states(world, today())])


def _options(
    coverage: Path | None,
    release: str | None,
    available_on: date | None,
    *,
    allow_rejects: bool,
    strict: bool,
) -> "FileOptions":
    from features.archive.coverage import read_coverage
    from features.sources.source import FileOptions

    return FileOptions(
        received_on=today(),
        available_on=available_on,
        coverage=None if coverage is None else read_coverage(coverage),
        release=release,
        allow_rejects=allow_rejects,
        strict=strict,
    )


def _ingest(
    source: "EventSource",
    paths: list[Path],
    options: "FileOptions",
    report: Path | None,
    deleted: tuple[str, ...] = (),
) -> None:
    from features.sources.ingestion import FileDelivery

    _add([FileDelivery(source, path, options, deleted) for path in paths], report)


def _add(
    deliveries: "Iterable[Delivery]",
    report: Path | None = None,
    archive: "Archive | None" = None,
) -> None:
    """Add deliveries to the archive and print, and write, what became of each."""
    from features.archive.report import report_of
    from features.disk import own_temporary_files, write_whole

    own_temporary_files()
    archive = archive or open_archive(is_added_to=True)
    reports = []
    for delivery in deliveries:
        reports.append(report_of(archive.add(delivery)))
        lines = list(reports[-1].lines())
        lines[0] = simulated_mark(simulated=reports[-1].simulated) + lines[0]
        print(*map(printable, lines), sep="\n")
    if report is not None:
        content = [one.model_dump(mode="json") for one in reports]
        write_whole(report, json.dumps(content, indent=2, ensure_ascii=False).encode())
