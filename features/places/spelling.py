"""Which names are the same, whatever their case, accents, articles and kinds of place.

The words for the kind of a place ("province", "wilaya"), articles and points of the compass are
those of English, French, Spanish, Portuguese, Russian and transliterated Arabic.
"""

import re
import unicodedata
from functools import lru_cache

from features.errors import InputError


def slug(name: str) -> str:
    """Return a name in `a-z`, `0-9` and single hyphens; raises InputError if it is not ASCII."""
    words = re.findall(r"[^\W_]+", plain(name))
    if not words or not "".join(words).isascii():
        raise InputError(f"'{name}' cannot be written in ASCII: give the letter in region_names.py")
    return "-".join(words)


# Letters that Unicode does not take apart into a plain one and an accent.
_LETTERS = str.maketrans("\N{LATIN SMALL LETTER DOTLESS I}əøđłħð", "iaodlhd") | {
    ord("æ"): "ae", ord("œ"): "oe", ord("þ"): "th"
}  # fmt: skip
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


@lru_cache(maxsize=2**16)
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
    """Return the words that tell a place from others: no kinds, no articles, compass in English."""
    every = spoken(name)
    telling = [word for word in every if word not in _KINDS] or every
    return " ".join(_CANONICAL.get(word, word) for word in telling).split()


def is_bare(name: str) -> bool:
    """Return whether a name does not say of what kind the place is, a city or another."""
    return not any(word in _KINDS or _CANONICAL.get(word, word) == "city" for word in words(name))


def consonants(letters: str) -> str:
    """Return the consonants of a plain name, as they survive most transliterations.

    Vowels, h, w and y come and go (Hilmand, Helmand), q, c and k stand for each other, doubled
    letters for single ones. A name that begins with a vowel says so.
    """
    single = re.sub(r"(.)\1+", r"\1", letters.translate(str.maketrans("qc", "kk")))
    return re.sub(r"^[aeiou]", "-", single[:1]) + re.sub(r"[aeiouhwy]", "", single[1:])


def readings(name: str) -> list[list[str]]:
    """Return what may be read as the name: all of it, then its parts outside and inside brackets.

    A part may not be a mere compass point: Shan (North) is not Shan.
    """
    inside = re.findall(r"[(\[]([^()\[\]]+)[)\]]", name)
    outside = re.sub(r"[(\[][^()\[\]]*[)\]]?", " ", name)
    parts = [outside, *inside]
    if inside and all(set(core(part)) - COMPASS for part in parts):
        return [[name], parts]
    return [[name]]
