from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.archive.folders import RECORDS, Records
from features.archive.releases import Archive, Release
from features.archive.schemas import STATE_SCHEMAS
from features.sources.source import FileOptions
from features.sources.states.delivery import FORMS, read_states
from tests.features.sources.ingested import refused, written

RECEIVED = date(2024, 6, 3)
_POWELL_THYNE = """country\tccode\tccode_gw\tyear\tmonth\tday\tcoup\tversion
"Mali"\t432\t\t2020\t8\t18\t2\t"V2024.01.29"
"""
_CLINE = """coup_id,cowcode,country,year,month,day,event_type,auto,military,palace,rebel,foreign,\
popular,dissident
43208182020,432,Mali,2020,8,18,coup,0,1,0,0,0,1,0
"""
_ELECTIONS = "country,date,kind,published\nMLI,2020-03-29,legislative,2020-01-22\n"
_CONDITIONS = """country,variable,value,first_month,published
MLI,polyarchy,0.5,2019-01,2020-03-31
"""
FILES: dict[str, tuple[Records, str]] = {
    "powell_thyne": ("coups", _POWELL_THYNE),
    "cline": ("coups", _CLINE),
    "table": ("coups", "country,date,outcome\nMali,2020-08-18,success\n"),
    "conditions": ("conditions", _CONDITIONS),
    "elections": ("elections", _ELECTIONS),
}


def ingested(
    path: Path, records: Records, observed_to: int | None = None, **options: Any
) -> Release:
    given = FileOptions(**{"received_on": RECEIVED} | options)
    delivery = read_states(path, records, given, observed_to=observed_to)
    return Archive(path.parent / "home").add(delivery).release


def rows(release: Release) -> pd.DataFrame:
    table: pd.DataFrame = pq.ParquetFile(release.table_file).read().to_pandas()
    return table


def file(folder: Path, name: str) -> tuple[Path, Records]:
    records, content = FILES[name]
    return written(folder / f"{name}.csv", content), records


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_every_form_becomes_a_release_in_its_schema(tmp_path: Path, name: str) -> None:
    path, records = file(tmp_path, name)
    release = ingested(path, records)
    assert release.records == records
    assert release.folder.parent.parent == tmp_path / "home" / records
    stored = pq.ParquetFile(release.table_file).schema_arrow
    assert stored == STATE_SCHEMAS[records]
    assert rows(release)["country"].tolist() == ["MLI"]
    assert (release.rows_accepted, release.rows_rejected) == (1, 0)
    archive = Archive(tmp_path / "home")
    assert archive.releases(records) == [release]
    assert archive.releases() == []
    assert ingested(path, records) == release


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("asked", [r for r in RECORDS if r != "events"])
def test_a_file_of_another_kind_says_which_command_reads_it(
    tmp_path: Path, name: str, asked: Records
) -> None:
    path, records = file(tmp_path, name)
    if records != asked:
        with refused(f"{name}.csv", f"use tocsin ingest {records}"):
            ingested(path, asked)


def test_a_file_of_nothing_known_says_which_columns_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "other.csv", "gwcode,year,pop\n2,1950,9\n")
    for records in FORMS:
        required = ",".join(FORMS[records][-1].required)
        with refused("other.csv", f"its columns are country,{required}"):
            ingested(path, records)
    nowhere = written(tmp_path / "nowhere.csv", "date,outcome\n2020-08-18,success\n")
    with refused("is a list of coups", "it lacks country"):
        ingested(nowhere, "coups")
