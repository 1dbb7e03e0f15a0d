import os
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Literal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.archive import Archive, Delivery
from features.coverage import Coverage, Span, read_coverage
from features.errors import ArchiveError
from features.months import format_month
from features.regions import Level
from features.sources.ucdp import read_ucdp
from features.vintage import monthly_counts, open_vintage

DATA = Path(os.environ.get("TOCSIN_DATA", Path(__file__).parents[3] / "shared" / "data"))
UCDP = DATA / "ucdp_ged"
real = pytest.mark.skipif(not UCDP.exists(), reason=f"{UCDP} is not here: set TOCSIN_DATA")

JANUARY = 600  # 2020-01
LATER = date(2021, 1, 1)
Event = tuple[str, int, int, int]  # country, month, type of violence, deaths


def a_delivery(
    name: str,
    events: list[Event],
    spans: list[tuple[str, int, int]],
    *,
    kind: Literal["final", "candidate"] = "final",
    available_on: date = date(2020, 12, 1),
) -> Delivery:
    table = pd.DataFrame(events, columns=["country", "month", "type_of_violence", "best"])
    day = pd.to_datetime(table.pop("month").map(format_month), format="%Y-%m")
    nothing = dict.fromkeys(["deaths_a", "deaths_b", "deaths_civilians"], 0)
    unsaid = dict.fromkeys(
        ["side_a", "side_b", "date_prec", "where_prec", "event_clarity", "code_status"]
    )
    return Delivery(
        source="ucdp-ged",
        release=name,
        kind=kind,
        available_on=available_on,
        file_name=name,
        sha256=name,
        events=table.assign(
            event_id=[f"{name}-{number}" for number in range(len(table))],
            date_start=day,
            date_end=day,
            latitude=0.0,
            longitude=0.0,
            admin1=table["country"] + "-1",
            priogrid=None,
            deaths_unknown=table["best"],
            high=table["best"],
            low=table["best"],
            **nothing,
            **unsaid,
        ),
        coverage=Coverage(tuple(Span(*span) for span in spans)),
    )


def an_archive(home: Path, *deliveries: Delivery) -> Archive:
    archive = Archive(home)
    for delivery in deliveries:
        assert archive.add(delivery)
    return archive


def counted(
    archive: Archive, as_of: date = LATER, level: Level = "country"
) -> list[tuple[object, ...]]:
    counts = monthly_counts(open_vintage(archive, as_of), level)
    return list(counts.itertuples(index=False, name=None))


def test_events_are_summed_by_region_month_and_type(tmp_path: Path) -> None:
    events = [("MLI", JANUARY, 1, 3), ("MLI", JANUARY, 1, 4), ("MLI", JANUARY, 3, 0)]
    archive = an_archive(tmp_path, a_delivery("a", events, [("MLI", JANUARY, JANUARY)]))
    assert counted(archive) == [("MLI", JANUARY, 1, 2, 7), ("MLI", JANUARY, 3, 1, 0)]
    assert counted(archive, level="admin1")[0] == ("MLI-1", JANUARY, 1, 2, 7)
    assert counted(archive, level="priogrid") == []


def test_an_event_counts_in_the_month_in_which_it_ended(tmp_path: Path) -> None:
    delivery = a_delivery("a", [("MLI", JANUARY, 1, 3)], [("MLI", JANUARY, JANUARY + 1)])
    delivery.events["date_end"] = pd.Timestamp("2020-02-29")
    assert counted(an_archive(tmp_path, delivery)) == [("MLI", JANUARY + 1, 1, 1, 3)]


def test_events_outside_the_coverage_of_their_release_are_not_counted(tmp_path: Path) -> None:
    events = [("MLI", JANUARY - 1, 1, 9), ("MLI", JANUARY, 1, 1), ("NER", JANUARY, 1, 9)]
    archive = an_archive(tmp_path, a_delivery("a", events, [("MLI", JANUARY, JANUARY + 5)]))
    assert counted(archive) == [("MLI", JANUARY, 1, 1, 1)]
    observed = open_vintage(archive, LATER).observed()
    assert observed.to_dict("split")["data"] == [["MLI", JANUARY, JANUARY + 5]]


def test_a_final_release_takes_the_place_of_a_candidate_even_of_a_newer_one(
    tmp_path: Path,
) -> None:
    span = [("MLI", JANUARY, JANUARY)]
    archive = an_archive(
        tmp_path,
        a_delivery("final", [("MLI", JANUARY, 1, 5)], span, available_on=date(2020, 8, 1)),
        a_delivery(
            "early",
            [("MLI", JANUARY, 1, 60)],
            span,
            kind="candidate",
            available_on=date(2020, 9, 1),
        ),
    )
    assert counted(archive) == [("MLI", JANUARY, 1, 1, 5)]
    assert [release.release for release in open_vintage(archive, LATER).releases] == ["final"]


def test_a_month_that_the_chosen_release_finds_quiet_is_quiet(tmp_path: Path) -> None:
    span = [("MLI", JANUARY, JANUARY + 1)]
    archive = an_archive(
        tmp_path,
        a_delivery("a", [("MLI", JANUARY, 1, 9)], span, available_on=date(2020, 5, 1)),
        a_delivery("b", [("MLI", JANUARY + 1, 1, 2)], span, available_on=date(2020, 6, 1)),
    )
    assert counted(archive) == [("MLI", JANUARY + 1, 1, 1, 2)]


def test_what_was_not_yet_public_is_not_known(tmp_path: Path) -> None:
    span = [("MLI", JANUARY, JANUARY)]
    old = a_delivery("a", [("MLI", JANUARY, 1, 60)], span, available_on=date(2020, 3, 1))
    new = a_delivery("b", [("MLI", JANUARY, 1, 96)], span, available_on=date(2020, 6, 1))
    archive = an_archive(tmp_path, old, new)
    assert counted(archive, date(2020, 5, 31))[0][-1] == 60
    assert counted(archive, date(2020, 6, 1))[0][-1] == 96
    with pytest.raises(ArchiveError, match=r"first was available on 2020-03-01.*tocsin ingest"):
        open_vintage(archive, date(2020, 2, 29))


def test_an_empty_archive_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"it holds none at all.*tocsin ingest FILE"):
        open_vintage(Archive(tmp_path / "none"), LATER)


def test_observed_months_are_joined_across_releases_and_parted_by_gaps(tmp_path: Path) -> None:
    archive = an_archive(
        tmp_path,
        a_delivery("a", [("MLI", 590, 1, 1)], [("MLI", 590, 592), ("NER", 590, 590)]),
        a_delivery("b", [("MLI", 593, 1, 1)], [("MLI", 593, 594), ("MLI", 597, 597)]),
    )
    vintage = open_vintage(archive, LATER)
    assert vintage.observed().to_dict("split")["data"] == [
        ["MLI", 590, 594],
        ["MLI", 597, 597],
        ["NER", 590, 590],
    ]
    assert vintage.last_month == 597
    assert not vintage.simulated


def test_the_content_hash_tells_what_is_known_and_not_when_it_is_asked(tmp_path: Path) -> None:
    span = [("MLI", JANUARY, JANUARY)]
    a = a_delivery("a", [("MLI", JANUARY, 1, 1)], span, available_on=date(2020, 3, 1))
    b = a_delivery("b", [("MLI", JANUARY, 1, 1)], span, available_on=date(2020, 6, 1))
    one, two = an_archive(tmp_path / "one", a), an_archive(tmp_path / "two", b, a)
    march = open_vintage(one, date(2020, 3, 1)).content_hash()
    assert open_vintage(one, LATER).content_hash() == march
    assert open_vintage(two, date(2020, 4, 1)).content_hash() == march
    assert open_vintage(two, LATER).content_hash() != march


def test_a_home_whose_name_looks_like_a_pattern_is_read(tmp_path: Path) -> None:
    delivery = a_delivery("a", [("MLI", JANUARY, 1, 1)], [("MLI", JANUARY, JANUARY)])
    archive = an_archive(tmp_path / "a[1]*? 'b' {c}", delivery)
    assert counted(archive) == [("MLI", JANUARY, 1, 1, 1)]


COUNTRIES = st.sampled_from(["MLI", "NER", "BFA"])
MONTHS = st.integers(595, 603)
EVENTS = st.lists(st.tuples(COUNTRIES, MONTHS, st.integers(1, 3), st.integers(0, 50)))
SPANS = st.dictionaries(COUNTRIES, st.tuples(MONTHS, MONTHS).map(sorted), min_size=1)
KINDS = st.sampled_from(["final", "candidate"])
Drawn = tuple[list[Event], dict[str, list[int]], Literal["final", "candidate"], int]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(EVENTS, SPANS, KINDS, st.integers(5, 9)), min_size=1, max_size=4),
    st.integers(5, 9),
)
def test_every_country_month_has_the_deaths_of_one_release_however_they_overlap(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[Drawn], now: int
) -> None:
    archive = Archive(tmp_path_factory.mktemp("home"))
    best: dict[tuple[str, int], tuple[bool, int, int]] = {}
    for number, (events, spans, kind, month) in enumerate(drawn):
        listed = [(country, first, last) for country, (first, last) in spans.items()]
        day = date(2020, month, 1)
        archive.add(a_delivery(f"r{number}", events, listed, kind=kind, available_on=day))
        for country, first, last in listed if month <= now else []:
            for covered in range(first, last + 1):
                rank = (kind == "final", month, number)
                best[country, covered] = max(best.get((country, covered), rank), rank)
    if not best:
        with pytest.raises(ArchiveError):
            open_vintage(archive, date(2020, now, 15))
        return
    vintage = open_vintage(archive, date(2020, now, 15))
    expected: Counter[tuple[str, int]] = Counter()
    for where, (_, _, number) in best.items():
        for country, month, _, deaths in drawn[number][0]:
            if (country, month) == where:
                expected[where] += deaths
    counts = monthly_counts(vintage, "country")
    assert counts.groupby(["region", "month"])["deaths"].sum().to_dict() == dict(expected)
    runs = vintage.observed().itertuples(index=False)
    assert {(c, m) for c, first, last in runs for m in range(first, last + 1)} == set(best)


@real
def test_the_real_releases_agree_with_a_plain_sum_and_are_counted_in_a_moment(
    tmp_path: Path,
) -> None:
    coverage = read_coverage(UCDP / "coverage_16_countries.csv")
    path = UCDP / "ged_events_16_countries_1989_2023.csv.gz"
    final = read_ucdp(path, date(2024, 6, 30), coverage=coverage)
    archive = an_archive(tmp_path, read_ucdp(UCDP / "GEDEvent_v23_0_10.csv", LATER), final)
    vintage = open_vintage(archive, date(2024, 7, 1))
    started = time.perf_counter()
    counts = monthly_counts(vintage, "admin1")
    assert time.perf_counter() - started < 1
    assert counts.equals(counts.sort_values(["region", "month", "type_of_violence"]))
    sums = monthly_counts(vintage, "country").groupby("region")["deaths"].sum()
    events = final.events.merge(coverage.table(), on="country")
    month = (events["date_end"].dt.year - 1970) * 12 + events["date_end"].dt.month - 1
    inside = events[month.between(events["first_month"], events["last_month"])]
    for country in ("MLI", "BFA", "NER", "SDN"):
        assert sums[country] == inside.loc[inside["country"] == country, "best"].sum()
    assert "CAF" in set(sums.index)
    assert vintage.observed().query("country == 'SYR'")["first_month"].tolist() == [552, 645]
