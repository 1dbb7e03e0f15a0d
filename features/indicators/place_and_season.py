"""Family `place`: where the region is and how large it is. Family `season`: the calendar.

Values are missing for regions that only counts name, as their place is unknown.
"""

from collections.abc import Callable, Iterator

import numpy as np

from features.arrays import FloatArray, MonthArray
from features.indicators.indicator import Compute, Indicator
from features.indicators.near import great_circle_km
from features.indicators.windows import year_angle
from features.panel.panel import Panel
from features.places.regions import capitals

_REBELS = "Buhaug & Gates 2002, Journal of Peace Research 39(4)"


def place() -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    family = "place"
    meaning = "Area of the region"
    yield Indicator("area", meaning, "km2", family, _always(_column("area")))
    meaning = "Latitude of a point inside the region, north positive"
    compute = _always(_column("latitude"))
    yield Indicator("latitude", meaning, "degrees", family, compute, lowest=-90, highest=90)
    meaning = "Longitude of a point inside the region, east positive"
    compute = _always(_column("longitude"))
    yield Indicator("longitude", meaning, "degrees", family, compute, lowest=-180, highest=180)
    meaning = "Distance of the region's point from the nearest land border between two countries"
    compute = _always(_column("border_distance"))
    yield Indicator("border_distance", meaning, "km", family, compute, source=_REBELS)
    meaning = "Distance of the region's point from the capital of its country"
    yield Indicator(
        "capital_distance", meaning, "km", family, _always(_from_capital), source=_REBELS
    )


def _always(values: Compute) -> Compute:
    """Repeat values (R,) in every month."""
    return lambda panel: np.broadcast_to(values(panel), panel.observed.shape)


def _column(name: str) -> Compute:
    """Return a column of the regions' table (R,), NaN if the map does not have it."""
    return lambda panel: np.asarray(panel.regions.table.get(name, np.nan), dtype=np.float64)


def _from_capital(panel: Panel) -> FloatArray:
    table = panel.regions.table
    seat = capitals().set_index("country").reindex(table["country"])
    to = seat["latitude"].to_numpy(), seat["longitude"].to_numpy()
    distance = great_circle_km(_column("latitude")(panel), _column("longitude")(panel), *to)
    return np.where(np.isinf(distance), np.nan, distance)


def season() -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    for name, wave in (("sine", np.sin), ("cosine", np.cos)):
        meaning = f"Month of the year as an angle from January: {name}"
        compute = _everywhere(_wave(wave))
        yield Indicator(f"season_{name}", meaning, "1", "season", compute, lowest=-1, highest=1)
    meaning, compute = "Days in the month", _everywhere(days_in)
    yield Indicator("month_days", meaning, "days", "season", compute, lowest=28, highest=31)


def days_in(months: MonthArray) -> FloatArray:
    """Return the days (T,) of months (T,) [months since 1970-01]."""
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    after = (months + 1).astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray((after - first).astype(np.float64))


def _wave(function: Callable[[FloatArray], FloatArray]) -> Callable[[MonthArray], FloatArray]:
    return lambda months: function(year_angle(months))


def _everywhere(values: Callable[[MonthArray], FloatArray]) -> Compute:
    return lambda panel: np.broadcast_to(values(panel.months)[:, None], panel.observed.shape)
