"""`regions.parquet`: where the scored regions lie, and who borders whom."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from experiments.publishing.scores import Issue
from features.arrays import ObjectArray
from features.places.regions import geometries, load_regions
from features.words import Level

SIMPLIFIED_BY: dict[Level, float] = {"country": 0.05, "admin1": 0.03, "priogrid": 0.0}
"""Corners that stand out by less [degrees] are left out of outlines, on both sides of a border."""

_DECIMALS = 3  # of degrees: a hundred metres

_EDGES = ["west", "south", "east", "north"]


def regions_of(issue: Issue) -> pd.DataFrame:
    """Return the scored regions of a level, as REGIONS_SCHEMA."""
    regions = issue.panel.regions
    scored = np.flatnonzero(issue.samples.eligible[-1])
    table = regions.table.iloc[scored].reset_index(drop=True)
    shapes = outlines(regions.level, table["id"].to_numpy(dtype=str))
    links = regions.neighbours[scored][:, scored].sorted_indices()
    ids = table["id"].to_numpy(dtype=object)
    spans = pairwise(links.indptr.tolist())
    edges = pd.DataFrame(shapely.bounds(shapes), columns=_EDGES)
    told: pd.DataFrame = table[["id", "name", "country", "latitude", "longitude"]].rename(
        columns={"id": "region"}
    )
    return told.assign(
        level=regions.level,
        outline=pd.Series([s and shapely.to_geojson(s) for s in shapes], dtype=object),
        neighbours=pd.Series([list(ids[links.indices[slice(*span)]]) for span in spans]),
        **{edge: edges[edge] for edge in _EDGES},
    )


def outlines(level: Level, ids: npt.NDArray[np.str_]) -> ObjectArray:
    """Return outlines (n,) for a map as shapely geometries [degrees], None where none is known.

    Neighbours still share their borders; outer rings run anticlockwise, as RFC 7946 has it. No
    island is lost: a region with one so small that rounding would fold it keeps all its decimals.
    """
    known = np.isin(ids, load_regions(level).ids)
    shapes = geometries(level, ids[known])
    if SIMPLIFIED_BY[level]:
        shapes = shapely.coverage_simplify(shapes, SIMPLIFIED_BY[level])
    rounded = shapely.transform(shapes, lambda corners: np.round(corners, _DECIMALS))
    whole = np.where(shapely.is_valid(rounded), rounded, shapes)
    found = np.full(len(ids), None, dtype=object)
    found[known] = shapely.orient_polygons(whole, exterior_cw=False)
    return found
