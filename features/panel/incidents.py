"""Incidents: the single events behind a panel, with actors, coordinates and texts."""

import hashlib
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from features.archive.monthly import event_parts
from features.archive.schemas import TYPES_OF_VIOLENCE
from features.archive.vintage import Vintage
from features.arrays import BoolArray, FloatArray, IntArray
from features.panel.topics import TOPICS, topic_columns
from features.places.placement import LAST_PRECISION
from features.places.regions import Regions

STATE_PREFIXES = ("Government of ", "Military Forces of ", "Police Forces of ")
"""How the names of state forces begin in UCDP and in ACLED; any other actor is an armed group."""

_LOCATED = f"coalesce(where_prec <= {LAST_PRECISION['admin1']}, true)"


@dataclass(frozen=True, eq=False)
class Incidents:
    """Events of organised violence, n of them, by month; each in the month in which it ended.

    `month` (n,) [months since 1970-01]; `region` (n,) in the panel, -1 for none; `latitude`,
    `longitude` (n,) [degrees], NaN where only the country or a part of it is known; `deaths` (n,)
    is the best estimate; `type_of_violence` (n,). `actors` (n, 2), side a and side b, number
    `names`, -1 where a side is missing or no armed actor (civilians); `is_state` (len(names),).
    `topics` (n, len(TOPICS)) are those of its text, and `has_text` (n,) says whether there is any.
    """

    month: IntArray
    region: IntArray
    latitude: FloatArray
    longitude: FloatArray
    deaths: FloatArray
    type_of_violence: IntArray
    actors: IntArray
    topics: BoolArray
    has_text: BoolArray
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.month)

    @property
    def is_state(self) -> BoolArray:
        """Are the actors state forces, (len(names),)?"""
        return np.array([name.startswith(STATE_PREFIXES) for name in self.names], dtype=bool)

    def until(self, month: int) -> "Incidents":
        """Return the incidents up to a month [months since 1970-01]."""
        return self.at(self.month <= month)

    def at(self, selection: BoolArray | IntArray) -> "Incidents":
        """Return some of the incidents: a mask (n,), or their numbers."""
        names = (field.name for field in fields(self) if field.name != "names")
        return replace(self, **{name: getattr(self, name)[selection] for name in names})

    def digest(self) -> str:
        """Return a content hash, without numbers of regions and names: later events change them."""
        content = hashlib.sha256()
        names = np.array([*self.names, ""], dtype=object)
        content.update("\n".join(names[self.actors].ravel()).encode())
        for field in fields(self):
            if field.name not in {"names", "actors", "region"}:
                content.update(np.ascontiguousarray(getattr(self, field.name)).tobytes())
        return content.hexdigest()


def no_incidents() -> Incidents:
    """Return no incidents, as of an aggregated history."""
    figures, numbers, flags = np.empty(0), np.empty(0, np.int64), np.empty(0, bool)
    actors, topics = np.empty((0, 2), np.int64), np.empty((0, len(TOPICS)), bool)
    places = (numbers, numbers, figures, figures)
    return Incidents(*places, figures, numbers, actors, topics, flags, names=())


def read_incidents(vintage: Vintage, regions: Regions, *, with_topics: bool) -> Incidents:
    """Return the incidents in a panel's regions; without topics the bulky texts are not read."""
    violence = ", ".join(map(str, TYPES_OF_VIOLENCE))
    text = "text" if with_topics else "NULL"
    with event_parts(vintage) as database:
        table = database.sql(f"""
            SELECT
                month, {regions.level} AS region, type_of_violence, best AS deaths,
                CASE WHEN {_LOCATED} THEN latitude END AS latitude,
                CASE WHEN {_LOCATED} THEN longitude END AS longitude,
                side_a, CASE WHEN type_of_violence <> 3 THEN side_b END AS side_b,
                coalesce({text}, '') <> '' AS has_text,
                {topic_columns(text)}
            FROM parts
            WHERE is_last AND type_of_violence IN ({violence})
            ORDER BY month, event_id
        """).to_arrow_table()
    return _of_table(table, regions)


def _of_table(table: pa.Table, regions: Regions) -> Incidents:
    sides = pd.concat([table["side_a"].to_pandas(), table["side_b"].to_pandas()])
    numbers, names = pd.factorize(sides.astype("str"), sort=True)
    columns = {name: table[name].to_numpy() for name in ("month", "type_of_violence", "deaths")}
    return Incidents(
        month=columns["month"].astype(np.int64),
        region=pd.Index(regions.table["id"]).get_indexer(table["region"].to_pandas()),
        latitude=_numbers(table["latitude"]),
        longitude=_numbers(table["longitude"]),
        deaths=columns["deaths"].astype(np.float64),
        type_of_violence=columns["type_of_violence"].astype(np.int64),
        actors=np.ascontiguousarray(numbers.reshape(2, -1).T),
        topics=np.column_stack([table[f"topic_{topic}"].to_numpy() for topic in TOPICS]),
        has_text=table["has_text"].to_numpy(),
        names=tuple(names),
    )


def _numbers(column: pa.ChunkedArray) -> FloatArray:
    return np.asarray(column.to_pandas().to_numpy(dtype=np.float64))
