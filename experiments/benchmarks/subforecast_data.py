"""The table of SUB-Forecast as a panel: events of admin-1 units by month.

A CSV, plain or compressed, with the columns country, adm_1 (names as coded), month (YYYY-MM),
n_events, n_sb, n_ns, n_os and deaths, and a row only where something happened.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.benchmarks.files import (
    month_numbers,
    need_columns,
    need_once,
    numbers,
    read_csv,
)
from features.archive.schemas import UNTYPED
from features.errors import InputError
from features.months import format_month
from features.panel.panel import Panel, build_panel
from features.places.matching import counted_map, match_countries, match_places

_EVENTS = {1: "n_sb", 2: "n_ns", 3: "n_os"}
"""Type of violence -> column of its events."""


@dataclass(frozen=True, eq=False)
class Units:
    """The panel of the units, and `Country|Adm1` of each region (N,), in its order."""

    panel: Panel
    names: tuple[str, ...]


def read_units(path: Path) -> Units:
    """Read the table; every country in it is observed from its first month to its last.

    Raises InputError when its form is another, a unit has a month twice, or a month is missing.
    """
    table = _read_table(path)
    named = table[["country", "adm_1"]].drop_duplicates()
    names = pd.DataFrame({"country": match_countries(named["country"]), "name": named["adm_1"]})
    unknown = named["country"][names["country"].isna()]
    if len(unknown):
        raise InputError(f"'{path}' has '{unknown.iloc[0]}', which is no country")
    matches = match_places(names, "admin1", None)
    # Units with one place stay apart: the first has it, the others have none.
    again = matches.groupby("id").cumcount()
    ids = matches["id"].where(again == 0, matches["id"] + "-" + again.astype("str"))
    own = pd.DataFrame(
        {
            "id": ids,
            "name": names["name"],
            "country": matches["counts_in"],
            "is_bundled": matches["region"].notna() & (again == 0),
        }
    )
    unit = named["country"] + "|" + named["adm_1"]
    id_of = dict(zip(unit, ids, strict=True))
    rows = table.assign(region=(table["country"] + "|" + table["adm_1"]).map(id_of))
    months = rows["month"]
    observed = pd.DataFrame(
        {
            "country": sorted(set(own["country"])),
            "first_month": months.min(),
            "last_month": months.max(),
        }
    )
    panel = build_panel(
        _counts(rows),
        observed,
        counted_map("admin1", own),
        ids.tolist(),
        frozenset({"events", "types of events"}),
    )
    return Units(panel, tuple(pd.Series(unit.to_numpy(), ids)[panel.regions.table["id"]]))


def _read_table(path: Path) -> pd.DataFrame:
    table = read_csv(path)
    figures = ["n_events", *_EVENTS.values(), "deaths"]
    need_columns(table, ["country", "adm_1", "month", *figures], path)
    nameless = np.flatnonzero((table["country"] == "") | (table["adm_1"] == ""))
    if len(nameless):
        raise InputError(f"'{path}' names no country and adm_1 in data row {nameless[0] + 1}")
    need_once(table, ["country", "adm_1", "month"], path)
    values = {name: numbers(table[name], path) for name in figures}
    months = month_numbers(table["month"], path)
    missing = sorted(set(range(months.min(), months.max())) - set(months))
    if missing:
        raise InputError(
            f"'{path}' has no row at all of {format_month(missing[0])}: a month is missing"
        )
    return table.assign(month=months, **values)


def _counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the counts that `build_panel` reads: events by type, deaths without one."""
    by_type = [
        rows.assign(type_of_violence=kind, events=rows[column], deaths=0.0)
        for kind, column in _EVENTS.items()
    ]
    typed = rows[list(_EVENTS.values())].sum(axis=1)
    rest = rows.assign(type_of_violence=UNTYPED, events=(rows["n_events"] - typed).clip(lower=0))
    columns = ["region", "month", "type_of_violence", "events", "deaths"]
    return pd.concat([*by_type, rest])[columns]
