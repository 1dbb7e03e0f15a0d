import subprocess
import sys
from datetime import date

import pyarrow.parquet as pq
import pytest

from features.language import ENGLISH, LANGUAGES, Language, choose_language
from tests.paths import ROOT

FRENCH = LANGUAGES["fr"]
NO_BREAK = "\u00a0"


def test_months_days_and_numbers_are_written_as_the_language_does() -> None:
    assert (ENGLISH.month("2025-01"), FRENCH.month("2025-01")) == ("January 2025", "janvier 2025")
    day = date(2025, 1, 5)
    assert (ENGLISH.day(day), FRENCH.day(day)) == ("5 January 2025", "5 janvier 2025")
    assert [ENGLISH.number(x) for x in (0.126, -0.001, 9.5, 12.6, 12345.6)] == [
        "0.13",
        "0",
        "9.5",
        "13",
        "12,346",
    ]
    assert FRENCH.number(0.5) == "0,5"


def test_deaths_have_no_more_digits_than_they_are_worth() -> None:
    deaths = (0.0, 0.0000004, 0.049, 0.05000001, 0.26, 9.94, 12.6, 1234.5, None)
    assert [ENGLISH.deaths(x) for x in deaths] == [
        "0",
        "<0.1",
        "<0.1",
        "0.1",
        "0.3",
        "9.9",
        "13",
        "1,234",
        "?",
    ]
    assert FRENCH.deaths(0.004) == "<0,1"
    assert ENGLISH.value(0.126, "deaths/month") == "0.1"
    assert ENGLISH.value(0.126, "km") == "0.13"
    assert ENGLISH.value(0.126, "share") == "13\u00a0%"


def test_an_interval_of_shares_has_one_per_cent_sign() -> None:
    assert ENGLISH.shares(0.204, 0.5) == "20–50\u00a0%"  # noqa: RUF001
    assert FRENCH.shares(0, 1) == "0–100\u00a0%"  # noqa: RUF001


@pytest.mark.parametrize(
    ("probability", "written"),
    [
        (0.0, "<1\u00a0%"),
        (0.004, "<1\u00a0%"),
        (0.01, "1\u00a0%"),
        (0.426, "43\u00a0%"),
        (0.99, "99\u00a0%"),
        (0.996, ">99\u00a0%"),
    ],
)
def test_a_probability_is_never_rounded_to_certainty(probability: float, written: str) -> None:
    assert ENGLISH.percent(probability) == written
    assert FRENCH.percent(probability) == written


def test_countries_have_the_names_that_people_use() -> None:
    codes = ("MLI", "COD", "CIV", "XKX", "QQQ")
    english = ["Mali", "DR Congo", "Ivory Coast", "Kosovo", "QQQ"]
    assert [ENGLISH.country(code) for code in codes] == english
    french = ["Mali", "RD Congo", "C\u00f4te d\u2019Ivoire", "Kosovo", "QQQ"]
    assert [FRENCH.country(code) for code in codes] == french


def test_a_country_is_called_as_in_the_language_and_a_region_as_it_is() -> None:
    assert FRENCH.place("country", "CIV", "Ivory Coast") == "C\u00f4te d\u2019Ivoire"
    assert FRENCH.place("country", "QQQ", "Atlantis") == "Atlantis"
    assert FRENCH.place("admin1", "CIV", "Bas-Sassandra") == "Bas-Sassandra"


def test_every_country_of_the_geography_has_a_name() -> None:
    table = pq.read_table(ROOT / "features/places/geography/countries.parquet", columns=["id"])
    codes = table["id"].to_pylist()
    assert [code for code in codes if FRENCH.country(code) == code] == []


@pytest.mark.parametrize(
    ("preferred", "chosen"),
    [
        ([], "en"),
        (["fr"], "fr"),
        (["FR-sn", "en"], "fr"),
        (["de", "fr"], "fr"),
        (["en-GB", "fr"], "en"),
        (["*"], "en"),
        (["x" * 5000], "en"),
    ],
)
def test_the_first_language_that_there_is_gets_chosen(preferred: list[str], chosen: str) -> None:
    assert choose_language(preferred) is LANGUAGES[chosen]


def test_text_runs_as_the_language_does() -> None:
    assert (FRENCH.direction, Language("ar").direction) == ("ltr", "rtl")


def test_a_text_without_a_translation_stays_english() -> None:
    assert FRENCH.gettext("tocsin-admin1 v3") == "tocsin-admin1 v3"
    assert FRENCH.gettext("") == ""


def test_help_does_not_load_the_languages() -> None:
    code = "import sys, tocsin; print('babel' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
