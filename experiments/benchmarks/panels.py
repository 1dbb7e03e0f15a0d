"""Panels of countries from a table of deaths by month."""

from collections.abc import Sequence

import numpy as np

from features.archive.schemas import TYPES_OF_VIOLENCE
from features.arrays import FloatArray, MonthArray
from features.panel.panel import Panel
from features.places.regions import load_regions
from features.words import Violence


def country_panel(
    months: MonthArray, codes: Sequence[str], deaths: FloatArray, violence: Violence | None = None
) -> Panel:
    """Return a panel of countries (ISO 3166-1 alpha-3), ascending, of deaths (T, N) [deaths/month].

    `months` (T,) follow each other [months since 1970-01]; deaths are NaN where not observed, and
    of one type of violence or, by default, of all together. Raises InputError for an unknown
    country.
    """
    world = load_regions("country")
    columns = deaths[:, np.argsort(np.asarray(codes, dtype=str))]
    layers = np.zeros((len(TYPES_OF_VIOLENCE) + 1, *columns.shape))
    layers[:, np.isnan(columns)] = np.nan
    events = layers.copy()
    types = [*TYPES_OF_VIOLENCE.values(), None]
    layers[types.index(violence)] = columns
    is_own = world.table["id"].isin(codes).to_numpy()
    return Panel(
        regions=world.within(codes),
        months=months,
        observed=~np.isnan(columns),
        events=events,
        deaths=layers,
        neighbour_count=np.asarray(world.neighbours.sum(axis=1), dtype=np.float64)[is_own],
        details=frozenset() if violence is None else frozenset({"types of deaths"}),
    )
