"""The bulletin that the service's tests serve: invented regions, numbers that one can check."""

import hashlib
import json
import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

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
from bulletins.manifest import (
    CoupsUsed,
    Manifest,
    ModelUsed,
    ReleaseUsed,
    RiskLevel,
    RiskScale,
    SourceUsed,
    VintageUsed,
)
from bulletins.record import (
    EDITION_FILE,
    ROWS_FILE,
    ROWS_SCHEMA,
    SUMMARY_FILE,
    SUMMARY_SCHEMA,
    Edition,
    folder_name,
)
from features.hashes import BLANK, sha256_of, with_own_hash
from features.months import format_month, parse_month
from features.words import QUANTILES, RISK_LEVELS, quantile_column
from tests.bulletins.signs import signs_tables

ORIGIN = "2024-12"
EXAMPLE_ID = f"{ORIGIN}-5f3a9c01d2e4"
NOW = datetime(2025, 1, 25, 6, 0, tzinfo=UTC)
"""Four days after the newest bulletin was issued."""

EXAMPLE_MONTHS = ("2024-09", "2024-10", "2024-11", ORIGIN)
COUPS_ORIGIN = "2024-11"
THRESHOLDS = {"country": 25.0, "admin1": 5.0, "priogrid": 1.0}
WINDOWS = (3, 6, 12)
REGIONS = (
    ("MLI", "Mali", "MLI", "country"),
    ("NER", "Niger", "NER", "country"),
    ("MLI-gao", "Gao", "MLI", "admin1"),
    ("MLI-mopti", "Mopti", "MLI", "admin1"),
    ("NER-agadez", "Agadez", "NER", "admin1"),
    ("NER-tillaberi", "Tillabéri", "NER", "admin1"),
)

INDICATORS: list[dict[str, Any]] = [
    {
        "name": "deaths_mean_3",
        "meaning": "Mean monthly deaths over the last 3 months",
        "unit": "deaths/month",
        "family": "history",
        "source": "",
        "lowest": 0.0,
        "highest": None,
        "needs": [],
        "alarming": "high",
    },
    {
        "name": "events_mean_3",
        "meaning": "Mean monthly events over the last 3 months",
        "unit": "events/month",
        "family": "history",
        "source": "",
        "lowest": 0.0,
        "highest": None,
        "needs": ["events"],
        "alarming": "high",
    },
    {
        "name": "border_weighted_instability_25",
        "meaning": "Share of the border with neighbours that had at least 25 deaths in the month",
        "unit": "share",
        "family": "contagion",
        "source": "Buhaug & Gleditsch 2008, International Studies Quarterly 52(2)",
        "lowest": 0.0,
        "highest": 1.0,
        "needs": [],
        "alarming": "high",
    },
]

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

UNSCORED = ("BFA", "Burkina Faso", "BFA", "country")
"""A region that is observed to 2019-12 only, at a place that is not known."""

MONTHS_TOLD = 24
INDICATOR_MONTHS_TOLD = 3
UNOBSERVED_MONTHS = 3
"""The first months of MLI-mopti."""

CUTS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""The least probabilities of the risk levels."""

Row = dict[str, Any]
Region = tuple[str, str, str, str]


def score_row(
    region: Region, target: str, horizon: int, probability: float, origin: str = ORIGIN
) -> Row:
    identifier, name, country, level = region
    # Deaths are uniform from 0 to `most`, so that mean, quantiles and probability agree.
    most = THRESHOLDS[level] / (1 - probability) if target == "fatalities" else None
    quantiles = {quantile_column(q): most and round(most * q, 3) for q in QUANTILES}
    return {
        "region": identifier,
        "name": name,
        "country": country,
        "level": level,
        "target": target,
        "horizon": horizon,
        "target_month": format_month(parse_month(origin) + horizon),
        "threshold": 1.0 if target == "onset" else THRESHOLDS[level],
        "probability": probability,
        "mean": most and round(most / 2, 3),
        **quantiles,
        "model_version": f"tocsin-{level}/3",
    }


def rows_of(regions: tuple[Region, ...] = REGIONS, origin: str = ORIGIN) -> list[Row]:
    """All scores of some regions; probabilities are multiples of 1/8, so that many tie."""
    rows = []
    for number, region in enumerate(regions):
        sparse = region[0] == "NER-agadez"
        keys = [
            (t, h) for t in ("fatalities", "instability") for h in range(1, 2 if sparse else 13)
        ]
        keys += [("escalation", h) for h in WINDOWS[: 1 if sparse else 3]]
        keys += [("onset", 3)] if sparse else []
        rows += [
            score_row(region, target, horizon, (number * 5 + horizon * 3) % 7 / 8, origin)
            for target, horizon in keys
        ]
    return in_order(rows)


def in_order(rows: list[Row]) -> list[Row]:
    """Scores in the order of a bulletin."""
    return sorted(
        rows, key=lambda row: (row["level"], row["region"], row["target"], row["horizon"])
    )


def coup_rows(origin: str = ORIGIN) -> list[Row]:
    """Scores of coups in Mali and Niger, in a bulletin that has them."""
    return [
        score_row(region, "coup", horizon, probability, origin) | {"threshold": 1.0}
        for region, chance in zip(REGIONS[:2], (0.02, 0.01), strict=True)
        for horizon, probability in ((1, chance), (6, 5 * chance), (12, 10 * chance))
    ]


def coups_used(rows: int) -> CoupsUsed:
    """What scores of coups are from: at twelve months not from the model."""
    return CoupsUsed(
        name="tocsin-coups",
        version=2,
        run_id="0123456789abcdef0123456789abcdef",
        sha256="6c" * 32,
        trained_to="2024-10",
        served={1: "model", 6: "model", 12: "months_since"},
        skill={1: 0.04, 6: 0.05, 12: -0.01},
        attempts=48,
        rows=rows,
        releases=(),
        success_shares={"MLI": 0.5, "NER": 0.5},
        seizures={},
        any_country={1: 0.0298, 6: 0.145, 12: 0.28},
    )


def manifest_of(rows: list[Row], **changes: Any) -> Manifest:
    origin = changes.get("origin", ORIGIN)
    levels = tuple(sorted({row["level"] for row in rows}))
    known: dict[str, Any] = {
        "format": 1,  # whose id may be any
        "id": EXAMPLE_ID.replace(ORIGIN, origin),
        "origin": origin,
        "issued_at": datetime(2025, 1, 21, 6, 0, tzinfo=UTC),
        "simulated": True,
        "levels": levels,
        "thresholds": {level: THRESHOLDS[level] for level in levels},
        "vintage": VintageUsed(
            history="ucdp",
            as_of=date(2025, 1, 20),
            digest="8d" * 32,
            releases=(
                ReleaseUsed(
                    source="ucdp-candidate",
                    release="24.0.12",
                    available_on=date(2025, 1, 20),
                    sha256="4b" * 32,
                ),
            ),
        ),
        "models": tuple(
            ModelUsed(
                level=level,
                name=f"tocsin-{level}",
                version=3,
                run_id="0123456789abcdef0123456789abcdef",
                learner="boosting",
                summary_events="spread",
                trained_to="2024-12",
                skill={"instability": 0.21, "escalation": 0.12, "onset": 0.04},
            )
            for level in levels
        ),
        "code": "0.1.0+05c4188",
        "rows": len(rows),
        "scores_sha256": "0" * 64,
        "citation": f"Tocsin (2025), bulletin {changes.get('id', EXAMPLE_ID)} (simulated).",
        "sources": (
            SourceUsed(
                name="ucdp-candidate",
                title="UCDP Candidate Events Dataset",
                url="https://ucdp.uu.se/downloads/",
                licence="CC BY 4.0",
                citation=None,
            ),
        ),
        "risk_scales": tuple(
            scale_of(level, target)
            for level in levels
            for target in ("instability", "escalation", "onset")
        ),
    }
    return Manifest.model_validate(known | changes)


def scale_of(level: str, target: str) -> RiskScale:
    levels = tuple(
        RiskLevel.model_validate(
            {
                "name": name,
                "lowest": cut,
                "scores": 0 if cut else 40,
                "came_true": None if cut else 0.1,
                "independent": 0 if cut else 20,
                "low": None if cut else 0.03,
                "high": None if cut else 0.3,
            }
        )
        for name, cut in zip(RISK_LEVELS, CUTS, strict=True)
    )
    return RiskScale.model_validate(
        {"level": level, "target": target, "base_rate": 0.2, "levels": levels}
    )


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


def summary_lines(losses: dict[str, float], **about: Any) -> list[Row]:
    """A line of the record a forecast, of 40 scores of which one in four came true."""
    lines = []
    is_crps = about["target"] == "fatalities"
    for forecast, loss in losses.items():
        row: Row = dict.fromkeys(SUMMARY_SCHEMA.names)
        row |= {"n": 40, "hindsight": 10, "origins": 2, "observed": 0.25} | about
        row |= {"forecast": forecast, "crps" if is_crps else "brier": loss}
        is_own = forecast == "score"
        row |= {"forecasted": 0.2} if is_own else {"skill": 1 - losses["score"] / loss}
        lines.append(row)
    return lines


def summary_of() -> list[Row]:
    """Of instability and deaths in regions and countries, and of coups in these.

    Scores of instability are a little better than conflictology; of 10 that were called high 6 came
    true. By final outcomes they are worse, and those of deaths were at once.
    """
    told = []
    for state, level in product(("first", "final"), ("admin1", "country")):
        cell = {"state": state, "level": level, "target": "instability"}
        own = {"first": 0.09, "final": 0.11}[state]
        first_loss = {"first": None, "final": 0.09}[state]
        losses = {"score": own, "climatology": 0.12, "conflictology": 0.1}
        told += summary_lines(losses, **cell, by="all", group="all", first_loss=first_loss)
        for by, group in (
            *(("horizon", "1"), ("horizon", "2"), ("country", "MLI")),
            *(("year", "2024-09"), ("year", "2024-10"), ("bulletin", "2024-10-000000000002")),
        ):
            told += summary_lines(losses, **cell, by=by, group=group)
        for by, low, high in (("risk_level", "low", "high"), ("probability", "0.0", "0.6")):
            told += summary_lines({"score": 0.1}, **cell, by=by, group=low, n=30, observed=4 / 30)
            told += summary_lines({"score": 0.1}, **cell, by=by, group=high, n=10, observed=0.6)
        deaths = {"score": 6.0, "climatology": 8.0, "conflictology": 5.0}
        for by, group in (("all", "all"), ("horizon", "1")):
            of_deaths = cell | {"target": "fatalities", "by": by, "group": group}
            told += summary_lines(deaths, **of_deaths, within_90=0.8, first_loss=first_loss)
        if level == "country":
            of_coups = cell | {"target": "coup", "attempts": 3, "n": 300, "observed": 0.01}
            coups = {"score": 0.009, "months_since": 0.01, "base_rate": 0.012, "own_rate": 0.011}
            for by, group in (("all", "all"), ("horizon", "12")):
                part = of_coups | {"by": by, "group": group}
                told += summary_lines(coups, **part, first_loss=first_loss)
    return told


def publish_record(home: Path, **changes: Any) -> Edition:
    """Write an edition of the track record as its writer does."""
    place = home / "record" / folder_name(changes.get("number", 1))
    folder = place.with_name(f".{place.name}")
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(summary_of(), SUMMARY_SCHEMA), folder / SUMMARY_FILE)
    pq.write_table(ROWS_SCHEMA.empty_table(), folder / ROWS_FILE)
    draft = Edition(
        number=1,
        as_of=date(2025, 1, 20),
        recorded_at=datetime(2025, 1, 21, 7, 0, tzinfo=UTC),
        simulated=True,
        code="0.1.0+05c4188",
        first=400,
        final=400,
        left_out={},
        previous=None,
        files={name: sha256_of((folder / name).read_bytes()) for name in (SUMMARY_FILE, ROWS_FILE)},
        record_sha256=BLANK,
    )
    content = with_own_hash(draft.model_copy(update=changes).model_dump_json(indent=2))
    (folder / EDITION_FILE).write_text(content)
    folder.rename(place)
    return Edition.model_validate_json(content)


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


CARD = """# admin1 scores: logistic

It must not be used:

* as the only reason of a decision

## Coverage

| first month | regions | names |
|---|--:|---|
| 2010-01 | 2 | `deaths`, `deaths_mean_3`, `deaths_decay_6`, `months_since_1` |
"""

DOCUMENTS = {
    "report-admin1.html": b"<!DOCTYPE html><html lang='en'><title>Report</title></html>",
    "card-admin1.md": CARD.encode(),
}


def publish_bulletin(
    home: Path,
    rows: list[Row] | None = None,
    table: pa.Table | None = None,
    indicators: Sequence[dict[str, Any]] | None = INDICATORS,
    parts: dict[str, pa.Table] | None = None,
    **changes: Any,
) -> Manifest:
    """Write a bulletin as its writer does: aside, then moved into place whole.

    Without indicators it is as bulletins were before they listed them; so it is with parts, and
    what stands beside them.
    """
    origin = changes.get("origin", ORIGIN)
    rows = rows_of(origin=origin) if rows is None else rows
    documents = DOCUMENTS if parts is None else {}
    parts = parts_of(rows, origin) if parts is None else parts
    manifest = manifest_of(rows, **changes)
    folder = home / "bulletins" / manifest.id
    aside = folder.with_name(f".{manifest.id}")
    aside.mkdir(parents=True)
    tables = {"scores.parquet": table_of(rows) if table is None else table, **parts}
    hashes = {}
    for name, content in tables.items():
        # Few rows a group, so that a region has to be looked for in more than one of them.
        pq.write_table(content, aside / name, row_group_size=16)
        hashes[name] = hashlib.sha256((aside / name).read_bytes()).hexdigest()
    for name, document in documents.items():
        (aside / name).write_bytes(document)
        hashes[name] = hashlib.sha256(document).hexdigest()
    known = {
        "scores_sha256": hashes.pop("scores.parquet"),
        "drivers_sha256": hashes.pop(DRIVERS_FILE, None),
        "files": hashes,
    }
    manifest = manifest.model_copy(update=known | changes)
    if indicators is not None:
        (aside / "indicators.json").write_text(json.dumps(indicators))
    (aside / "manifest.json").write_text(manifest.model_dump_json())
    aside.rename(folder)
    return manifest


def publish_months(home: Path, origins: Sequence[str]) -> list[Manifest]:
    """Bulletins of some origins, each issued in the month after and told against the one before.

    That of COUPS_ORIGIN has scores of coups too.
    """
    issued: list[Manifest] = []
    for origin in origins:
        year, month = map(int, format_month(parse_month(origin) + 1).split("-"))
        coups = coup_rows(origin) if origin == COUPS_ORIGIN else []
        manifest = publish_bulletin(
            home,
            in_order([*rows_of(origin=origin), *coups]),
            origin=origin,
            coups=coups_used(len(coups)) if coups else None,
            id=f"{origin}-{'5f3a9c01d2e4' if origin == ORIGIN else f'{len(issued) + 1:012x}'}",
            issued_at=datetime(year, month, 21, 6, 0, tzinfo=UTC),
            previous=issued[-1].id if issued else None,
        )
        issued.append(manifest)
    return issued


def without_hashes(body: Any) -> Any:
    """Blank what depends on the version that wrote a Parquet file, or on the moment."""
    text = re.sub(r'"[0-9a-f]{64}"', '""', json.dumps(body))
    return json.loads(re.sub(r'"request_id": "[^"]*"', '"request_id": ""', text))
