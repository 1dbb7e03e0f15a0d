from datetime import date
from pathlib import Path

import pytest

from features.archive.releases import Archive
from features.states.attempts import each_once, read_reports
from tests.features.sources.ingested import written
from tests.features.sources.states.ingested import ingested, reasons, rows
from tests.paths import DATA

FLAGS = ("military", "dissident", "rebel", "palace", "foreign", "auto", "resign", "popular")
HEADER = ",".join(["coup_id,cowcode,country,year,month,day,event_type", *FLAGS])


def row(number: int, kind: str, *flags: str) -> str:
    values = [str(int(flag in flags)) for flag in FLAGS]
    return ",".join([f'"4320{number}"', "432", '"Mali"', "2020", "8", str(number), kind, *values])


def test_who_is_told_by_the_first_flag_that_is_set(tmp_path: Path) -> None:
    content = [
        HEADER,
        row(1, "coup", "rebel", "military"),
        row(2, "attempted", "palace", "foreign"),
        row(3, "coup", "rebel", "foreign"),
        row(4, "conspiracy", "foreign", "popular"),
        row(5, "attempted", "dissident"),
        row(6, "coup", "resign"),
    ]
    path = written(tmp_path / "cline_cdp_2_1_2.csv", "\n".join(content))
    release = ingested(path, "coups")
    assert (release.name, release.available_on) == ("cline 2.1.2", date(2024, 6, 3))
    assert rows(release)[["coup_id", "outcome", "actor"]].to_numpy().tolist() == [
        ["43201", "success", "military"],
        ["43202", "failed", "state"],
        ["43203", "success", "rebel"],
        ["43204", "plot", "foreign"],
        ["43205", "failed", "popular"],
        ["43206", "success", "unknown"],
    ]


def test_a_self_coup_is_kept_aside_and_no_fault_of_the_file(tmp_path: Path) -> None:
    content = [HEADER, row(1, "coup", "auto", "military"), row(2, "coup", "military")]
    release = ingested(written(tmp_path / "coup_data.csv", "\n".join(content)), "coups")
    assert (release.release, release.rows_accepted, release.rows_aside) == ("coup_data", 1, 1)
    assert reasons(release) == {2: "a self-coup (auto) is no attempt to unseat those who rule"}


def test_of_both_real_lists_most_events_are_one(tmp_path: Path) -> None:
    names = ("pt_V2024_01_29.txt", "cline_cdp_2_1_2.csv")
    if not all((DATA / "coup" / name).exists() for name in names):
        pytest.skip("needs the lists of coups: set TOCSIN_DATA to the directory of the real data")
    for name in names:
        copy = written(tmp_path / name, (DATA / "coup" / name).read_bytes())
        release = ingested(copy, "coups", received_on=date(2026, 1, 5))
    assert (release.rows_read, release.rows_aside) == (981, 41)
    once = each_once(read_reports(Archive(tmp_path / "home"), date(2026, 1, 5)).rows)
    assert once["sources"].value_counts().to_dict() == {
        "cline": 477,
        "powell-thyne, cline": 453,
        "powell-thyne": 38,
    }
    guinea = once[(once["country"] == "GIN") & (once["date"] >= "2021-01-01")]
    assert guinea[["outcome", "sources"]].to_numpy().tolist() == [["success", "powell-thyne"]]
