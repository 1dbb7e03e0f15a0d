"""What a vintage counts: the part of every event in every month, and monthly counts by region."""

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import pandas as pd

from features.archive.releases import COUNTS_FILE, DELETED_FILE, REGIONS_FILE
from features.archive.vintage import Vintage
from features.database import open_database
from features.errors import CoverageError
from features.words import Level

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
"""
# A part is what an event adds to one month. Deaths are rounded by day so that the parts add up to
# the deaths of the event; the event itself counts in its last month.
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
        SELECT * EXCLUDE (days), last AS month, best AS deaths, true AS is_last
        FROM dated WHERE first = last OR {at_the_end}
        UNION ALL BY NAME
        SELECT * EXCLUDE (days, n),
            n AS month,
            best * (least(date_end, last_day(DATE '1970-01-01' + to_months(n::INT)))
                - date_start + 1) // days
            - best * greatest(0, last_day(DATE '1970-01-01' + to_months(n::INT - 1))
                - date_start + 1) // days AS deaths,
            n = last AS is_last
        FROM dated, unnest(range(first, last + 1)) AS months(n)
        WHERE first < last AND {spread}
    )
    SELECT monthly.* EXCLUDE (release, is_candidate, first, last)
    FROM monthly
    JOIN bases ON bases.country = monthly.country AND bases.month = monthly.month
    JOIN files AS base ON base.release = bases.release
    WHERE (
        bases.release = monthly.release OR (
            base.is_candidate AND monthly.is_candidate AND monthly.release > bases.release
        )
    )
    {once}
"""
# Of an event in several releases, the newest that observes any of its months says in which months
# it lies; in those that this one does not observe, older ones stand.
_ONCE = """
    WINDOW newest AS (PARTITION BY event_id ORDER BY monthly.release DESC)
    QUALIFY monthly.month BETWEEN first_value(monthly.first) OVER newest
            AND first_value(monthly.last) OVER newest
        AND row_number() OVER (
            PARTITION BY event_id, monthly.month ORDER BY monthly.release DESC
        ) = 1
"""


@contextmanager
def event_parts(vintage: Vintage) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database with the view `parts`: what every event adds to every observed month.

    It has EVENTS_SCHEMA's columns, `month` [months since 1970-01], the month's `deaths`, and
    `is_last`; `bases` is beside it.
    """
    files = pd.DataFrame(
        {
            "filename": [str(release.table_file) for release in vintage.releases],
            "deleted": [str(release.folder / DELETED_FILE) for release in vintage.releases],
            "is_candidate": [release.kind == "candidate" for release in vintage.releases],
            "release": range(len(vintage.releases)),
        }
    )
    with open_database() as database:
        database.register("files", files)
        database.register("bases", vintage.bases)
        database.execute(_VERSIONS.format(events=_path_list(files["filename"])))
        if any(r.rows_deleted for r in vintage.releases):
            database.execute(_CURRENT.format(deleted=_path_list(files["deleted"])))
        else:
            database.execute("CREATE TEMP VIEW current AS SELECT * FROM versions")
        how, once = vintage.summary_events, _ONCE * (len(vintage.releases) > 1)
        database.execute(_PARTS.format(at_the_end=how == "end", spread=how == "spread", once=once))
        yield database


def monthly_counts(vintage: Vintage, level: Level) -> pd.DataFrame:
    """Return events and deaths by region, month and type of violence, where there were any events.

    Only observed months count; below the level country, events without a place there are in no
    region. An aggregated history has counts of its own level and, for countries, their sums.
    Columns, ordered by the first three: region; month [months since 1970-01]; type_of_violence;
    events [events/month]; deaths, the sum of best estimates [deaths/month]. Raises CoverageError
    when an aggregated history does not have the level.
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
    with counted_parts(vintage) as database:
        counts = database.sql(f"""
            SELECT
                {column} AS region, month, type_of_violence,
                sum(events)::BIGINT AS events, sum(deaths)::BIGINT AS deaths
            FROM parts GROUP BY ALL ORDER BY ALL
        """).to_arrow_table()
    return _in_types(counts.to_pandas())


@contextmanager
def counted_parts(vintage: Vintage) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database with the view `parts` of an aggregated history, in COUNTS_SCHEMA.

    It has the counts of the observed months, and `bases` beside it.
    """
    paths = [str(release.folder / COUNTS_FILE) for release in vintage.releases]
    with open_database() as database:
        database.register("files", pd.DataFrame({"filename": paths, "release": range(len(paths))}))
        database.register("bases", vintage.bases)
        database.execute(f"""
            CREATE TEMP VIEW parts AS
            SELECT counts.* EXCLUDE (filename)
            FROM read_parquet({_path_list(paths)}, filename = true, hive_partitioning = false)
                AS counts
            JOIN files ON files.filename = counts.filename
            JOIN bases ON bases.country = counts.country AND bases.month = counts.month
                AND bases.release = files.release
        """)
        yield database


def counted_regions(vintage: Vintage) -> pd.DataFrame:
    """Return the regions that the counts of a history name, in COUNTED_REGIONS_SCHEMA, by id."""
    tables = [pd.read_parquet(release.folder / REGIONS_FILE) for release in vintage.releases]
    return pd.concat(tables).drop_duplicates("id").sort_values("id", ignore_index=True)


def _in_types(counts: pd.DataFrame) -> pd.DataFrame:
    return counts.astype({"region": "str", "month": "int64"})


def _path_list(paths: Sequence[str] | pd.Series) -> str:
    """Return paths as a list in SQL; DuckDB would expand patterns in them."""
    escaped = (glob.escape(path).replace("'", "''") for path in paths)
    return "[" + ", ".join(f"'{path}'" for path in escaped) + "]"
