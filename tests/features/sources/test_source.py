from pathlib import Path

import pytest

from features.sources import acled
from features.sources.acled import Acled
from features.sources.source import EventSource, FileOptions
from features.sources.table import Table
from features.sources.table_mapping import TableMapping
from features.sources.ucdp import Ucdp
from tests.features.sources.ingested import RECEIVED, refused

MAPPING = {
    "source": "monitor",
    "columns": {"event_id": "id", "date_start": "day"},
    "constants": {"country": "MLI", "type_of_violence": "riot", "best": 0},
}


UCDP = "id,country_id,type_of_violence,deaths_a,deaths_b,deaths_civilians,deaths_unknown,best"
DAYS_AND_PLACES = "date_start,date_end,latitude,longitude"
SOURCES: list[tuple[EventSource, str]] = [
    (Acled(), ",".join(acled.REQUIRED_COLUMNS)),
    (Ucdp(), f"{UCDP},low,high,{DAYS_AND_PLACES}"),
    (Table(TableMapping.model_validate(MAPPING)), "id,day"),
]


@pytest.mark.parametrize(("source", "header"), SOURCES, ids=["acled", "ucdp", "table"])
def test_a_file_needs_a_coverage_and_is_told_how_to_give_it(
    source: EventSource, header: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"{header}\n{',' * header.count(',')}\n")
    with refused("--coverage FILE", "country,first_month,last_month"):
        source.identify(path, FileOptions(RECEIVED))
