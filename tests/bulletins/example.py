"""The bulletin that the service's tests serve: invented regions, numbers that one can check."""

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bulletins.form import (
    DRIVERS_FILE,
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
from features.months import format_month, parse_month
from features.words import RISK_LEVELS
from tests.bulletins.example_rows import (
    COUPS_ORIGIN,
    ORIGIN,
    THRESHOLDS,
    Row,
    coup_rows,
    in_order,
    rows_of,
)
from tests.bulletins.example_tables import parts_of, table_of

EXAMPLE_ID = f"{ORIGIN}-5f3a9c01d2e4"
NOW = datetime(2025, 1, 25, 6, 0, tzinfo=UTC)
"""Four days after the newest bulletin was issued."""
EXAMPLE_MONTHS = ("2024-09", "2024-10", "2024-11", ORIGIN)
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
CUTS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""The least probabilities of the risk levels."""


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


VINTAGE = VintageUsed(
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
)
SOURCE = SourceUsed(
    name="ucdp-candidate",
    title="UCDP Candidate Events Dataset",
    url="https://ucdp.uu.se/downloads/",
    licence="CC BY 4.0",
    citation=None,
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
        "vintage": VINTAGE,
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
        "sources": (SOURCE,),
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
