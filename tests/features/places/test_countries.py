import pytest

from features.errors import InputError
from features.places.countries import (
    alpha_2,
    ambiguous_countries,
    country_name,
    country_of,
    known_country,
    meant_country,
    similar_countries,
    subdivision_codes,
    un_name,
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("MLI", "MLI"),
        ("ml", "MLI"),
        ("Côte d'Ivoire", "CIV"),
        ("ivory coast", "CIV"),
        ("CÔTE D\N{RIGHT SINGLE QUOTATION MARK}IVOIRE", "CIV"),
        ("République démocratique du Congo", "COD"),
        ("Iran (Islamic Republic of)", "IRN"),
        ("Türkiye", "TUR"),
        ("Turquie", "TUR"),
        ("Allemagne", "DEU"),
        ("Îles Malouines", "FLK"),
        ("Viet Nam", "VNM"),
        ("xk", "XKX"),
        ("Atlantis", None),
        ("", None),
        ("zz", None),
    ],
)
def test_people_name_countries_in_many_ways(text: str, code: str | None) -> None:
    assert meant_country(text) == code


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("Congo", ("COD", "COG")),
        ("the CONGO", ("COD", "COG")),
        ("Korea", ("KOR", "PRK")),
        ("Republic of Congo", ()),
        ("Congo-Kinshasa", ()),
        ("Mali", ()),
    ],
)
def test_a_name_of_either_of_two_states_is_that_of_none(name: str, codes: tuple[str, ...]) -> None:
    assert ambiguous_countries(name) == codes
    assert (country_of(name) is None) == (meant_country(name) is None) == bool(codes)
    if codes:
        assert similar_countries(name, ["COD", "COG", "KOR", "MLI", "PRK"]) == list(codes)


def test_two_letters_in_a_table_name_no_country() -> None:
    assert country_of("NE") is None
    assert meant_country("NE") == "NER"


@pytest.mark.parametrize(
    ("code", "two", "un", "bundled"),
    [
        ("MLI", "ML", "Mali", "Mali"),
        ("COD", "CD", "Democratic Republic of the Congo", "DR Congo"),
        ("TUR", "TR", "Türkiye", "Turkey"),
        ("XKX", "XK", None, "Kosovo"),
        ("TWN", "TW", None, "Taiwan"),
        ("ABC", None, None, "ABC"),
    ],
)
def test_codes_and_names_of_a_country(
    code: str, two: str | None, un: str | None, bundled: str
) -> None:
    assert (alpha_2(code), un_name(code), country_name(code)) == (two, un, bundled)


def test_every_bundled_country_has_two_letters_of_its_own() -> None:
    codes = {region.partition("-")[0] for region in subdivision_codes()}
    assert len(codes) > 180
    assert len({alpha_2(code) for code in codes}) == len(codes)


def test_a_misspelt_country_is_like_others() -> None:
    among = ["MLI", "MRT", "NER", "NGA", "BFA"]
    assert similar_countries("Malli", among)[0] == "MLI"
    assert set(similar_countries("Nigera", among)) == {"NER", "NGA"}
    assert similar_countries("Burkina Fasso", among) == ["BFA"]
    assert similar_countries("Zimbabwe", among) == []


def test_subdivisions_have_the_codes_of_their_country() -> None:
    assert subdivision_codes()["AFG-badakhshan"] == "AF-BDS"
    assert "ABW-aruba" not in subdivision_codes()


@pytest.mark.parametrize("text", ["ML", "ml", "mli", "Mali", " MALI ", "Republic of Mali"])
def test_a_person_may_name_a_country_in_any_way(text: str) -> None:
    assert known_country(text) == "MLI"


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("Malli", "did you mean Mali (MLI) or"),
        ("Congo", "did you mean DR Congo (COD) or Congo (COG)?"),
        ("XQ9", "write it as MLI, ML or Mali"),
    ],
)
def test_an_unknown_country_is_refused_with_those_like_it(text: str, remedy: str) -> None:
    with pytest.raises(InputError) as refusal:
        known_country(text)
    assert f"'{text}' is no country that is known: {remedy}" in str(refusal.value)
