"""The languages that people read: a catalogue of messages each, and how they write numbers.

A message is its English text. Another language is a file, `locales/<code>.po`; `make messages`
brings the files up to date (`tools/messages.py`). Sentences have their values as `{name}`.
"""

import gettext
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

from features.places.countries import alpha_2

LOCALES = Path(__file__).with_name("locales")

_ENGLISH = "en"
_SMALL, _FEWEST_DEATHS, _MANY = 0.01, 0.1, 10


def round_deaths(deaths: float) -> float:
    """Return deaths with one decimal below ten and none from there on: more would be noise."""
    return round(deaths) if abs(deaths) >= _MANY else round(deaths, 1) + 0.0  # never -0


def message(text: str) -> str:
    """Return a text as it is; it marks the text as a message, to be translated where it is used."""
    return text


# CLDR writes these as nobody else does, or otherwise than the bundled geography.
_COUNTRIES = {
    "BIH": message("Bosnia and Herzegovina"),
    "CIV": message("Ivory Coast"),
    "COD": message("DR Congo"),
    "COG": message("Congo"),
    "HKG": message("Hong Kong"),
    "MAC": message("Macao"),
    "MMR": message("Myanmar"),
    "PSE": message("Palestine"),
    "TUR": message("Turkey"),
}


@dataclass(frozen=True)
class Language:
    """A language by its code (BCP 47: `en`, `fr`, `pt-BR`)."""

    code: str

    @property
    def direction(self) -> str:
        """Return `ltr` or `rtl`, as HTML's `dir` has it."""
        direction: str = _locale(self.code).text_direction
        return direction

    @property
    def name(self) -> str:
        """Return the language's name for itself."""
        name = Locale.parse(self.code, sep="-").get_display_name() or self.code
        return name[0].upper() + name[1:]

    def gettext(self, text: str) -> str:
        """Return a message in this language; in English where it has no translation."""
        return _messages(self.code).gettext(text) if text else text

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return the form of a message that goes with a number."""
        return _messages(self.code).ngettext(singular, plural, n)

    def month(self, month: str) -> str:
        """Write `2025-01` as January 2025."""
        first = date.fromisoformat(f"{month}-01")
        return format_skeleton("yMMMM", first, locale=_locale(self.code))

    def month_alone(self, month: str) -> str:
        """Write `2025-01` as Jan."""
        first = date.fromisoformat(f"{month}-01")
        return format_date(first, "LLL", locale=_locale(self.code))

    def day(self, day: date) -> str:
        """Write a day as 5 January 2025."""
        return format_date(day, "long", locale=_locale(self.code))

    def percent(self, probability: float) -> str:
        """Write a probability in whole per cent, never rounded to certainty."""
        if probability < _SMALL:
            return f"<{self.share(_SMALL)}"
        certain = probability > 1 - _SMALL
        return f">{self.share(1 - _SMALL)}" if certain else self.share(probability)

    def share(self, share: float) -> str:
        """Write a share, 0 to 1, in whole per cent."""
        return _percent(self.code, round(share, 2))

    def shares(self, low: float, high: float) -> str:
        """Write an interval of shares, 0 to 1, in whole per cent."""
        return f"{_decimal(self.code, round(100 * low))}\N{EN DASH}{self.share(high)}"

    def number(self, value: float) -> str:
        """Write a number with two decimals at most, and none from 10 on."""
        decimals = 0 if abs(value) >= _MANY else 2
        return _decimal(self.code, round(value, decimals) + 0.0)  # never -0

    def deaths(self, deaths: float | None) -> str:
        """Write deaths as `round_deaths` does, but a few never as none; `?` where not known."""
        if deaths is None:
            return "?"
        rounded = round_deaths(deaths)
        if deaths > 0 and rounded == 0:
            return f"<{_decimal(self.code, _FEWEST_DEATHS)}"
        return _decimal(self.code, rounded)

    def value(self, value: float, unit: str | None) -> str:
        """Write the value of an indicator, by its unit."""
        if unit == "share":
            return self.share(value)
        return self.deaths(value) if (unit or "").startswith("deaths") else self.number(value)

    def country(self, code: str) -> str:
        """Return the name of a country by its ISO 3166-1 alpha-3 code; the code where none is."""
        if code in _COUNTRIES:
            return self.gettext(_COUNTRIES[code])
        name: str = _locale(self.code).territories.get(alpha_2(code), code)
        return name

    def place(self, level: str, country: str, name: str) -> str:
        """Return the name of a region as it is, of a country in this language where it has one."""
        translated = self.country(country) if level == "country" else country
        return name if translated == country else translated


LANGUAGES: dict[str, Language] = {
    code: Language(code)
    for code in (_ENGLISH, *sorted(path.stem.replace("_", "-") for path in LOCALES.glob("*.po")))
}
"""The languages by code: English, whose messages need no file, and those that have a catalogue."""

ENGLISH = LANGUAGES[_ENGLISH]


def choose_language(preferred: Iterable[str]) -> Language:
    """Return the first language of some codes that there is, or a near one; else English."""
    code = negotiate_locale(preferred, LANGUAGES, sep="-") or _ENGLISH
    return next(one for name, one in LANGUAGES.items() if name.lower() == code.lower())


@cache
def _locale(code: str) -> Locale:
    # International English has 5 January 2025; that of the United States has January 5, 2025.
    return Locale.parse("en_001" if code == _ENGLISH else code.replace("-", "_"))


@lru_cache(maxsize=1024)
def _percent(code: str, share: float) -> str:
    # With a space, as the documents have it; CLDR's English has none.
    form = "#,##0\N{NO-BREAK SPACE}%" if code == _ENGLISH else None
    return format_percent(share, format=form, locale=_locale(code))


@lru_cache(maxsize=4096)
def _decimal(code: str, number: float) -> str:
    return format_decimal(number, locale=_locale(code))


@cache
def _messages(code: str) -> gettext.NullTranslations:
    if code == _ENGLISH:
        return gettext.NullTranslations()
    compiled = BytesIO()
    with (LOCALES / f"{code.replace('-', '_')}.po").open("rb") as file:
        write_mo(compiled, read_po(file))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
