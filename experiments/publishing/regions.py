"""`regions.parquet`: the scored regions, their outlines and their neighbours."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from experiments.publishing.scores import LevelForecast
from features.arrays import ObjectArray
from features.places.regions import geometries, load_regions
from features.words import Level

SIMPLIFIED_BY: dict[Level, float] = {"country": 0.05, "admin1": 0.03, "priogrid": 0.0}
"""Tolerance of simplified outlines [degrees], the same on both sides of a border."""

_DECIMALS = 3  # of degrees: a hundred metres

_EDGES = ["west", "south", "east", "north"]


def regions_of(forecast: LevelForecast) -> pd.DataFrame:
    """Return the scored regions of a level, as REGIONS_SCHEMA."""
    regions = forecast.panel.regions
    scored = np.flatnonzero(forecast.scored)
    table = regions.table.iloc[scored].reset_index(drop=True)
    shapes = outlines(regions.level, table["id"].to_numpy(dtype=str))
    links = regions.neighbours[scored][:, scored].sorted_indices()
    ids = table["id"].to_numpy(dtype=object)
    spans = pairwise(links.indptr.tolist())
    edges = pd.DataFrame(shapely.bounds(shapes), columns=_EDGES)
    described: pd.DataFrame = table[["id", "name", "country", "latitude", "longitude"]].rename(
        columns={"id": "region"}
    )
    return described.assign(
        level=regions.level,
        outline=pd.Series([s and shapely.to_geojson(s) for s in shapes], dtype=object),
        neighbours=pd.Series([list(ids[links.indices[slice(*span)]]) for span in spans]),
        **{edge: edges[edge] for edge in _EDGES},
    )


def outlines(level: Level, ids: npt.NDArray[np.str_]) -> ObjectArray:
    """Return outlines (n,) for a map as shapely geometries [degrees], None where there is none.

    Neighbours share their borders; outer rings run anticlockwise (RFC 7946). A region with an
    island so small that rounding would fold it keeps all decimals, so that no island is lost.
    """
    has_outline = np.isin(ids, load_regions(level).ids)
    shapes = geometries(level, ids[has_outline])
    if SIMPLIFIED_BY[level]:
        shapes = shapely.coverage_simplify(shapes, SIMPLIFIED_BY[level])
    rounded = shapely.transform(shapes, lambda corners: np.round(corners, _DECIMALS))
    whole = np.where(shapely.is_valid(rounded), rounded, shapes)
    outlined = np.full(len(ids), None, dtype=object)
    outlined[has_outline] = shapely.orient_polygons(whole, exterior_cw=False)
    return outlined
