"""What the names of a file together tell about each: how it divides a country.

One name alone may be that of a city or of the land around it, or of a region that was larger when
the bundled outlines were drawn. The other names of the country in the same file can tell.
"""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from babel import Locale

from features.errors import InputError
from features.places.region_names import UNMATCHED, bare_key, city_and_land
from features.places.spelling import core, is_bare

_FOLDER = Path(__file__).with_name("geography")
_CERTAIN = ("correction", "id")
_LANGUAGES = ("en", "fr")
_MOST_UNMATCHED = 0.2  # share of a country's names; beyond it the outlines may be of older regions
_MOST_NOTES = 5


class _Redrawn(NamedTuple):
    """Regions of a country that have another extent since a year, if a file has the new names."""

    since: str
    regions: frozenset[str]
    extent: str
    names: frozenset[str]


def settle_by_others(matches: pd.DataFrame) -> pd.DataFrame:
    """Return matches of `match_regions` as the other names of each country settle them.

    A bare name of a city and of the land around it ("Kyiv") is the one that no other name means,
    else unmatched. A name whose region has quite another extent today (Bagmati of Nepal) is
    unmatched where others are of today. What is matched by a correction or an id stays.
    """
    settled = matches.copy()
    for country, own in matches[~matches["how"].isin(_CERTAIN)].groupby("country"):
        every = matches[matches["country"] == country]
        pairs = _undecided(str(country), own["name"])
        meant = set(every["region"][~every["name"].isin(list(pairs))])
        for name, pair in pairs.items():
            free = pair - meant
            surely = (min(free), "name") if len(free) == 1 else UNMATCHED
            settled.loc[own.index[own["name"] == name], ["region", "how"]] = surely
        for change in _changes(str(country), every["name"]):
            if change.extent == "other":
                gone = own.index[own["region"].isin(change.regions)]
                settled.loc[gone, ["region", "how"]] = UNMATCHED
    return settled


def refuse_parts_of_the_world(matches: pd.DataFrame) -> None:
    """Raise InputError when no name is matched and all are of parts of the world, as continents.

    A name that several countries have is taken for one.
    """
    if matches.empty or matches["region"].notna().any():
        return
    keys = matches["name"].map(_key)
    shared = matches.groupby(keys)["country"].transform("nunique") > 1
    if (keys.isin(_parts_of_the_world()) | shared).all():
        raise InputError(
            f"no name is a first-order region that is known, and '{matches['name'].iloc[0]}' seems "
            "to be a part of the world: is it a table of countries (--level country)?"
        )


def doubts(matches: pd.DataFrame) -> tuple[str, ...]:
    """Return what is to be said of matched names (country, name, region, how), a sentence each."""
    names = matches[["country", "name", "region", "how"]].drop_duplicates()
    notes = [note for code, own in names.groupby("country") for note in _doubts(str(code), own)]
    more = len(notes) - _MOST_NOTES
    rest = (f"{more} more doubts about names of regions: see how each was matched (--report)",)
    return (*notes[:_MOST_NOTES], *(rest if more > 0 else ()))


def _doubts(country: str, names: pd.DataFrame) -> Iterator[str]:
    guessed = names[~names["how"].isin(_CERTAIN)]
    without, matched = guessed[guessed["region"].isna()], guessed.dropna(subset="region")
    undecided = _undecided(country, without["name"])
    for name, pair in undecided.items():
        yield (
            f"{name} ({country}) may be {' or '.join(sorted(pair))}, so it has no outline: say "
            "which with --corrections"
        )
    without = without[~without["name"].isin(list(undecided))]
    for region, own in matched.groupby("region"):
        if len(set(own["name"].map(_key))) > 1:
            yield f"{_listed(own['name'])} ({country}) count in one region, {region}"
    changes = _changes(country, names["name"])
    yield from (text for change in changes if (text := _on_change(country, change, guessed)))
    if not changes and len(matched) and len(without) > _MOST_UNMATCHED * len(names):
        yield (
            f"no outline is known of {_listed(without['name'])} ({country}): the outlines may be "
            f"of an older division, with another extent of {_listed(matched['name'])}"
        )


def _on_change(country: str, change: _Redrawn, names: pd.DataFrame) -> str | None:
    if change.extent == "other":
        return (
            f"the outlines of {country} are older than its division of {change.since}: names of "
            f"both ({_listed(_named(names, change))}) take none"
        )
    old = names[names["region"].isin(change.regions)]["name"]
    new = names[names["name"].map(_key).isin(change.names)]["name"]
    if old.empty:
        return None
    return (
        f"the outline of {_listed(old)} ({country}) is that of before {change.since}, with "
        f"{_listed(new)}"
    )


def _named(names: pd.DataFrame, change: _Redrawn) -> pd.Series:
    keys = {_key(region.partition("-")[2]) for region in change.regions}
    return names[names["name"].map(_key).isin(keys)]["name"]


def _listed(names: pd.Series) -> str:
    texts = list(dict.fromkeys(names))
    few = texts[:_MOST_NOTES]
    more = [f"{len(texts) - len(few)} more"] if len(texts) > len(few) else []
    every = [*few, *more]
    return " and ".join([", ".join(every[:-1]), every[-1]] if len(every) > 1 else every)


def _undecided(country: str, names: pd.Series) -> dict[str, frozenset[str]]:
    """Return the regions of each bare name that a city and the land around it have."""
    pairs = city_and_land(country)
    keys = {name: bare_key(name) for name in names.dropna() if pairs and is_bare(name)}
    return {name: pairs[key] for name, key in keys.items() if key in pairs}


def _changes(country: str, names: pd.Series) -> list[_Redrawn]:
    """Return the changes of a country's regions of which there are new names."""
    changes = _redrawn().get(country, [])
    keys = set(names.dropna().map(_key)) if changes else set()
    return [change for change in changes if change.names & keys]


def _key(name: str) -> str:
    return " ".join(sorted(core(name)))


@cache
def _redrawn() -> dict[str, list[_Redrawn]]:
    changes: dict[str, list[_Redrawn]] = {}
    with (_FOLDER / "redrawn.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            regions = frozenset(f"{row['country']}-{it}" for it in row["regions"].split(";"))
            names = frozenset(map(_key, row["names"].split(";")))
            change = _Redrawn(row["since"], regions, row["extent"], names)
            changes.setdefault(row["country"], []).append(change)
    return changes


@cache
def _parts_of_the_world() -> frozenset[str]:
    """Return the keys of continents and their parts, in English and French."""
    return frozenset(
        _key(name)
        for language in _LANGUAGES
        for code, name in Locale.parse(language).territories.items()
        if code.isdigit()
    )
