"""Which PRIO-GRID cells touch land, and the country that holds each."""

import numpy as np
import pandas as pd
import shapely

from features.places.priogrid import COLUMNS, ROWS, boxes
from tools.geography.shapes import Geometries


def land_cells(geometries: Geometries, country: pd.Series) -> pd.DataFrame:
    """Return the cells that touch land: `gid` (ascending) and `country`.

    `geometries` (n,) are the units of countries (n,). A cell belongs to the country that has the
    largest part of the cell's land; of two with the same part, to the first in the alphabet.
    """
    grid = boxes(np.arange(1, ROWS * COLUMNS + 1))
    shapely.prepare(geometries)
    unit, cell = shapely.STRtree(grid).query(geometries, predicate="intersects")
    parts = pd.DataFrame({"gid": cell + 1, "unit": unit, "country": country.to_numpy()[unit]})
    parts["land"] = 0.0
    shared = parts.groupby("gid")["country"].transform("nunique") > 1
    parts.loc[shared, "land"] = shapely.area(
        shapely.intersection(
            grid[parts.loc[shared, "gid"].to_numpy() - 1],
            geometries[parts.loc[shared, "unit"].to_numpy()],
        )
    )
    holders = parts.pivot_table(
        index=["gid", "country"], values="land", aggfunc="sum"
    ).reset_index()
    holders = holders.sort_values(["gid", "land", "country"], ascending=[True, False, True])
    return holders.drop_duplicates("gid")[["gid", "country"]].reset_index(drop=True)
