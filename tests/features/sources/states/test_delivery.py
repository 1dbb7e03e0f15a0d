import csv
from datetime import date
from io import StringIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from features.archive.coverage import Coverage, Span
from features.archive.folders import RECORDS, Records
from features.archive.releases import Archive
from features.archive.schemas import STATE_SCHEMAS
from features.errors import ArchiveError, InputError
from features.months import format_month, parse_month
from features.sources.states.delivery import FORMS
from tests.features.sources.ingested import assert_complete, garbage, refused, written
from tests.features.sources.states.ingested import ingested, reasons, rows

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


def test_coups_counted_by_month_are_told_from_a_list_of_them(tmp_path: Path) -> None:
    path = written(
        tmp_path / "months.csv", "iso3,gwcode,month,attempts,success\nMLI,432,2012-03,1,1\n"
    )
    with refused("is a table of coups by state and month: take the list", "it lacks date"):
        ingested(path, "coups")


def test_a_file_of_nothing_known_says_which_columns_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "other.csv", "gwcode,year,pop\n2,1950,9\n")
    for records in FORMS:
        required = ",".join(FORMS[records][-1].required)
        with refused("other.csv", f"its columns are country,{required}"):
            ingested(path, records)
    nowhere = written(tmp_path / "nowhere.csv", "date,outcome\n2020-08-18,success\n")
    with refused("is a list of coups", "it lacks country"):
        ingested(nowhere, "coups")


def test_other_content_under_the_same_name_is_refused(tmp_path: Path) -> None:
    path, records = file(tmp_path, "table")
    ingested(path, records)
    written(path, FILES["table"][1] + "Mali,2021-05-24,success\n")
    with pytest.raises(ArchiveError, match="already holds coups table, with other content"):
        ingested(path, records)
    assert ingested(path, records, release="more").rows_accepted == 2


def test_a_file_of_which_much_is_refused_is_refused_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "odd.csv", "country,date,outcome\n" + "Mali,2020-08-18,won\n" * 3)
    with refused(
        "100.0 % of it cannot be used (3 of 3 rows)", "outcome is none of success, failed"
    ):
        ingested(path, "coups")
    with refused("no row of", "outcome 'won'"):
        ingested(path, "coups", allow_rejects=True)
    half = written(tmp_path / "half.csv", "country,date,outcome\nMali,2020-08-18,won\n" * 1)
    half.write_text(half.read_text() + "Mali,2012-03-22,success\nNiger,2023-07-26,success\n")
    with refused("33.3 %", "take what is usable with --allow-rejects, without 1 of 3 rows"):
        ingested(half, "coups")
    release = ingested(half, "coups", allow_rejects=True)
    assert (release.rows_accepted, reasons(release)) == (
        2,
        {2: "outcome is none of success, failed, plot"},
    )


def test_a_list_observes_every_state_to_its_last_row_or_as_said(tmp_path: Path) -> None:
    path, records = file(tmp_path, "table")
    spans = {span.country: span[1:] for span in ingested(path, records).coverage().spans}
    assert [format_month(month) for month in spans["MLI"]] == ["2020-01", "2020-08"]
    assert len(spans) > 190
    assert "PSE" not in spans
    said = ingested(path, records, observed_to=parse_month("2020-12"), release="said").coverage()
    assert format_month(said.last_month) == "2020-12"
    with pytest.raises(ArchiveError, match="2024-06, which was not over on 2024-06-03"):
        ingested(path, records, observed_to=parse_month("2024-06"), release="later")


def test_coups_that_are_not_observed_are_doubtful(tmp_path: Path) -> None:
    content = "country,date,outcome\nSouth Sudan,2009-01-01,failed\nMali,2012-03-22,success\n"
    path = written(tmp_path / "early.csv", content)
    doubt = "1 of 2 coups are of countries or months not observed (SSD): they count nowhere"
    assert ingested(path, "coups").doubts == (doubt,)
    with refused(doubt, "--strict"):
        ingested(path, "coups", strict=True)
    elsewhere = Coverage((Span("NER", parse_month("2000-01"), parse_month("2020-12")),))
    with refused("early.csv", "no coup in the months that it is said to observe"):
        ingested(path, "coups", coverage=elsewhere)


def test_a_packed_workbook_or_text_in_any_encoding_is_read_alike(tmp_path: Path) -> None:
    text = 'country;date;outcome;name\n"Côte d\'Ivoire";24/12/1999;success;Noël\n'
    for number, encoding in enumerate(("utf-8-sig", "utf-16", "cp1252")):
        path = written(tmp_path / f"{number}.csv", text.encode(encoding))
        release = ingested(path, "coups")
        assert rows(release)[["country", "name"]].to_numpy().tolist() == [["CIV", "Noël"]]
        assert rows(release)["date"].tolist() == [date(1999, 12, 24)]


CHANGES = garbage(dict.fromkeys(map(str, range(14)), ""), "Mali", "1", "2020-01", "2020-01-31", '"')


@pytest.mark.parametrize("name", FILES)
@given(changes=CHANGES)
@settings(max_examples=2, deadline=None)
def test_whatever_a_row_holds_it_is_accepted_or_rejected_with_a_reason(
    tmp_path_factory: pytest.TempPathFactory, name: str, changes: list[dict[str, str]]
) -> None:
    records, content = FILES[name]
    separator = "\t" if "\t" in content else ","
    header, first = (line.split(separator) for line in content.splitlines()[:2])
    table = [
        first,
        *([change.get(str(n), cell) for n, cell in enumerate(first)] for change in changes),
    ]
    text = StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows([header, *table])
    path = written(tmp_path_factory.mktemp("garbage") / "file.csv", text.getvalue())
    try:
        release = ingested(path, records, allow_rejects=True)
    except InputError:
        assert name == "powell_thyne"  # of several versions
        return
    assert_complete(release, len(table))
    assert len(rows(release)) == release.rows_accepted
