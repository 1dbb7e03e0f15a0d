"""The armed groups: where each fights, since when, where it has ceased, and whom it fights.

An armed group is an actor that is no state force, under the name that the source gives it; the
rules are those of `indicators/groups.py`. What is new is new to the record: in its first years
every group is. `group_names.csv` lists other names of a group, and groups that it came out of.
"""

import csv
import hashlib
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from features.arrays import FloatArray, IntArray, ObjectArray
from features.indicators.groups import sides_of_groups
from features.panel.panel import Panel

LATE, YEAR = 3, 12
"""The windows in which a group is new, or active [months]."""

_ONE_SIDED = 3
_DIGITS = 6


class OtherNames(NamedTuple):
    """Other names of a group, and the groups that it came out of."""

    aliases: tuple[str, ...] = ()
    predecessors: tuple[str, ...] = ()


def group_regions(panel: Panel) -> pd.DataFrame:
    """Return a row an armed group and region in which it ever fought, by name and region.

    Columns: actor; region, its id; first_month and last_month [since 1970-01]; events and deaths of
    all months, those of the last 3 and of the last 12 (events_3, ...); began, the group's first
    month in any region.
    """
    actor, _, incident = sides_of_groups(panel)
    table = _figures(panel, incident, {"actor": _names(panel, actor)})
    began = table.groupby("actor")["first_month"].transform("min")
    return table.assign(began=began)


def group_opponents(panel: Panel) -> pd.DataFrame:
    """Return a row an armed group, opponent and region, by name.

    Columns as in `group_regions`, without `began`, and: opponent, its name, None where there is no
    armed one; opponent_kind: `group`, `state`, `civilians` (one-sided violence), or `unknown`.
    """
    actor, opponent, incident = sides_of_groups(panel)
    is_state = np.append(panel.incidents.is_state, False)[opponent]
    alone = np.where(
        panel.incidents.type_of_violence[incident] == _ONE_SIDED, "civilians", "unknown"
    )
    kind = np.where(opponent < 0, alone, np.where(is_state, "state", "group"))
    keys = {"actor": _names(panel, actor), "opponent": _names(panel, opponent)}
    table = _figures(panel, incident, keys | {"opponent_kind": kind.astype(object)})
    table["opponent"] = table["opponent"].astype(object).replace("", None)
    return table


def group_id(name: str) -> str:
    """Return the id of a group in addresses: its name in plain letters, and digits of its hash."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub("[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    digits = hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
    return f"{words}-{digits}" if words else digits


def other_names(name: str) -> OtherNames:
    """Return what else a group is called, as far as it is documented."""
    return _other_names().get(name, OtherNames())


@cache
def _other_names() -> dict[str, OtherNames]:
    names: dict[str, OtherNames] = {}
    with Path(__file__).with_name("group_names.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            known = names.get(row["name"], OtherNames())
            kind = "predecessors" if row["relation"] == "came out of" else "aliases"
            changed = {kind: (*getattr(known, kind), row["other_name"])}
            names[row["name"]] = known._replace(**changed)
    return names


def _names(panel: Panel, actor: IntArray) -> ObjectArray:
    return np.array([*panel.incidents.names, ""], dtype=object)[actor]


def _figures(panel: Panel, incident: IntArray, keys: dict[str, ObjectArray]) -> pd.DataFrame:
    incidents, end = panel.incidents, int(panel.months[-1])
    month, deaths = incidents.month[incident], incidents.deaths[incident]
    figures: dict[str, FloatArray] = {"events": np.ones(len(deaths)), "deaths": deaths}
    for months in (LATE, YEAR):
        recent = month > end - months
        figures |= {f"events_{months}": np.where(recent, 1.0, 0.0)}
        figures |= {f"deaths_{months}": np.where(recent, deaths, 0.0)}
    ids = panel.regions.table["id"].to_numpy(object)
    table = pd.DataFrame(
        {**keys, "region": ids[incidents.region[incident]], "month": month, **figures}
    )
    by_key = table.groupby([*keys, "region"], sort=True)
    months_of = by_key["month"].agg(first_month="min", last_month="max")
    return pd.concat([months_of, by_key[list(figures)].sum()], axis="columns").reset_index()
