"""Download what sources have published, and show what the archive holds."""

import os
from pathlib import Path
from typing import Annotated

import typer

from commands.environment import Day, History, home, note, simulated_mark, today, working
from commands.rows import RowFormat, is_for_people, print_rows
from commands.stores import open_archive

fetch = typer.Typer(help="Download what a source has published.", no_args_is_help=True)
events = typer.Typer(help="Show what the archive holds.", invoke_without_command=True)


@events.callback()
def show_events(
    context: typer.Context,
    as_of: Day = None,
    history: History = None,
    countries: Annotated[
        bool, typer.Option("--countries", help="Months observed by country, and gaps.")
    ] = False,
    row_format: RowFormat = None,
) -> None:
    """Show the releases in the archive, what they cover, and how far a forecast may go."""
    if context.invoked_subcommand is not None:
        return
    from commands.listing import release_rows, state_of, unseen_of
    from features.archive.folders import RECORDS
    from features.archive.vintage import open_vintage
    from features.errors import ArchiveError

    archive = open_archive()
    every = [release for records in RECORDS for release in archive.releases(records)]
    releases = [release for release in every if history in (None, release.history)]
    if not releases:
        raise ArchiveError(f"no release in '{home()}' yet: add one with tocsin ingest FILE")
    of_events = [release for release in releases if release.records == "events"]
    of_states = [release for release in releases if release.records != "events"]
    parts = (of_events, of_states) if is_for_people(row_format) else (releases,)
    for part in filter(None, parts):
        print_rows(release_rows(part), row_format, unseen=unseen_of(part))
    say = print if is_for_people(row_format) else note
    for name in sorted({release.history for release in of_events}):
        for line in state_of(open_vintage(archive, as_of or today(), name), countries=countries):
            say(line)


@events.command("diff")
def diff_events(
    a: Annotated[str, typer.Argument(help="A release (24.1, 23.0.10) or a day (2024-07-01).")],
    b: Annotated[str, typer.Argument(help="What to set beside it.")],
    history: History = None,
    limit: Annotated[int, typer.Option(help="Country-months to show, at most.")] = 25,
    row_format: RowFormat = None,
) -> None:
    """Show what changed from one release, or one day, to another."""
    from commands.listing import revision_rows
    from features.archive.revisions import revision_between, vintage_named

    archive = open_archive()
    revision = revision_between(
        vintage_named(archive, a, history), vintage_named(archive, b, history)
    )
    say = print if is_for_people(row_format) else note
    for line in revision.lines():
        say(line)
    rows = revision_rows(revision)
    print_rows(rows[:limit], row_format, f"a is {a}, b is {b}")
    if len(rows) > limit:
        say(f"{len(rows) - limit:,} more country-months changed (--limit)")


def show_history(
    level: Annotated[str, typer.Argument(help="country, admin1 or priogrid.")],
    region: Annotated[str, typer.Argument(help="Id of the region: MLI, MLI-mopti, 147945.")],
    first: Annotated[str | None, typer.Option("--from", help="First month, YYYY-MM.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last month, YYYY-MM.")] = None,
    as_of: Day = None,
    history: History = None,
    row_format: RowFormat = None,
) -> None:
    """Show what the archive knows of a region, month by month; null is not observed."""
    from features.archive.vintage import open_vintage
    from features.months import parse_month
    from features.panel.region_history import region_history
    from features.places.regions import parse_level

    which = parse_level(level)
    vintage = open_vintage(open_archive(), as_of or today(), history)
    months = [None if month is None else parse_month(month) for month in (first, last)]
    rows = region_history(vintage, which, region, *months)
    mark = simulated_mark(simulated=vintage.simulated)
    title = f"{mark}{region} in {vintage.history}, as known on {vintage.as_of}"
    if row_format != "json":  # an empty field would pass for a zero
        rows = [{k: "null" if v is None else v for k, v in row.items()} for row in rows]
    print_rows(rows, row_format, title)


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
    """Download UCDP GED and Candidate releases, unless they are there and have not changed."""
    with working("looking what is due"):
        from importlib.metadata import version

        from features.errors import InputError
        from features.sources.fetching.transport import NotThereError, Transport
        from features.sources.fetching.ucdp import FILES, due_releases, fetch_release

    token = os.environ.get("UCDP_ACCESS_TOKEN") or None
    if api and token is None:
        raise InputError("UCDP's API wants a token: set UCDP_ACCESS_TOKEN, or leave out --api")
    names = releases or due_releases(as_of or today())
    folder.mkdir(parents=True, exist_ok=True)
    client = Transport(user_agent=f"tocsin/{version('tocsin')}")
    for release in names:
        try:
            with working(f"fetching {release}"):
                file = fetch_release(
                    release, folder, client, token=token if api else None, files=files or FILES
                )
        except NotThereError as error:
            if releases or release != names[-1]:
                raise
            print(f"{release}: not yet there ({error})")
            continue
        state = "already there" if file.was_there else f"{file.bytes:,} bytes"
        print(f"{file.path}: {state}" + (f"; {file.remark}" if file.remark else ""))
