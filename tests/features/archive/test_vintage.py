import time
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.archive.coverage import read_coverage
from features.archive.delivery import Delivery
from features.archive.monthly import monthly_counts
from features.archive.releases import Archive
from features.archive.vintage import open_vintage
from features.errors import ArchiveError
from features.places.regions import load_regions
from features.sources.ingestion import FileDelivery
from features.sources.source import FileOptions
from features.sources.ucdp import Ucdp
from features.words import Level
from tests.features.archive.deliveries import JANUARY, Event, EventsDelivery, a_delivery
from tests.paths import DATA

UCDP = DATA / "ucdp_ged"
real = pytest.mark.skipif(not UCDP.exists(), reason=f"{UCDP} is not here: set TOCSIN_DATA")

LATER = date(2021, 1, 1)


def an_archive(home: Path, *deliveries: Delivery) -> Archive:
    archive = Archive(home)
    for delivery in deliveries:
        assert archive.add(delivery).is_new
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


SPREAD = [
    # from, to, deaths, what January to March 2020 get, if spread and if by the end
    ("2020-01-05", "2020-01-20", 7, {0: 7}, {0: 7}),
    ("2020-01-31", "2020-02-01", 4, {0: 2, 1: 2}, {1: 4}),
    ("2020-01-31", "2020-02-01", 1, {0: 0, 1: 1}, {1: 1}),
    # 31 of 91 days: 30.7 deaths, 60 of 91: 59.3
    ("2020-01-01", "2020-03-31", 90, {0: 30, 1: 29, 2: 31}, {2: 90}),
    ("2020-01-01", "2020-03-31", 0, {0: 0, 1: 0, 2: 0}, {2: 0}),
]


@pytest.mark.parametrize(("start", "end", "deaths", "spread", "ended"), SPREAD)
def test_an_event_over_several_months_is_spread_over_its_days_unless_told_otherwise(
    tmp_path: Path,
    start: str,
    end: str,
    deaths: int,
    spread: dict[int, int],
    ended: dict[int, int],
) -> None:
    delivery = a_delivery("a", [("MLI", JANUARY, 1, deaths)], [("MLI", JANUARY, JANUARY + 2)])
    delivery.events["date_start"] = pd.Timestamp(start)
    delivery.events["date_end"] = pd.Timestamp(end)
    archive = an_archive(tmp_path, delivery)
    last = max(spread)
    for summary, expected in (("spread", spread), ("end", ended)):
        counts = monthly_counts(
            open_vintage(archive, LATER, summary_events=summary),  # type: ignore[arg-type]
            "country",
        ).set_index("month")
        assert counts["deaths"].to_dict() == {JANUARY + n: d for n, d in expected.items()}
        assert counts["events"].sum() == counts["events"][JANUARY + last] == 1
    left = monthly_counts(open_vintage(archive, LATER, summary_events="omit"), "country")
    assert len(left) == (1 if start[:7] == end[:7] else 0)


STATES = load_regions("country").ids[:20].tolist()


@settings(max_examples=5, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(0, 120), st.integers(0, 10_000)),
        min_size=10,
        max_size=20,
    )
)
def test_spreading_loses_no_death(
    tmp_path_factory: pytest.TempPathFactory, lasting: list[tuple[int, int, int]]
) -> None:
    """Every event (first day, days, deaths) has a country of its own."""
    countries = STATES[: len(lasting)]
    delivery = a_delivery(
        "a",
        [(c, JANUARY, 1, deaths) for c, (_, _, deaths) in zip(countries, lasting, strict=True)],
        [(country, 560, 650) for country in countries],
    )
    first, days, deaths = (np.array(numbers) for numbers in zip(*lasting, strict=True))
    start = pd.Timestamp("2017-01-01") + pd.to_timedelta(first, unit="D")
    delivery.events["date_start"] = start
    delivery.events["date_end"] = start + pd.to_timedelta(days, unit="D")
    late = replace(delivery, identity=replace(delivery.identity, available_on=date(2025, 1, 1)))
    archive = an_archive(tmp_path_factory.mktemp("home"), late)
    counts = monthly_counts(open_vintage(archive, date(2025, 1, 2)), "country")
    by_country = counts.groupby("region")["deaths"]
    assert by_country.sum()[countries].tolist() == deaths.tolist()
    assert (counts["deaths"] >= 0).all()
    assert (by_country.max()[countries] <= 31 * (deaths // (days + 1) + 1)).all()


def test_a_later_candidate_adds_events_to_earlier_months_and_revises_them(tmp_path: Path) -> None:
    first = a_delivery(
        "20.0.1",
        {"x": ("MLI", JANUARY, 1, 5), "y": ("MLI", JANUARY, 1, 7)},
        [("MLI", JANUARY, JANUARY)],
        kind="candidate",
        available_on=date(2020, 2, 20),
    )
    second = a_delivery(
        "20.0.2",
        {
            "x": ("MLI", JANUARY, 1, 50),
            "late": ("MLI", JANUARY, 1, 100),
            "z": ("MLI", JANUARY + 1, 1, 1),
        },
        [("MLI", JANUARY + 1, JANUARY + 1)],
        kind="candidate",
        available_on=date(2020, 3, 20),
    )
    archive = an_archive(tmp_path, first, second)
    assert counted(archive, date(2020, 3, 19)) == [("MLI", JANUARY, 1, 2, 12)]
    assert counted(archive) == [("MLI", JANUARY, 1, 3, 157), ("MLI", JANUARY + 1, 1, 1, 1)]


def test_an_event_that_is_dated_anew_leaves_its_old_month(tmp_path: Path) -> None:
    span = [("MLI", JANUARY, JANUARY), ("MLI", JANUARY + 1, JANUARY + 1)]
    archive = an_archive(
        tmp_path,
        a_delivery("1", {"x": ("MLI", JANUARY, 1, 5)}, span[:1], kind="candidate",
                   available_on=date(2020, 2, 20)),
        a_delivery("2", {"x": ("MLI", JANUARY + 1, 1, 6)}, span[1:], kind="candidate",
                   available_on=date(2020, 3, 20)),
    )  # fmt: skip
    assert counted(archive) == [("MLI", JANUARY + 1, 1, 1, 6)]


def test_a_release_wipes_no_event_of_a_month_that_it_does_not_observe(tmp_path: Path) -> None:
    older = {"e": ("MLI", JANUARY, 1, 4), "f": ("MLI", JANUARY + 1, 1, 5)}
    newer = {"e": ("MLI", JANUARY, 1, 6), "f": ("MLI", JANUARY + 1, 1, 7)}
    first = a_delivery("a", older, [("MLI", JANUARY, JANUARY + 1)], available_on=date(2020, 6, 1))
    second = a_delivery("b", newer, [("MLI", JANUARY, JANUARY)], available_on=date(2020, 7, 1))
    archive = an_archive(tmp_path, first, second)
    assert counted(archive) == [("MLI", JANUARY, 1, 1, 6), ("MLI", JANUARY + 1, 1, 1, 5)]


def test_an_event_over_months_of_two_releases_is_whole(tmp_path: Path) -> None:
    def over_two_months(name: str, spans: list[tuple[str, int, int]], day: date) -> EventsDelivery:
        delivery = a_delivery(name, {"e": ("MLI", JANUARY, 1, 60)}, spans, available_on=day)
        dates = {"date_start": date(2020, 1, 2), "date_end": date(2020, 2, 29)}
        return replace(delivery, events=delivery.events.assign(**dates))

    archive = an_archive(
        tmp_path,
        over_two_months("a", [("MLI", JANUARY, JANUARY + 1)], date(2020, 6, 1)),
        over_two_months("b", [("MLI", JANUARY, JANUARY)], date(2020, 7, 1)),
    )
    counts = monthly_counts(open_vintage(archive, LATER), "country")
    assert counts["deaths"].sum() == 60
    assert counts["events"].sum() == 1


@pytest.mark.parametrize("names", [["24.0.10", "24.0.9"], ["24.0.9", "24.0.10"]])
def test_of_one_day_the_higher_version_is_newer(tmp_path: Path, names: list[str]) -> None:
    spans = [("MLI", JANUARY, JANUARY)]
    events = {name: [("MLI", JANUARY, 1, len(name))] for name in names}
    archive = an_archive(tmp_path, *(a_delivery(name, events[name], spans) for name in names))
    assert counted(archive) == [("MLI", JANUARY, 1, 1, len("24.0.10"))]


def test_of_one_day_what_was_added_later_is_newer(tmp_path: Path) -> None:
    spans = [("MLI", JANUARY, JANUARY)]
    older, newer = (a_delivery(n, [("MLI", JANUARY, 1, d)], spans) for n, d in (("z", 4), ("b", 9)))
    assert counted(an_archive(tmp_path, older, newer)) == [("MLI", JANUARY, 1, 1, 9)]


def test_a_yearly_release_replaces_candidates_even_later_ones_and_what_it_dropped(
    tmp_path: Path,
) -> None:
    month = [("MLI", JANUARY, JANUARY)]
    archive = an_archive(
        tmp_path,
        a_delivery("20.0.1", {"x": ("MLI", JANUARY, 1, 5), "dropped": ("MLI", JANUARY, 3, 9)},
                   month, kind="candidate", available_on=date(2020, 2, 20)),
        a_delivery("21.1", {"x": ("MLI", JANUARY, 1, 6)}, month, available_on=date(2020, 6, 30)),
        a_delivery("20.0.6", [("MLI", JANUARY, 1, 40)], [("MLI", JANUARY + 5, JANUARY + 5)],
                   kind="candidate", available_on=date(2020, 7, 20)),
    )  # fmt: skip
    assert counted(archive, date(2020, 6, 29)) == [
        ("MLI", JANUARY, 1, 1, 5),
        ("MLI", JANUARY, 3, 1, 9),
    ]
    assert counted(archive) == [("MLI", JANUARY, 1, 1, 6)]


def test_withdrawn_events_are_gone_from_the_day_of_their_withdrawal(tmp_path: Path) -> None:
    month = [("MLI", JANUARY, JANUARY)]
    archive = an_archive(
        tmp_path,
        a_delivery("a", {"kept": ("MLI", JANUARY, 1, 5), "gone": ("MLI", JANUARY, 1, 8)}, month,
                   available_on=date(2020, 2, 20)),
        a_delivery("b", [("MLI", JANUARY + 1, 1, 1)], [("MLI", JANUARY + 1, JANUARY + 1)],
                   available_on=date(2020, 3, 20), deleted=("gone", "never seen")),
    )  # fmt: skip
    assert counted(archive, date(2020, 3, 1)) == [("MLI", JANUARY, 1, 2, 13)]
    assert counted(archive) == [("MLI", JANUARY, 1, 1, 5), ("MLI", JANUARY + 1, 1, 1, 1)]


def test_of_several_histories_one_must_be_named(tmp_path: Path) -> None:
    span = [("MLI", JANUARY, JANUARY)]
    other = a_delivery("b", [("MLI", JANUARY, 1, 2)], span)
    archive = an_archive(
        tmp_path,
        a_delivery("a", [("MLI", JANUARY, 1, 1)], span),
        replace(other, identity=replace(other.identity, history="acled", source="acled")),
    )
    with pytest.raises(ArchiveError, match=r"several event histories \(acled, ucdp\)"):
        open_vintage(archive, LATER)
    vintage = open_vintage(archive, LATER, "acled")
    assert vintage.history == "acled"
    assert monthly_counts(vintage, "country")["deaths"].tolist() == [2]
    with pytest.raises(ArchiveError, match="no release of 'other'"):
        open_vintage(archive, LATER, "other")


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
        a_delivery("early", [("MLI", JANUARY, 1, 60)], span, kind="candidate",
                   available_on=date(2020, 9, 1)),
    )  # fmt: skip
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


def known(
    drawn: list[Drawn], now: int
) -> tuple[dict[tuple[str, int], int], Counter[tuple[str, int]]]:
    """Return the base of every observed month, and the deaths there, event by event."""
    ranks = {n: (kind == "final", month, n) for n, (_, _, kind, month) in enumerate(drawn)}
    public = sorted((n for n in ranks if drawn[n][3] <= now), key=lambda n: ranks[n])
    base: dict[tuple[str, int], int] = {}
    newest: dict[int, tuple[int, Event]] = {}
    for n in public:
        _, spans, _, _ = drawn[n]
        for country, (first, last) in spans.items():
            base |= {(country, month): n for month in range(first, last + 1)}
    candidates = {n for n in public if not ranks[n][0]}
    for n in public:
        for number, event in enumerate(drawn[n][0]):
            at = base.get(event[:2])
            if at == n or (at in candidates and n in candidates and ranks[n] > ranks[at]):
                newest[number] = n, event
    deaths: Counter[tuple[str, int]] = Counter()
    for _, (country, month, _, best) in newest.values():
        deaths[country, month] += best
    return base, deaths


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(EVENTS, SPANS, KINDS, st.integers(5, 9)), min_size=1, max_size=4),
    st.integers(5, 9),
)
def test_every_event_counts_once_as_its_newest_release_has_it_however_they_overlap(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[Drawn], now: int
) -> None:
    archive = Archive(tmp_path_factory.mktemp("home"))
    for number, (events, spans, kind, month) in enumerate(drawn):
        listed = [(country, first, last) for country, (first, last) in spans.items()]
        named = {str(n): event for n, event in enumerate(events)}
        day = date(2020, month, 1)
        archive.add(a_delivery(f"r{number}", named, listed, kind=kind, available_on=day))
    base, deaths = known(drawn, now)
    if not base:
        with pytest.raises(ArchiveError):
            open_vintage(archive, date(2020, now, 15))
        return
    vintage = open_vintage(archive, date(2020, now, 15))
    counts = monthly_counts(vintage, "country").groupby(["region", "month"])["deaths"].sum()
    assert counts[counts > 0].to_dict() == {at: n for at, n in deaths.items() if n > 0}
    runs = vintage.observed().itertuples(index=False)
    assert {(c, m) for c, first, last in runs for m in range(first, last + 1)} == set(base)


@real
def test_the_real_releases_agree_with_a_plain_sum_and_are_counted_in_a_moment(
    tmp_path: Path,
) -> None:
    coverage = read_coverage(UCDP / "coverage_16_countries.csv")
    path = UCDP / "ged_events_16_countries_1989_2023.csv.gz"
    archive = an_archive(
        tmp_path,
        FileDelivery(Ucdp(), UCDP / "GEDEvent_v23_0_10.csv", FileOptions(LATER)),
        FileDelivery(Ucdp(), path, FileOptions(date(2024, 6, 30), coverage=coverage)),
    )
    vintage = open_vintage(archive, date(2024, 7, 1))
    started = time.process_time()
    counts = monthly_counts(vintage, "admin1")
    assert time.process_time() - started < 1
    assert counts.equals(counts.sort_values(["region", "month", "type_of_violence"]))
    sums = monthly_counts(vintage, "country").groupby("region")["deaths"].sum()
    final = next(r for r in archive.releases() if r.kind == "final")
    events = pd.read_parquet(final.table_file).merge(coverage.table(), on="country")
    ended = pd.to_datetime(events["date_end"])
    month = (ended.dt.year - 1970) * 12 + ended.dt.month - 1
    inside = events[month.between(events["first_month"], events["last_month"])]
    for country in ("MLI", "BFA", "NER", "SDN"):
        assert sums[country] == inside.loc[inside["country"] == country, "best"].sum()
    assert "CAF" in set(sums.index)
    assert vintage.observed().query("country == 'SYR'")["first_month"].tolist() == [552, 645]
