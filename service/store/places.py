"""Where the regions of a bulletin lie."""

import numpy as np

from bulletins.columns import as_numbers, numbers
from bulletins.form import REGIONS_FILE
from bulletins.frame import Frame
from bulletins.reading import REGION
from features.arrays import FloatArray
from service.store.bulletins import Bulletin
from service.store.derived import derived

_EDGES = ("west", "south", "east", "north")
_HALF_TURN = 180.0


@derived
def outlines_of(bulletin: Bulletin) -> dict[str, bytes]:
    """Return the outlines of a bulletin's regions as GeoJSON geometries, by id.

    Regions that nobody knows the place of are left out. Raises UnknownError where the bulletin
    tells of no regions.
    """
    table = bulletin.part(REGIONS_FILE).whole(["region", "outline"])
    pairs = zip(table["region"].to_pylist(), table["outline"].to_pylist(), strict=True)
    return {region: outline.encode() for region, outline in pairs if outline is not None}


@derived
def regions_of(bulletin: Bulletin) -> Frame:
    """Return the scored regions, by level and id: region, name, country, level, and where they lie.

    `latitude` and `longitude` [degrees] are null where nobody knows them.
    """
    if REGIONS_FILE in bulletin.parts:
        columns = ["region", "name", "country", "level", "latitude", "longitude"]
        return Frame(bulletin.part(REGIONS_FILE).whole(columns))
    scores = bulletin.scores
    table = scores.take(scores.distinct("region")).select(list(REGION))
    nothing = numbers(np.full(len(table), np.nan))
    return Frame(table.append_column("latitude", nothing).append_column("longitude", nothing))


def neighbours_of(bulletin: Bulletin, region: str) -> list[str]:
    """Return the ids of the scored regions that touch one; none where nobody knows."""
    if REGIONS_FILE not in bulletin.parts:
        return []
    rows = bulletin.part(REGIONS_FILE).of_region(region, ("neighbours",)).to_pylist()
    return [name for row in rows for name in row["neighbours"]]


def regions_in(bulletin: Bulletin, box: str) -> list[str]:
    """Return the ids of the regions that touch a box: west, south, east, north edge [degrees].

    A western edge east of the eastern one goes across 180 degrees. Raises UnknownError where the
    bulletin tells of no regions.
    """
    west, one, east, other = map(float, box.split(","))
    south, north = sorted((one, other))
    ids, edges = _edges(bulletin)
    upright = (edges["south"] <= north) & (edges["north"] >= south)
    spans = [(west, east)] if west <= east else [(west, _HALF_TURN), (-_HALF_TURN, east)]
    across = [(edges["west"] <= right) & (edges["east"] >= left) for left, right in spans]
    within = upright & np.any(across, axis=0)  # NaN touches nothing
    return [ids[place] for place in np.flatnonzero(within).tolist()]


@derived
def _edges(bulletin: Bulletin) -> tuple[list[str], dict[str, FloatArray]]:
    table = bulletin.part(REGIONS_FILE).whole(["region", *_EDGES])
    return table["region"].to_pylist(), {name: as_numbers(table[name]) for name in _EDGES}
