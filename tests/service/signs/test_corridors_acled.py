"""Attacks on transport, from a file of events with texts to what `/v1/corridors` answers."""

from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from bulletins.signs import CORRIDOR_QUARTERS_FILE, CORRIDORS_FILE
from experiments.publishing.signs import signs_files
from features.archive.coverage import Coverage, Span
from features.archive.releases import Archive
from features.archive.vintage import vintage_of
from features.arrow import in_arrow_memory
from features.months import parse_month
from features.panel.panel import ALL_DETAILS, read_panel
from features.sources.acled import Acled
from tests.bulletins.example import publish_bulletin
from tests.bulletins.example_rows import ORIGIN, rows_of
from tests.bulletins.example_tables import parts_of
from tests.features.sources.ingested import added, csv_text, written
from tests.features.sources.test_acled import ROW
from tests.service.conftest import serve_home

KAYES = {"latitude": "14.45", "longitude": "-11.44", "location": "Kayes", "admin1": "Kayes"}
TAMBACOUNDA = {"latitude": "13.77", "longitude": "-13.67", "location": "Tambacounda"}
ATTACKS: list[dict[str, str]] = [
    KAYES | {"event_date": "2024-05-03", "notes": "Gunmen attacked a convoy of tanker trucks."},
    KAYES | {"event_date": "2024-05-09", "notes": "Des hommes ont brûlé des camions-citernes."},
    KAYES | {"event_date": "2024-04-20", "notes": "Soldiers and a militia clashed in a village."},
    TAMBACOUNDA
    | {"event_date": "2024-03-11", "country": "Senegal", "iso": "686", "admin1": "Tambacounda"}
    | {"notes": "Armed men set up an illegal checkpoint on the road."},
    # To ACLED no violence: lorries that burn without a fight.
    KAYES
    | {"event_date": "2024-05-20", "event_type": "Strategic developments", "fatalities": "0"}
    | {"sub_event_type": "Looting/property destruction", "notes": "A fuel convoy was set alight."},
    KAYES | {"event_date": "2022-12-05", "notes": "Gunmen attacked a fuel convoy."},
    # Far from any road.
    {"event_date": "2024-05-05", "latitude": "20.0", "longitude": "-3.0", "admin1": "Timbuktu"}
    | {"notes": "A military convoy hit a mine."},
]
COVERAGE = Coverage(
    tuple(Span(code, parse_month("2021-01"), parse_month("2024-05")) for code in ("MLI", "SEN"))
)


def road_to_dakar(folder: Path, changes: list[dict[str, str]]) -> dict[str, Any]:
    """What the API says of it, from a file of the source."""
    rows = [ROW | {"event_id_cnty": f"MLI{n}"} | change for n, change in enumerate(changes)]
    added(Acled(), written(folder / "acled.csv", csv_text(rows)), coverage=COVERAGE)
    vintage = vintage_of(Archive(folder / "home").releases(), date(2024, 7, 1))
    files = signs_files([read_panel(vintage, "admin1", ALL_DETAILS)])
    own = {
        name: pq.read_table(in_arrow_memory(files[name]))
        for name in (CORRIDORS_FILE, CORRIDOR_QUARTERS_FILE)
    }
    scores = rows_of()
    publish_bulletin(folder / "served", scores, parts=parts_of(scores, ORIGIN) | own)
    with serve_home(folder / "served") as client:
        answer: httpx.Response = client.get("/v1/corridors/MLI-dakar")
        body: dict[str, Any] = answer.json()
        return body


def test_reports_of_attacks_on_transport_are_told_from_other_violence(tmp_path: Path) -> None:
    answer = road_to_dakar(tmp_path, ATTACKS)
    dakar = answer["corridor"]
    assert (dakar["events"], dakar["deaths"], dakar["reports"]) == (4, 28, 3)
    assert (dakar["events_12"], dakar["events_before"]) == (4, pytest.approx(1 / 12))
    quarters = {quarter["first_month"]: quarter["reports"] for quarter in answer["quarters"]}
    assert (quarters["2024-03"], quarters["2022-12"]) == (3, 1)
    assert quarters["2021-03"] is None  # before there was any text
    by_leg = {
        (leg["start"], leg["end"]): leg["quarters"][-1]["reports"]
        for leg in answer["legs"]
        if leg["quarters"][-1]["reports"]
    }
    assert [reports for place, reports in by_leg.items() if "Kayes" in place] == [2]
    assert [reports for place, reports in by_leg.items() if "Tambacounda" in place] == [1]


def test_without_texts_nothing_is_said_of_transport(tmp_path: Path) -> None:
    silent = [attack | {"notes": ""} for attack in ATTACKS]
    dakar = road_to_dakar(tmp_path, silent)["corridor"]
    assert (dakar["events"], dakar["deaths"], dakar["reports"]) == (4, 28, None)
