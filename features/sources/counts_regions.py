"""The regions that counts name: bundled ones, and regions of their own without an outline."""

import hashlib

import pandas as pd

from features.errors import InputError
from features.places.countries import TERRITORIES
from features.places.matching import match_regions
from features.places.regions import load_regions
from features.places.spelling import plain, slug
from features.words import Level

_DIGEST = 8  # [bytes]


def match_places(
    names: pd.DataFrame, level: Level, corrections: pd.DataFrame | None
) -> pd.DataFrame:
    """Return `names` with the columns `id`, `region`, `how` and `counts_in`.

    `names` has `country` (ISO 3166-1 alpha-3) and `name`; `region` and `how` are as `match_regions`
    returns them. A name that is unknown in a state is looked for in the territory of which ISO
    3166-1 makes a country of its own: Gaza, of Israel, is in Palestine. `counts_in` is the country
    to which the counts belong: that of the region, but for a cell, which may lie in several, the
    country that was said. `id` is the bundled region's, or one that depends on country and name
    alone, so that it stays the same over releases; spellings of the same words share it.
    """
    matches = match_regions(names, level, corrections)
    territory = names["country"].map(TERRITORIES)
    tried = matches[(matches["how"] == "unmatched") & territory.notna()]
    if len(tried):
        elsewhere = match_regions(tried.assign(country=territory[tried.index]), level, corrections)
        found = elsewhere[elsewhere["region"].notna()]
        matches.loc[found.index, ["region", "how"]] = found[["region", "how"]]
    country_of = load_regions(level).table.set_index("id")["country"]
    own = matches["region"].map(country_of).astype("str").fillna(names["country"])
    made_up = [_own_id(*row) for row in zip(names["country"], names["name"], strict=True)]
    return matches.assign(
        id=matches["region"].fillna(pd.Series(made_up, index=names.index, dtype="str")),
        counts_in=names["country"] if level == "priogrid" else own,
    )


def named_regions(matches: pd.DataFrame) -> pd.DataFrame:
    """Return the regions that are named, in COUNTED_REGIONS_SCHEMA, by id."""
    named = matches.assign(country=matches["counts_in"], is_bundled=matches["region"].notna())
    columns = ["id", "name", "country", "is_bundled"]
    return named[columns].drop_duplicates("id").sort_values("id", ignore_index=True)


def _own_id(country: str, name: str) -> str:
    """Return an id that no bundled region has; a name in another script gets a digest."""
    try:
        return f"{country}-x-{slug(name)}"
    except InputError:
        digest = hashlib.blake2b(plain(name).encode(), digest_size=_DIGEST).hexdigest()
        return f"{country}-x--{digest}"
