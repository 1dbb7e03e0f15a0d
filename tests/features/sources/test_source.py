from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    "source", [Acled(), Ucdp(), Table(TableMapping.model_validate(MAPPING))], ids=type
)
def test_a_file_needs_a_coverage_and_is_told_how_to_give_it(source: EventSource) -> None:
    with refused("--coverage FILE", "country,first_month,last_month"):
        source.identify(Path("mine.csv"), FileOptions(RECEIVED))
