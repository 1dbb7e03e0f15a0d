"""Show what the archive holds."""

from typing import Annotated

import typer

from commands.environment import Day, History, home, today

events = typer.Typer(help="Show what the archive holds.", invoke_without_command=True)


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

    from commands.listing import release_table, state_of
    from features.archive.releases import Archive
    from features.archive.vintage import open_vintage
    from features.errors import ArchiveError

    archive = Archive(home())
    releases = [r for r in archive.releases() if history in (None, r.history)]
    if not releases:
        raise ArchiveError(f"no release in '{home()}' yet: add one with tocsin ingest FILE")
    Console().print(release_table(releases))
    for name in sorted({release.history for release in releases}):
        for line in state_of(open_vintage(archive, as_of or today(), name), countries=countries):
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

    from commands.listing import revision_table
    from features.archive.releases import Archive
    from features.archive.revisions import revision_between, vintage_named

    archive = Archive(home())
    revision = revision_between(
        vintage_named(archive, a, history), vintage_named(archive, b, history)
    )
    for line in revision.lines():
        print(line)
    Console().print(revision_table(revision, a, b, limit))
    if len(revision.months) > limit:
        print(f"{len(revision.months) - limit:,} more country-months changed (--limit)")
