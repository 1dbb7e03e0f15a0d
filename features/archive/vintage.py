"""Vintages: the event history as it was known on a date."""

import glob
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import duckdb
import numpy as np
import pandas as pd

from features.archive.releases import Archive, Release
from features.database import opened
from features.errors import ArchiveError, CoverageError
from features.words import Level

SummaryEvents = Literal["spread", "end", "omit"]
"""What becomes of an event that lasts over several months: it is spread over its days, counts in
the month in which it ended, or is left out."""


@dataclass(frozen=True, eq=False)
class Vintage:
    """The event history as it was known at the end of the day `as_of`.

    Every month of every country has one *base* among the releases: of those that observe it, a
    final release goes before a candidate one, then the newest by `available_on`, then the last by
    name. So a release replaces all that older ones said of the months it covers, including what it
    dropped. Where the base is a candidate, newer candidates may add events to the month or revise
    them. Of an event that stands in several releases, the one that goes before the others counts.
    """

    as_of: date
    releases: tuple[Release, ...]
    """The releases that are drawn on; later ones go before earlier ones."""
    chosen: pd.DataFrame = field(repr=False)
    """One row an observed month: country, month [months since 1970-01], and `release`, the
    position in `releases` of its base; by country and month."""
    summary_events: SummaryEvents = "spread"

    @property
    def history(self) -> str:
        """The name of the event history."""
        return self.releases[0].history

    @property
    def simulated(self) -> bool:
        """Are these simulated events?"""
        return self.releases[0].simulated

    @property
    def level(self) -> Level | None:
        """The level of the regions of counts, None for a history of events."""
        return self.releases[0].level

    @property
    def last_month(self) -> int:
        """The newest month that is observed anywhere [months since 1970-01]."""
        return int(self.chosen["month"].max())

    def observed(self) -> pd.DataFrame:
        """Return the observed months of every country, in runs without a gap.

        Columns: country, first_month, last_month [months since 1970-01]; by country and month.
        """
        country, month = self.chosen["country"], self.chosen["month"]
        run = ((country != country.shift()) | (month != month.shift() + 1)).cumsum()
        return (
            self.chosen.groupby(run)
            .agg(
                country=("country", "first"),
                first_month=("month", "first"),
                last_month=("month", "last"),
            )
            .reset_index(drop=True)
        )

    def content_hash(self) -> str:
        """Return the SHA-256 of what is known, the same whenever and wherever it is opened."""
        digest = hashlib.sha256()
        for release in self.releases:
            digest.update(f"{release.name} {release.sha256}\n".encode())
        digest.update(self.chosen.to_csv(index=False, lineterminator="\n").encode())
        digest.update(self.summary_events.encode())
        return digest.hexdigest()


def open_vintage(
    archive: Archive,
    as_of: date,
    history: str | None = None,
    summary_events: SummaryEvents = "spread",
) -> Vintage:
    """Return an event history, by default the only one, as it was known at the end of a day.

    Raises ArchiveError when no release was available by then, or when several histories are there
    and none is named.
    """
    held = [r for r in archive.releases() if history in (None, r.history)]
    available = sorted((r for r in held if r.available_on <= as_of), key=_precedence)
    if not available:
        earliest = min((r.available_on for r in held), default=None)
        known = f"its first was available on {earliest}" if earliest else "it holds none at all"
        wanted = "no release" if history is None else f"no release of '{history}'"
        raise ArchiveError(
            f"{wanted} in '{archive.folder}' was available on {as_of} ({known}): add one with "
            "tocsin ingest FILE, or ask for a later day"
        )
    return vintage_of(available, as_of, summary_events)


def vintage_of(
    releases: Sequence[Release], as_of: date, summary_events: SummaryEvents = "spread"
) -> Vintage:
    """Return the history that some releases tell, as known at the end of a day.

    Raises ArchiveError when they belong to several histories, or mix events with counts.
    """
    ordered = sorted(releases, key=_precedence)
    histories = sorted({release.history for release in ordered})
    if len(histories) > 1:
        raise ArchiveError(
            f"the archive holds several event histories ({', '.join(histories)}): say which in "
            'the experiment, [events] history = "NAME", or with --history NAME'
        )
    if len({release.level for release in ordered}) > 1:
        raise ArchiveError(
            f"the history '{histories[0]}' mixes events with counts, or counts of several levels: "
            "ingest each under a name of its own"
        )
    chosen = _choose(ordered)
    bases = np.unique(chosen["release"])
    oldest = min((n for n in bases if ordered[n].kind == "candidate"), default=len(ordered))
    revising = [n for n, r in enumerate(ordered) if r.kind == "candidate" and n > oldest]
    drawn_on = np.unique([*bases, *revising, *_withdrawing(ordered)])
    chosen["release"] = np.searchsorted(drawn_on, chosen["release"])
    return Vintage(as_of, tuple(ordered[n] for n in drawn_on), chosen, summary_events)


def _withdrawing(releases: Sequence[Release]) -> list[int]:
    """Return the positions of the releases that withdraw events."""
    return [n for n, r in enumerate(releases) if r.level is None and r.rows_deleted]


def _precedence(release: Release) -> tuple[bool, date, str, str]:
    """Return a key by which the release that goes before others sorts last."""
    return release.kind == "final", release.available_on, release.source, release.release


def _choose(releases: Sequence[Release]) -> pd.DataFrame:
    """Return every observed month with the last of the releases that observe it."""
    observed = [
        release.coverage().months().assign(release=position)
        for position, release in enumerate(releases)
    ]
    return (
        pd.concat(observed, ignore_index=True)
        .drop_duplicates(["country", "month"], keep="last")
        .sort_values(["country", "month"], ignore_index=True)
    )


_VERSIONS = """
    CREATE TEMP VIEW versions AS
    SELECT events.* EXCLUDE (filename), files.release, files.is_candidate
    FROM read_parquet({events}, filename = true, hive_partitioning = false) AS events
    JOIN files ON files.filename = events.filename
"""
_CURRENT = """
    CREATE TEMP VIEW current AS
    SELECT * FROM versions
    ANTI JOIN (
        SELECT event_id, max(files.release) AS last
        FROM read_parquet({deleted}, filename = true, hive_partitioning = false) AS deleted
        JOIN files ON files.deleted = deleted.filename
        GROUP BY event_id
    ) AS withdrawn ON withdrawn.event_id = versions.event_id AND withdrawn.last >= versions.release
    QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY release DESC) = 1
"""
# A part is what an event adds to one month. The deaths of a day are rounded so that the parts add
# up to those of the event, which itself is counted in its last month.
_PARTS = """
    CREATE TEMP VIEW parts AS
    WITH dated AS (
        SELECT *,
            datediff('month', DATE '1970-01-01', date_start) AS first,
            datediff('month', DATE '1970-01-01', date_end) AS last,
            date_end - date_start + 1 AS days
        FROM current
    ),
    monthly AS (
        SELECT * EXCLUDE (first, last, days), last AS month, best AS deaths, true AS is_last
        FROM dated WHERE first = last OR {at_the_end}
        UNION ALL BY NAME
        SELECT * EXCLUDE (first, last, days, n),
            n AS month,
            best * (least(date_end, last_day(DATE '1970-01-01' + to_months(n::INT)))
                - date_start + 1) // days
            - best * greatest(0, last_day(DATE '1970-01-01' + to_months(n::INT - 1))
                - date_start + 1) // days AS deaths,
            n = last AS is_last
        FROM dated, unnest(range(first, last + 1)) AS months(n)
        WHERE first < last AND {spread}
    )
    SELECT monthly.* EXCLUDE (release, is_candidate)
    FROM monthly
    JOIN chosen ON chosen.country = monthly.country AND chosen.month = monthly.month
    JOIN files AS base ON base.release = chosen.release
    WHERE chosen.release = monthly.release OR (
        base.is_candidate AND monthly.is_candidate AND monthly.release > chosen.release
    )
"""


@contextmanager
def event_parts(vintage: Vintage) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database with the view `parts`: what every event adds to every observed month.

    Its columns are those of EVENTS_SCHEMA, `month` [months since 1970-01], `deaths` of that month
    and `is_last`, true in the month in which the event is counted.
    """
    files = pd.DataFrame(
        {
            "filename": [str(release.events_file) for release in vintage.releases],
            "deleted": [str(release.deleted_file) for release in vintage.releases],
            "is_candidate": [release.kind == "candidate" for release in vintage.releases],
            "release": range(len(vintage.releases)),
        }
    )
    with opened() as database:
        database.register("files", files)
        database.register("chosen", vintage.chosen)
        database.execute(_VERSIONS.format(events=_listed(files["filename"])))
        if len(vintage.releases) > 1 or any(r.rows_deleted for r in vintage.releases):
            database.execute(_CURRENT.format(deleted=_listed(files["deleted"])))
        else:  # no event can stand twice, and they need not be compared
            database.execute("CREATE TEMP VIEW current AS SELECT * FROM versions")
        database.execute(
            _PARTS.format(
                at_the_end=vintage.summary_events == "end",
                spread=vintage.summary_events == "spread",
            )
        )
        yield database


def monthly_counts(vintage: Vintage, level: Level) -> pd.DataFrame:
    """Return events and deaths by region, month and type of violence, where there were any events.

    Only months in which the country was observed count. At levels below the country, events
    without a place at that level are in no region. The counts of a history that is already
    aggregated are its own, or, for countries, the sum over their regions.

    Columns: region; month [months since 1970-01]; type_of_violence; events [events/month];
    deaths, the sum of best estimates [deaths/month]. Ordered by the first three. Raises
    CoverageError when an aggregated history does not have the level.
    """
    if vintage.level is not None:
        return _aggregated(vintage, level)
    with event_parts(vintage) as database:
        counts = database.sql(f"""
            SELECT
                {level} AS region, month, type_of_violence,
                count(*) FILTER (is_last) AS events, sum(deaths)::BIGINT AS deaths
            FROM parts WHERE {level} IS NOT NULL
            GROUP BY ALL ORDER BY ALL
        """).to_arrow_table()
    return _in_types(counts.to_pandas())


def _aggregated(vintage: Vintage, level: Level) -> pd.DataFrame:
    if level not in (vintage.level, "country"):
        raise CoverageError(
            f"the history '{vintage.history}' is counted by {vintage.level}, so it says nothing of "
            f"{level} regions: leave that level out of the experiment"
        )
    column = "region" if level == vintage.level else "country"
    paths = [str(release.counts_file) for release in vintage.releases]
    with opened() as database:
        database.register("files", pd.DataFrame({"filename": paths, "release": range(len(paths))}))
        database.register("chosen", vintage.chosen)
        counts = database.sql(f"""
            SELECT
                counts.{column} AS region, counts.month AS month, type_of_violence,
                sum(events)::BIGINT AS events, sum(deaths)::BIGINT AS deaths
            FROM read_parquet({_listed(paths)}, filename = true, hive_partitioning = false)
                AS counts
            JOIN files ON files.filename = counts.filename
            JOIN chosen ON chosen.country = counts.country AND chosen.month = counts.month
                AND chosen.release = files.release
            GROUP BY ALL ORDER BY ALL
        """).to_arrow_table()
    return _in_types(counts.to_pandas())


def counted_regions(vintage: Vintage) -> pd.DataFrame:
    """Return the regions that the counts of a history name, in COUNTED_REGIONS_SCHEMA, by id."""
    tables = [pd.read_parquet(Path(release.regions_file)) for release in vintage.releases]
    return pd.concat(tables).drop_duplicates("id").sort_values("id", ignore_index=True)


def _in_types(counts: pd.DataFrame) -> pd.DataFrame:
    return counts.astype({"region": "str", "month": "int64"})


def _listed(paths: Sequence[str] | pd.Series) -> str:
    """Return paths as a list in SQL; DuckDB would expand patterns in them."""
    escaped = (glob.escape(path).replace("'", "''") for path in paths)
    return "[" + ", ".join(f"'{path}'" for path in escaped) + "]"
