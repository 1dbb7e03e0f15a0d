"""Regions: the places that get a score, who borders whom, and their outlines."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy import sparse

from features import priogrid
from features.errors import InputError

Level = Literal["country", "admin1", "priogrid"]

LEVELS: tuple[Level, ...] = get_args(Level)
_BUNDLE = Path(__file__).parent / "geography"
_FILES: dict[Level, str] = {"country": "countries", "admin1": "admin1", "priogrid": "priogrid"}
_COLUMNS = ["id", "name", "country", "latitude", "longitude"]


def parse_level(text: str) -> Level:
    """Return a level by its name; raises InputError for any other text."""
    for level in LEVELS:
        if text == level:
            return level
    raise InputError(f"'{text}' is no level: write {', '.join(LEVELS)}")


@dataclass(frozen=True, eq=False)
class Regions:
    """Regions of one level, and which of them are neighbours.

    `table` has one row a region, sorted by `id`, with the columns `id`, `name`, `country` (ISO
    3166-1 alpha-3), `latitude` and `longitude` [degrees] of a point inside. `neighbours` (n, n) is
    1.0 where two regions touch, across state borders too; it is symmetric, its diagonal is empty,
    and its order is that of the table. Ids of PRIO-GRID cells are text, and sorted as text.
    """

    level: Level
    table: pd.DataFrame
    neighbours: sparse.csr_array

    def __len__(self) -> int:
        return len(self.table)

    @property
    def ids(self) -> npt.NDArray[np.str_]:
        """The region ids (n,), ascending."""
        return self.table["id"].to_numpy(dtype=str)

    def within(self, countries: Collection[str]) -> "Regions":
        """Return the regions of these countries (ISO 3166-1 alpha-3), in the same order.

        Raises InputError when a country is not known.
        """
        _refuse_unknown(countries, _world("country").ids, "country code")
        return self._at(self.table["country"].isin(list(countries)))

    def only(self, ids: Collection[str]) -> "Regions":
        """Return those of the regions that are named, in the same order."""
        return self._at(self.table["id"].isin(list(ids)))

    def _at(self, wanted: pd.Series) -> "Regions":
        rows = np.flatnonzero(wanted)
        table = self.table.iloc[rows].reset_index(drop=True)
        return Regions(self.level, table, self.neighbours[rows][:, rows])


def load_regions(level: Level, countries: Collection[str] | None = None) -> Regions:
    """Return the bundled regions of a level, of the whole world or of some countries.

    Countries are ISO 3166-1 alpha-3. Raises InputError when a country is not known.
    """
    world = _world(level)
    if countries is not None:
        return world.within(countries)
    # Copies, so that a caller who writes to them does not change the next caller's world.
    return Regions(level, world.table.copy(deep=False), world.neighbours.copy())


def geometries(level: Level, ids: Collection[str] | None = None) -> npt.NDArray[np.object_]:
    """Return the outlines (n,) of regions as shapely geometries [degrees], in the order of `ids`.

    Without `ids`, those of the whole world in the order of `load_regions(level).table`. Raises
    InputError when an id is not known.
    """
    known = _world(level).ids
    wanted = known if ids is None else np.asarray(list(ids), dtype=str)
    _refuse_unknown(wanted, known, f"{level} id")
    if level == "priogrid":
        return priogrid.boxes(wanted.astype(np.int64))
    return _outlines(level)[np.searchsorted(known, wanted)]


def _refuse_unknown(wanted: Collection[str], known: npt.NDArray[np.str_], what: str) -> None:
    unknown = np.setdiff1d(np.asarray(list(wanted), dtype=str), known)
    if len(unknown):
        names = ", ".join(f"'{name}'" for name in unknown[:5])
        raise InputError(f"{len(unknown)} unknown {what} (such as {names}): check the spelling")


@cache
def _world(level: Level) -> Regions:
    if level == "priogrid":
        return _cells()
    table = _read(_FILES[level], columns=_COLUMNS)
    pairs = _read(f"{level}_neighbours", columns=["a", "b"])
    place = pd.Index(table["id"])
    a, b = place.get_indexer(pairs["a"]), place.get_indexer(pairs["b"])
    links = (np.ones(2 * len(pairs)), (np.concatenate([a, b]), np.concatenate([b, a])))
    return Regions(level, table, sparse.csr_array(links, shape=(len(table), len(table))))


def _cells() -> Regions:
    cells = _read("priogrid", columns=["gid", "country"])
    cells["id"] = cells["gid"].astype("str")
    cells = cells.sort_values("id", ignore_index=True)
    gid = cells["gid"].to_numpy(dtype=np.int64)
    latitude, longitude = priogrid.centres(gid)
    table = cells.assign(name="cell " + cells["id"], latitude=latitude, longitude=longitude)
    return Regions("priogrid", table[_COLUMNS], priogrid.neighbours(gid))


@cache
def _outlines(level: Level) -> npt.NDArray[np.object_]:
    outlines: npt.NDArray[np.object_] = shapely.from_wkb(
        _read(_FILES[level], columns=["geometry"])["geometry"].to_numpy()
    )
    return outlines


def _read(name: str, columns: list[str]) -> pd.DataFrame:
    return pd.read_parquet(_BUNDLE / f"{name}.parquet", columns=columns)
