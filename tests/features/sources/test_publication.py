from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.archive.releases import Release
from features.archive.vintage import Vintage
from features.months import format_month, month_of
from features.sources.publication import Staleness, gaps, newest_public_month, staleness
from features.sources.ucdp import official_release

DAYS = st.dates(date(2001, 1, 1), date(2090, 12, 31))
JANUARY = 600  # 2020-01


def a_vintage(
    spans: list[tuple[str, int, int]],
    as_of: date = date(2024, 7, 20),
    history: str = "ucdp",
    *,
    simulated: bool = False,
) -> Vintage:
    release = Release(
        history=history,
        source=history,
        release="1",
        kind="final",
        available_on=as_of,
        level=None,
        simulated=simulated,
        file_name="1",
        sha256="0",
        rows_read=0,
        rows_accepted=0,
        rows_rejected=0,
        rows_deleted=0,
        notes=(),
        folder=Path("nowhere"),
    )
    months = [(c, month, 0) for c, first, last in sorted(spans) for month in range(first, last + 1)]
    return Vintage(as_of, (release,), pd.DataFrame(months, columns=["country", "month", "release"]))


@pytest.mark.parametrize(
    ("history", "day", "month"),
    [
        ("ucdp", "2024-07-19", "2024-05"),
        ("ucdp", "2024-07-20", "2024-06"),
        ("ucdp", "2024-01-19", "2023-11"),
        ("ucdp", "2024-01-20", "2023-12"),
        ("ucdp", "2024-01-31", "2023-12"),
        # May 2024 ended on a Friday: out on Wednesday the 5th
        ("acled", "2024-06-04", "2024-04"),
        ("acled", "2024-06-05", "2024-05"),
        # August 2024 ended on a Saturday, whose week ended on September 6th: out on the 11th
        ("acled", "2024-09-10", "2024-07"),
        ("acled", "2024-09-11", "2024-08"),
        # December 2023 ended on a Sunday, whose week ended on January 5th: out on the 10th
        ("acled", "2024-01-09", "2023-11"),
        ("acled", "2024-01-10", "2023-12"),
    ],
)
def test_the_newest_public_month_follows_the_habit_of_the_source(
    history: str, day: str, month: str
) -> None:
    newest = newest_public_month(history, date.fromisoformat(day))
    assert newest is not None
    assert format_month(newest) == month


def test_of_a_source_whose_habit_is_not_known_nothing_is_expected() -> None:
    assert newest_public_month("my-monitor", date(2024, 7, 20)) is None
    assert staleness(a_vintage([("MLI", 0, 1)], history="my-monitor")) is None
    assert staleness(a_vintage([("MLI", 0, 1)], simulated=True)) is None


@given(DAYS)
def test_a_month_is_whole_before_it_is_public_and_stays_public(day: date) -> None:
    for history in ("ucdp", "acled"):
        today = newest_public_month(history, day)
        tomorrow = newest_public_month(history, day + timedelta(days=1))
        assert today is not None
        assert tomorrow is not None
        assert today < month_of(day)
        assert tomorrow - today in (0, 1)
        assert month_of(day) - today <= 2


@given(DAYS)
def test_acled_has_a_month_whole_between_the_fifth_and_the_eleventh(day: date) -> None:
    newest = newest_public_month("acled", day)
    if day.day >= 11:
        assert newest == month_of(day) - 1
    if day.day < 5:
        assert newest == month_of(day) - 2


@given(st.integers(1, 99), st.integers(1, 12))
def test_a_monthly_ucdp_release_is_expected_from_the_day_of_its_publication(
    year: int, month: int
) -> None:
    release = official_release(f"GEDEvent_v{year:02d}_0_{month}.csv")
    assert release is not None
    day, last = release.available_on, release.coverage.last_month
    assert newest_public_month("ucdp", day) == last
    assert newest_public_month("ucdp", day - timedelta(days=1)) == last - 1


def test_a_vintage_is_as_stale_as_it_lies_behind_what_should_be_public() -> None:
    june = 653  # 2024-06
    assert staleness(a_vintage([("MLI", 600, june), ("NER", 600, 610)])) == Staleness(june, 0)
    behind = a_vintage([("MLI", 600, june - 6)])
    assert staleness(behind) == Staleness(june, 6)
    assert staleness(replace(behind, as_of=date(2024, 7, 19))) == Staleness(june - 1, 5)
    assert staleness(a_vintage([("MLI", 600, june + 1)])) == Staleness(june, 0)


def named(spans: list[tuple[str, int, int]]) -> list[list[object]]:
    rows: list[list[object]] = gaps(a_vintage(spans)).to_dict("split")["data"]
    return rows


def test_a_gap_that_countries_share_is_one_row() -> None:
    january = [(c, JANUARY, JANUARY) for c in ("BFA", "MLI", "NER")]
    march = [(c, JANUARY + 2, JANUARY + 9) for c in ("BFA", "MLI", "NER")]
    february = [JANUARY + 1, JANUARY + 1]
    assert named(january + march) == [["all", 3, *february]]
    quiet = [("TCD", JANUARY, JANUARY + 9)]
    assert named(january + march + quiet) == [["BFA, MLI, NER", 3, *february]]
    later = [("TCD", JANUARY, JANUARY + 1), ("TCD", JANUARY + 4, JANUARY + 5), ("TCD", 620, 621)]
    assert named(january + march + later) == [
        ["BFA, MLI, NER", 3, *february],
        ["TCD", 1, JANUARY + 2, JANUARY + 3],
        ["TCD", 1, JANUARY + 6, 619],
    ]


def test_of_many_countries_it_is_said_how_many_they_are() -> None:
    codes = ["BEN", "BFA", "CIV", "GHA", "MLI", "NER"]
    spans = [(c, first, first + 1) for c in codes for first in (JANUARY, JANUARY + 3)]
    assert named([*spans, ("TCD", JANUARY, JANUARY)]) == [
        ["6 countries", 6, JANUARY + 2, JANUARY + 2]
    ]
    assert named([spans[0], spans[1]]) == [["BEN", 1, JANUARY + 2, JANUARY + 2]]


def test_a_country_that_begins_later_or_ends_earlier_has_no_gap() -> None:
    table = gaps(a_vintage([("MLI", 600, 610), ("NER", 600, 602), ("BFA", 605, 610)]))
    assert table.empty
    assert [str(kind) for kind in table.dtypes] == ["str", "int64", "int64", "int64"]
