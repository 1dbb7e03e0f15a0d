"""What stands beside the scores of the invented regions."""

import json
import math

import pyarrow as pa

from bulletins.form import (
    DISTRIBUTIONS_FILE,
    DISTRIBUTIONS_SCHEMA,
    DRIVERS_FILE,
    DRIVERS_SCHEMA,
    HISTORY_FILE,
    HISTORY_SCHEMA,
    INDICATOR_SERIES_FILE,
    INDICATOR_SERIES_SCHEMA,
    INDICATOR_VALUES_FILE,
    INDICATOR_VALUES_SCHEMA,
    REGIONS_FILE,
    REGIONS_SCHEMA,
    SCORES_SCHEMA,
    UNSCORED_FILE,
    UNSCORED_SCHEMA,
)
from features.months import format_month, parse_month
from tests.bulletins.example_rows import UNSCORED, Row
from tests.bulletins.signs import signs_tables

POSITIONS = {
    "MLI": (17.0, -4.0),
    "NER": (17.5, 9.0),
    "MLI-gao": (16.5, 0.5),
    "MLI-mopti": (14.5, -4.0),
    "NER-agadez": (19.5, 9.5),
}
"""Latitude and longitude [degrees] of squares of one degree; nobody knows that of NER-tillaberi."""
NEIGHBOURS = {
    "MLI": ["NER"],
    "NER": ["MLI"],
    "MLI-gao": ["MLI-mopti", "NER-tillaberi"],
    "MLI-mopti": ["MLI-gao"],
    "NER-agadez": ["NER-tillaberi"],
    "NER-tillaberi": ["MLI-gao", "NER-agadez"],
}
MONTHS_TOLD = 24
INDICATOR_MONTHS_TOLD = 3
UNOBSERVED_MONTHS = 3
"""The first months of MLI-mopti."""


def distributions_of(rows: list[Row]) -> list[Row]:
    """None, the threshold, and half as likely twice as many deaths."""
    return [
        {
            "region": row["region"],
            "level": row["level"],
            "horizon": row["horizon"],
            "deaths": [0.0, row["threshold"], 2 * row["threshold"]],
            "exceedance": [1.0, row["probability"], row["probability"] / 2],
        }
        for row in rows
        if row["target"] == "fatalities"
    ]


def drivers_of(rows: list[Row]) -> list[Row]:
    """Usually one in four, and a change of 0.5 [log-odds], of which the neighbours made 0.4."""
    told = []
    for row in rows:
        if row["target"] == "fatalities":
            continue
        key = {name: row[name] for name in ("region", "level", "target", "horizon")}
        # A probability of 0 has no log-odds; a very small one stands for it.
        p = row["probability"] or 1e-4
        score, usual = math.log(p / (1 - p)), math.log(0.25 / 0.75)
        parts: list[Row] = [
            {
                "kind": "score",
                "name": None,
                "contribution": score,
                "change": 0.5,
                "value": row["probability"],
                "baseline_value": 0.25,
            },
            {"kind": "baseline", "name": "own", "contribution": usual},
            {
                "kind": "family",
                "name": "contagion",
                "contribution": score - usual - 0.1,
                "change": 0.4,
            },
            {"kind": "family", "name": "history", "contribution": 0.1, "change": 0.0},
            {"kind": "revision", "name": None, "contribution": 0.0, "change": 0.1},
            {
                "kind": "cause",
                "name": "border_weighted_instability_25",
                "contribution": 0.0,
                "change": 0.3,
                "value": 0.5,
                "baseline_value": 0.25,
            },
            {
                "kind": "indicator",
                "name": "deaths_mean_3",
                "contribution": 0.3,
                "value": 12.0,
                "baseline_value": 3.0,
            },
        ]
        told += [key | dict.fromkeys(DRIVERS_SCHEMA.names[6:]) | part for part in parts]
    return told


def places_of(rows: list[Row]) -> list[Row]:
    found = {row["region"]: row for row in rows}
    if any(row["level"] == "country" for row in rows):
        found[UNSCORED[0]] = dict(
            zip(("region", "name", "country", "level"), UNSCORED, strict=True)
        )
    told = []
    for region, row in found.items():
        latitude, longitude = POSITIONS.get(region, (None, None))
        ends: Row = dict.fromkeys(("west", "south", "east", "north", "outline"))
        if latitude is not None and longitude is not None:
            west, south, east, north = (
                longitude - 0.5,
                latitude - 0.5,
                longitude + 0.5,
                latitude + 0.5,
            )
            ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
            outline = json.dumps({"type": "Polygon", "coordinates": [ring]})
            ends = {"west": west, "south": south, "east": east, "north": north, "outline": outline}
        told.append(
            {name: row[name] for name in ("region", "name", "country", "level")}
            | {"latitude": latitude, "longitude": longitude}
            | ends
            | {"neighbours": [n for n in NEIGHBOURS.get(region, []) if n in found]}
        )
    return sorted(told, key=lambda row: (row["level"], row["region"]))


def unscored_of(rows: list[Row]) -> list[Row]:
    """Of Burkina Faso why it has no score, and of all others why they have none of onset."""
    told: list[Row] = []
    if any(row["level"] == "country" for row in rows):
        told.append(
            {"region": "BFA", "level": "country", "reason": "ended", "observed_to": "2019-12"}
        )
    onsets = {row["region"] for row in rows if row["target"] == "onset"}
    for region, level in dict.fromkeys((row["region"], row["level"]) for row in rows):
        if region not in onsets:
            row = {"region": region, "level": level, "target": "onset", "reason": "violent"}
            told.append(row)
    return sorted(told, key=lambda row: (row["level"], row["region"]))


def history_of(rows: list[Row], origin: str) -> list[Row]:
    """Of the months that end with the origin, the n-th has n deaths, half of them of soldiers."""
    told = []
    for region, level in dict.fromkeys((row["region"], row["level"]) for row in rows):
        for number in range(MONTHS_TOLD):
            month = format_month(parse_month(origin) - MONTHS_TOLD + 1 + number)
            observed = region != "MLI-mopti" or number >= UNOBSERVED_MONTHS
            deaths = 0.0 if region == "NER-agadez" else float(number)
            figures = {
                "events": deaths / 2,
                "deaths": deaths,
                "state_based": deaths / 2,
                "non_state": 0.0,
                "one_sided": deaths / 2,
            }
            seen: Row = dict.fromkeys(figures)
            told.append(
                {"region": region, "level": level, "month": month, "observed": observed}
                | (figures if observed else seen)
            )
    return told


def indicator_series_of(rows: list[Row]) -> list[Row]:
    """Deaths that rise above all that was, less so in Mopti; a border unstable since November."""
    told = []
    for region, level in dict.fromkeys((row["region"], row["level"]) for row in rows):
        place = {"region": region, "level": level}
        newest = (7.0, 97, 20) if region == "MLI-mopti" else (12.0, 100, 80)
        for name, values, own, among in (
            ("deaths_mean_3", [10.0, 11.0, newest[0]], [94, 95, newest[1]], [50, 60, newest[2]]),
            ("border_weighted_instability_25", [None, 0.5, 0.5], [None, 97, 96], [None, 90, 90]),
        ):
            lists = {"values": values, "own_percentiles": own, "all_percentiles": among}
            told.append(place | {"indicator": name} | lists)
    return told


def indicator_values_of(rows: list[Row], origin: str) -> list[Row]:
    """The same as older bulletins have it."""
    told = []
    for region, level in dict.fromkeys((row["region"], row["level"]) for row in rows):
        for number in range(INDICATOR_MONTHS_TOLD):
            month = format_month(parse_month(origin) - INDICATOR_MONTHS_TOLD + 1 + number)
            values = {
                "deaths_mean_3": 10.0 + number,
                "border_weighted_instability_25": None if number == 0 else 0.5,
            }
            told.append({"region": region, "level": level, "month": month} | values)
    return told


VALUES_SCHEMA = pa.schema(
    [
        *INDICATOR_VALUES_SCHEMA,
        pa.field("deaths_mean_3", pa.float32()),
        pa.field("border_weighted_instability_25", pa.float32()),
    ]
)


def older_parts_of(rows: list[Row], origin: str) -> dict[str, pa.Table]:
    """The files beside the scores as older bulletins have them, by name."""
    parts = parts_of(rows, origin)
    del parts[INDICATOR_SERIES_FILE]
    values = pa.Table.from_pylist(indicator_values_of(rows, origin), VALUES_SCHEMA)
    return parts | {INDICATOR_VALUES_FILE: values}


def parts_of(rows: list[Row], origin: str) -> dict[str, pa.Table]:
    """The files beside the scores, by name."""
    return {
        DISTRIBUTIONS_FILE: pa.Table.from_pylist(distributions_of(rows), DISTRIBUTIONS_SCHEMA),
        DRIVERS_FILE: pa.Table.from_pylist(drivers_of(rows), DRIVERS_SCHEMA),
        REGIONS_FILE: pa.Table.from_pylist(places_of(rows), REGIONS_SCHEMA),
        HISTORY_FILE: pa.Table.from_pylist(history_of(rows, origin), HISTORY_SCHEMA),
        INDICATOR_SERIES_FILE: pa.Table.from_pylist(
            indicator_series_of(rows), INDICATOR_SERIES_SCHEMA
        ),
        UNSCORED_FILE: pa.Table.from_pylist(unscored_of(rows), UNSCORED_SCHEMA),
        **signs_tables({row["region"] for row in rows}, origin),
    }


def table_of(rows: list[Row]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=SCORES_SCHEMA)
