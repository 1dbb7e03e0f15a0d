from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.archive.coverage import read_coverage
from features.archive.releases import Archive
from features.archive.revisions import EventChanges, Revision, revision_between, vintage_named
from features.errors import ArchiveError
from features.months import parse_month
from features.sources.counts import CountsOptions, read_counts
from features.sources.ingestion import FileDelivery
from features.sources.source import FileOptions
from features.sources.ucdp import Ucdp
from tests.features.archive.deliveries import JANUARY, Event, EventsDelivery, a_delivery
from tests.paths import DATA

real = pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not here: set TOCSIN_DATA")

Spans = list[tuple[str, int, int]]
QUARTER: Spans = [("MLI", JANUARY, JANUARY + 2), ("NER", JANUARY, JANUARY + 2)]


def revised(home: Path, a: EventsDelivery, b: EventsDelivery) -> tuple[Revision, Revision]:
    archive = Archive(home)
    for delivery in (a, b):
        archive.add(delivery)
    one = vintage_named(archive, f"{a.identity.source}/{a.identity.release}")
    two = vintage_named(archive, f"{b.identity.source}/{b.identity.release}")
    return revision_between(one, two), revision_between(two, one)


def rows(revision: Revision) -> list[list[object]]:
    split: list[list[object]] = revision.months.to_dict("split")["data"]
    return split


def test_events_are_followed_by_their_ids_and_months_by_their_deaths(tmp_path: Path) -> None:
    before: dict[str, Event] = {
        "same": ("MLI", JANUARY, 1, 5),
        "more": ("MLI", JANUARY, 1, 1),
        "moved": ("NER", JANUARY, 1, 4),
        "gone": ("NER", JANUARY + 1, 2, 2),
        "protest": ("NER", JANUARY + 2, 4, 0),
    }
    after: dict[str, Event] = {
        "same": ("MLI", JANUARY, 1, 5),
        "more": ("MLI", JANUARY, 1, 8),
        "moved": ("NER", JANUARY + 2, 1, 4),
        "late": ("MLI", JANUARY, 3, 3),
        "deathless": ("MLI", JANUARY + 1, 1, 0),
        "riot": ("NER", JANUARY + 2, 5, 1),
    }
    forth, back = revised(
        tmp_path, a_delivery("1", before, QUARTER), a_delivery("2", after, QUARTER)
    )
    assert forth.events == EventChanges(
        new=2, dropped=1, revised=2, unchanged=1,
        fields={"best": 1, "low": 1, "high": 1, "dates": 1},
    )  # fmt: skip
    assert rows(forth) == [
        ["MLI", JANUARY, 6, 16, 2, 3, 10],
        ["NER", JANUARY, 4, 0, 1, 0, -4],
        ["NER", JANUARY + 2, 0, 4, 0, 1, 4],
        ["NER", JANUARY + 1, 2, 0, 1, 0, -2],
        ["MLI", JANUARY + 1, 0, 0, 0, 1, 0],
    ]
    assert (forth.shared, forth.gained, forth.lost, forth.notes) == (6, 0, 0, ())
    assert back.events == replace(forth.events, new=1, dropped=2)
    assert forth.lines() == [
        "country-months: 6 observed by both, 0 gained, 0 lost",
        "events: 2 new, 1 dropped, 2 revised (best 1, low 1, high 1, dates 1), 1 unchanged",
        "deaths: +8, and another number of deaths or events in 5 country-months",
    ]


CHANGES: list[dict[str, Any]] = [
    {"low": 0},
    {"date_end": pd.Timestamp("2020-01-02")},
    {"date_start": pd.Timestamp("2020-01-03"), "date_end": pd.Timestamp("2020-01-03")},
    {"longitude": -3.9},
    {"latitude": None},
    {"longitude": 0.0, "latitude": 0.0},
    *[{"side_a": "IS"}] * 2,
    *[{"side_b": "Civilians"}, {"side_b": "JNIM"}],
    *[{"admin1": None}] * 5,
    *[{"country": "NER"}] * 6,
    *[{"type_of_violence": 3}] * 7,
    *[{"high": 9}] * 8,
]


def test_every_field_that_is_revised_is_named_the_most_frequent_first(tmp_path: Path) -> None:
    events: dict[str, Event] = {f"{n:02}": ("MLI", JANUARY, 1, 5) for n in range(len(CHANGES))}
    same: dict[str, Event] = {"same": ("MLI", JANUARY, 1, 5)}
    other = a_delivery("2", events | same, QUARTER)
    for number, change in enumerate(CHANGES):
        for column, value in change.items():
            other.events.loc[number, column] = value
    for revision in revised(tmp_path, a_delivery("1", events | same, QUARTER), other):
        assert revision.events is not None
        assert revision.events == EventChanges(0, 0, len(CHANGES), 1, revision.events.fields)
        assert list(revision.events.fields.items()) == [
            ("high", 8),
            ("type of violence", 7),
            ("country", 6),
            ("admin1", 5),
            ("actors", 4),
            ("place", 3),
            ("dates", 2),
            ("low", 1),
        ]


def test_only_months_that_both_observe_are_compared(tmp_path: Path) -> None:
    before: dict[str, Event] = {"x": ("MLI", JANUARY, 1, 5), "old": ("MLI", JANUARY + 1, 1, 9)}
    after: dict[str, Event] = {"x": ("MLI", JANUARY, 1, 5), "next": ("MLI", JANUARY + 2, 1, 9)}
    a = a_delivery("1", before, [("MLI", JANUARY, JANUARY + 1)])
    b = a_delivery("2", after, [("MLI", JANUARY, JANUARY), ("MLI", JANUARY + 2, JANUARY + 3)])
    forth, back = revised(tmp_path, a, b)
    assert forth.events == back.events == EventChanges(0, 0, 0, 1, {})
    assert forth.months.empty
    assert (forth.shared, forth.gained, forth.lost) == (1, 2, 1)
    assert (back.shared, back.gained, back.lost) == (1, 1, 2)


def test_an_event_that_left_for_a_month_of_one_state_only_is_revised_and_not_dropped(
    tmp_path: Path,
) -> None:
    a = a_delivery("1", {"x": ("MLI", JANUARY, 1, 5)}, [("MLI", JANUARY, JANUARY)])
    b = a_delivery("2", {"x": ("MLI", JANUARY + 1, 1, 5)}, [("MLI", JANUARY, JANUARY + 1)])
    for revision in revised(tmp_path, a, b):
        assert revision.events == EventChanges(0, 0, 1, 0, {"dates": 1})
    assert rows(revision) == [["MLI", JANUARY, 0, 5, 0, 1, 5]]


def test_an_event_over_several_months_is_one_event(tmp_path: Path) -> None:
    events: dict[str, Event] = {"x": ("MLI", JANUARY, 1, 60)}
    a, b = (a_delivery(name, events, QUARTER) for name in ("1", "2"))
    for delivery, end in ((a, "2020-02-29"), (b, "2020-01-31")):
        delivery.events["date_end"] = pd.Timestamp(end)
    forth, _ = revised(tmp_path, a, b)
    assert forth.events == EventChanges(0, 0, 1, 0, {"dates": 1})
    assert rows(forth) == [
        ["MLI", JANUARY, 31, 60, 0, 1, 29],
        ["MLI", JANUARY + 1, 29, 0, 1, 0, -29],
    ]


def test_it_is_said_how_many_events_kept_their_id_from_one_source_to_another(
    tmp_path: Path,
) -> None:
    before: dict[str, Event] = {"c1": ("MLI", JANUARY, 1, 5), "c2": ("MLI", JANUARY, 1, 2)}
    after: dict[str, Event] = {"c1": ("MLI", JANUARY, 1, 5), "g": ("MLI", JANUARY, 1, 2)}
    forth, back = revised(
        tmp_path,
        a_delivery("20.0.1", before, QUARTER, "ucdp-candidate"),
        a_delivery("21.1", after, QUARTER),
    )
    [note] = forth.notes
    assert note.startswith(
        "6 country-months passed from ucdp-candidate to ucdp-ged: of 3 events there 1 kept their id"
    )
    assert "from ucdp-ged to ucdp-candidate: of 3 events there 1 kept" in back.notes[0]
    assert forth.months.empty


def test_a_release_is_found_by_its_name_and_a_day_by_its_date(tmp_path: Path) -> None:
    event: dict[str, Event] = {"x": ("MLI", JANUARY, 1, 5)}
    archive = Archive(tmp_path)
    archive.add(a_delivery("20.1", event, QUARTER, available_on=date(2020, 6, 30)))
    archive.add(a_delivery("21.1", event, QUARTER, available_on=date(2021, 6, 30)))
    archive.add(a_delivery("21.1", event, QUARTER, "other", available_on=date(2021, 7, 1)))
    for said in ("20.1", "ucdp-ged 20.1", "ucdp-ged/20.1"):
        vintage = vintage_named(archive, said)
        assert [release.name for release in vintage.releases] == ["ucdp-ged 20.1"]
        assert vintage.as_of == date(2020, 6, 30)
    assert [r.name for r in vintage_named(archive, "2021-06-30").releases] == ["ucdp-ged 21.1"]
    with pytest.raises(ArchiveError, match=r"'21.1' may be any of 'other 21.1', 'ucdp-ged 21.1'"):
        vintage_named(archive, "21.1")
    for said in ("22.1", "2020-02-30"):
        with pytest.raises(
            ArchiveError, match=rf"'{said}' is no release .* other 21.1, ucdp-ged 21.1, ucdp-ged 20"
        ):
            vintage_named(archive, said)
    with pytest.raises(ArchiveError, match="first was available on 2020-06-30"):
        vintage_named(archive, "2020-06-29")
    with pytest.raises(ArchiveError, match=r"holds none.*tocsin ingest FILE"):
        vintage_named(archive, "21.1", history="acled")


def test_two_histories_do_not_revise_each_other(tmp_path: Path) -> None:
    event: dict[str, Event] = {"x": ("MLI", JANUARY, 1, 5)}
    a, b = a_delivery("1", event, QUARTER), a_delivery("2", event, QUARTER, "acled")
    other = replace(b, identity=replace(b.identity, history="acled"))
    with pytest.raises(ArchiveError, match="'ucdp' and 'acled' are two histories"):
        revised(tmp_path, a, other)


def test_of_counts_the_months_are_compared_and_no_events(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home")
    for name, deaths in (("a", (5, 7)), ("b", (5, 4))):
        path = tmp_path / f"{name}.csv"
        path.write_text(
            "country,month,deaths\nMali,2020-01,{}\nMali,2020-02,{}\n".format(*deaths), "utf-8"
        )
        archive.add(read_counts(path, CountsOptions("counts", "country", name, date(2020, 4, 1))))
    revision = revision_between(vintage_named(archive, "a"), vintage_named(archive, "b"))
    assert revision.events is None
    assert rows(revision) == [["MLI", JANUARY + 1, 7, 4, 0, 0, -3]]
    assert len(revision.lines()) == 2


COUNTRIES = st.sampled_from(["MLI", "NER"])
MONTHS = st.integers(JANUARY, JANUARY + 4)
EVENTS = st.dictionaries(
    st.sampled_from("uvwxyz"), st.tuples(COUNTRIES, MONTHS, st.integers(1, 4), st.integers(0, 3))
)
SPANS = st.dictionaries(COUNTRIES, st.tuples(MONTHS, MONTHS).map(sorted), min_size=1)
States = tuple[dict[str, Event], dict[str, list[int]]]


def naive(a: States, b: States) -> tuple[Counter[str], set[tuple[str, int]]]:
    """Return what became of the events, one by one, and the shared country-months."""
    months = [
        {(c, m) for c, (first, last) in spans.items() for m in range(first, last + 1)}
        for _, spans in (a, b)
    ]
    known_a, known_b = (
        {name: event for name, event in events.items() if event[:2] in seen}
        for (events, _), seen in zip((a, b), months, strict=True)
    )
    shared = months[0] & months[1]
    became: Counter[str] = Counter()
    for name in known_a.keys() | known_b.keys():
        states = [known[name] for known in (known_a, known_b) if name in known]
        if any(state[:2] in shared and state[2] <= 3 for state in states):
            if len(states) == 1:
                became["dropped" if name in known_a else "new"] += 1
            else:
                became["unchanged" if states[0] == states[1] else "revised"] += 1
    return became, shared


@settings(max_examples=6, deadline=None)
@given(st.tuples(EVENTS, SPANS), st.tuples(EVENTS, SPANS))
def test_a_revision_agrees_with_a_look_at_every_event_and_with_its_mirror_image(
    tmp_path_factory: pytest.TempPathFactory, one: States, two: States
) -> None:
    archive = Archive(tmp_path_factory.mktemp("home"))
    for name, (events, spans) in (("1", one), ("2", two)):
        listed = [(country, first, last) for country, (first, last) in spans.items()]
        archive.add(a_delivery(name, events, listed))
    a, b = vintage_named(archive, "1"), vintage_named(archive, "2")
    forth, back = revision_between(a, b), revision_between(b, a)
    became, shared = naive(one, two)
    assert forth.events is not None
    assert back.events is not None
    tally = {name: getattr(forth.events, name) for name in ("new", "dropped", "revised")}
    assert tally == {name: became[name] for name in tally}
    assert forth.events.unchanged == became["unchanged"]
    assert forth.shared == len(shared)
    assert back.events == replace(forth.events, new=forth.events.dropped, dropped=forth.events.new)
    assert (back.gained, back.lost) == (forth.lost, forth.gained)
    swapped = {
        "deaths_a": "deaths_b",
        "deaths_b": "deaths_a",
        "events_a": "events_b",
        "events_b": "events_a",
    }
    mirrored = forth.months.rename(columns=swapped).assign(change=-forth.months["change"])
    pd.testing.assert_frame_equal(back.months, mirrored[back.months.columns])
    deaths = [
        sum(e[3] for e in events.values() if e[:2] in shared and e[2] <= 3)
        for events, _ in (one, two)
    ]
    assert forth.months["change"].sum() == deaths[1] - deaths[0]


@settings(max_examples=3, deadline=None)
@given(EVENTS, SPANS)
def test_nothing_changed_from_a_state_to_itself(
    tmp_path_factory: pytest.TempPathFactory, events: dict[str, Event], spans: dict[str, list[int]]
) -> None:
    archive = Archive(tmp_path_factory.mktemp("home"))
    listed = [(country, first, last) for country, (first, last) in spans.items()]
    archive.add(a_delivery("1", events, listed))
    vintage = vintage_named(archive, "1")
    still = revision_between(vintage, vintage)
    became, shared = naive((events, spans), (events, spans))
    assert still.events == EventChanges(0, 0, 0, became["unchanged"], {})
    assert (still.shared, still.gained, still.lost) == (len(shared), 0, 0)
    assert still.months.empty
    assert still.notes == ()


@real
def test_real_candidate_events_keep_their_ids_and_are_revised_in_the_yearly_release(
    tmp_path: Path,
) -> None:
    folder = DATA / "ucdp_ged"
    coverage = read_coverage(folder / "coverage_16_countries.csv")
    yearly = folder / "ged_events_16_countries_1989_2023.csv.gz"
    archive = Archive(tmp_path)
    said = FileOptions(date(2024, 6, 30), coverage=coverage, release="24.1")
    archive.add(
        FileDelivery(Ucdp(), folder / "GEDEvent_v23_0_10.csv", FileOptions(date(2023, 11, 20)))
    )
    archive.add(FileDelivery(Ucdp(), yearly, said))
    revision = revision_between(vintage_named(archive, "23.0.10"), vintage_named(archive, "24.1"))
    events = revision.events
    assert events is not None
    assert (events.new, events.dropped, events.revised, events.unchanged) == (15, 23, 28, 112)
    assert "of 178 events there 140 kept their id" in revision.notes[0]
    assert revision.shared == 9
    deaths = {row[0]: row[2:4] for row in rows(revision)}
    assert set(revision.months["month"]) == {parse_month("2023-10")}
    assert deaths["MLI"] == [119, 154]
    assert deaths["SDN"] == [195, 598]


@real
def test_real_counts_as_they_were_known_show_the_revision_of_june_2024(tmp_path: Path) -> None:
    table = pd.read_parquet(DATA / "country_month" / "realtime_vintages_2023_12_to_2024_12.parquet")
    table = table[table["country"].isin(["Mali", "Sudan"]) & (table["month"] >= "2023-01")]
    table = table[table["vintage"] >= "2024-05"]
    archive = Archive(tmp_path / "home")
    for day, known in table.groupby("vintage"):
        path = tmp_path / f"{day}.csv"
        known[["country", "month", "deaths"]].to_csv(path, index=False)
        available_on = date.fromisoformat(str(day))
        archive.add(read_counts(path, CountsOptions("counts", "country", str(day), available_on)))
    revision = revision_between(
        vintage_named(archive, "2024-05-31"), vintage_named(archive, "2024-06-30")
    )
    mali = {row[1]: row[2:4] for row in rows(revision) if row[0] == "MLI"}
    assert mali[parse_month("2023-10")] == [119, 154]
    assert parse_month("2024-01") not in mali
    assert (revision.gained, revision.lost) == (2, 0)
    assert revision_between(
        vintage_named(archive, "2024-07-31"), vintage_named(archive, "2024-12-31")
    ).months.empty
