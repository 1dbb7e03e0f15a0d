"""The normal form of an event: the one shape that every source is turned into.

An event is one dated, located act of organised violence, with actors and deaths. The archive
holds events in this form and in no other.
"""

import pandas as pd
import pandera.pandas as pa
import pyarrow as pya

TYPES_OF_VIOLENCE: dict[int, str] = {1: "state-based", 2: "non-state", 3: "one-sided"}

EVENTS_SCHEMA = pya.schema(
    [
        pya.field("event_id", pya.string(), nullable=False),
        pya.field("type_of_violence", pya.int8(), nullable=False),
        pya.field("side_a", pya.string()),
        pya.field("side_b", pya.string()),
        pya.field("date_start", pya.date32(), nullable=False),
        pya.field("date_end", pya.date32(), nullable=False),
        pya.field("date_prec", pya.int8()),
        pya.field("where_prec", pya.int8()),
        pya.field("event_clarity", pya.int8()),
        pya.field("code_status", pya.string()),
        pya.field("latitude", pya.float64()),
        pya.field("longitude", pya.float64()),
        pya.field("country", pya.string(), nullable=False),
        pya.field("admin1", pya.string()),
        pya.field("priogrid", pya.string()),
        pya.field("deaths_a", pya.int64(), nullable=False),
        pya.field("deaths_b", pya.int64(), nullable=False),
        pya.field("deaths_civilians", pya.int64(), nullable=False),
        pya.field("deaths_unknown", pya.int64(), nullable=False),
        pya.field("best", pya.int64(), nullable=False),
        pya.field("high", pya.int64(), nullable=False),
        pya.field("low", pya.int64(), nullable=False),
    ]
)
"""Columns and types of `events.parquet`.

`country` is ISO 3166-1 alpha-3 as the source codes it; `admin1` and `priogrid` are region ids,
null where the event cannot be placed at that level (`where_prec` 6 and 7 name a country or
international waters only). Deaths are whole numbers; `best`, `high` and `low` are the source's
estimates of the total. The month an event counts in is that of `date_end`: only then was all of
it known.
"""

_DEATHS = ("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "best", "high", "low")
MOST_DEATHS = 2_000_000
"""More deaths than any coded event ever had; a larger figure is a typing error."""


def event_schema(first_day: pd.Timestamp, last_day: pd.Timestamp) -> pa.DataFrameSchema:
    """Return the checks that every event must pass, for the days that a file may speak of.

    The names of the checks are the reasons that stand beside a rejected row.
    """
    day = pa.Check.in_range(first_day, last_day, error=f"is outside {first_day:%Y}-{last_day:%Y}")
    return pa.DataFrameSchema(
        {
            "event_id": pa.Column(str, pa.Check.str_length(1, 200), unique=True),
            "type_of_violence": pa.Column("Int64", pa.Check.isin(list(TYPES_OF_VIOLENCE))),
            "date_start": pa.Column("datetime64[us]", day),
            "date_end": pa.Column("datetime64[us]", day),
            "date_prec": pa.Column("Int64", pa.Check.in_range(1, 5), nullable=True),
            "where_prec": pa.Column("Int64", pa.Check.in_range(1, 7), nullable=True),
            "event_clarity": pa.Column("Int64", pa.Check.in_range(1, 2), nullable=True),
            "latitude": pa.Column(float, pa.Check.in_range(-90, 90), nullable=True),
            "longitude": pa.Column(float, pa.Check.in_range(-180, 180), nullable=True),
            "country": pa.Column(str, pa.Check.str_length(3, 3)),
            **{name: pa.Column("Int64", pa.Check.in_range(0, MOST_DEATHS)) for name in _DEATHS},
        },
        checks=[
            pa.Check(
                lambda events: events["date_start"] <= events["date_end"],
                error="date_start is after date_end",
            ),
            pa.Check(lambda events: events["low"] <= events["high"], error="low is above high"),
        ],
    )
