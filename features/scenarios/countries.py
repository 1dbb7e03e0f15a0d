"""The panels of countries in a scenario: a country has what its regions have more or less."""

from dataclasses import replace

import numpy as np
import pandas as pd

from features.arrays import FloatArray, IntArray
from features.errors import InputError
from features.panel.incidents import Incidents
from features.panel.panel import Panel
from features.scenarios.continuation import continued, joined
from features.scenarios.panels import ScenarioPanels


def country_panels(past: Panel, regions: ScenarioPanels, months: int) -> ScenarioPanels:
    """Return the panels of countries that go with those of a finer level and its statements.

    `past` is of countries and ends at the origin. What the history places in a country and in none
    of its regions goes on unchanged. Raises InputError when the levels count other events.
    """
    continuation, finer = continued(past, months), regions.continuation
    if len(continuation.incidents) != len(finer.incidents):
        raise InputError(
            f"the models of countries and of {finer.regions.level} regions count events of several "
            "months otherwise, so that one cannot follow from the other: say which level"
        )
    country = _countries_of(finer, past)
    first = int(past.months[-1]) + 1
    is_coming = continuation.incidents.month >= first
    others = continuation.incidents.at(~is_coming | (finer.incidents.region < 0))
    changed = replace(
        continuation,
        events=_moved(continuation.events, regions.scenario.events - finer.events, country),
        deaths=_moved(continuation.deaths, regions.scenario.deaths - finer.deaths, country),
    )
    panels = (
        replace(panel, incidents=_with_those_of(others, within.incidents, country, first))
        for panel, within in zip((continuation, changed), regions, strict=True)
    )
    return ScenarioPanels(*panels)


def _countries_of(regions: Panel, countries: Panel) -> IntArray:
    """Return the number of the country of each region (R,), -1 for none."""
    ids = pd.Index(countries.regions.table["id"])
    return np.asarray(ids.get_indexer(pd.Index(regions.regions.table["country"])), dtype=np.int64)


def _moved(values: FloatArray, change: FloatArray, country: IntArray) -> FloatArray:
    """Return values of countries (4, T, C) with the change in their regions (4, T, R)."""
    is_in = country[:, None] == np.arange(values.shape[2])
    return np.asarray(np.maximum(values + np.nan_to_num(change) @ is_in.astype(np.float64), 0))


def _with_those_of(
    others: Incidents, regions: Incidents, country: IntArray, first: int
) -> Incidents:
    """Return incidents of countries, and those that regions have from a month on."""
    inside = regions.at((regions.region >= 0) & (regions.month >= first))
    moved = replace(inside, region=country[inside.region])
    return joined(replace(others, names=regions.names), moved)
