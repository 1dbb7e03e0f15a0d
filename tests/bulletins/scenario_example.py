"""The scenario that tests of its form and of the service read, beside the example bulletin."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from bulletins.scenarios import (
    ASSUMPTION,
    BLANK_ID,
    FAMILIES_FILE,
    SCHEMAS,
    SCORES_FILE,
    SUPPORT_FILE,
    VIOLENCE_FILE,
    ScenarioManifest,
    coups_in_words,
    write_scenario,
)
from bulletins.writing import parquet_of
from features.hashes import sha256_of
from features.indicators.state import select_state
from features.months import format_month, parse_month
from features.scenarios.statements import Scenario
from tests.bulletins.example import EXAMPLE_ID
from tests.bulletins.example_rows import ORIGIN

(WORLD,) = select_state(["attempts_world"])
MONTHS = 3
LAST_MONTH = format_month(parse_month(ORIGIN) + MONTHS)
PLACES = (
    ("MLI-gao", "Gao", "MLI", 0.2),
    ("MLI-mopti", "Mopti", "MLI", 0.004),
    ("NER-agadez", "Agadez", "NER", -0.03),
    ("NER-tillaberi", "Tillabéri", "NER", 0.0),
)
"""Regions, and how much more likely a month with 5 deaths or more becomes."""

COUNTRIES = (("MLI", "Mali", 0.2), ("NER", "Niger", -0.001))
"""Countries, and how much more likely a coup becomes."""

STATEMENTS = Scenario.model_validate(
    {
        "name": "Gao times <three>",
        "text": "Three times as much & more",
        "months": MONTHS,
        "violence": [{"regions": ["MLI-gao"], "times": 3}],
        "events": [{"region": "MLI-gao", "month": 1, "deaths": 7, "actors": ["New Front"]}],
        "coups": [{"country": "MLI", "month": 1, "outcome": "success"}],
    }
)


def score_rows() -> list[dict[str, Any]]:
    """The scores: of each region and target at two horizons, Gao without onset; coups."""
    rows: list[dict[str, Any]] = []
    for region, name, country, change in PLACES:
        for target in ("escalation", "fatalities", "instability", "onset"):
            is_window = target in {"escalation", "onset"}
            for horizon in (3, 6) if is_window else (1, 2):
                is_gone = target == "onset" and region == "MLI-gao"
                probability = 0.1 + change / horizon
                deaths = target == "fatalities"
                rows.append(
                    {
                        "region": region,
                        "name": name,
                        "country": country,
                        "level": "admin1",
                        "target": target,
                        "horizon": horizon,
                        "target_month": format_month(parse_month(LAST_MONTH) + horizon),
                        "probability": None if is_gone else probability,
                        "continuation": 0.1,
                        "change": None if is_gone else probability - 0.1,
                        "bulletin_probability": 0.12,
                        "mean": 2 + 50 * max(change, 0) if deaths else None,
                        "continuation_mean": 2.0 if deaths else None,
                        "mean_change": 50 * max(change, 0) if deaths else None,
                        "bulletin_mean": 2.5 if deaths else None,
                        "threshold": None if is_gone else 5.0,
                        "continuation_threshold": 5.0,
                        "beyond": region == "MLI-gao",
                        "model_version": "tocsin-admin1/1",
                    }
                )
    return rows + coup_rows()


def coup_rows() -> list[dict[str, Any]]:
    """The scores of coups: of Mali and Niger at two horizons."""
    return [
        {
            "region": country,
            "name": name,
            "country": country,
            "level": "country",
            "target": "coup",
            "horizon": horizon,
            "target_month": format_month(parse_month(LAST_MONTH) + horizon),
            "probability": 0.05 + change,
            "continuation": 0.05,
            "change": change,
            "bulletin_probability": 0.04,
            **dict.fromkeys(("mean", "continuation_mean", "mean_change", "bulletin_mean")),
            "threshold": 1.0,
            "continuation_threshold": 1.0,
            "beyond": False,
            "model_version": "tocsin-coups/1",
        }
        for country, name, change in COUNTRIES
        for horizon in (1, 12)
    ]


def write_example(home: Path, scenario: Scenario = STATEMENTS) -> ScenarioManifest:
    """Write the scenario into a home, beside the example bulletin."""
    place = {"region": "MLI-gao", "level": "admin1"}
    cell = place | {"target": "instability", "horizon": 1}
    rows: dict[str, list[dict[str, Any]]] = {
        SCORES_FILE: score_rows(),
        FAMILIES_FILE: [
            cell | {"family": "history", "change": 1.0},
            cell | {"family": "neighbourhood", "change": 0.25},
            {"region": "MLI", "level": "country", "target": "coup", "horizon": 1}
            | {"family": "state", "change": 1.5},
        ],
        VIOLENCE_FILE: [
            place
            | {"month": "2025-01", "events": 4.0, "continuation_events": 1.0}
            | {"deaths": 16.0, "continuation_deaths": 3.0}
        ],
        SUPPORT_FILE: [
            place | {"indicator": "deaths_mean_3", "value": 99.0, "lowest": 0.0, "highest": 70.0}
        ],
    }
    tables = {
        name: pa.Table.from_pylist(content, schema=SCHEMAS[name]) for name, content in rows.items()
    }
    files = {name: parquet_of(t.to_pandas(), SCHEMAS[name]) for name, t in tables.items()}
    draft = ScenarioManifest(
        id=BLANK_ID,
        simulated=True,
        name=scenario.name,
        text=scenario.text,
        bulletin=EXAMPLE_ID,
        origin=ORIGIN,
        last_month=LAST_MONTH,
        levels=("admin1", "country"),
        model_versions=("tocsin-admin1/1", "tocsin-country/1"),
        assumption=ASSUMPTION.format(months="3 months", origin=ORIGIN),
        statements=scenario,
        coups=coups_in_words([WORLD.meaning]),
        coups_elsewhere=(WORLD.name,),
        beyond=1,
        code="1.2.3+abc",
        rows=len(rows[SCORES_FILE]),
        files={name: sha256_of(content) for name, content in files.items()},
    )
    return write_scenario(home, files, draft)[0]
