"""The form of the tables of signs: rings around capitals, corridors, and armed groups.

They come from `features/signs`, which says what is counted. A quarter is three months, the newest
one ends at the origin; `percentile` [per cent] places the newest among all earlier quarters, and a
usual quarter is the mean of the three years before. Months are YYYY-MM. What is not observed is
null. A history of counts has no places and no actors: its tables are empty.
"""

from collections.abc import Mapping

import pyarrow as pa

from features.arrow import optional, required

CAPITAL_RINGS_FILE = "capital_rings.parquet"
CAPITAL_SECTORS_FILE = "capital_sectors.parquet"
CORRIDORS_FILE = "corridors.parquet"
CORRIDOR_QUARTERS_FILE = "corridor_quarters.parquet"
ACTORS_FILE = "actors.parquet"
DYADS_FILE = "dyads.parquet"

_TEXT, _NUMBER = pa.string(), pa.float64()
_TEXTS, _NUMBERS = pa.list_(_TEXT), pa.list_(_NUMBER)

CAPITAL_RINGS_SCHEMA = pa.schema(
    [
        *required(_TEXT, "country", "capital"),
        *required(_NUMBER, "latitude", "longitude"),
        *required(pa.int16(), "radius_km"),
        *required(pa.int8(), "closed", "closed_12", "unobserved"),
        *optional(_NUMBER, "closed_before", "closed_most", "percentile"),
        *optional(_TEXT, "since"),
        *optional(_NUMBER, "events", "deaths", "events_before", "deaths_before"),
        *optional(_NUMBER, "events_12", "deaths_12"),
    ]
)
"""One row a capital and radius, sorted by country and radius.

`closed` are the directions, of 8, with violence within the radius in the newest quarter,
`closed_12`, `events_12` and `deaths_12` of the last 12 months;
`unobserved` those not closed of which less than half of the land is observed; `closed_before` and
`closed_most` are mean and most of the quarters of the three years before. `since` is the month from
which the ring has been as closed as now. Events and deaths [a quarter] leave out the city.
"""

CAPITAL_SECTORS_SCHEMA = pa.schema(
    [
        *required(_TEXT, "country"),
        *optional(_TEXT, "direction"),
        *required(_NUMBER, "from_km", "to_km"),
        *optional(_NUMBER, "observed"),
        *optional(_NUMBER, "events", "deaths", "events_before", "deaths_before", "percentile"),
        *optional(_TEXT, "since"),
    ]
)
"""One row a capital, band and direction, sorted so; the city comes first and has no direction.

`observed` is the share of the land that is observed in the newest quarter, null at sea. `since` is
the month in which the unbroken run of months with violence in their last three began.
"""

CORRIDORS_SCHEMA = pa.schema(
    [
        *required(_TEXT, "corridor", "country"),
        *required(_TEXTS, "places", "kinds"),
        *required(_NUMBERS, "latitudes", "longitudes"),
        *required(_NUMBER, "km", "observed"),
        *optional(_NUMBER, "events", "deaths", "reports", "events_before", "deaths_before"),
        *optional(_NUMBER, "events_12", "deaths_12", "percentile"),
        *optional(pa.int8(), "attacked_leg"),
        *optional(_TEXT, "since"),
    ]
)
"""One row a corridor, sorted by name; the lists are of its places, from the capital outwards.

`country` is supplied through it, `observed` the share of its length that is observed in the newest
quarter; the figures are of that part. `reports` are the events whose text tells of convoys, fuel or
roadblocks, null where no event has a text. `attacked_leg` is the leg with most events, counted from
1; `since` as in the sectors.
"""

CORRIDOR_QUARTERS_SCHEMA = pa.schema(
    [
        *required(_TEXT, "corridor"),
        *required(pa.int8(), "leg"),
        *required(_TEXT, "first_month"),
        *required(pa.bool_(), "observed"),
        *optional(_NUMBER, "events", "deaths", "reports"),
    ]
)
"""One row a corridor, leg and quarter of the ten years to the origin, so sorted."""

_FIGURES = (
    *required(_TEXT, "first_month", "last_month"),
    *required(_NUMBER, "events", "deaths", "events_3", "deaths_3", "events_12", "deaths_12"),
)

ACTORS_SCHEMA = pa.schema(
    [
        *required(_TEXT, "actor", "name", "level", "region"),
        *_FIGURES,
        *required(_TEXT, "began"),
        *required(_TEXTS, "aliases", "predecessors"),
    ]
)
"""One row an armed group and region in which it ever fought, sorted by level, group and region.

`actor` is its id, `name` what the source calls it. Figures are of all months to the origin, of the
last 3 and of the last 12; `began` is the group's first month in any region.
"""

DYADS_SCHEMA = pa.schema(
    [
        *required(_TEXT, "actor", "name"),
        *optional(_TEXT, "opponent", "opponent_name"),
        *required(_TEXT, "opponent_kind", "level", "region"),
        *_FIGURES,
    ]
)
"""One row an armed group, opponent and region, sorted by level, group, opponent and region.

`opponent_kind` is group, state, civilians or unknown; only a group or a state has a name, and only
a group an id.
"""

SIGNS_SCHEMAS: Mapping[str, pa.Schema] = {
    ACTORS_FILE: ACTORS_SCHEMA,
    CAPITAL_RINGS_FILE: CAPITAL_RINGS_SCHEMA,
    CAPITAL_SECTORS_FILE: CAPITAL_SECTORS_SCHEMA,
    CORRIDORS_FILE: CORRIDORS_SCHEMA,
    CORRIDOR_QUARTERS_FILE: CORRIDOR_QUARTERS_SCHEMA,
    DYADS_FILE: DYADS_SCHEMA,
}
"""The columns of each table of signs."""
