"""Vintages: the event history as it was known on a date."""

import glob
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from features.archive import Archive, Release
from features.errors import ArchiveError
from features.regions import Level


@dataclass(frozen=True, eq=False)
class Vintage:
    """The event history as it was known at the end of the day `as_of`.

    Every month of every country is taken from exactly one of the `releases`: where several
    observe it, a final release goes before a candidate one, then the newest by `available_on`,
    then the last by name. So releases may overlap, and no event counts twice.
    """

    as_of: date
    releases: tuple[Release, ...]
    chosen: pd.DataFrame = field(repr=False)
    """One row an observed month: country, month [months since 1970-01], and `release`, the
    position in `releases` of the one that the month is taken from; by country and month."""

    @property
    def simulated(self) -> bool:
        """Are these simulated events?"""
        return self.releases[0].simulated

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
        return digest.hexdigest()


def open_vintage(archive: Archive, as_of: date) -> Vintage:
    """Return the event history as it was known at the end of a day.

    Raises ArchiveError when no release was available by then.
    """
    held = archive.releases()
    available = sorted((r for r in held if r.available_on <= as_of), key=_precedence)
    if not available:
        earliest = min((r.available_on for r in held), default=None)
        known = f"its first was available on {earliest}" if earliest else "it holds none at all"
        raise ArchiveError(
            f"no release in '{archive.folder}' was available on {as_of} ({known}): add one with "
            "tocsin ingest FILE, or ask for a later day"
        )
    chosen = _choose(available)
    drawn_on = np.unique(chosen["release"])
    chosen["release"] = np.searchsorted(drawn_on, chosen["release"])
    return Vintage(as_of, tuple(available[position] for position in drawn_on), chosen)


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


_COUNT = """
    SELECT
        events.{region} AS region,
        chosen.month AS month,
        events.type_of_violence AS type_of_violence,
        count(*) AS events,
        sum(events.best)::BIGINT AS deaths
    FROM read_parquet(?, filename = true, hive_partitioning = false) AS events
    JOIN files ON files.filename = events.filename
    JOIN chosen
        ON chosen.release = files.release
        AND chosen.country = events.country
        AND chosen.month = (year(date_end) - 1970) * 12 + month(date_end) - 1
    WHERE events.{region} IS NOT NULL
    GROUP BY ALL
    ORDER BY region, month, type_of_violence
"""


def monthly_counts(vintage: Vintage, level: Level) -> pd.DataFrame:
    """Return events and deaths by region, month and type of violence, where there were any events.

    An event counts in the month of its `date_end`, and only where its country was observed. At
    levels below the country, events without a place at that level are in no region.

    Columns: region; month [months since 1970-01]; type_of_violence; events [events/month];
    deaths, the sum of best estimates [deaths/month]. Ordered by the first three.
    """
    paths = [str(release.events_file) for release in vintage.releases]
    files = pd.DataFrame({"filename": paths, "release": range(len(paths))})
    with duckdb.connect() as database:
        database.register("files", files)
        database.register("chosen", vintage.chosen)
        escaped = [glob.escape(path) for path in paths]  # DuckDB expands patterns in names
        counts = database.sql(_COUNT.format(region=level), params=[escaped]).to_arrow_table()
    table: pd.DataFrame = counts.to_pandas()
    return table.astype({"region": "str", "month": "int64"})
