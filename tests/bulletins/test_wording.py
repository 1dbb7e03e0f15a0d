import pytest

from bulletins.wording import place_of, question_of
from features.language import ENGLISH, LANGUAGES
from features.words import SPECS


@pytest.mark.parametrize(
    ("threshold", "deaths"), [(1.0, "one death or more"), (5.0, "5 or more deaths")]
)
def test_a_question_names_deaths_and_month(threshold: float, deaths: str) -> None:
    question = question_of(SPECS["instability"], 1, "2025-01", threshold, ENGLISH)
    assert question == f"How likely is it that January 2025 has {deaths}?"


def test_every_target_has_a_question_in_every_language() -> None:
    for language in LANGUAGES.values():
        for spec in SPECS.values():
            question = question_of(spec, 3, "2025-03", 5.0, language)
            assert question.endswith("?")
            assert "{" not in question


def test_a_place_is_called_as_in_the_language() -> None:
    french = LANGUAGES["fr"]
    assert place_of("CIV", "Ivory Coast", "CIV", french) == french.country("CIV") != "Ivory Coast"
    assert place_of("MLI-gao", "Gao", "MLI", french) == "Gao, Mali"
