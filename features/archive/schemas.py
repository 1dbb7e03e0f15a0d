"""The schemas of the archive, into which every source is turned.

An event is one dated, located act of organised violence, with actors and deaths. Counts are what a
source has already aggregated to regions and months. Coups, conditions and elections are of states.
"""

from datetime import date

import pyarrow as pa

from features.archive.folders import Records
from features.arrow import optional, required

TYPES_OF_VIOLENCE: dict[int, str] = {1: "state-based", 2: "non-state", 3: "one-sided"}
"""The types of organised violence: what deaths, and so every target, are counted of."""

OTHER_TYPES: dict[int, str] = {4: "protest", 5: "riot", 6: "strategic development"}
"""Events that some sources also record; they are kept, and are no organised violence."""

DEATHS = ("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "best", "high", "low")
"""The columns of deaths of an event, the first four by side."""

EVENTS_SCHEMA = pa.schema(
    [
        *required(pa.string(), "event_id"),
        *required(pa.int8(), "type_of_violence"),
        *optional(pa.string(), "side_a", "side_b"),
        *required(pa.date32(), "date_start", "date_end"),
        *optional(pa.int8(), "date_prec", "where_prec", "event_clarity"),
        *optional(pa.string(), "code_status"),
        *optional(pa.float64(), "latitude", "longitude"),
        *required(pa.string(), "country"),
        *optional(pa.string(), "admin1", "priogrid"),
        *required(pa.int64(), *DEATHS),
        *optional(pa.string(), "text"),
    ]
)
"""Columns and types of `events.parquet`.

`country` is ISO 3166-1 alpha-3: the state that the source codes, or its territory that ISO lists
apart (Palestine, Western Sahara) where the event lies there. `admin1` and `priogrid` are region
ids, null where the event cannot be placed (`where_prec` 4 knows a first-order unit and no cell, 5 a
part of the country, 6 the country, 7 international waters). `best`, `high` and `low` estimate all
deaths. `text` is a headline or note.
"""

MOST_DEATHS = 2_000_000  # more than any coded event ever had: a larger figure is a typing error

_LONGEST = {"event_id": 200, "side_a": 1000, "side_b": 1000, "code_status": 1000, "text": 100_000}
_RANGES = {
    "type_of_violence": (1, max(OTHER_TYPES)),
    "date_prec": (1, 5),
    "where_prec": (1, 7),
    "event_clarity": (1, 2),
    "latitude": (-90, 90),
    "longitude": (-180, 180),
    **dict.fromkeys(DEATHS, (0, MOST_DEATHS)),
}

UNTYPED = 0
"""The type of violence of counts that do not tell the types apart."""


def schema_of(**types: pa.DataType) -> pa.Schema:
    """Return a schema of columns of which none is ever null."""
    return pa.schema([pa.field(name, of, nullable=False) for name, of in types.items()])


COUNTS_SCHEMA = schema_of(
    country=pa.string(),
    region=pa.string(),
    month=pa.int64(),
    type_of_violence=pa.int8(),
    events=pa.int64(),
    deaths=pa.int64(),
)
"""Columns and types of `counts.parquet`: events and deaths of a region in a month.

`region` is an id of COUNTED_REGIONS_SCHEMA, `month` a number [months since 1970-01]. The rows of a
region and month add up: what a source counts by type of violence, and the rest as UNTYPED.
"""

COUNTED_REGIONS_SCHEMA = schema_of(
    id=pa.string(), name=pa.string(), country=pa.string(), is_bundled=pa.bool_()
)
"""`regions.parquet`: every region that the counts name; only a bundled one has an outline."""


UNKNOWN_SCHEMA = schema_of(region=pa.string(), month=pa.int64())
"""`unknown.parquet`: months of regions that the counts do not observe, though of their country."""

OUTCOMES = ("success", "failed", "plot")
"""How a coup ends: in power, in an attempt that fails, or before any attempt."""

ACTORS: dict[str, str] = {
    "military": "soldiers",
    "state": "others within the state, or soldiers or others where a list does not tell",
    "rebel": "an armed group against the state",
    "popular": "people outside of the state and without an armed group, dissidents too",
    "foreign": "another state",
    "unknown": "nobody tells",
}
"""Who tries to seize power."""

COUPS_SCHEMA = pa.schema(
    [
        *required(pa.string(), "coup_id", "country"),
        *required(pa.date32(), "date"),
        *required(pa.string(), "outcome", "actor"),
        *optional(pa.date32(), "published"),
        *optional(pa.string(), "name", "note", "source"),
    ]
)
"""Columns and types of `coups.parquet`: attempts, plots and seizures of power.

`outcome` is one of OUTCOMES, `actor` of ACTORS. `published` is the day from which the
row was known, null where that is the day of the coup.
"""

CONDITIONS_SCHEMA = pa.schema(
    [
        *required(pa.string(), "country", "variable"),
        *required(pa.int64(), "first_month"),
        *optional(pa.int64(), "last_month"),
        *required(pa.date32(), "published"),
        *required(pa.float64(), "value"),
    ]
)
"""Columns and types of `conditions.parquet`: what holds of a state in some months.

They go from `first_month` to `last_month` [months since 1970-01], or on until another value is
known where that is null; `published` is the day from which the value is known.
"""

ELECTIONS_SCHEMA = pa.schema(
    [
        *required(pa.string(), "country"),
        *required(pa.date32(), "date"),
        *required(pa.string(), "kind"),
        *required(pa.date32(), "published"),
        *optional(pa.date32(), "withdrawn"),
        *optional(pa.string(), "note"),
    ]
)
"""Columns and types of `elections.parquet`: days for which a vote was due, held or not.

The day was known from `published`, and no longer due from `withdrawn`, null if that never was so.
"""

STATE_SCHEMAS: dict[Records, pa.Schema] = {
    "coups": COUPS_SCHEMA,
    "conditions": CONDITIONS_SCHEMA,
    "elections": ELECTIONS_SCHEMA,
}
"""What the releases of these records hold."""


def event_faults(first_day: date, last_day: date) -> dict[str, str]:
    """Return all that can be wrong with one event: reason -> when, as SQL over EVENTS_SCHEMA.

    Estimates need not agree: UCDP itself delivers events whose `best` or `low` is above `high`.
    """
    faults = {
        f"{field.name} is missing or unreadable": f"{field.name} IS NULL"
        for field in EVENTS_SCHEMA
        if not field.nullable
    }
    for name, most in _LONGEST.items():
        faults[f"{name} is longer than {most} bytes"] = f"strlen({name}) > {most}"
    for name, (low, high) in _RANGES.items():
        faults[f"{name} is outside {low} to {high}"] = f"{name} NOT BETWEEN {low} AND {high}"
    for name in ("date_start", "date_end"):
        between = f"DATE '{first_day}' AND DATE '{last_day}'"
        faults[f"{name} is outside {first_day} to {last_day}"] = f"{name} NOT BETWEEN {between}"
    faults["date_start is after date_end"] = "date_start > date_end"
    for name in ("side_a", "side_b", "code_status"):
        faults[f"{name} runs over lines"] = (
            f"contains({name}, chr(10)) OR contains({name}, chr(13))"
        )
    return faults
