"""Region ids from names: `MLI-segou`. ASCII, lower case, safe in a URL, one for each region."""

import re
import unicodedata

import pandas as pd

from features.errors import InputError

_DOTLESS_I = "\N{LATIN SMALL LETTER DOTLESS I}"
_LETTERS = str.maketrans(
    {
        _DOTLESS_I: "i",
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


def slug(name: str) -> str:
    """Return a name in `a-z`, `0-9` and single hyphens.

    Raises InputError when nothing is left of it, or when a letter has no place in ASCII.
    """
    kept = [c for c in name.casefold() if c != "'" and unicodedata.category(c) not in _APOSTROPHES]
    plain = unicodedata.normalize("NFKD", "".join(kept).translate(_LETTERS))
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    words = re.findall(r"[^\W_]+", bare)
    if not words or not "".join(words).isascii():
        raise InputError(f"'{name}' cannot be written in ASCII: give the letter in naming.py")
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
