from datetime import date
from pathlib import Path

from features.archive.coverage import Coverage, Span
from features.archive.releases import Archive
from features.archive.report import report_of
from features.sources.ingestion import FileDelivery
from features.sources.source import FileOptions
from features.sources.ucdp import Ucdp
from tests.features.sources.ingested import csv_text, written

ROW = {
    "id": "1",
    "type_of_violence": "1",
    "country_id": "436",
    "where_prec": "1",
    "date_start": "2024-01-05",
    "date_end": "2024-01-05",
    "latitude": "13.5",
    "longitude": "2.1",
    "deaths_a": "0",
    "deaths_b": "0",
    "deaths_civilians": "0",
    "deaths_unknown": "7",
    "best": "7",
    "high": "7",
    "low": "7",
}
JANUARY = 648  # 2024-01


def test_a_report_says_what_became_of_every_row_and_death(tmp_path: Path) -> None:
    rows = [
        ROW,
        ROW | {"id": "2", "date_start": "2024-03-01", "date_end": "2024-03-01", "best": "5"},
        ROW | {"id": "3", "low": "-1", "best": "3"},
        ROW | {"id": "4", "low": "x", "high": "-1"},
        ROW | {"id": "1", "best": "9"},
    ]
    path = written(tmp_path / "niger.csv", csv_text(rows))
    coverage = Coverage((Span("NER", JANUARY, JANUARY),))
    options = FileOptions(date(2024, 6, 1), coverage=coverage, allow_rejects=True)
    archive = Archive(tmp_path / "home")
    report = report_of(archive.add(FileDelivery(Ucdp(), path, options)))
    assert (report.read, report.taken, report.aside, report.rejected) == (5, 2, 0, 3)
    assert report.deaths is not None
    assert (report.deaths.read, report.deaths.taken, report.deaths.observed) == (31, 12, 7)
    assert (report.countries, report.months) == (1, 1)
    assert (report.first_month, report.last_month) == ("2024-01", "2024-01")
    assert [(r.reason, r.rows, r.line) for r in report.reasons] == [
        ("event_id is repeated", 1, 6),
        ("high is outside 0 to 2000000", 1, 5),
        ("low is missing or unreadable", 1, 5),
        ("low is outside 0 to 2000000", 1, 4),
    ]
    assert report.doubts == (
        (
            "1 of 2 events, 5 of 12 deaths, are of countries or months not observed: they count "
            "nowhere"
        ),
        (
            "1 rows repeat the id of another event with other figures, as '1': only the first of "
            "each is taken"
        ),
    )
    text = list(report.lines())
    assert text[0] == "ucdp-ged niger: 5 rows read, 2 events, 3 rejected"
    assert "  deaths: 31 read, 12 taken, 7 in observed months" in text
    assert "  not taken: low is outside 0 to 2000000 (1 row, first in line 4)" in text
    again = report_of(archive.add(FileDelivery(Ucdp(), path, options)))
    assert again.model_copy(update={"is_new": True}) == report
