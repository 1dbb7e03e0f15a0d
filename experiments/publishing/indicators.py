"""`indicator_series.parquet`: what all indicators were lately, and where these values stand."""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from bulletins.form import INDICATOR_MONTHS, INDICATOR_SERIES_SCHEMA
from bulletins.writing import parquet_of_lists
from experiments.publishing.scores import LevelForecast
from features.arrays import ObjectArray
from features.indicators.catalogue import CATALOGUE, indicator_table, missing_details
from features.signs.percentiles import Values, own_percentiles, percentiles_among_regions
from features.words import Level

_LISTS = ("values", "own_percentiles", "all_percentiles")
_REGIONS = 2**10  # become rows at once: those of a grid take gigabytes


def indicator_series(forecasts: Iterable[LevelForecast]) -> bytes:
    """Return the file of some levels, as INDICATOR_SERIES_SCHEMA."""
    levels = sorted(forecasts, key=lambda forecast: forecast.model.level)
    return parquet_of_lists(pa.concat_tables(map(_of_level, levels)), _LISTS)


def _of_level(forecast: LevelForecast) -> pa.Table:
    panel = forecast.panel.corrected()
    untold = missing_details(panel)
    names = [indicator.name for indicator in CATALOGUE if indicator.name not in untold]
    ids = panel.regions.table["id"].to_numpy(dtype=object)
    scored = np.flatnonzero(forecast.scored)
    scored = scored[np.argsort(ids[scored])]
    months = min(INDICATOR_MONTHS, len(panel.months))
    series = np.empty((len(_LISTS), len(scored), len(names), months), np.float32)
    for place, name in enumerate(names):
        values = indicator_table(panel, [name]).values[:, :, 0]
        lately = values[-months:]
        figures = (lately, own_percentiles(values, months), percentiles_among_regions(lately))
        series[:, :, place] = np.stack(figures)[:, :, scored].transpose(0, 2, 1)
    blocks = [slice(first, first + _REGIONS) for first in range(0, max(1, len(scored)), _REGIONS)]
    return pa.concat_tables(
        _table(panel.regions.level, ids[scored[block]], names, series[:, block]) for block in blocks
    )


def _table(level: Level, ids: ObjectArray, names: Sequence[str], series: Values) -> pa.Table:
    """Return the rows of n regions and K indicators from (3, n, K, months) of _LISTS."""
    of_region, of_name = np.nonzero(~np.isnan(series[0]).all(axis=2))  # of others nothing is known
    columns = {
        "region": ids[of_region],
        "level": np.full(len(of_region), level, dtype=object),
        "indicator": np.array(names, dtype=object)[of_name],
    }
    lists = {
        name: _lists(figure[of_region, of_name], INDICATOR_SERIES_SCHEMA.field(name).type)
        for name, figure in zip(_LISTS, series, strict=True)
    }
    return pa.table({**columns, **lists}, schema=INDICATOR_SERIES_SCHEMA)


def _lists(rows: Values, kind: pa.ListType) -> pa.Array:
    """Return rows (n, m) as lists of m numbers of a type, null for NaN."""
    is_unknown = np.isnan(rows).ravel()
    numbers = np.where(is_unknown, 0, rows.ravel()).astype(kind.value_type.to_pandas_dtype())
    ends = np.arange(len(rows) + 1, dtype=np.int32) * rows.shape[1]
    return pa.ListArray.from_arrays(ends, pa.array(numbers, mask=is_unknown), type=kind)
