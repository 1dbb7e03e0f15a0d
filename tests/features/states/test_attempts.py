from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.archive.releases import Archive
from features.errors import ArchiveError
from features.states.attempts import each_once, read_reports
from tests.features.states.records import RECEIVED, ingest, table


def rows(*those: tuple[str, str, str, str]) -> pd.DataFrame:
    """Rows of lists a, b and c: list, date, outcome, actor; the lists rank by name."""
    frame = pd.DataFrame(those, columns=["list", "date", "outcome", "actor"])
    frame["date"] = pd.to_datetime(frame["date"])
    rank = frame["list"].map({"a": 0, "b": 1, "c": 2})
    return frame.assign(country="MLI", rank=rank, known=frame["date"], name=None, note=None)


def events(*those: tuple[str, str, str, str]) -> list[tuple[str, str, str, str]]:
    once = each_once(rows(*those))
    days = once["date"].dt.strftime("%Y-%m-%d")
    return list(zip(days, once["outcome"], once["actor"], once["sources"], strict=True))


def test_an_event_of_two_lists_is_one_with_what_either_knows() -> None:
    assert events(
        ("a", "2020-08-18", "success", "state"), ("b", "2020-08-16", "failed", "military")
    ) == [("2020-08-16", "success", "military", "a, b")]


def test_fifteen_days_join_and_sixteen_do_not() -> None:
    near = events(("a", "2020-08-01", "failed", "state"), ("b", "2020-08-16", "failed", "unknown"))
    far = events(("a", "2020-08-01", "failed", "state"), ("b", "2020-08-17", "failed", "unknown"))
    assert [sources for *_, sources in near] == ["a, b"]
    assert [sources for *_, sources in far] == ["a", "b"]


def test_one_list_never_joins_its_own_events_even_of_one_day() -> None:
    twice = ("a", "2020-08-01", "failed", "state")
    assert [sources for *_, sources in events(twice, twice)] == ["a", "a"]
    again = events(twice, ("a", "2020-08-05", "success", "state"), ("b", *twice[1:]))
    assert [(day, sources) for day, _, _, sources in again] == [
        ("2020-08-01", "a, b"),
        ("2020-08-05", "a"),
    ]


def test_events_of_one_day_join_before_those_of_days_before() -> None:
    found = events(
        ("b", "2020-08-01", "failed", "popular"),
        ("b", "2020-08-10", "failed", "military"),
        ("a", "2020-08-10", "failed", "state"),
    )
    assert [sources for *_, sources in found] == ["b", "a, b"]


def test_a_plot_joins_no_attempt() -> None:
    found = events(("a", "2020-08-01", "failed", "state"), ("b", "2020-08-01", "plot", "military"))
    assert [outcome for _, outcome, *_ in found] == ["failed", "plot"]


DAYS = st.integers(0, 90)
REPORTS = st.lists(
    st.tuples(st.sampled_from("abc"), DAYS, st.sampled_from(["success", "failed", "plot"])),
    min_size=1,
    max_size=12,
)


@given(REPORTS, DAYS)
@example([("a", 0, "plot"), ("b", 0, "failed"), ("a", 1, "success")], 0)
@settings(max_examples=15, deadline=None)
def test_a_later_row_never_changes_which_earlier_ones_are_one(
    reports: Sequence[tuple[str, int, str]], end: int
) -> None:
    first = pd.Timestamp("2020-01-01")
    those = rows(
        *((name, str(first + pd.Timedelta(days=day)), how, "state") for name, day, how in reports)
    )
    until = first + pd.Timedelta(days=end)
    whole, part = each_once(those), each_once(those[those["date"] <= until])
    begun = whole[whole["date"] <= until]
    assert begun["date"].tolist() == part["date"].tolist()
    assert ((begun["outcome"] == "plot").to_numpy() == (part["outcome"] == "plot").to_numpy()).all()
    assert len(each_once(those)["sources"].str.split(", ").explode()) == len(those)


HEADER = "country,date,outcome,published"


def test_a_newer_version_replaces_a_list_in_its_months(tmp_path: Path) -> None:
    home = tmp_path / "home"
    ingest(
        home,
        "coups",
        table(HEADER, "MLI,2001-05-03,failed,", "BFA,2003-01-01,failed,"),
        name="old",
        received=date(2005, 1, 5),
    )
    ingest(home, "coups", table(HEADER, "MLI,2001-05-03,success,"), name="new")
    archive = Archive(home)
    old, new = (each_once(read_reports(archive, day).rows) for day in (date(2024, 6, 2), RECEIVED))
    assert old["outcome"].tolist() == ["failed", "failed"]
    assert new[["country", "outcome"]].to_numpy().tolist() == [["MLI", "success"]]


def test_what_was_published_later_was_not_known(tmp_path: Path) -> None:
    home = tmp_path / "home"
    content = table(HEADER, "MLI,2001-05-03,failed,2024-06-02", "BFA,2003-01-01,failed,")
    ingest(home, "coups", content, received=date(2024, 6, 2))
    archive = Archive(home)
    assert len(each_once(read_reports(archive, RECEIVED).rows)) == 2
    with pytest.raises(ArchiveError, match="the first was available on 2024-06-02"):
        each_once(read_reports(archive, date(2024, 6, 1)).rows)
    with pytest.raises(ArchiveError, match=r"it holds none at all.*tocsin ingest coups FILE"):
        each_once(read_reports(archive, RECEIVED, lists=["other"]).rows)
