"""What the archive holds, and what changed in it, for people to read on a terminal."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.table import Column, Table

from features.archive.releases import Release
from features.archive.revisions import Revision
from features.archive.vintage import Vintage
from features.months import format_month
from features.sources.publication import gaps, staleness


def release_table(releases: Sequence[Release]) -> Table:
    """Return a table with a row a release."""
    table = Table(
        "history",
        Column("release", overflow="fold"),
        Column("public from", no_wrap=True),
        *("rows", "rejected", "countries"),
        Column("months", overflow="fold"),
        box=SIMPLE,
    )
    for release in releases:
        spans = release.coverage().spans
        first, last = min(s.first_month for s in spans), max(s.last_month for s in spans)
        by = "" if release.level is None else f" by {release.level}"
        table.add_row(
            release.history,
            release.name + (" SIMULATED" if release.simulated else ""),
            str(release.available_on),
            f"{release.rows_accepted:,}{by}",
            f"{release.rows_rejected:,}",
            str(len({s.country for s in spans})),
            f"{format_month(first)} to {format_month(last)}",
        )
    return table


def state_of(vintage: Vintage, *, countries: bool) -> Iterator[str]:
    """Yield how far a history reaches, what is missing in it and, if asked, every country's."""
    yield (
        f"{vintage.history}, as known on {vintage.as_of}: observed to "
        f"{format_month(vintage.last_month)}, the newest origin of a forecast"
    )
    yield from staleness_of(vintage)
    for gap in gaps(vintage).to_dict("records"):
        yield f"  not observed in between: {gap['country']}, {_span(gap)}"
    if countries:
        for run in vintage.observed().to_dict("records"):
            yield f"  {run['country']}: {_span(run)}"


def staleness_of(vintage: Vintage) -> Iterator[str]:
    """Yield a warning when the source should have published more by the day of the vintage."""
    behind = staleness(vintage)
    if behind is not None and behind.months > 0:
        yield (
            f"  STALE: by {vintage.as_of} the source should have published "
            f"{format_month(behind.expected)}, {behind.months} months more: fetch and ingest them"
        )


def revision_table(revision: Revision, a: str, b: str, limit: int) -> Table:
    """Return a table of the country-months that changed most between two states, a and b."""
    table = Table(
        "country", "month", f"deaths in {a}", f"in {b}", "change", "events", "then", box=SIMPLE
    )
    for row in revision.months.head(limit).to_dict("records"):
        table.add_row(
            row["country"],
            format_month(row["month"]),
            *(f"{row[name]:,}" for name in ("deaths_a", "deaths_b")),
            f"{row['change']:+,}",
            *(f"{row[name]:,}" for name in ("events_a", "events_b")),
        )
    return table


def _span(run: dict[Hashable, Any]) -> str:
    return f"{format_month(run['first_month'])} to {format_month(run['last_month'])}"
