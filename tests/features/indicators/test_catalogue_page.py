"""The catalogue as people read it."""

import pytest

from features.errors import ConfigurationError
from features.indicators.catalogue import (
    CATALOGUE,
    FAMILIES,
    INTRODUCTIONS,
    LISTED,
    catalogue_page,
    of_family,
    range_of,
    select,
)


def test_every_family_is_introduced_in_one_sentence() -> None:
    assert set(FAMILIES) <= set(INTRODUCTIONS)
    for sentence in INTRODUCTIONS.values():
        assert sentence[0].isupper()
        assert sentence.count(".") == 1
        assert sentence.endswith(".")


def test_the_families_together_are_the_catalogue() -> None:
    assert {i for family in FAMILIES for i in of_family(family)} == set(CATALOGUE)
    assert {i.family for i in of_family("season")} == {"season"}


def test_states_are_listed_after_all_that_panels_tell() -> None:
    assert (*CATALOGUE, *of_family("state")) == LISTED
    assert len({indicator.name for indicator in LISTED}) == len(LISTED)


def test_an_unknown_family_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"called weather: there are history, neighbour"):
        of_family("weather")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("deaths", "from 0"),
        ("season_sine", "-1 to 1"),
        ("longitude", "-180 to 180"),
        ("domino_5_3", "from 0"),
        ("border_weighted_rise_3", "any"),
    ],
)
def test_a_range_is_told_in_words(name: str, expected: str) -> None:
    assert range_of(select([name])[0]) == expected


def test_the_page_has_a_row_an_indicator_under_the_heading_of_its_family() -> None:
    page = catalogue_page(of_family("contagion"))
    assert page.count("\n## ") == 1
    assert f"\n## Contagion\n\n{INTRODUCTIONS['contagion']}\n\n| name |" in page
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) == len(of_family("contagion"))
    assert all(row.count("|") == 7 for row in rows)
    assert (
        "| `border_weighted_deaths` | Border-weighted mean of the neighbours' deaths in the month "
        "| deaths/month | from 0 | high | Weidmann & Ward 2010, Journal of Conflict Resolution "
        "54(6) |"
    ) in rows
