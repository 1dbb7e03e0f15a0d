"""What the archive holds, and what changed in it, for people to read on a terminal."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from features.archive.releases import Release
from features.archive.revisions import Revision
from features.archive.vintage import Vintage
from features.months import format_month
from features.sources.publication import gaps, staleness


def release_rows(releases: Sequence[Release]) -> list[dict[str, object]]:
    """Return a row a release."""
    rows: list[dict[str, object]] = []
    for release in releases:
        spans = release.coverage().spans
        rows.append(
            {
                "history": release.history,
                "release": release.name + (" SIMULATED" if release.simulated else ""),
                "public": str(release.available_on),
                "by_habit": release.is_habit,
                "level": release.level,
                "rows": release.rows_accepted,
                "rejected": release.rows_rejected,
                "countries": len({span.country for span in spans}),
                "from": format_month(min(span.first_month for span in spans)),
                "to": format_month(max(span.last_month for span in spans)),
                "records": release.records,
            }
        )
    return rows


def unseen_of(releases: Sequence[Release]) -> list[str]:
    """Return the columns of `release_rows` that tell nothing of these releases in a table."""
    is_told = {
        "countries": False,
        "records": any(release.records != "events" for release in releases),
        "level": any(release.level is not None for release in releases),
        "by_habit": any(release.is_habit for release in releases),
        "history": any(release.history != release.source for release in releases),
    }
    return [column for column, tells in is_told.items() if not tells]


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


def revision_rows(revision: Revision) -> list[dict[str, object]]:
    """Return a row a country-month that changed between two states, a and b; most changed first."""
    return [
        {
            "country": row["country"],
            "month": format_month(row["month"]),
            "deaths_a": row["deaths_a"],
            "deaths_b": row["deaths_b"],
            "change": row["change"],
            "events_a": row["events_a"],
            "events_b": row["events_b"],
        }
        for row in revision.months.to_dict("records")
    ]


def _span(run: dict[Hashable, Any]) -> str:
    return f"{format_month(run['first_month'])} to {format_month(run['last_month'])}"
