"""Region ids from names: `MLI-segou`. ASCII, lower case, safe in a URL, one for each region."""

import re

import pandas as pd

from features.errors import InputError
from features.names.spelling import plain


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
