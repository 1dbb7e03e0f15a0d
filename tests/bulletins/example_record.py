"""A track record of the invented regions."""

from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

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
from tests.bulletins.example_rows import Row


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
