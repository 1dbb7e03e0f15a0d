import re
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa

from bulletins.form import INDICATOR_SERIES_FILE, INDICATOR_SERIES_SCHEMA
from features.indicators.catalogue import CATALOGUE
from service.pages.briefings.signs import KINDS, signs_of
from service.store.bulletins import BulletinStore
from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_rows import ORIGIN, Row, rows_of
from tests.bulletins.example_tables import parts_of
from tests.service.conftest import serve_home

VALUES: dict[str, tuple[float | None, float]] = {
    "capital_ring_200km_3": (0.125, 0.375),
    "capital_ring_50km_3": (0.0, 0.25),
    "capital_ring_50km_12": (0.25, 0.5),
    "capital_ring_part_200km_6": (1.0, 1.0),
    "capital_violence_distance_3": (120.0, 35.0),
    "capital_violence_distance_change_3": (10.0, -85.0),
    "corridor_events_25km_3": (None, 4.5),
    "corridors_attacked_3": (0.25, 0.75),
}
"""Two months before the origin, and at it."""


def publish_signs(home: Path, rows: list[Row] | None = None, **changes: Any) -> None:
    rows = rows or rows_of()
    parts = parts_of(rows, ORIGIN)
    table = parts[INDICATOR_SERIES_FILE].to_pylist()
    places = dict.fromkeys((row["region"], row["level"]) for row in table)
    unknown = [None] * 3
    for (region, level), (name, (before, now)) in product(places, VALUES.items()):
        figures = ([before, 99.0, now], unknown, unknown)
        row = (region, level, name, *figures)
        table.append(dict(zip(INDICATOR_SERIES_SCHEMA.names, row, strict=True)))
    table.sort(key=lambda row: (row["level"], row["region"]))
    series = pa.Table.from_pylist(table, INDICATOR_SERIES_SCHEMA)
    publish_bulletin(home, rows, parts=parts | {INDICATOR_SERIES_FILE: series}, **changes)


def test_the_capital_and_its_roads_are_read_where_the_bulletin_has_them(tmp_path: Path) -> None:
    publish_signs(tmp_path)
    bulletin = BulletinStore(tmp_path).get("latest")
    found = [
        (sign.text.format(**sign.words), sign.now, sign.before)
        for sign in signs_of(bulletin, "MLI-gao")
    ]
    assert found == [
        ("Sides of the capital, of 8, with violence within 50 km, in 3 months", 2, 0),
        ("Sides of the capital, of 8, with violence within 200 km, in 3 months", 3, 1),
        ("Kilometres from the capital to the nearest violence of 3 months", 35, 120),
        ("Events a month within 25 km of the supply roads, mean of 3 months", 4.5, None),
        ("Per cent of the supply roads attacked in 3 months", 75, 25),
    ]
    with serve_home(tmp_path) as client:
        assert "The capital and its roads" in client.get("/v1/briefings/MLI").text


def test_the_names_are_those_of_the_catalogue() -> None:
    names = [indicator.name for indicator in CATALOGUE]
    assert all(any(re.fullmatch(kind, name) for name in names) for kind, *_ in KINDS)
    assert set(VALUES) <= set(names)


def test_without_such_indicators_nothing_is_said_of_them(tmp_path: Path) -> None:
    publish_bulletin(tmp_path)
    assert signs_of(BulletinStore(tmp_path).get("latest"), "MLI-gao") == []
    with serve_home(tmp_path) as client:
        assert "The capital and its roads" not in client.get("/v1/briefings/MLI").text
