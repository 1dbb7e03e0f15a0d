from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from features.archive.coverage import Coverage, Span, whole_world
from features.archive.delivery import Identity
from features.errors import InputError
from features.months import parse_month
from features.sources.evidence import Evidence, evidence_of
from features.sources.ucdp import official_release

JANUARY = parse_month("2024-01")
BEGINS = parse_month("1997-01")
STANDING = ["AFG", "COD", "MEX", "MLI", "NGA", "PAK", "SOM", "SYR", "YEM"]


def content(*rows: tuple[str, int, int]) -> pd.DataFrame:
    """Events of countries in months from JANUARY, with two deaths each."""
    table = pd.DataFrame(rows, columns=["country", "month", "events"])
    return table.assign(month=table["month"] + JANUARY, deaths=2 * table["events"])


def evidence(rows: pd.DataFrame, *spans: tuple[str, int, int]) -> Evidence:
    identity = Identity(
        *("h", "s", "r", "final", date(2026, 1, 1)),
        Coverage(tuple(Span(c, JANUARY + first, JANUARY + last) for c, first, last in spans)),
        file_name="export.csv",
    )
    return evidence_of(identity, rows, len(rows), BEGINS)


def spans(found: Evidence) -> list[tuple[str, int, int]]:
    return [(c, first - JANUARY, last - JANUARY) for c, first, last in found.coverage.spans]


def a_month_of_the_world() -> pd.DataFrame:
    others = [span.country for span in whole_world(JANUARY, JANUARY).spans][:30]
    return content(*((country, 0, 30) for country in sorted({*STANDING, *others})))


def candidate() -> Identity:
    release = official_release("GEDEvent_v24_0_1.csv")
    assert release is not None
    return release


def test_an_official_name_with_what_such_a_release_has_is_the_world() -> None:
    found = evidence_of(candidate(), a_month_of_the_world(), 900, BEGINS)
    assert found == Evidence(whole_world(JANUARY, JANUARY), ())


@pytest.mark.parametrize(
    ("rows", "lack"),
    [
        (content(("MLI", 0, 900)), "events of 1 country"),
        (a_month_of_the_world().assign(events=2), "events, of 400 or more"),
        (a_month_of_the_world().query("country != 'YEM'"), "no event in YEM"),
    ],
)
def test_an_official_name_alone_observes_only_what_it_shows(rows: pd.DataFrame, lack: str) -> None:
    found = evidence_of(candidate(), rows, 900, BEGINS)
    assert {span.country for span in found.coverage.spans} == set(rows["country"])
    assert lack in found.doubts[0]


def test_a_release_that_is_cut_off_observes_only_what_it_shows() -> None:
    found = evidence_of(candidate(), a_month_of_the_world(), 900, BEGINS, is_cut=True)
    assert len(found.coverage.spans) == len(a_month_of_the_world())
    assert "its last row is cut off" in found.doubts[0]


def yearly(year: int, events: int) -> tuple[Identity, pd.DataFrame]:
    """A yearly release, and a content of so many events in all its months and 120 countries."""
    release = official_release(f"GEDEvent_v{year}_1.csv")
    assert release is not None
    months = release.coverage.months()
    countries = {*STANDING, *sorted(set(months["country"]))[: 120 - len(STANDING)]}
    rows = months[months["country"].isin(countries)].reset_index(drop=True)
    more = events % len(rows)
    numbers = [events // len(rows) + (n < more) for n in range(len(rows))]
    return release, rows.assign(events=numbers, deaths=0)


def test_a_year_without_a_month_is_not_whole() -> None:
    release, rows = yearly(18, 150_000)
    found = evidence_of(release, rows[rows["month"] != JANUARY - 90], 150_000, BEGINS)
    assert "no event in 2016-07" in found.doubts[0]
    observed = set(found.coverage.months()["month"])
    assert observed == set(rows["month"]) - {JANUARY - 90}


@pytest.mark.parametrize(
    ("year", "events", "rows", "doubt"),
    [
        (24, 349_733, 349_733, None),
        (24, 346_300, 349_733, None),  # a few cannot be used
        (24, 346_300, 346_300, "346,300 events and the release had 349,733"),
        (24, 346_000, 349_733, "346,000 events, of 346,235 or more"),
        (19, 152_616, 152_616, None),
        (18, 150_000, 150_000, "how many events such a release has is not known here"),
        (18, 139_000, 139_000, "139,000 events, of 139,200 or more"),
        (26, 417_968, 417_968, None),
        (27, 440_000, 440_000, "whether these 440,000 are all cannot be told"),
        (27, 418_000, 418_000, "418,000 events, of 418,588 or more"),
    ],
)
def test_a_year_is_held_against_what_its_release_had(
    year: int, events: int, rows: int, doubt: str | None
) -> None:
    release, content = yearly(year, events)
    found = evidence_of(release, content, rows, BEGINS)
    assert (found.coverage == release.coverage) == (doubt is None or " or more" not in doubt)
    assert [doubt in said for said in found.doubts if doubt] == [True] * (doubt is not None)


def test_a_name_given_to_a_release_does_not_change_what_it_should_have() -> None:
    release, content = yearly(24, 340_000)
    found = evidence_of(replace(release, release="mended"), content, 340_000, BEGINS)
    assert "of 346,235 or more" in found.doubts[0]


def test_the_yearly_releases_observe_syria_from_20_1_on() -> None:
    observed = [set(yearly(n, 0)[0].coverage.table()["country"]) for n in (19, 20)]
    assert ["SYR" in countries for countries in observed] == [False, True]


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (("NER", 0, 9), "goes on after the last event: NER 6 months after 2024-04"),
        (("NER", -24, 3), "begins before the first event: NER 24 months before 2024-01"),
        (("NER", 0, 4), None),
    ],
)
def test_a_coverage_far_beyond_the_events_is_said(
    span: tuple[str, int, int], said: str | None
) -> None:
    found = evidence(content(("NER", 0, 5), ("NER", 2, 5), ("NER", 3, 5)), span)
    assert spans(found) == [span]
    assert [said in doubt for doubt in found.doubts if said] == [True] * (said is not None)


def test_a_country_and_months_without_any_event_are_said() -> None:
    found = evidence(
        content(("NER", 0, 9), ("NER", 1, 9), ("NER", 11, 9)), ("NER", 0, 11), ("TCD", 0, 11)
    )
    assert found.doubts == (
        "the coverage names countries without any event: TCD",
        "no country has an event in 2024-03 to 2024-11",
    )


def test_what_is_not_observed_is_said_with_its_deaths() -> None:
    found = evidence(content(("NER", 0, 3), ("NER", 1, 1), ("TCD", 0, 4)), ("NER", 0, 0))
    assert found.doubts == (
        (
            "5 of 8 events, 10 of 16 deaths, are of countries or months not observed "
            "(no month of TCD): they count nowhere"
        ),
    )
    with pytest.raises(InputError, match="no usable event"):
        evidence(content(("NER", 0, 3)), ("TCD", 0, 0))


@pytest.mark.parametrize(
    ("country", "first"), [("SSD", "2011-07"), ("MLI", "1997-01"), ("TLS", "2002-05")]
)
def test_months_before_the_source_or_the_state_began_are_not_observed(
    country: str, first: str
) -> None:
    before = parse_month("1950-01") - JANUARY
    found = evidence(content((country, 0, 3)), (country, before, 0))
    assert found.coverage.spans[0].first_month == parse_month(first)
    assert f"nothing is coded in {country} before {first}" in found.doubts[0]
