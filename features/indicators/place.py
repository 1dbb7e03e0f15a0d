"""Family `place`: where the region is and how large it is, the same in every month.

Of a region that only counts name nobody knows the place: its values are missing.
"""

from collections.abc import Iterator

import numpy as np

from features.indicators.distances import great_circle_km
from features.indicators.indicator import Compute, Indicator
from features.panel import FloatArray, Panel
from features.places.countries import capitals

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
    distance = great_circle_km(
        _column("latitude")(panel),
        _column("longitude")(panel),
        seat["latitude"].to_numpy(),
        seat["longitude"].to_numpy(),
    )
    return np.where(np.isinf(distance), np.nan, distance)
