"""Names of places as sources spell them -> keys that are equal where the names mean the same.

The words for the kind of a place ("province", "wilaya"), articles and points of the compass are
those of English, French, Spanish, Portuguese, Russian and transliterated Arabic.
"""

import re
import unicodedata

import pandas as pd

from features.errors import InputError


def slug(name: str) -> str:
    """Return a name in `a-z`, `0-9` and single hyphens.

    Raises InputError when nothing is left of it, or when a letter has no place in ASCII.
    """
    words = re.findall(r"[^\W_]+", plain(name))
    if not words or not "".join(words).isascii():
        raise InputError(f"'{name}' cannot be written in ASCII: give the letter in spelling.py")
    return "-".join(words)


def region_ids(country: pd.Series, name: pd.Series, key: pd.Series) -> pd.Series:
    """Return `{country}-{slug of name}` (n,), with a slug of the unique `key` where that repeats.

    Raises InputError when ids still repeat.
    """
    ids = country + "-" + name.map(slug)
    ids = ids.where(~ids.duplicated(keep=False), ids + "-" + key.map(slug))
    if ids.duplicated().any():
        raise InputError(f"region ids repeat: {sorted(ids[ids.duplicated()])}")
    return ids


_LETTERS = str.maketrans(
    {
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "ə": "a",
        "ø": "o",
        "đ": "d",
        "ł": "l",
        "æ": "ae",
        "œ": "oe",
        "ħ": "h",
        "ð": "d",
        "þ": "th",
    }
)  # letters that Unicode does not take apart into a plain one and an accent
_APOSTROPHES = ("Lm", "Sk", "Pi", "Pf")

_ELISION = re.compile(r"\b([dl])['\N{RIGHT SINGLE QUOTATION MARK}](?=[aeiouhyàâéèêëîïôöûüœ])")

_KIND_WORDS = """
    region regions regiao province provinces provincia provincie state etat estado republic
    republique republica republican district districts distrito department departement
    departamento governorate governorates gouvernorat governate muhafazah muhafazat muhafaza
    mohafazat mohafaza wilaya wilayah wilayat oblast krai kray rayon raion okrug county counties
    comte prefecture prefectures prefeitura territory territoire territorio division autonomous
    autonome autonoma autonomo special chartered independent urban municipality municipalite
    municipio municpality administration administrative voivodeship voivodie canton emirate
    parish comunidad ostan velayat viloyat viloyati zone woreda
"""
_ARTICLE_WORDS = """
    the of and al el ad adh an ar as ash at az l la le les los las lo de da do dos das du des del
    d e y et
"""
_KINDS, _ARTICLES = frozenset(_KIND_WORDS.split()), frozenset(_ARTICLE_WORDS.split())
_CITY = "ville ciudad cidade gorod horod misto shaary shahri"
_COMPASS = {
    "north": "north northern nord norte septentrional septentrionale severnaya",
    "south": "south southern sud sur sul meridional meridionale",
    "east": "east eastern est este leste oriental orientale orientales",
    "west": "west western ouest oeste occidental occidentale occidentales",
    "north east": "northeast northeastern nordeste noreste",
    "north west": "northwest northwestern noroeste",
    "south east": "southeast southeastern sudeste sureste",
    "south west": "southwest southwestern sudoeste suroeste",
    "central": "central centre center centro centrale",
    "upper": "upper haut haute hauts hautes alto alta",
    "lower": "lower bas basse baixo baixa bajo baja hoose",
    "middle": "middle moyen moyenne dhexe",
}
_CANONICAL = {
    word: to for to, words in (_COMPASS | {"city": _CITY}).items() for word in words.split()
}
COMPASS = frozenset(" ".join(_COMPASS).split())
"""Words that tell one part of a land from another: two names that differ in them are two places."""


def plain(name: str) -> str:
    """Return a name in small letters without accents and apostrophes."""
    letters = [
        c for c in name.casefold() if c != "'" and unicodedata.category(c) not in _APOSTROPHES
    ]
    apart = unicodedata.normalize("NFKD", "".join(letters).translate(_LETTERS))
    # Again, as compatibility forms may come apart into capitals and further apostrophes.
    return "".join(
        c
        for c in apart.casefold()
        if not unicodedata.combining(c) and unicodedata.category(c) not in _APOSTROPHES
    )


def words(name: str) -> list[str]:
    """Return the words of a name, plain; French elisions are words of their own (`d'Azur`)."""
    apart = _ELISION.sub(r"\1 ", name.casefold())
    initials = re.sub(r"\b(\w)\.", r"\1", apart)
    return re.findall(r"[^\W_]+", plain(initials).replace("&", " and "))


def spoken(name: str) -> list[str]:
    """Return the words of a name but for articles; all of them if there is nothing else."""
    every = words(name)
    return [word for word in every if word not in _ARTICLES] or every


def core(name: str) -> list[str]:
    """Return the words that tell a place from others: no kinds, no articles, compass in English.

    A name of nothing but kinds keeps them.
    """
    every = spoken(name)
    telling = [word for word in every if word not in _KINDS] or every
    return " ".join(_CANONICAL.get(word, word) for word in telling).split()


def without_city(core_words: list[str]) -> list[str]:
    """Return core words without `city`, unless nothing else is there."""
    return [word for word in core_words if word != "city"] or core_words


def consonants(letters: str) -> str:
    """Return the consonants of a plain name, as they survive most transliterations.

    Vowels, h, w and y come and go (Hilmand, Helmand; Misrata, Misratah), q, c and k stand for each
    other, and doubled letters for single ones. A name that begins with a vowel says so.
    """
    single = re.sub(r"(.)\1+", r"\1", letters.translate(str.maketrans("qc", "kk")))
    return re.sub(r"^[aeiou]", "-", single[:1]) + re.sub(r"[aeiouhwy]", "", single[1:])


def readings(name: str) -> list[list[str]]:
    """Return what may be read as the name, the surest first: all of it, then its parts.

    The parts are what is outside, and inside, brackets. With a point of the compass there is but
    one reading: Shan (North) is not Shan.
    """
    inside = re.findall(r"[(\[]([^()\[\]]+)[)\]]", name)
    outside = re.sub(r"[(\[][^()\[\]]*[)\]]?", " ", name)
    parts = [outside, *inside]
    if inside and all(set(core(part)) - COMPASS for part in parts):
        return [[name], parts]
    return [[name]]
