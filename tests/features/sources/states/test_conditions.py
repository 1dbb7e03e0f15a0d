from datetime import date
from pathlib import Path

from features.months import format_month, parse_month
from tests.features.sources.ingested import written
from tests.features.sources.states.ingested import RECEIVED, ingested, reasons, rows

HEADER = "country,variable,value,first_month,published,last_month"


def test_values_hold_from_a_month_and_are_known_from_a_day(tmp_path: Path) -> None:
    content = [
        HEADER,
        "MLI,Polyarchy,0.5,2019-01,2020-03-31,",
        "NER,growth,-1.5e0,2019-02-05,2019-03-01,2020-12",
    ]
    release = ingested(written(tmp_path / "vdem.csv", "\n".join(content)), "conditions")
    assert release.name == "conditions vdem"
    table = rows(release)
    assert table.astype(object).where(table.notna(), None).to_numpy().tolist() == [
        ["MLI", "polyarchy", parse_month("2019-01"), None, date(2020, 3, 31), 0.5],
        ["NER", "growth", parse_month("2019-02"), parse_month("2020-12"), date(2019, 3, 1), -1.5],
    ]
    spans = [(span.country, format_month(span.last_month)) for span in release.coverage().spans]
    assert spans == [("MLI", "2019-01"), ("NER", "2019-02")]


def test_a_forecast_is_a_value_and_observes_no_month_to_come(tmp_path: Path) -> None:
    content = [HEADER, "MLI,growth,2,2019-01,2020-03-31", "MLI,growth,3,2026-01,2024-03-31"]
    release = ingested(written(tmp_path / "imf.csv", "\n".join(content)), "conditions")
    assert release.rows_accepted == 2
    assert format_month(release.coverage().last_month) == "2024-05"


def test_each_fault_of_a_row_has_its_reason_and_no_value_is_none(tmp_path: Path) -> None:
    content = [
        HEADER,
        "MLI,x,1,2019-01,2020-03-31",
        "MLI,x,,2019-02,2020-03-31",
        "MLI,x,2,2019-01,2020-03-31",
        "MLI,x,many,2019-02,2020-03-31",
        "MLI,GDP a head,1,2019-02,2020-03-31",
        "MLI,x,1,2019,2020-03-31",
        "MLI,x,1,2019-02,",
        "MLI,x,1,2019-02,2024-06-04",
        "MLI,x,1,2019-02,2020-03-31,2019-01",
        "MLI,x,1,2019-02,2020-03-31,never",
    ]
    path = written(tmp_path / "x.csv", "\n".join(content))
    release = ingested(path, "conditions", allow_rejects=True)
    assert (release.rows_accepted, release.rows_aside) == (1, 1)
    assert reasons(release) == {
        3: "value is empty",
        4: "it repeats an earlier row",
        5: "value is missing or unreadable",
        6: "variable is not written in letters, digits and _",
        7: "first_month is missing or unreadable",
        8: "published is missing or unreadable",
        9: f"published is after {RECEIVED}",
        10: "last_month is before first_month",
        11: "last_month is unreadable",
    }
