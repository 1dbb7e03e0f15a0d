from typing import Any

import pytest

from bulletins.early_signs import EarlySign, Series, early_signs, in_words
from bulletins.manifest import ListedIndicator
from features.indicators.catalogue import CATALOGUE
from features.language import ENGLISH, LANGUAGES

MONTHS = ("2024-10", "2024-11", "2024-12")
Percentiles = list[int | None]


def listed(name: str) -> ListedIndicator:
    (one,) = (indicator for indicator in CATALOGUE if indicator.name == name)
    kept = ("name", "meaning", "unit", "family", "source", "alarming")
    words: dict[str, Any] = {word: getattr(one, word) for word in kept}
    return ListedIndicator(**words, lowest=None, highest=None, needs=())


def signs(**own: Percentiles) -> list[EarlySign]:
    """The signs of indicators with these percentiles in their past, in the middle of regions."""
    series = {name: Series(MONTHS, [4.0, 5.0, 6.0], of, [50] * 3) for name, of in own.items()}
    return early_signs(series, {name: listed(name) for name in own})


@pytest.mark.parametrize(
    ("name", "own", "since"),
    [
        ("deaths_mean_3", [99, 95, 95], "2024-10"),
        ("deaths_mean_3", [99, 94, 95], "2024-12"),
        ("deaths_mean_3", [None, 96, 95], "2024-11"),
        ("deaths_mean_3", [99, 99, 94], None),
        ("deaths_mean_3", [99, 99, None], None),
        ("front_distance_12", [5, 4, 4], "2024-11"),
        ("front_distance_12", [99, 99, 99], None),
        ("deaths_decay_12", [99, 99, 99], None),  # a reader cannot make sense of the figure
        ("season_sine", [99, 99, 99], None),
    ],
)
def test_a_sign_is_beyond_at_the_origin_and_as_long_as_without_a_break(
    name: str, own: Percentiles, since: str | None
) -> None:
    assert [sign.since for sign in signs(**{name: own})] == ([] if since is None else [since])


def test_the_worst_comes_first_and_stands_for_those_that_say_the_same() -> None:
    found = signs(
        deaths_mean_3=[0, 0, 95],
        front_distance_12=[0, 0, 1],
        deaths_mean_12=[0, 0, 97],
        capital_ring_50km_3=[0, 0, 98],
    )
    assert [(sign.indicator.name, sign.alike) for sign in found] == [
        ("front_distance_12", 0),
        ("capital_ring_50km_3", 0),
        ("deaths_mean_12", 1),
    ]


def test_of_equals_in_the_own_past_the_one_highest_among_regions_is_worst() -> None:
    series = {
        name: Series(["2024-12"], [1.0], [99], [among])
        for name, among in (("active_groups_3", 60), ("revived_dyads_3", 70), ("deaths", None))
    }
    found = early_signs(series, {name: listed(name) for name in series})
    assert [sign.indicator.name for sign in found] == [
        "revived_dyads_3",
        "active_groups_3",
        "deaths",
    ]


def sign(name: str, own: int, among: int | None, run: int) -> EarlySign:
    of = Series(MONTHS, [8.0, 8.0, 35.0], [None] * (3 - run) + [own] * run, [among] * 3)
    (found,) = early_signs({name: of}, {name: listed(name)})
    return found


@pytest.mark.parametrize(
    ("found", "sentences"),
    [
        (
            sign("deaths_mean_3", 100, 93, 2),
            (
                "Mean monthly deaths over the last 3 months: 35. That is more than in any earlier "
                "month here, and more than in 93 % of the other regions. It has been so since "
                "November 2024."
            ),
        ),
        (
            sign("own_violence_distance_3", 3, 20, 3),
            (
                "Distance from the region's point to the nearest violence of the last 3 months, at "
                "most 1,000 km: 35 km. That is less than in 97 % of the earlier months here, and "
                "less than in 80 % of the other regions. It has been so at least since October "
                "2024."
            ),
        ),
        (
            sign("deaths", 96, None, 1),
            (
                "Deaths in the month: 35. That is more than in 96 % of the earlier months here. It "
                "is new this month."
            ),
        ),
        (
            sign("deaths", 96, 100, 1),
            (
                "Deaths in the month: 35. That is more than in 96 % of the earlier months here, "
                "and more than in any other region. It is new this month."
            ),
        ),
    ],
)
def test_a_sign_in_words_has_its_figure_its_place_and_its_beginning(
    found: EarlySign, sentences: str
) -> None:
    assert in_words(found, ENGLISH).replace("\N{NO-BREAK SPACE}", " ") == sentences


def test_a_sign_is_told_in_french() -> None:
    text = in_words(sign("deaths_mean_3", 98, 93, 2), LANGUAGES["fr"])
    assert "plus que dans 98" in text
    assert "autres régions. Il en est ainsi depuis novembre 2024." in text


def test_what_tells_a_reader_nothing_is_no_sign() -> None:
    assert not [one.name for one in CATALOGUE if one.unit == "1" and one.alarming is not None]
