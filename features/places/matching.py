"""Names of countries and regions, as sources write them -> the bundled countries and regions.

For aggregated histories, which have no coordinates. A wrong match is worse than none: an uncertain
name stays unmatched, and a table of corrections can decide it.
"""

import csv
import hashlib
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from features.errors import InputError
from features.files import read_whole
from features.places.countries import ambiguous_countries, country_of
from features.places.divisions import refuse_parts_of_the_world, settle_by_others
from features.places.region_names import UNMATCHED, Match, match_name
from features.places.regions import TERRITORIES, Regions, load_regions
from features.places.spelling import plain, slug, words
from features.words import Level

_CORRECTION_COLUMNS = ["country", "name", "region"]


def match_countries(names: pd.Series) -> pd.Series:
    """Return ISO 3166-1 alpha-3 codes (n,) of country names or alpha-3 codes (n,), null if unknown.

    Names are English or French, as UCDP, ACLED, the World Bank and the UN write them; accents,
    case, punctuation, order of words and "Republic of" do not matter. Codes of two letters ("NE",
    "NI") are too easily confused. A name of either of two states is that of the one, where another
    name is that of the other: "Congo" beside "DR Congo".
    """
    codes = {str(name): country_of(str(name)) for name in names.dropna().unique()}
    return names.map(codes | settled_countries(codes)).astype("str")


def settled_countries(codes: Mapping[str, str | None]) -> dict[str, str]:
    """Return the codes of names of either of two states (null) where others are of one of them."""
    clear = set(codes.values())
    left = {
        name: [either for either in ambiguous_countries(name) if either not in clear]
        for name, code in codes.items()
        if code is None
    }
    return {name: either[0] for name, either in left.items() if len(either) == 1}


def match_regions(
    names: pd.DataFrame, level: Level, corrections: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return `names` with the columns `region`, a bundled id or null, and `how`, one of HOW.

    `names` has a row a region: `country` (ISO 3166-1 alpha-3) and `name` (at the level priogrid the
    number of the cell; at the level country the country is the region). Only regions of that
    country are considered, except by one of the `corrections` (see `read_corrections`), which may
    also say that there is none. A name of several regions, or of a unit of lower order, is
    unmatched; other names of the country may settle it (see `settle_by_others`). Raises InputError
    when a correction names no bundled region of the level.
    """
    matches_by_key = {} if corrections is None else _corrected_matches(corrections, level)
    matches: list[Match] = []
    for country, name in zip(names["country"], names["name"], strict=True):
        if pd.isna(country) or pd.isna(name):
            matches.append(UNMATCHED)
        else:
            correction = matches_by_key.get(_correction_key(country, str(name)))
            matches.append(correction or _match(level, country, str(name).strip()))
    columns = pd.DataFrame(matches, names.index, ["region", "how"], dtype="str")
    matched = names.assign(region=columns["region"], how=columns["how"])
    return settle_by_others(matched) if level == "admin1" else matched


def read_corrections(path: Path) -> pd.DataFrame:
    """Return `country` (ISO 3166-1 alpha-3), `name` and `region` of a CSV file, indexed by line.

    A country is a code or a name; a region is a bundled id, or empty (null) for one without
    geometry. Raises InputError, naming the line, when a column is missing, a country unknown, a
    name empty or corrected twice.
    """
    table = _read_table(path)
    country = match_countries(table["country"])
    _refuse(path, table["country"][country.isna()], "is no country that is known")
    _refuse(path, table["name"][table["name"] == ""], "is no name")
    table = table.assign(country=country, region=table["region"].replace("", None).astype("str"))
    keys = [_correction_key(*row) for row in zip(table["country"], table["name"], strict=True)]
    again = pd.Series(keys, index=table.index).duplicated()
    _refuse(path, table["name"][again], "is corrected a second time")
    return table


def _read_table(path: Path) -> pd.DataFrame:
    """Return the three columns of a CSV file as stripped text, indexed by line."""
    try:
        text = io.StringIO(read_whole(path).decode("utf-8-sig"), newline="")
        reader = csv.DictReader(text, restval="")
        header = reader.fieldnames or []
        rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"'{path}' cannot be read as a CSV file in UTF-8: {error}") from error
    missing = [column for column in _CORRECTION_COLUMNS if column not in header]
    if missing:
        raise InputError(f"'{path}', line 1: there is no column {', '.join(missing)}")
    lines = pd.Index([line for line, _ in rows], dtype="int64", name="line")
    table = pd.DataFrame([row for _, row in rows], index=lines, columns=_CORRECTION_COLUMNS)
    stripped = {column: table[column].astype("str").str.strip() for column in table}
    return pd.DataFrame(stripped)


def _refuse(path: Path, wrong: pd.Series, why: str) -> None:
    if len(wrong):
        raise InputError(f"'{path}', line {wrong.index[0]}: '{wrong.iloc[0]}' {why}")


def _corrected_matches(corrections: pd.DataFrame, level: Level) -> dict[tuple[str, str], Match]:
    region = corrections["region"]
    unknown = corrections[region.notna() & ~region.isin(_region_ids(level))]
    if len(unknown):
        raise InputError(
            f"corrections, line {unknown.index[0]}: '{unknown['region'].iloc[0]}' is no bundled "
            f"region of the level {level}: give an id, or nothing for no geometry"
        )
    rows = corrections[_CORRECTION_COLUMNS].itertuples(index=False)
    return {
        _correction_key(country, name): (None if pd.isna(to) else to, "correction")
        for country, name, to in rows
    }


def _correction_key(country: str, name: str) -> tuple[str, str]:
    """Return what must agree for a correction to apply: every word, not its case or accents."""
    return country, " ".join(words(name)) or name.strip()


def _match(level: Level, country: str, name: str) -> Match:
    if level == "admin1":
        return match_name(country, name)
    region = country if level == "country" else name.removesuffix(".0")
    return (region, "id") if region in _region_ids(level) else UNMATCHED


@cache
def _region_ids(level: Level) -> frozenset[str]:
    return frozenset(load_regions(level).ids)


_DIGEST = 8  # [bytes]


def match_places(
    names: pd.DataFrame, level: Level, corrections: pd.DataFrame | None
) -> pd.DataFrame:
    """Return `names` with the columns `id`, `region`, `how` and `counts_in`.

    `names` has `country` (ISO 3166-1 alpha-3) and `name`; `region` and `how` are as in
    `match_regions`, where a name unmatched in a state is tried in its territory (Gaza, of Israel,
    is in Palestine). `counts_in` is the country of the region; for a cell the delivered one. `id`
    is the bundled region's, else one made of country and name, the same in every release. Raises
    InputError when the names are of parts of the world.
    """
    matches = match_regions(names, level, corrections)
    territory = names["country"].map(TERRITORIES)
    unmatched = matches[(matches["how"] == "unmatched") & territory.notna()]
    if len(unmatched):
        abroad = unmatched.assign(country=territory[unmatched.index])
        again = match_regions(abroad, level, corrections).dropna(subset="region")
        matches.loc[again.index, ["region", "how"]] = again[["region", "how"]]
    if level == "admin1":
        refuse_parts_of_the_world(matches)
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

    `own` has the columns id, name, country, is_bundled. Position and size of the others are NaN.
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
