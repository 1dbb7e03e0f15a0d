"""Which bundled first-order region a source means by a name.

Names become keys that are equal where they mean the same.
"""

from collections import defaultdict
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from features.places.regions import load_regions
from features.places.spelling import COMPASS, consonants, core, readings, spoken, words

HOW = ("correction", "id", "name", "alternate name", "spelling", "unmatched")
"""How a name was matched, the surest first. "spelling" is a guess, to be looked over."""
UNMATCHED = (None, "unmatched")
Match = tuple[str | None, str]  # a region id, or None, and one of HOW

LIKE_ENOUGH = 0.75
"""Least likeness of a misspelt name (0-1; Ratcliff & Metzener 1988), its consonants being equal."""
CLEARLY_AHEAD = 0.1  # how much less alike any other region of the country must be
_SHORTEST = 5  # letters of a name that may be misspelt; in shorter ones every letter counts

_FOLDER = Path(__file__).with_name("geography")
_PART = ""  # stands for a unit of lower order, inside a region
_RANKS = ("name", "alternate name")


class _RegionName(NamedTuple):
    """A name of a region, or of a part of one; `rank` is "name" for the main name."""

    name: str
    region: str
    rank: str


class _CountryNames(NamedTuple):
    """The region names of a country, and its regions by step, rank and key."""

    names: list[_RegionName]
    regions: dict[tuple[int, str, str], set[str]]


def match_name(country: str, name: str) -> Match:
    """Return the region of a country (ISO 3166-1 alpha-3) that a name means, and how it matched.

    An id is itself. Names are compared letter by letter, then without articles and in any order of
    words, then without kinds ("province"), then without "city"; at each step main names go first.
    If the whole does not match, a part in brackets is tried, then another transliteration.
    Ambiguous names and parts of regions are unmatched.
    """
    country_names = _country_names(country)
    if any(name == entry.region for entry in country_names.names if entry.region):
        return name, "id"
    for together in readings(name):
        matches = {match for reading in together if (match := _exact(country_names, reading))}
        if matches:
            is_ambiguous = len({region for region, _ in matches}) > 1
            surest = min(matches, key=lambda match: HOW.index(match[1]))
            return UNMATCHED if is_ambiguous else surest
    return _misspelt(country_names, readings(name)[-1][0])


def _exact(country_names: _CountryNames, name: str) -> Match | None:
    """Return the match of a name, UNMATCHED where it is ambiguous, None where no name agrees."""
    for step, key in enumerate(_keys(name)):
        for rank in _RANKS:
            regions_of_key = country_names.regions.get((step, rank, key), set())
            # A part with the bare name of a region does not make the name ambiguous.
            meant = regions_of_key - {_PART} if step else regions_of_key
            if len(meant) == 1 and _PART not in meant:
                return min(meant), rank
            if regions_of_key:
                return UNMATCHED
    return None


def _keys(name: str) -> list[str]:
    telling = core(name)
    return [
        "".join(words(name)),
        " ".join(sorted(spoken(name))),
        "".join(telling),
        " ".join(sorted(telling)),
        "".join(telling),
    ]


def _step_keys(name: str) -> Iterator[tuple[int, str]]:
    """Yield the steps and keys that lead to a name; parts in brackets are left out of the first."""
    yield 0, _keys(name)[0]
    for reading in (reading for together in readings(name) for reading in together):
        # A source may leave out that a region is a city, but not say so of one that is none.
        bare = [word for word in core(reading) if word != "city"] or core(reading)
        yield from enumerate([*_keys(reading)[1:-1], "".join(bare)], start=1)


@cache
def _country_names(country: str) -> _CountryNames:
    own, others = load_regions("admin1").table, _other_names()
    names = [
        _RegionName(name, region, rank)
        for rank, table, column in ((_RANKS[0], own, "id"), (_RANKS[1], others, "region"))
        for name, region in table.loc[table["country"] == country, ["name", column]].to_numpy()
    ]
    regions: dict[tuple[int, str, str], set[str]] = defaultdict(set)
    for name, region, rank in names:
        for step, key in _step_keys(name):
            regions[step, rank, key].add(region)
    return _CountryNames(names, dict(regions))


@cache
def _other_names() -> pd.DataFrame:
    bundled = pd.read_parquet(_FOLDER / "admin1_names.parquet")
    by_hand = pd.read_csv(_FOLDER / "other_names.csv", keep_default_na=False)
    key, surely = ["country", "name"], by_hand[by_hand["region"] != _PART]
    is_settled = pd.MultiIndex.from_frame(bundled[key]).isin(pd.MultiIndex.from_frame(surely[key]))
    return pd.concat([bundled[~is_settled], by_hand]).fillna({"region": _PART})


@cache
def city_and_land(country: str) -> dict[str, frozenset[str]]:
    """Return the regions of a bare name, where a country has a city and a region called after it.

    By `bare_key`: "Kyiv" is UKR-kyiv or UKR-kyiv-city.
    """
    own = load_regions("admin1").table
    own = own[own["country"] == country]
    pairs = [set(ids) for _, ids in own["id"].groupby(own["name"].map(bare_key)) if len(ids) > 1]
    regions: dict[str, set[str]] = defaultdict(set)
    for entry in _country_names(country).names:
        regions[bare_key(entry.name)].add(entry.region)
    return {
        key: frozenset(ids & pair)
        for key, ids in regions.items()
        for pair in pairs
        if len(ids & pair) > 1
    }


def bare_key(name: str) -> str:
    """Return a key that is equal for names that differ in the kind of place only, city included."""
    return " ".join(sorted(word for word in core(name) if word != "city"))


def _misspelt(country_names: _CountryNames, name: str) -> Match:
    """Return the region of a misspelt name: the only one with a similar name, consonants equal."""
    parts, letters = _parted(name)
    if len(letters) < _SHORTEST:
        return UNMATCHED
    likeness: dict[str, float] = defaultdict(float)
    same: set[str] = set()
    for entry in country_names.names:
        entry_parts, rest = _parted(entry.name)
        if entry_parts != parts:
            continue
        alike = SequenceMatcher(None, letters, rest, autojunk=False).ratio()
        likeness[entry.region] = max(likeness[entry.region], alike)
        if consonants(rest) == consonants(letters) and alike >= LIKE_ENOUGH:
            same.add(entry.region)
    if len(same) != 1 or _PART in same:
        return UNMATCHED
    best = likeness.pop(min(same))
    ahead = best - max(likeness.values(), default=0.0) >= CLEARLY_AHEAD
    return (min(same), "spelling") if ahead else UNMATCHED


def _parted(name: str) -> tuple[frozenset[str], str]:
    """Return the words that tell parts of a land or a city apart, and the letters of the rest."""
    telling = core(name)
    apart = COMPASS | {"city"}
    return frozenset(telling) & apart, "".join(word for word in telling if word not in apart)
