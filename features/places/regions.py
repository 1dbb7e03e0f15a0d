"""Regions that get a score, their neighbours and outlines; countries, capitals and corridors."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy import sparse

from features.arrays import FloatArray, IntArray, ObjectArray
from features.errors import InputError
from features.places import priogrid
from features.words import LEVELS, Level

_BUNDLE = Path(__file__).with_name("geography")
_FILES: dict[Level, str] = {"country": "countries", "admin1": "admin1", "priogrid": "priogrid"}
_COLUMNS = ["id", "name", "country", "latitude", "longitude", "area", "border_distance"]
_IN_BUNDLE = {"area": "area_km2", "border_distance": "border_distance_km"}

TERRITORIES = {"ISR": "PSE", "MAR": "ESH"}
"""Gleditsch-Ward state -> the territory in it that ISO 3166-1 lists as a country of its own."""


def parse_level(text: str) -> Level:
    """Return a level by its name; raises InputError for any other text."""
    for level in LEVELS:
        if text == level:
            return level
    raise InputError(f"'{text}' is no level: write {', '.join(LEVELS)}")


@dataclass(frozen=True, eq=False)
class Regions:
    """Regions of one level, and which of them are neighbours.

    `table` has one row a region, sorted by `id` (as text): `id`, `name`, `country` (ISO 3166-1
    alpha-3), `latitude` and `longitude` [degrees] of a point inside, `area` [km2],
    `border_distance` [km] from the point to the nearest land border of a country; NaN if unknown.
    `neighbours` (n, n), in the order of the table, is 1.0 where two regions touch, across state
    borders too; `lengths` (n, n) [km] are of their common borders, none where they meet in a point.
    """

    level: Level
    table: pd.DataFrame
    neighbours: sparse.csr_array
    lengths: sparse.csr_array | None = None

    def __len__(self) -> int:
        return len(self.table)

    @property
    def ids(self) -> npt.NDArray[np.str_]:
        """The region ids (n,), ascending."""
        return self.table["id"].to_numpy(dtype=str)

    @property
    def coordinates(self) -> tuple[FloatArray, FloatArray]:
        """Latitude and longitude (n,) of points inside [degrees], NaN if unknown."""
        return self.table["latitude"].to_numpy(float), self.table["longitude"].to_numpy(float)

    @property
    def countries(self) -> tuple[npt.NDArray[np.str_], IntArray]:
        """The m countries, ascending, and the number of each region's (n,)."""
        return np.unique(self.table["country"].to_numpy(str), return_inverse=True)

    @property
    def borders(self) -> sparse.csr_array:
        """Lengths of shared borders (n, n) [km]; all borders alike where none was measured."""
        return self.neighbours if self.lengths is None else self.lengths

    def within(self, countries: Collection[str]) -> "Regions":
        """Return the regions of some countries (ISO alpha-3); raises InputError if unknown."""
        _refuse_unknown(countries, _world("country").ids, "country code")
        return self._at(self.table["country"].isin(list(countries)))

    def only(self, ids: Collection[str]) -> "Regions":
        """Return those of the regions that are named, in the same order."""
        return self._at(self.table["id"].isin(list(ids)))

    def _at(self, selection: pd.Series) -> "Regions":
        rows = np.flatnonzero(selection)
        table = self.table.iloc[rows].reset_index(drop=True)
        lengths = None if self.lengths is None else self.lengths[rows][:, rows]
        return Regions(self.level, table, self.neighbours[rows][:, rows], lengths)


def load_regions(level: Level, countries: Collection[str] | None = None) -> Regions:
    """Return a level's bundled regions, of some countries or all; raises InputError if unknown."""
    world = _world(level)
    if countries is not None:
        return world.within(countries)
    # Copies, so that a caller who writes to them does not change the next caller's world.
    table = world.table.copy(deep=False)
    return Regions(level, table, world.neighbours.copy(), world.borders.copy())


def geometries(level: Level, ids: Collection[str] | None = None) -> ObjectArray:
    """Return the outlines (n,) of regions as shapely geometries [degrees], in the order of `ids`.

    By default those of the whole world, as in `load_regions`. Raises InputError for an unknown id.
    """
    all_ids = _world(level).ids
    selection = all_ids if ids is None else np.asarray(list(ids), dtype=str)
    _refuse_unknown(selection, all_ids, f"{level} id")
    if level == "priogrid":
        return priogrid.boxes(selection.astype(np.int64))
    return _outlines(level)[np.searchsorted(all_ids, selection)]


def _refuse_unknown(ids: Collection[str], all_ids: npt.NDArray[np.str_], what: str) -> None:
    unknown = np.setdiff1d(np.asarray(list(ids), dtype=str), all_ids)
    if len(unknown):
        names = ", ".join(f"'{name}'" for name in unknown[:5])
        raise InputError(f"{len(unknown)} unknown {what} (such as {names}): check the spelling")


@cache
def _world(level: Level) -> Regions:
    if level == "priogrid":
        return _cells()
    table = _table(_FILES[level], [_IN_BUNDLE.get(name, name) for name in _COLUMNS])
    pairs = _read(f"{level}_neighbours", columns=["a", "b", "border_km"])
    place = pd.Index(table["id"])
    ends = place.get_indexer(pairs["a"]), place.get_indexer(pairs["b"])
    links = _symmetric(np.ones(len(pairs)), ends, len(table))
    lengths = _symmetric(pairs["border_km"].to_numpy(), ends, len(table))
    lengths.eliminate_zeros()
    return Regions(level, table, links, lengths)


def _symmetric(values: FloatArray, ends: tuple[IntArray, IntArray], size: int) -> sparse.csr_array:
    a, b = np.concatenate(ends), np.concatenate(ends[::-1])
    return sparse.csr_array((np.tile(values, 2), (a, b)), shape=(size, size))


def _cells() -> Regions:
    cells = _table("priogrid", ["gid", "country", "border_distance_km"])
    cells["id"] = cells["gid"].astype("str")
    cells = cells.sort_values("id", ignore_index=True)
    gid = cells["gid"].to_numpy(dtype=np.int64)
    latitude, longitude = priogrid.centres(gid)
    table = cells.assign(
        name="cell " + cells["id"], latitude=latitude, longitude=longitude, area=priogrid.areas(gid)
    )
    return Regions("priogrid", table[_COLUMNS], priogrid.neighbours(gid), priogrid.borders(gid))


def _table(name: str, columns: list[str]) -> pd.DataFrame:
    names = {column: measure for measure, column in _IN_BUNDLE.items()}
    return _read(name, columns).rename(columns=names)


@cache
def _outlines(level: Level) -> ObjectArray:
    table = _read(_FILES[level], columns=["geometry"])
    return np.asarray(shapely.from_wkb(table["geometry"].to_numpy()))


def _read(name: str, columns: list[str]) -> pd.DataFrame:
    return pd.read_parquet(_BUNDLE / f"{name}.parquet", columns=columns)


def states_since() -> dict[str, str]:
    """Return the month `YYYY-MM` from which events are coded to each state, "" if before 1950.

    Earlier ones are coded to the state it left: its own months are not observed, and no peace.
    """
    states = _csv("gleditsch_ward")
    return dict(zip(states["country"], states["since"], strict=True))


def gleditsch_ward_states() -> dict[int, str]:
    """Return the ISO 3166-1 alpha-3 code of every Gleditsch-Ward state number.

    A former state is the one that carries on its number in UCDP's data: 345 (Yugoslavia) is SRB.
    Gleditsch & Ward (1999), International Interactions 25(4).
    """
    states = _csv("gleditsch_ward")
    return dict(zip(states["number"], states["country"], strict=True))


def capitals() -> pd.DataFrame:
    """Return the capitals: `country` (ISO alpha-3), `name`, `latitude`, `longitude` [degrees]."""
    return _csv("capitals").copy()


def corridors() -> pd.DataFrame:
    """Return the places on supply corridors, each corridor from the capital outwards.

    `corridor` names it, `country` (ISO 3166-1 alpha-3) is supplied through it, `order` counts from
    1, `place` lies in `place_country`, `kind` is capital, waypoint, port or crossing, `latitude`
    and `longitude` [degrees] are good to about 5 km.
    """
    return _csv("corridors").copy()


@cache
def _csv(name: str) -> pd.DataFrame:
    return pd.read_csv(_BUNDLE / f"{name}.csv", keep_default_na=False)
