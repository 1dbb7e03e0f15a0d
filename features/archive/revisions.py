"""Revisions: what changed from one vintage to another.

Events are followed by their ids. UCDP's yearly files keep those of its Candidate files, but other
sources need not: where a month passed from one source to another, a renamed event counts as dropped
and as new, and only deaths can be compared. `Revision.notes` says how many kept their ids.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from features.archive.monthly import event_parts, monthly_counts
from features.archive.releases import Archive, Release
from features.archive.schemas import TYPES_OF_VIOLENCE, UNTYPED
from features.archive.vintage import Vintage, open_vintage, vintage_of
from features.database import open_database
from features.errors import ArchiveError

FIELDS: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in ("best", "low", "high")},
    "type of violence": ("type_of_violence",),
    "dates": ("date_start", "date_end"),
    "place": ("latitude", "longitude"),
    **{name: (name,) for name in ("country", "admin1")},
    "actors": ("side_a", "side_b"),
}
"""What can be revised of an event -> its columns in EVENTS_SCHEMA."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOST_NAMED = 12
_COUNTED = ", ".join(str(kind) for kind in (UNTYPED, *TYPES_OF_VIOLENCE))


@dataclass(frozen=True)
class EventChanges:
    """How the events in country-months that both vintages observe differ between the two.

    `new` are in the second vintage only, by id, `dropped` in the first only. `fields` counts the
    revised events by each of FIELDS that differs, the most frequent first, without zeros. Only
    organised violence counts.
    """

    new: int
    dropped: int
    revised: int
    unchanged: int
    fields: dict[str, int]


@dataclass(frozen=True, eq=False)
class Revision:
    """What changed from one vintage, a, to another, b.

    `shared` country-months are observed by both, `gained` by b alone, `lost` by a alone; the rest
    is about the shared ones. `events` is None for a history of counts. `months` has a row for each
    country-month that differs, the largest change first: country; month [months since 1970-01];
    deaths_a, deaths_b [deaths/month]; events_a, events_b [events/month]; change, deaths_b -
    deaths_a.
    """

    events: EventChanges | None
    months: pd.DataFrame
    shared: int
    gained: int
    lost: int
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return a summary in a few lines of plain text."""
        by_one = f"{self.gained:,} gained, {self.lost:,} lost"
        lines = [f"country-months: {self.shared:,} observed by both, {by_one}"]
        if self.events is not None:
            fields = ", ".join(f"{name} {number:,}" for name, number in self.events.fields.items())
            lines.append(
                f"events: {self.events.new:,} new, {self.events.dropped:,} dropped, "
                f"{self.events.revised:,} revised{f' ({fields})' if fields else ''}, "
                f"{self.events.unchanged:,} unchanged"
            )
        lines.append(
            f"deaths: {self.months['change'].sum():+,}, and another number of deaths or events in "
            f"{len(self.months):,} country-months"
        )
        return [*lines, *self.notes]


def vintage_named(archive: Archive, name: str, history: str | None = None) -> Vintage:
    """Return the vintage of one release, or of a day `YYYY-MM-DD`.

    A release (`24.1`, `ucdp-ged 24.1`, `ucdp-ged/24.1`) stands alone. With `history`, only its
    releases are searched. Raises ArchiveError when there is no such release, or several of one
    short name, and what `open_vintage` raises.
    """
    if _DAY.fullmatch(name):
        with suppress(ValueError):
            return open_vintage(archive, date.fromisoformat(name), history)
    releases = [release for release in archive.releases() if history in (None, release.history)]
    matches = [r for r in releases if name in (r.release, r.name, f"{r.source}/{r.release}")]
    if len(matches) > 1:
        names = ", ".join(f"'{release.name}'" for release in matches)
        raise ArchiveError(f"'{name}' may be any of {names}: say which, source and release")
    if not matches:
        raise ArchiveError(
            f"'{name}' is no release in '{archive.folder}' and no day YYYY-MM-DD: "
            f"{_choice(releases)}"
        )
    return vintage_of(matches, matches[0].available_on)


def _choice(releases: list[Release]) -> str:
    """Say which releases there are, the newest first."""
    if not releases:
        return "it holds none to choose from; add one with tocsin ingest FILE"
    newest = sorted(releases, key=lambda release: release.available_on, reverse=True)
    names = ", ".join(release.name for release in newest[:_MOST_NAMED])
    more = len(newest) - _MOST_NAMED
    return f"it holds {names}" + (f" and {more} older ones" if more > 0 else "")


def revision_between(a: Vintage, b: Vintage) -> Revision:
    """Return what changed between vintages; raises ArchiveError if their histories differ."""
    if a.history != b.history:
        raise ArchiveError(
            f"'{a.history}' and '{b.history}' are two histories, of which neither revises the "
            "other: compare releases or days of one (--history NAME)"
        )
    on, suffixes = ["country", "month"], ("_a", "_b")
    observed = _month_sources(a).merge(
        _month_sources(b), on=on, how="outer", suffixes=suffixes, indicator="by"
    )
    shared = observed[observed["by"] == "both"]
    passed_on = shared["source_a"] != shared["source_b"]
    keys = shared[["country", "month"]].assign(passed_on=passed_on)
    tally = _tally(a, b, keys) if a.level is None and b.level is None else None
    return Revision(
        events=None if tally is None else _event_changes(tally),
        months=_changed_months(a, b, keys),
        shared=len(shared),
        gained=int((observed["by"] == "right_only").sum()),
        lost=int((observed["by"] == "left_only").sum()),
        notes=_notes(shared[passed_on], tally),
    )


def _month_sources(vintage: Vintage) -> pd.DataFrame:
    """Return country, month and source of every observed month."""
    sources = np.array([release.source for release in vintage.releases], dtype=object)
    source = pd.Series(sources[vintage.bases["release"]], dtype="str")
    return vintage.bases[["country", "month"]].assign(source=source.to_numpy())


def _notes(passed_on: pd.DataFrame, tally: dict[str, int] | None) -> tuple[str, ...]:
    """Note how many events kept their ids in months that passed to another source."""
    if passed_on.empty or tally is None:
        return ()
    pairs = passed_on[["source_a", "source_b"]].drop_duplicates().itertuples(index=False)
    sources = ", ".join(f"from {source_a} to {source_b}" for source_a, source_b in pairs)
    same_id = f"of {tally['passed_on']:,} events there {tally['kept_id']:,} kept their id"
    renamed = "one that was given another counts as dropped and as new"
    return (f"{len(passed_on):,} country-months passed {sources}: {same_id}; {renamed}",)


def _event_changes(tally: dict[str, int]) -> EventChanges:
    fields = sorted(FIELDS, key=lambda name: tally[name], reverse=True)
    changed = tally["new"] + tally["dropped"] + tally["revised"]
    return EventChanges(
        new=tally["new"],
        dropped=tally["dropped"],
        revised=tally["revised"],
        unchanged=tally["total"] - changed,
        fields={name: tally[name] for name in fields if tally[name] > 0},
    )


def _tally(a: Vintage, b: Vintage, shared: pd.DataFrame) -> dict[str, int]:
    """Count the events of two vintages: new, dropped, revised, and by each of FIELDS that differs.

    `passed_on` are those in months that passed to another source, `kept_id` those in both vintages.
    """
    differ = {
        name: " OR ".join(f"a.{column} IS DISTINCT FROM b.{column}" for column in columns)
        for name, columns in FIELDS.items()
    }
    conditions = {
        "new": "a.event_id IS NULL",
        "dropped": "b.event_id IS NULL",
        "revised": f"a.event_id = b.event_id AND ({' OR '.join(differ.values())})",
        "passed_on": "a.passed_on OR b.passed_on",
        "kept_id": "a.event_id = b.event_id AND (a.passed_on OR b.passed_on)",
        **{name: f"a.event_id = b.event_id AND ({what})" for name, what in differ.items()},
    }
    counts = ", ".join(f'count(*) FILTER ({what}) AS "{name}"' for name, what in conditions.items())
    with open_database() as database:
        database.register("a", _events(a, shared))
        database.register("b", _events(b, shared))
        tally = database.sql(f"""
            SELECT count(*) AS total, {counts}
            FROM a FULL JOIN b ON a.event_id = b.event_id
            WHERE a.is_shared OR b.is_shared
        """).to_arrow_table()
    return dict(tally.to_pylist()[0])


def _events(vintage: Vintage, shared: pd.DataFrame) -> pa.Table:
    """Return every event once: event_id, FIELDS, and if its month is_shared and passed_on."""
    columns = [column for columns in FIELDS.values() for column in columns]
    values = ", ".join(f"any_value(parts.{column}) AS {column}" for column in columns)
    with event_parts(vintage) as database:
        database.register("shared", shared)
        return database.sql(f"""
            SELECT event_id, {values},
                bool_or(shared.month IS NOT NULL AND type_of_violence IN ({_COUNTED})) AS is_shared,
                bool_or(coalesce(shared.passed_on, false)) AS passed_on
            FROM parts LEFT JOIN shared
            ON shared.country = parts.country AND shared.month = parts.month
            GROUP BY event_id
        """).to_arrow_table()


def _changed_months(a: Vintage, b: Vintage, shared: pd.DataFrame) -> pd.DataFrame:
    months = shared[["country", "month"]].astype({"country": "str"})
    for name, vintage in (("a", a), ("b", b)):
        counts = monthly_counts(vintage, "country").rename(columns={"region": "country"})
        counts = counts[counts["type_of_violence"].isin([UNTYPED, *TYPES_OF_VIOLENCE])]
        sums = counts.groupby(["country", "month"])[["deaths", "events"]].sum()
        months = months.join(sums.add_suffix(f"_{name}"), on=["country", "month"])
    figures = ["deaths_a", "deaths_b", "events_a", "events_b"]
    months[figures] = months[figures].fillna(0).astype("int64")
    months["change"] = months["deaths_b"] - months["deaths_a"]
    differ = (months["change"] != 0) | (months["events_a"] != months["events_b"])
    return (
        months.loc[differ, ["country", "month", *figures, "change"]]
        .sort_values(["country", "month"])
        .sort_values("change", key=abs, ascending=False, kind="stable", ignore_index=True)
    )
