import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.archive.coverage import Coverage, Span
from features.errors import InputError
from features.sources.counts import read_counts
from tests.features.sources.count_files import (
    HAPI,
    HEADER,
    JANUARY,
    PERIOD,
    WHOLE_ROW,
    counts_of,
    options_of,
    read,
    rows,
    spans_of,
)

WHOLE = "counts more than its regions"


def test_at_the_level_country_every_row_of_hdx_counts(tmp_path: Path) -> None:
    place = "MLI,Y,Y,Mopti,Bankass,ML05,Mopti,ML0501,Bankass,2"
    delivery = read(
        tmp_path,
        HAPI
        + f"{place},political_violence,10,30,{PERIOD}\n"
        + f"ALB,N,N,,,,,,,0,political_violence,1,1,{PERIOD}\n",
        level="country",
    )
    assert counts_of(delivery) == [("ALB", JANUARY, 0, 1, 1), ("MLI", JANUARY, 0, 10, 30)]


def test_rows_without_a_region_count_whole_countries_and_are_no_faults(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "MLI,Gao,2020-01,4", "LBN,,2020-01,3", "DZA, ,2020-01,0")
    assert counts_of(delivery) == [("MLI-gao", JANUARY, 0, 0, 4)]
    assert spans_of(delivery) == [("MLI", JANUARY, JANUARY)]
    assert (delivery.rows_aside, delivery.notes) == (2, ())
    assert set(delivery.rejected["reasons"]) == {WHOLE_ROW}
    with pytest.raises(InputError, match="region is missing"):
        rows(tmp_path, "MLI,Gao,2020-01,4,1", "LBN,,2020-01,3,1", header=f"{HEADER},admin_level")


def test_a_month_known_by_a_row_of_the_whole_country_is_not_peace_in_its_regions(
    tmp_path: Path,
) -> None:
    lines = [f"MLI,{name},2020-{month},3" for name in ("Gao", "Mopti") for month in ("01", "04")]
    lines += ["NER,Diffa,2020-01,1", "NER,Diffa,2020-02,1", "NER,Diffa,2020-03,1"]
    delivery = rows(tmp_path, *lines, "MLI,,2020-02,9", "MLI,,2020-03,0", "MLI,,2020-04,6")
    assert spans_of(delivery) == [
        ("MLI", JANUARY, JANUARY), ("MLI", JANUARY + 2, JANUARY + 3),
        ("NER", JANUARY, JANUARY + 2),
    ]  # fmt: skip
    assert any(f"{WHOLE}: MLI-gao 2020-02, MLI-mopti 2020-02" in it for it in delivery.doubts)


def test_of_a_coverage_that_is_given_the_same_months_are_unknown(tmp_path: Path) -> None:
    coverage = Coverage((Span("MLI", JANUARY, JANUARY + 1),))
    lines = ["MLI,Gao,2020-01,4", "MLI,Mopti,2020-02,4", "MLI,,2020-02,5"]
    delivery = rows(tmp_path, *lines, coverage=coverage)
    assert delivery.unknown.to_numpy().tolist() == [["MLI-gao", JANUARY + 1]]


def test_weeks_of_a_whole_country_are_not_peace_in_its_regions(tmp_path: Path) -> None:
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range("2019-12-30", "2020-05-04", freq="7D")]
    regions = [
        f"MLI,{name},{day},1,1" for name in ("Gao", "Mopti") for day in days if "-02-" not in day
    ]
    whole = [f"MLI,,{day},4,4" for day in days if "-02-" in day]
    ner = [f"NER,Diffa,{day},0,0" for day in days]
    delivery = rows(
        tmp_path, *regions, *whole, *ner, header="country,admin1,week,events,fatalities"
    )
    assert spans_of(delivery) == [
        ("MLI", JANUARY, JANUARY), ("MLI", JANUARY + 2, JANUARY + 3),
        ("NER", JANUARY, JANUARY + 3),
    ]  # fmt: skip
    assert any(WHOLE in doubt for doubt in delivery.doubts)


def test_records_of_hdx_of_a_whole_country_are_not_peace_in_its_regions(tmp_path: Path) -> None:
    def record(admin1: str | None, month: int, fatalities: int) -> dict[str, Any]:
        return {
            "location_code": "MLI",
            "admin1_name": admin1,
            "admin_level": 0 if admin1 is None else 1,
            "event_type": "political_violence",
            "events": 1,
            "fatalities": fatalities,
            "reference_period_start": f"2020-{month:02d}-01T00:00:00",
            "reference_period_end": f"2020-{month:02d}-28T00:00:00",
        }

    file = tmp_path / "counts.json"
    records = [record("Gao", 1, 3), record("Gao", 3, 3), record("Mopti", 2, 1), record(None, 2, 8)]
    file.write_text(json.dumps({"data": records}))
    delivery = read_counts(file, options_of())
    assert ["MLI-gao", JANUARY + 1] in delivery.unknown.to_numpy().tolist()
    assert any(f"{WHOLE}: MLI-gao 2020-02" in doubt for doubt in delivery.doubts)


def test_cells_are_not_peace_where_only_the_whole_country_is_counted(tmp_path: Path) -> None:
    lines = ["147945,MLI,2020-01,3,2", "147945,MLI,2020-03,3,2", ",MLI,2020-02,7,0"]
    delivery = rows(
        tmp_path, *lines, "147944,MLI,2020-02,1,2",
        header="priogrid,country,month,deaths,admin_level", level="priogrid",
    )  # fmt: skip
    assert any(f"{WHOLE}: 147945 2020-02" in doubt for doubt in delivery.doubts)


def test_at_the_level_country_a_whole_country_and_its_regions_are_not_added_up(
    tmp_path: Path,
) -> None:
    lines = ["MLI,Gao,2020-01,4", "MLI,Mopti,2020-01,3", "MLI,,2020-01,7"]
    with pytest.raises(InputError, match="the whole of MLI in line 4 and a region of it in line 2"):
        rows(tmp_path, *lines, level="country")
    assert len(rows(tmp_path, *lines[:2], "NER,,2020-01,7", level="country").counts) == 2


def test_only_countries_that_are_named_are_observed(tmp_path: Path) -> None:
    delivery = rows(tmp_path, "MLI,Mopti,2020-01,0", "NER,Tahoua,2020-03,1")
    assert spans_of(delivery) == [("MLI", JANUARY, JANUARY), ("NER", JANUARY + 2, JANUARY + 2)]
    assert delivery.regions["id"].tolist() == ["MLI-mopti", "NER-tahoua"]
    assert counts_of(delivery) == [("NER-tahoua", JANUARY + 2, 0, 0, 1)]


def test_what_a_given_coverage_does_not_observe_is_said(tmp_path: Path) -> None:
    lines = ("MLI,Mopti,2020-01,1", "MLI,Mopti,2020-02,1", "NER,Tahoua,2020-01,1")
    coverage = Coverage((Span("MLI", JANUARY, JANUARY),))
    delivery = rows(tmp_path, *lines, coverage=coverage)
    assert delivery.identity.coverage == coverage
    assert delivery.doubts == ("2 of 3 counts are of countries or months not observed",)
    with pytest.raises(InputError, match="doubtful: 2 of 3 counts"):
        rows(tmp_path, *lines, coverage=coverage, strict=True)
    with pytest.raises(InputError, match="no count in the months"):
        rows(tmp_path, *lines, coverage=Coverage((Span("TCD", JANUARY, JANUARY),)))


def test_at_the_level_country_no_region_is_read(tmp_path: Path) -> None:
    lines = ("Mali,2020-01,5", "Burkina Faso,2020-01,2")
    delivery = rows(tmp_path, *lines, header="country,month,deaths", level="country")
    assert counts_of(delivery) == [("BFA", JANUARY, 0, 0, 2), ("MLI", JANUARY, 0, 0, 5)]
    assert delivery.regions["is_bundled"].all()
