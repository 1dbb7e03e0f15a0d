"""Counts: history that a source has already aggregated to regions and months."""

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import sparse

from features.places.regions import Level, Regions, load_regions

UNTYPED = 0
"""The type of violence of counts that do not tell the types apart."""

COUNTS_SCHEMA = pa.schema(
    [
        pa.field("country", pa.string(), nullable=False),
        pa.field("region", pa.string(), nullable=False),
        pa.field("month", pa.int64(), nullable=False),
        pa.field("type_of_violence", pa.int8(), nullable=False),
        pa.field("events", pa.int64(), nullable=False),
        pa.field("deaths", pa.int64(), nullable=False),
    ]
)
"""Columns and types of `counts.parquet`: events and deaths of a region in a month.

`region` is an id of COUNTED_REGIONS_SCHEMA, `month` a number [months since 1970-01],
`type_of_violence` as in `features.events` or UNTYPED. The rows of a region and month add up: what a
source tells by type is there by type, the rest is UNTYPED.
"""

COUNTED_REGIONS_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("country", pa.string(), nullable=False),
        pa.field("is_bundled", pa.bool_(), nullable=False),
    ]
)
"""Columns and types of `regions.parquet`: every region that the counts name.

A bundled region has an outline and neighbours (`features.regions`); any other has neither.
"""


def counted_map(level: Level, named: pd.DataFrame) -> Regions:
    """Return the bundled regions of a level and, without neighbours, those that only counts name.

    `named` is in COUNTED_REGIONS_SCHEMA. Where the latter lie and how large they are is NaN.
    """
    bundled = load_regions(level)
    others = named[~named["is_bundled"]].drop_duplicates("id")[["id", "name", "country"]]
    table = pd.concat([bundled.table, others.reindex(columns=bundled.table.columns)])
    order = np.argsort(table["id"].to_numpy(dtype=str), kind="stable")
    alone = sparse.csr_array((len(others), len(others)))
    neighbours, borders = (
        sparse.csr_array(sparse.block_diag([links, alone], format="csr"))[order][:, order]
        for links in (bundled.neighbours, bundled.borders)
    )
    return Regions(level, table.iloc[order].reset_index(drop=True), neighbours, borders)
