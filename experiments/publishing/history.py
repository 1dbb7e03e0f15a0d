"""`history.parquet` and `indicator_values.parquet`: what happened, and what the models read."""

from collections.abc import Collection

import numpy as np
import pandas as pd
import pyarrow as pa

from bulletins.form import HISTORY_MONTHS, INDICATOR_MONTHS, INDICATOR_VALUES_SCHEMA
from experiments.publishing.scores import Issue
from features.arrays import MonthArray, ObjectArray
from features.indicators.catalogue import CATALOGUE
from features.months import format_month

_TYPES = ("state_based", "non_state", "one_sided")


def history_of(issue: Issue) -> pd.DataFrame:
    """Return events and deaths of the months up to the origin, as HISTORY_SCHEMA."""
    panel = issue.panel
    scored = issue.samples.eligible[-1]
    observed = panel.observed[-HISTORY_MONTHS:, scored]
    nothing = np.full(observed.shape, np.nan)
    deaths = panel.deaths[:, -HISTORY_MONTHS:, scored]
    has_types = "types of deaths" in panel.details
    figures = {
        "events": panel.total_events[-HISTORY_MONTHS:, scored]
        if "events" in panel.details
        else nothing,
        "deaths": deaths.sum(axis=0),
    }
    # Deaths of a type not told apart count among all deaths alone.
    for number, name in enumerate(_TYPES):
        figures[name] = deaths[number] if has_types else nothing
    table = _keys(issue, panel.months[-HISTORY_MONTHS:]).assign(observed=observed.T.ravel())
    seen = {name: np.where(observed, values, np.nan) for name, values in figures.items()}
    return table.assign(**{name: values.T.ravel() for name, values in seen.items()})


def indicator_values_of(issue: Issue) -> pd.DataFrame:
    """Return what the model of a level reads, in the months up to the origin.

    One column an indicator after those of INDICATOR_VALUES_SCHEMA.
    """
    samples = issue.samples
    values = samples.indicators[-INDICATOR_MONTHS:, samples.eligible[-1]]
    by_region = values.transpose(1, 0, 2).reshape(-1, len(samples.names))
    read = pd.DataFrame(by_region, columns=list(samples.names))
    return pd.concat([_keys(issue, samples.months[-INDICATOR_MONTHS:]), read], axis="columns")


def indicator_values_schema(names: Collection[str]) -> pa.Schema:
    """Return the form of `indicator_values.parquet` for indicators in the catalogue's order."""
    fields = [pa.field(i.name, pa.float32()) for i in CATALOGUE if i.name in names]
    return pa.schema([*INDICATOR_VALUES_SCHEMA, *fields])


def _keys(issue: Issue, months: MonthArray) -> pd.DataFrame:
    """Return a row a scored region and month, by region and within it by month."""
    ids = issue.panel.regions.table["id"][issue.samples.eligible[-1]].to_numpy(dtype=object)
    written: ObjectArray = np.array(list(map(format_month, months)), dtype=object)
    return pd.DataFrame(
        {
            "region": np.repeat(ids, len(months)),
            "level": issue.panel.regions.level,
            "month": np.tile(written, len(ids)),
        }
    )
