"""The indicators of a region by month, as its bulletin has them, and its early signs."""

from bulletins.early_signs import EarlySign, Series, early_signs
from bulletins.form import (
    INDICATOR_SERIES_FILE,
    INDICATOR_VALUES_FILE,
    INDICATOR_VALUES_SCHEMA,
)
from features.months import format_month, parse_month
from service.store.bulletins import Bulletin
from service.store.derived import derived


def series_of(bulletin: Bulletin, region: str) -> dict[str, Series]:
    """Return the indicators of a region by name; older bulletins have no percentiles.

    Raises UnknownError when the bulletin was issued before indicators were kept.
    """
    if INDICATOR_VALUES_FILE in bulletin.parts:
        return _values_of(bulletin, region)
    table = bulletin.part(INDICATOR_SERIES_FILE).of_region(region)
    origin = parse_month(bulletin.manifest.origin)
    series = {}
    for row in table.to_pylist():
        first = origin + 1 - len(row["values"])
        months = [format_month(month) for month in range(first, origin + 1)]
        lists = (row["values"], row["own_percentiles"], row["all_percentiles"])
        series[row["indicator"]] = Series(months, *lists)
    return series


def _values_of(bulletin: Bulletin, region: str) -> dict[str, Series]:
    table = bulletin.part(INDICATOR_VALUES_FILE).of_region(region)
    months, nothing = table["month"].to_pylist(), [None] * len(table)
    names = [name for name in table.column_names if name not in INDICATOR_VALUES_SCHEMA.names]
    return {name: Series(months, table[name].to_pylist(), nothing, nothing) for name in names}


@derived
def signs_of(bulletin: Bulletin, region: str) -> list[EarlySign] | None:
    """Return the early signs of a region, the worst first; None in bulletins without percentiles.

    A region without scores has none.
    """
    if INDICATOR_SERIES_FILE not in bulletin.parts:
        return None
    return early_signs(series_of(bulletin, region), bulletin.listed)
