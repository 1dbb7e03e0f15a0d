"""The normal form of an event: the one shape that every source is turned into.

An event is one dated, located act of organised violence, with actors and deaths. The archive
holds events in this form and in no other.
"""

import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

TYPES_OF_VIOLENCE: dict[int, str] = {1: "state-based", 2: "non-state", 3: "one-sided"}

EVENTS_SCHEMA = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("type_of_violence", pa.int8(), nullable=False),
        pa.field("side_a", pa.string()),
        pa.field("side_b", pa.string()),
        pa.field("date_start", pa.date32(), nullable=False),
        pa.field("date_end", pa.date32(), nullable=False),
        pa.field("date_prec", pa.int8()),
        pa.field("where_prec", pa.int8()),
        pa.field("event_clarity", pa.int8()),
        pa.field("code_status", pa.string()),
        pa.field("latitude", pa.float64()),
        pa.field("longitude", pa.float64()),
        pa.field("country", pa.string(), nullable=False),
        pa.field("admin1", pa.string()),
        pa.field("priogrid", pa.string()),
        pa.field("deaths_a", pa.int64(), nullable=False),
        pa.field("deaths_b", pa.int64(), nullable=False),
        pa.field("deaths_civilians", pa.int64(), nullable=False),
        pa.field("deaths_unknown", pa.int64(), nullable=False),
        pa.field("best", pa.int64(), nullable=False),
        pa.field("high", pa.int64(), nullable=False),
        pa.field("low", pa.int64(), nullable=False),
    ]
)
"""Columns and types of `events.parquet`.

`country` is ISO 3166-1 alpha-3: the state that the source codes, or the territory that ISO lists
apart from it (Palestine, Western Sahara) where the event lies there. `admin1` and `priogrid` are
region ids, null where the event cannot be placed at that level (`where_prec` 6 and 7 name a
country or international waters only). Deaths are whole numbers; `best`, `high` and `low` are the
source's estimates of the total. The month an event counts in is that of `date_end`: only then was
all of it known.
"""

_DEATHS = ("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "best", "high", "low")
MOST_DEATHS = 2_000_000
"""More deaths than any coded event ever had; a larger figure is a typing error."""


def event_schema(first_day: pd.Timestamp, last_day: pd.Timestamp) -> pandera.DataFrameSchema:
    """Return the checks that every event must pass, for the days that a file may speak of.

    What a check says is the reason that stands beside a rejected row. Of an id that is repeated
    the first event stands. Estimates need not agree: UCDP itself delivers events whose `best` is
    above `high`, or whose `low` is; they happened all the same.
    """
    day = pandera.Check.in_range(
        first_day, last_day, error=f"is outside {first_day:%Y-%m-%d} to {last_day:%Y-%m-%d}"
    )
    return pandera.DataFrameSchema(
        {
            "event_id": pandera.Column(
                str,
                pandera.Check.str_length(1, 200, error="is longer than 200 characters"),
                unique=True,
                report_duplicates="exclude_first",
            ),
            "type_of_violence": _number(1, max(TYPES_OF_VIOLENCE)),
            "date_start": pandera.Column("datetime64[us]", day),
            "date_end": pandera.Column("datetime64[us]", day),
            "date_prec": _number(1, 5, nullable=True),
            "where_prec": _number(1, 7, nullable=True),
            "event_clarity": _number(1, 2, nullable=True),
            "latitude": _number(-90, 90, float, nullable=True),
            "longitude": _number(-180, 180, float, nullable=True),
            "country": pandera.Column(
                str, pandera.Check.str_matches("[A-Z]{3}$", error="is not ISO 3166-1 alpha-3")
            ),
            **{name: _number(0, MOST_DEATHS) for name in _DEATHS},
        },
        checks=[
            pandera.Check(
                lambda events: ~(events["date_start"] > events["date_end"]),
                error="date_start is after date_end",
            ),
        ],
    )


def _number(
    low: int, high: int, dtype: str | type = "Int64", *, nullable: bool = False
) -> pandera.Column:
    """Return the check of a column of numbers within low..high, both included."""
    check = pandera.Check.in_range(low, high, error=f"is outside {low} to {high}")
    return pandera.Column(dtype, check, nullable=nullable)
