from fnmatch import fnmatchcase

import pytest

from bulletins.phrases import FAMILY_CLAUSES, INDICATOR_CLAUSES, REVISION, indicator_clause
from features.indicators.catalogue import LISTED


def test_every_family_and_every_indicator_has_its_clause() -> None:
    assert set(FAMILY_CLAUSES) == {REVISION, *(indicator.family for indicator in LISTED)}
    for indicator in LISTED:
        rose, fell = (
            indicator_clause(indicator.name, indicator.family, rose=rose) for rose in (True, False)
        )
        if rose is None or fell is None:
            assert rose == fell, indicator.name
            assert indicator.family in {"season", "place", "supply", "actors"}, indicator.name
        else:
            assert rose != fell
            assert "{" not in rose + fell


def test_every_pattern_of_names_is_the_first_that_fits_some_indicator() -> None:
    patterns = [pattern for pattern, _ in INDICATOR_CLAUSES]
    firsts = {next((p for p in patterns if fnmatchcase(i.name, p)), "no pattern") for i in LISTED}
    assert firsts - {"no pattern"} == set(patterns)


@pytest.mark.parametrize(
    ("name", "family", "clause"),
    [
        ("months_since_5", "history", "violence in the region is longer ago"),
        ("since_5_decay_12", "history", "violence in the region is more recent"),
        ("state_based_since_5_decay_12", "history", "violence in the region is more recent"),
        ("neighbour_months_since_5", "neighbourhood", "violence around the region is longer ago"),
        (
            "foreign_neighbour_deaths_change_3",
            "neighbourhood",
            "the trend of violence around the region rose",
        ),
        ("domino_5_3", "contagion", "there was more violence next door"),
        (
            "capital_violence_distance_3",
            "encirclement",
            "violence is further from the capital",
        ),
        ("country_siege_reports_3", "supply", "more reports tell of sieges"),
    ],
)
def test_a_clause_says_what_the_value_did(name: str, family: str, clause: str) -> None:
    assert indicator_clause(name, family, rose=True) == f"because {clause}"
