"""Countries: their codes, and what people call them; the ids of regions. It loads quickly."""

import csv
from collections.abc import Collection
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import pyarrow.parquet as pq
from babel import Locale
from babel.core import get_global

from features.errors import InputError
from features.places.spelling import words
from features.words import Level

_FOLDER = Path(__file__).with_name("geography")
_TABLES = ("country_names.csv", "gleditsch_ward.csv", "un_names.csv")
_ABBREVIATIONS = {"rep": "republic", "dem": "democratic", "st": "saint", "is": "islands"}
_FILLERS = frozenset(["the", "of", "and", "de", "du", "des", "d", "la", "le", "les", "l", "et"])
_LONG_FORMS = frozenset(
    ["republic", "kingdom", "state", "islamic", "federal", "democratic", "peoples"]
)
AMBIGUOUS = {"congo": ("COD", "COG"), "korea": ("KOR", "PRK")}
"""Names that stand for either of two states, and so for none."""
_OUTSIDE_ISO = {"XKX": "XK"}
_LANGUAGES = ("en", "fr")
_REGIONS: dict[Level, tuple[str, str]] = {
    "country": ("countries.parquet", "id"),
    "admin1": ("admin1.parquet", "id"),
    "priogrid": ("priogrid.parquet", "gid"),
}
"""The file of a level's regions, and the column of their ids."""


def country_of(name: str) -> str | None:
    """Return the ISO 3166-1 alpha-3 code of a country by it or by a name, None if it is not clear.

    Names are English or French, as UCDP, ACLED, the World Bank and the UN write them; accents,
    case, punctuation, order of words and "Republic of" do not matter. Codes of two letters ("NE",
    "NI") are too easily confused in a table.
    """
    code = name.strip().upper()
    if code in _bundled_names():
        return code
    telling = _telling_words(name)
    if " ".join(telling) in AMBIGUOUS:
        return None
    short = [word for word in telling if word not in _LONG_FORMS]
    table = _codes_by_words()
    return table.get(" ".join(telling)) or table.get(" ".join(short))


def ambiguous_countries(name: str) -> tuple[str, ...]:
    """Return the countries (alpha-3) of a name that stands for either, as "Congo"; none if not."""
    return AMBIGUOUS.get(" ".join(_telling_words(name)), ())


def meant_country(text: str) -> str | None:
    """Return the alpha-3 code of what `country_of` takes, an alpha-2 code or a name in CLDR."""
    return (
        country_of(text)
        or _codes_by_alpha_2().get(text.strip().upper())
        or _codes_in_cldr().get("" if ambiguous_countries(text) else " ".join(_telling_words(text)))
    )


def known_country(text: str) -> str:
    """Return what `meant_country` does; raises InputError, with those like it, if it is none."""
    if code := meant_country(text):
        return code
    similar = [f"{country_name(one)} ({one})" for one in similar_countries(text, _bundled_names())]
    remedy = f"did you mean {' or '.join(similar)}?" if similar else "write it as MLI, ML or Mali"
    raise InputError(f"'{text}' is no country that is known: {remedy}")


def similar_countries(text: str, among: Collection[str]) -> list[str]:
    """Return the countries of some (alpha-3) with a name or code like a text, the nearest first."""
    if either := ambiguous_countries(text):
        return [code for code in either if code in among]
    names = [(name, code) for name, code in _codes_by_words().items() if code in among]
    names += [(code.lower(), code) for code in among]
    near = get_close_matches(" ".join(_telling_words(text)), [name for name, _ in names], n=5)
    return list(dict.fromkeys(code for one in near for name, code in names if name == one))


def country_name(code: str) -> str:
    """Return the bundled, English name of a country by its alpha-3 code; the code if unknown."""
    return _bundled_names().get(code, code)


def un_name(code: str) -> str | None:
    """Return the English name of a country in the UN's M49 by its alpha-3 code; None for none."""
    names = dict(_read("un_names.csv"))
    return names.get(code, _bundled_names().get(code)) or None


def alpha_2(code: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of a country by its alpha-3 code, None if unknown."""
    codes = get_global("territory_aliases").get(code, [_OUTSIDE_ISO.get(code)])
    first: str | None = codes[0]
    return first


@cache
def subdivision_codes() -> dict[str, str]:
    """Return the ISO 3166-2 codes of bundled first-order regions by id; some have none."""
    table = pq.ParquetFile(_FOLDER / "admin1.parquet").read(columns=["id", "iso_3166_2"])
    pairs = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return {region: code for region, code in pairs if code is not None}


@cache
def bundled_regions(level: Level) -> frozenset[str]:
    """Return the ids of all bundled regions of a level."""
    file, column = _REGIONS[level]
    ids = pq.ParquetFile(_FOLDER / file).read(columns=[column])[column].to_pylist()
    return frozenset(map(str, ids))


def _telling_words(name: str) -> list[str]:
    spelt_out = [_ABBREVIATIONS.get(word, word) for word in words(name)]
    return sorted(word for word in spelt_out if word not in _FILLERS)


@cache
def _bundled_names() -> dict[str, str]:
    table = pq.ParquetFile(_FOLDER / "countries.parquet").read(columns=["id", "name"])
    return dict(zip(*(column.to_pylist() for column in table.columns), strict=True))


@cache
def _codes_by_words() -> dict[str, str]:
    """Return the country of each name, reduced to its telling words, sorted."""
    names = [pair for table in _TABLES for pair in _read(table)]
    return {
        " ".join(_telling_words(name)): country
        for country, name in (*names, *_bundled_names().items())
        if name
    }


@cache
def _codes_by_alpha_2() -> dict[str | None, str]:
    return {alpha_2(code): code for code in _bundled_names()}


@cache
def _codes_in_cldr() -> dict[str, str]:
    locales = [Locale.parse(language) for language in _LANGUAGES]
    return {
        " ".join(_telling_words(locale.territories[territory])): code
        for locale in locales
        for code in _bundled_names()
        if (territory := alpha_2(code)) in locale.territories
    }


@cache
def _read(table: str) -> tuple[tuple[str, str], ...]:
    with (_FOLDER / table).open(encoding="utf-8", newline="") as file:
        return tuple((row["country"], row["name"]) for row in csv.DictReader(file))
