from datetime import date

import pytest

from features.months import parse_month
from features.sources.ucdp import official_release


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ged241-csv.zip", ("ucdp-ged", "24.1", "1989-01", "2023-12", date(2024, 6, 30))),
        ("ged191.csv", ("ucdp-ged", "19.1", "1989-01", "2018-12", date(2019, 6, 30))),
        ("ged241-csv (1).zip", ("ucdp-ged", "24.1", "1989-01", "2023-12", date(2024, 6, 30))),
        ("GEDEvent_v24_1.xlsx", ("ucdp-ged", "24.1", "1989-01", "2023-12", date(2024, 6, 30))),
        (
            "GEDEvent_v23_0_10(2).csv",
            ("ucdp-candidate", "23.0.10", "2023-10", "2023-10", date(2023, 11, 20)),
        ),
        (
            "GEDEvent_v24_0_12 - Copy.csv",
            ("ucdp-candidate", "24.0.12", "2024-12", "2024-12", date(2025, 1, 20)),
        ),
        ("GEDEvent_v24_1.csv", ("ucdp-ged", "24.1", "1989-01", "2023-12", date(2024, 6, 30))),
        ("gedevent_V25_1.csv.gz", ("ucdp-ged", "25.1", "1989-01", "2024-12", date(2025, 6, 30))),
        (
            "GEDEvent_v23_0_10.csv",
            ("ucdp-candidate", "23.0.10", "2023-10", "2023-10", date(2023, 11, 20)),
        ),
        (
            "GEDEvent_v24_0_12.zip",
            ("ucdp-candidate", "24.0.12", "2024-12", "2024-12", date(2025, 1, 20)),
        ),
        (
            "GEDEvent_v24_01_24_12.csv",
            ("ucdp-candidate", "24.01.24.12", "2024-01", "2024-12", date(2025, 1, 20)),
        ),
    ],
)
def test_an_official_name_says_release_months_and_day(
    name: str, said: tuple[str, str, str, str, date]
) -> None:
    release = official_release(name)
    assert release is not None
    source, number, first, last, day = said
    assert (release.source, release.release, release.available_on) == (source, number, day)
    months = (min(s.first_month for s in release.coverage.spans), release.coverage.last_month)
    assert months == (parse_month(first), parse_month(last))
    assert release.kind == ("final" if source == "ucdp-ged" else "candidate")


@pytest.mark.parametrize(
    "name",
    [
        *("GEDEvent_v23_0_13.csv", "GEDEvent_v23_0_0.csv", "GEDEvent_v24_1.docx", "ged241(x).csv"),
        *("GEDEvent_v24_01_24_13.csv", "GEDEvent_v24_00_24_03.csv"),
        *("GEDEvent_v24_05_24_04.csv", "GEDEvent_v24_05_23_12.csv"),
    ],
)
def test_other_names_and_those_of_impossible_months_are_not_official(name: str) -> None:
    assert official_release(name) is None
