from datetime import date
from pathlib import Path

import pytest

from features.archive.releases import Archive
from features.months import format_month
from features.states.attempts import each_once, read_reports
from tests.features.sources.ingested import refused, written
from tests.features.sources.states.ingested import ingested, reasons, rows
from tests.paths import DATA

TAB = "country\tccode\tccode_gw\tccode_polity\tyear\tmonth\tday\tcoup\tversion\r\n"
HAITI = '"Haiti"\t41\t\t\t1989\t4\t{}\t{}\t"{}"\r\n'
VERSION = "V2024.01.29"


def test_the_published_tab_file_is_read_with_its_version(tmp_path: Path) -> None:
    content = TAB + HAITI.format(2, 1, VERSION) + HAITI.format(5, 2, VERSION)
    release = ingested(written(tmp_path / "powell_thyne_coups_final.txt", content), "coups")
    assert (release.name, release.available_on) == ("powell-thyne 2024.01.29", date(2024, 1, 29))
    table = rows(release)
    assert table[["date", "outcome", "actor"]].to_numpy().tolist() == [
        [date(1989, 4, 2), "failed", "state"],
        [date(1989, 4, 5), "success", "state"],
    ]
    span = next(span for span in release.coverage().spans if span.country == "HTI")
    assert [format_month(month) for month in span[1:]] == ["1950-01", "2023-12"]


def test_the_older_csv_is_another_version_of_the_same_list(tmp_path: Path) -> None:
    old = "country,ccode,year,month,day,coup,version\nHaiti,41,1989,4,2,1,V2019.04.22\n"
    first = ingested(written(tmp_path / "old.csv", old), "coups")
    second = ingested(written(tmp_path / "new.txt", TAB + HAITI.format(2, 2, VERSION)), "coups")
    assert first.history == second.history
    archive = Archive(tmp_path / "home")
    known = [
        each_once(read_reports(archive, day).rows) for day in (date(2023, 1, 1), date(2024, 2, 1))
    ]
    assert [table["outcome"].tolist() for table in known] == [["failed"], ["success"]]


def test_a_version_that_is_not_told_leaves_the_name_and_day_of_the_file(tmp_path: Path) -> None:
    content = TAB + HAITI.format(2, 1, "") + HAITI.format(5, 2, "final")
    release = ingested(written(tmp_path / "coups.txt", content), "coups")
    assert (release.release, release.available_on) == ("coups", date(2024, 6, 3))
    assert format_month(release.coverage().last_month) == "1989-04"


def test_other_codes_and_several_versions_are_refused(tmp_path: Path) -> None:
    odd = TAB + HAITI.format(2, 3, VERSION) + HAITI.format(5, 2, VERSION)
    release = ingested(written(tmp_path / "odd.txt", odd), "coups", allow_rejects=True)
    assert reasons(release) == {2: "coup is neither 1 nor 2"}
    both = TAB + HAITI.format(2, 1, VERSION) + HAITI.format(5, 2, "V2019.04.22")
    with refused("rows of several versions (V2019.04.22, V2024.01.29)"):
        ingested(written(tmp_path / "both.txt", both), "coups")


@pytest.mark.parametrize(
    ("name", "release", "number", "successes"),
    [
        ("pt_V2024_01_29.txt", "2024.01.29", 491, 245),
        ("pt_V2019_04_22.csv", "2019.04.22", 476, 236),
    ],
)
def test_the_real_versions_are_read_whole(
    tmp_path: Path, name: str, release: str, number: int, successes: int
) -> None:
    path = DATA / "coup" / name
    if not path.exists():
        pytest.skip(f"needs {name}: set TOCSIN_DATA to the directory of the real data")
    copy = written(tmp_path / name, path.read_bytes())
    added = ingested(copy, "coups", received_on=date(2026, 1, 5))
    assert (added.release, added.rows_accepted, added.rows_rejected) == (release, number, 0)
    assert (rows(added)["outcome"] == "success").sum() == successes
