from pathlib import Path

import pyarrow as pa
import pytest

from bulletins.form import DRIVERS_FILE, DRIVERS_SCHEMA
from features.language import ENGLISH
from service.pages.briefings.country import Country
from service.store.bulletins import BulletinStore
from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_rows import ORIGIN, rows_of
from tests.bulletins.example_tables import parts_of


@pytest.mark.parametrize(("change", "moved"), [(0.5, True), (0.001, False)])
def test_only_changes_that_can_be_seen_are_told(
    tmp_path: Path, change: float, *, moved: bool
) -> None:
    parts = parts_of(rows_of(), ORIGIN)
    drivers = parts[DRIVERS_FILE].to_pylist()
    for row in drivers:
        if row["kind"] == "score":
            row["change"] = change
    parts |= {DRIVERS_FILE: pa.Table.from_pylist(drivers, DRIVERS_SCHEMA)}
    publish_bulletin(tmp_path, parts=parts, previous="2024-11-000000000001")
    country = Country.of(BulletinStore(tmp_path).get("latest"), "Mali")
    assert bool(country.moves(5, ENGLISH)) == moved
    assert [place.id for place in country.places] == ["MLI-gao", "MLI-mopti"]
    assert country.whole is not None
    assert [score.country for score in country.neighbours(5)] == ["NER"]
