"""Family `place`: where the region is and how large it is. Family `season`: the calendar.

Values are missing for regions that only counts name, as their place is unknown.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from features.arrays import FloatArray
from features.indicators.encirclement import seats
from features.indicators.indicator import Indicator
from features.indicators.near import great_circle_km
from features.indicators.windows import year_angle
from features.panel.panel import Panel

_REBELS = "Buhaug & Gates 2002, Journal of Peace Research 39(4)"
_place = partial(Indicator, family="place", alarming=None)
_season = partial(Indicator, family="season", alarming=None)


def place() -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    yield _place("area", "Area of the region", "km2", partial(_column, name="area"))
    meaning = "Latitude of a point inside the region, north positive"
    compute = partial(_column, name="latitude")
    yield _place("latitude", meaning, "degrees", compute, lowest=-90, highest=90)
    meaning = "Longitude of a point inside the region, east positive"
    compute = partial(_column, name="longitude")
    yield _place("longitude", meaning, "degrees", compute, lowest=-180, highest=180)
    meaning = "Distance of the region's point from the nearest land border between two countries"
    compute = partial(_column, name="border_distance")
    yield _place("border_distance", meaning, "km", compute, source=_REBELS)
    meaning = "Distance of the region's point from the capital of its country"
    yield _place("capital_distance", meaning, "km", _from_capital, source=_REBELS)


def _column(panel: Panel, name: str) -> FloatArray:
    """Return a column of the regions' table in every month, NaN if the map does not have it."""
    values = np.asarray(panel.regions.table.get(name, np.nan), dtype=np.float64)
    return np.broadcast_to(values, panel.observed.shape)


def _from_capital(panel: Panel) -> FloatArray:
    latitude, longitude, country = seats(panel)
    to = latitude[country], longitude[country]
    distance = great_circle_km(*panel.regions.coordinates, *to)
    return np.broadcast_to(np.where(np.isinf(distance), np.nan, distance), panel.observed.shape)


def season() -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    for name, wave in (("sine", np.sin), ("cosine", np.cos)):
        meaning = f"Month of the year as an angle from January: {name}"
        compute = partial(_of_year, wave=wave)
        yield _season(f"season_{name}", meaning, "1", compute, lowest=-1, highest=1)
    yield _season("month_days", "Days in the month", "days", _days, lowest=28, highest=31)


def _of_year(panel: Panel, wave: Callable[[FloatArray], FloatArray]) -> FloatArray:
    return np.broadcast_to(wave(year_angle(panel.months))[:, None], panel.observed.shape)


def _days(panel: Panel) -> FloatArray:
    first, after = (
        months.astype("datetime64[M]").astype("datetime64[D]")
        for months in (panel.months, panel.months + 1)
    )
    days = (after - first).astype(np.float64)
    return np.broadcast_to(days[:, None], panel.observed.shape)
