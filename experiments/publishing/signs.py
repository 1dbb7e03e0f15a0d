"""The tables of signs: capitals and corridors of the history, armed groups of each level."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from bulletins.signs import (
    ACTORS_FILE,
    CAPITAL_RINGS_FILE,
    CAPITAL_SECTORS_FILE,
    CORRIDOR_QUARTERS_FILE,
    CORRIDORS_FILE,
    DYADS_FILE,
    SIGNS_SCHEMAS,
)
from bulletins.writing import parquet_of
from features.months import format_month
from features.panel.panel import Panel
from features.places.regions import capitals
from features.signs.capitals import capital_rings, capital_sectors
from features.signs.corridors import corridor_pressure, corridor_quarters
from features.signs.groups import group_id, group_opponents, group_regions, other_names

_MONTHS = ("since", "first_month", "last_month", "began")


def signs_files(panels: Sequence[Panel]) -> dict[str, bytes]:
    """Return the files of SIGNS_SCHEMAS by name, from a panel a level that ends at the origin.

    Tables that the history cannot tell are empty.
    """
    # Capitals and corridors are the same at every level.
    placed = [panel for panel in panels if "places" in panel.details][:1]
    named = [panel for panel in panels if "actors" in panel.details]
    return {
        CAPITAL_RINGS_FILE: _file(CAPITAL_RINGS_FILE, placed, _rings),
        CAPITAL_SECTORS_FILE: _file(CAPITAL_SECTORS_FILE, placed, capital_sectors),
        CORRIDORS_FILE: _file(CORRIDORS_FILE, placed, corridor_pressure, ["corridor"]),
        CORRIDOR_QUARTERS_FILE: _file(
            CORRIDOR_QUARTERS_FILE, placed, corridor_quarters, ["corridor", "leg", "first_month"]
        ),
        ACTORS_FILE: _file(ACTORS_FILE, named, _actors, ["level", "actor", "region"]),
        DYADS_FILE: _file(
            DYADS_FILE, named, _dyads, ["level", "actor", "opponent_kind", "opponent", "region"]
        ),
    }


def _file(
    name: str,
    panels: Sequence[Panel],
    table_of: Callable[[Panel], pd.DataFrame],
    order: Sequence[str] = (),
) -> bytes:
    schema = SIGNS_SCHEMAS[name]
    tables = [table_of(panel) for panel in panels]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=schema.names)
    if order:
        table = table.sort_values([*order], kind="stable", ignore_index=True)
    months = {month: table[month].map(_month_text) for month in _MONTHS if month in table}
    return parquet_of(table.assign(**months), schema)


def _month_text(month: float) -> str | None:
    return None if np.isnan(month) else format_month(int(month))


def _rings(panel: Panel) -> pd.DataFrame:
    places = capitals().rename(columns={"name": "capital"})
    return capital_rings(panel).merge(places, on="country", how="left", validate="many_to_one")


def _actors(panel: Panel) -> pd.DataFrame:
    table = group_regions(panel).rename(columns={"actor": "name"})
    others = table["name"].map(other_names)
    return table.assign(
        actor=table["name"].map(group_id),
        level=panel.regions.level,
        aliases=others.map(lambda names: list(names.aliases)),
        predecessors=others.map(lambda names: list(names.predecessors)),
    )


def _dyads(panel: Panel) -> pd.DataFrame:
    table = group_opponents(panel).rename(columns={"actor": "name", "opponent": "opponent_name"})
    is_group = table["opponent_kind"] == "group"
    opponent = table["opponent_name"].where(is_group).map(group_id, na_action="ignore")
    return table.assign(
        actor=table["name"].map(group_id),
        level=panel.regions.level,
        opponent=opponent.astype(object).where(is_group, None),
    )
