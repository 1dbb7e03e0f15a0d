"""The regions that counts name: bundled ones, and regions of their own without an outline."""

import hashlib

import numpy as np
import pandas as pd
from scipy import sparse

from features.errors import InputError
from features.places.countries import TERRITORIES
from features.places.matching import match_regions
from features.places.regions import Regions, load_regions
from features.places.spelling import plain, slug
from features.words import Level

_DIGEST = 8  # [bytes]


def match_places(
    names: pd.DataFrame, level: Level, corrections: pd.DataFrame | None
) -> pd.DataFrame:
    """Return `names` with the columns `id`, `region`, `how` and `counts_in`.

    `names` has `country` (ISO 3166-1 alpha-3) and `name`; `region` and `how` are as `match_regions`
    returns them. A name that does not match in a state is matched in its territory, if ISO 3166-1
    lists one as a country of its own: Gaza, of Israel, is in Palestine. `counts_in` is the country
    of the region; a cell may lie in several, so for cells it is the delivered country. `id` is the
    bundled region's. Any other depends on country and name alone, so it is the same in every
    release; spellings of the same words share it.
    """
    matches = match_regions(names, level, corrections)
    territory = names["country"].map(TERRITORIES)
    unmatched = matches[(matches["how"] == "unmatched") & territory.notna()]
    if len(unmatched):
        abroad = unmatched.assign(country=territory[unmatched.index])
        again = match_regions(abroad, level, corrections).dropna(subset="region")
        matches.loc[again.index, ["region", "how"]] = again[["region", "how"]]
    country_of = load_regions(level).table.set_index("id")["country"]
    own = matches["region"].map(country_of).astype("str").fillna(names["country"])
    own_ids = [_own_id(*row) for row in zip(names["country"], names["name"], strict=True)]
    return matches.assign(
        id=matches["region"].fillna(pd.Series(own_ids, index=names.index, dtype="str")),
        counts_in=names["country"] if level == "priogrid" else own,
    )


def named_regions(matches: pd.DataFrame) -> pd.DataFrame:
    """Return the regions that are named, in COUNTED_REGIONS_SCHEMA, by id."""
    regions = matches.assign(country=matches["counts_in"], is_bundled=matches["region"].notna())
    columns = ["id", "name", "country", "is_bundled"]
    return regions[columns].drop_duplicates("id").sort_values("id", ignore_index=True)


def _own_id(country: str, name: str) -> str:
    """Return an id that no bundled region has; a name in another script gets a digest."""
    try:
        return f"{country}-x-{slug(name)}"
    except InputError:
        digest = hashlib.blake2b(plain(name).encode(), digest_size=_DIGEST).hexdigest()
        return f"{country}-x--{digest}"


def counted_map(level: Level, own: pd.DataFrame) -> Regions:
    """Return the bundled regions of a level and, without neighbours, those that only counts name.

    `own` has the columns id, name, country and is_bundled. The position and size of a region
    that is not bundled are NaN.
    """
    bundled = load_regions(level)
    others = own[~own["is_bundled"]].drop_duplicates("id")[["id", "name", "country"]]
    table = pd.concat([bundled.table, others.reindex(columns=bundled.table.columns)])
    order = np.argsort(table["id"].to_numpy(dtype=str), kind="stable")
    alone = sparse.csr_array((len(others), len(others)))
    neighbours, borders = (
        sparse.csr_array(sparse.block_diag([links, alone], format="csr"))[order][:, order]
        for links in (bundled.neighbours, bundled.borders)
    )
    return Regions(level, table.iloc[order].reset_index(drop=True), neighbours, borders)
