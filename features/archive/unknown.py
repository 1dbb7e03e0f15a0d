"""Months of regions that are not observed though their country is."""

import pandas as pd

from features.archive.monthly import counted_regions
from features.archive.nowhere import deaths_of_countries
from features.archive.releases import REGIONS_FILE, UNKNOWN_FILE
from features.archive.vintage import Vintage
from features.places.regions import load_regions
from features.words import Level

_COLUMNS = ["region", "month"]


def unknown_cells(vintage: Vintage, level: Level) -> pd.DataFrame:
    """Return the unobserved months of regions in observed countries: region, month.

    Of events they are the months with deaths of a country of which a source places none in any
    region of the level. Of counts they are those that the releases do not tell, and those of a
    region that the base of the month does not name. A country with an unknown region of counts is
    itself unknown.
    """
    if vintage.level is not None:
        return _of_counts(vintage, level)
    return pd.DataFrame(columns=_COLUMNS) if level == "country" else _of_events(vintage, level)


def _of_events(vintage: Vintage, level: Level) -> pd.DataFrame:
    regions = load_regions(level).table[["id", "country"]].rename(columns={"id": "region"})
    deaths = deaths_of_countries(vintage, level).merge(vintage.bases, on=["country", "month"])
    sources = deaths["release"].map(lambda number: vintage.releases[number].source)
    placed = deaths["deaths"] - deaths["placed_nowhere"]
    is_whole = placed.groupby([sources, deaths["country"]]).transform("sum") == 0
    return regions.merge(deaths.loc[is_whole, ["country", "month"]], on="country")[_COLUMNS]


def _of_counts(vintage: Vintage, level: Level) -> pd.DataFrame:
    regions = counted_regions(vintage)[["id", "country"]].rename(columns={"id": "region"})
    parts = []
    for number, release in enumerate(vintage.releases):
        base = vintage.bases.loc[vintage.bases["release"] == number, ["country", "month"]]
        if (file := release.folder / UNKNOWN_FILE).exists():
            parts.append(pd.read_parquet(file).merge(regions, on="region").merge(base))
        if level == vintage.level:
            told = pd.read_parquet(release.folder / REGIONS_FILE, columns=["id"])["id"]
            parts.append(regions[~regions["region"].isin(told)].merge(base, on="country"))
    cells = pd.concat(parts) if parts else pd.DataFrame(columns=[*_COLUMNS, "country"])
    cells = cells if level == vintage.level else cells.assign(region=cells["country"])
    return cells[_COLUMNS].drop_duplicates(ignore_index=True)
