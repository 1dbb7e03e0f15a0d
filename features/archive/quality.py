"""Data quality: what a vintage holds beside the one before it, and what a person must look at."""

from collections.abc import Iterator
from typing import Annotated

import pandas as pd
from pydantic import Field

from features.archive.monthly import event_parts, monthly_counts
from features.archive.revisions import Revision, revision_between
from features.archive.schemas import TYPES_OF_VIOLENCE, UNTYPED
from features.archive.vintage import Vintage
from features.months import format_month
from features.strict import Strict

_FEW = 8
"""The most names that are listed; more are counted."""
_YEAR = 12

Share = Annotated[float, Field(ge=0)]


class Bounds(Strict):
    """How far a vintage may differ from the one before it; beyond, a person must look.

    `lost` is a share of the observed country-months, that are no longer observed; `dropped` a share
    of the events of shared months; `revised` the net change of deaths in shared months, as a share
    of them; `fresh` the least and the most deaths a month in new months, as shares of those in the
    twelve before; `vanished` a number of countries that are no longer observed.
    """

    lost: Share
    dropped: Share
    revised: Share
    fresh: tuple[Share, Share]
    vanished: Annotated[int, Field(ge=0)]


class Names(Strict):
    """What appeared and what vanished, the most frequent first."""

    appeared: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()

    def lines(self, about: str) -> Iterator[str]:
        """Yield them in plain text, at most a few of each."""
        for what, names in (("appeared", self.appeared), ("vanished", self.vanished)):
            if names:
                more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
                yield f"{about} that {what}: {', '.join(names[:_FEW])}{more}"


class DataQuality(Strict):
    """What a vintage holds, and how it differs from the one of the day `before`, if there is one.

    `events` and `deaths` are of all observed months to `newest`; `changes` are sentences; `faults`
    say which bounds are passed. `actors` are empty for a history of counts.
    """

    as_of: str
    before: str | None
    newest: str
    releases: tuple[str, ...]
    new_releases: tuple[str, ...]
    events: int
    deaths: int
    countries: Names
    actors: Names
    changes: tuple[str, ...]
    faults: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """Yield the report in plain text."""
        yield (
            f"{self.events:,} events and {self.deaths:,} deaths to {self.newest} in "
            f"{len(self.releases)} releases, as known on {self.as_of}"
        )
        if self.before is None:
            yield "no vintage before it to compare with"
            return
        yield f"new since {self.before}: {', '.join(self.new_releases) or 'no release'}"
        yield from self.changes
        yield from self.countries.lines("countries")
        yield from self.actors.lines("actors")
        yield from (f"beyond a bound: {fault}" for fault in self.faults)


def data_quality(before: Vintage | None, vintage: Vintage, bounds: Bounds) -> DataQuality:
    """Return what a vintage holds beside the one before it, which may be None.

    Raises ArchiveError when they are of two histories.
    """
    counts = _counts(vintage)
    releases = tuple(release.name for release in vintage.releases)
    alone = DataQuality(
        as_of=str(vintage.as_of),
        before=None,
        newest=format_month(vintage.last_month),
        releases=releases,
        new_releases=releases,
        events=int(counts["events"].sum()),
        deaths=int(counts["deaths"].sum()),
        countries=Names(),
        actors=Names(),
        changes=(),
        faults=(),
    )
    if before is None:
        return alone
    revision = revision_between(before, vintage)
    older = {release.name for release in before.releases}
    countries = _names(*(v.bases["country"].value_counts() for v in (before, vintage)))
    is_counts = before.level is not None or vintage.level is not None
    beside = {
        "before": str(before.as_of),
        "new_releases": tuple(name for name in releases if name not in older),
        "countries": countries,
        "actors": Names() if is_counts else _names(_actors(before), _actors(vintage)),
        "changes": tuple(revision.lines()),
        "faults": tuple(_faults(before, vintage, revision, counts, countries, bounds)),
    }
    return alone.model_copy(update=beside)


def _counts(vintage: Vintage) -> pd.DataFrame:
    """Return country, month, events and deaths of organised violence."""
    counts = monthly_counts(vintage, "country").rename(columns={"region": "country"})
    return counts[counts["type_of_violence"].isin([UNTYPED, *TYPES_OF_VIOLENCE])]


def _actors(vintage: Vintage) -> pd.Series:
    """Return how many events each actor has."""
    with event_parts(vintage) as database:
        table = database.sql("""
            SELECT actor, count(DISTINCT event_id) AS events
            FROM (SELECT event_id, unnest([side_a, side_b]) AS actor FROM parts)
            WHERE actor IS NOT NULL GROUP BY actor
        """).to_arrow_table()
    actors: pd.Series = table.to_pandas().set_index("actor")["events"]
    return actors


def _names(before: pd.Series, after: pd.Series) -> Names:
    """Return which names of two tables of frequencies are in one alone."""
    return Names(appeared=_only_in(after, before), vanished=_only_in(before, after))


def _only_in(these: pd.Series, others: pd.Series) -> tuple[str, ...]:
    only = these[~these.index.isin(others.index)].sort_index()
    return tuple(map(str, only.sort_values(ascending=False, kind="stable").index))


def _faults(
    before: Vintage,
    vintage: Vintage,
    revision: Revision,
    counts: pd.DataFrame,
    countries: Names,
    bounds: Bounds,
) -> Iterator[str]:
    """Yield which bounds are passed, a sentence each."""
    earlier = _counts(before)
    lost = revision.lost / len(before.bases)
    if lost > bounds.lost:
        yield f"{lost:.1%} of country-months are no longer observed ({bounds.lost:.1%})"
    dropped = revision.events.dropped / max(earlier["events"].sum(), 1) if revision.events else 0.0
    if dropped > bounds.dropped:
        yield f"{dropped:.1%} of events are gone ({bounds.dropped:.1%})"
    revised = revision.months["change"].sum() / max(earlier["deaths"].sum(), 1)
    if abs(revised) > bounds.revised:
        yield f"deaths of shared months changed by {revised:+.1%} ({bounds.revised:.1%})"
    if len(countries.vanished) > bounds.vanished:
        yield f"no longer observed: {', '.join(countries.vanished)} ({bounds.vanished})"
    yield from _fresh_faults(before, vintage, counts, bounds)


def _fresh_faults(
    before: Vintage, vintage: Vintage, counts: pd.DataFrame, bounds: Bounds
) -> Iterator[str]:
    """Yield whether the new months have far fewer or more deaths than the year before them."""
    last, newest = before.last_month, vintage.last_month
    deaths = counts.groupby("month")["deaths"].sum()
    usual = deaths.loc[last - _YEAR + 1 : last].sum() / _YEAR
    if newest <= last or not usual:
        return
    fresh = deaths.loc[last + 1 : newest].sum() / (newest - last)
    low, high = bounds.fresh
    if not low <= fresh / usual <= high:
        yield (
            f"new months have {fresh:,.0f} deaths a month, {fresh / usual:.2f} times those of the "
            f"year before ({low:g} to {high:g})"
        )
