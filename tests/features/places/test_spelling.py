import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.places.spelling import consonants, core, plain, readings, words


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Provence-Alpes-Côte d'Azur", ["provence", "alpes", "cote", "azur"]),
        ("Région du Centre-Nord", ["central", "north"]),
        ("Southwestern Province", ["south", "west"]),
        ("F.C.T.", ["fct"]),
        ("Ville de N'Djamena", ["city", "ndjamena"]),
        ("Province", ["province"]),
        ("Al", ["al"]),
        ("!", []),
    ],
)
def test_the_core_of_a_name_tells_it_from_others(name: str, expected: list[str]) -> None:
    assert core(name) == expected


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("hilmand", "helmand", True),
        ("misrata", "misratah", True),
        ("dakahlia", "daqahliyah", True),
        ("warap", "warrap", True),
        ("chin", "kachin", False),
        ("paktika", "paktya", False),
        ("wakayama", "okayama", False),
        ("kogi", "kano", False),
    ],
)
def test_consonants_survive_transliteration(first: str, second: str, same: bool) -> None:
    assert (consonants(first) == consonants(second)) == same


def test_brackets_give_a_name_three_readings_unless_they_hold_a_point_of_the_compass() -> None:
    whole, parts = readings("Homs (Hims)")
    assert whole == ["Homs (Hims)"]
    assert [words(part) for part in parts] == [["homs"], ["hims"]]
    assert readings("Shan (North)") == [["Shan (North)"]]


@given(st.text(max_size=30))
def test_a_plain_name_stays_plain(name: str) -> None:
    assert plain(plain(name)) == plain(name)
