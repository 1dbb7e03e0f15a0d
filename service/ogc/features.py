"""The features of a layer: a region each, its scores side by side."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import numpy as np
import pyarrow as pa

from bulletins.form import REGIONS_FILE
from bulletins.tables import Frame, Rows, as_numbers, bytes_column, number_column, text_column
from features.arrays import BoolArray, FloatArray
from features.months import first_day, format_month, parse_month
from features.words import DISTRIBUTIONS, RISK_LEVELS, Level, Target
from service.api.selection import find_country, plain
from service.forms.rows import with_constants
from service.ogc.queries import FeatureQuery, interval_of
from service.store.bulletins import Bulletin
from service.store.derived import (
    derived,
    regions_in,
    regions_of,
    risk_of_scores,
    unscored_because,
)

_DEATHS = ("mean", "q05", "q95")
_EDGES = ("west", "south", "east", "north")
_WORLD = [-180.0, -90.0, 180.0, 90.0]


@derived
def features_of(bulletin: Bulletin, level: Level) -> Frame:
    """Return the observed regions of a level, by id, with their scores; null for what is unknown.

    A target and horizon [months] have the columns `<target>_<horizon>_probability` and
    `_risk_level`; of a distribution of deaths `_mean`, `_q05` and `_q95` [deaths/month].
    """
    regions = regions_of(bulletin)
    table = regions.take(regions.rows[regions.among("level", [level])])
    ids = table["region"].to_pylist()
    reasons = [unscored_because(bulletin, region) for region in ids]
    encoded = [None if reason is None else reason.encode() for reason in reasons]
    table = table.append_column("unscored_because", bytes_column(encoded, pa.string()))
    for name, column in _score_columns(bulletin, level, ids):
        table = table.append_column(name, column)
    manifest = bulletin.manifest
    first, last = _months(bulletin)
    # Of dates GDAL would ask by `datetime`, as if there were one, and believe the answer.
    facts = {
        "origin": manifest.origin,
        "first_month": format_month(first),
        "last_month": format_month(last),
        "issued_at": manifest.issued_at.isoformat(),
        "bulletin": manifest.id,
        "simulated": "true" if manifest.simulated else "false",
    }
    return Frame(with_constants(table, facts))


def _score_columns(
    bulletin: Bulletin, level: Level, ids: Sequence[str]
) -> Iterator[tuple[str, pa.Array]]:
    """Yield the columns of the scores of some regions, by target and horizon."""
    scores, risk = bulletin.scores, risk_of_scores(bulletin)
    codes, values = scores.codes("region")
    places = {region: place for place, region in enumerate(ids)}
    places_of_rows = np.array([places.get(region, -1) for region in values])[codes]
    is_here = scores.among("level", [level])
    numbers = {name: as_numbers(scores.table[name]) for name in ("probability", *_DEATHS)}

    def spread(values_of_rows: FloatArray, rows: BoolArray) -> FloatArray:
        column = np.full(len(ids), np.nan)
        column[places_of_rows[rows]] = values_of_rows[rows]
        return column

    for target, horizon in _forecasts(bulletin):
        rows = is_here & scores.among("target", [target]) & scores.among("horizon", [horizon])
        if not rows.any():
            continue
        begin = f"{target}_{horizon}"
        if target in DISTRIBUTIONS:
            for name in _DEATHS:
                yield f"{begin}_{name}", number_column(spread(numbers[name], rows))
            continue
        yield f"{begin}_probability", number_column(spread(numbers["probability"], rows))
        levels = np.full(len(ids), -1, np.int8)
        levels[places_of_rows[rows]] = risk[rows]
        yield f"{begin}_risk_level", text_column(levels, RISK_LEVELS)


def _forecasts(bulletin: Bulletin) -> list[tuple[Target, int]]:
    return [(t, horizon) for t in bulletin.targets for horizon in sorted(bulletin.horizons[t])]


def days_of(bulletin: Bulletin) -> tuple[str, str]:
    """Return the first and the last day of the months that are forecast, YYYY-MM-DD."""
    first, last = _months(bulletin)
    return first_day(first).isoformat(), (first_day(last + 1) - timedelta(days=1)).isoformat()


def _months(bulletin: Bulletin) -> tuple[int, int]:
    """Return the first and the last month that is forecast [months since 1970-01]."""
    months = map(parse_month, bulletin.scores.values("target_month"))
    return parse_month(bulletin.manifest.origin) + 1, max(months)


def select_features(bulletin: Bulletin, level: Level, query: FeatureQuery) -> Rows:
    """Return the rows of the features that pass; raises UnknownError for an unknown country."""
    features = features_of(bulletin, level)
    table = features.table
    passes = np.ones(len(features), np.bool_)
    if query.country:
        codes = [find_country(bulletin, name, features) for name in query.country]
        passes &= features.among("country", codes)
    if query.bbox is not None:
        passes &= features.among("region", regions_in(bulletin, query.bbox))
    wanted = query.model_dump(include={"name", "iso_3166_2", "pcode"})
    for column, text in wanted.items():
        if text is not None:
            texts = table[column].to_pylist()
            passes &= np.array([plain(one or "") == plain(text) for one in texts], np.bool_)
    if query.datetime is not None:
        first, last = days_of(bulletin)
        begin, end = interval_of(query.datetime)
        passes &= begin <= last and end >= first
    return features.rows[passes]


@derived
def edges_of(bulletin: Bulletin, level: Level) -> list[float]:
    """Return west, south, east and north edge [degrees] of a level; of the world if unknown."""
    if REGIONS_FILE not in bulletin.parts:
        return _WORLD
    regions = Frame(bulletin.part(REGIONS_FILE).whole(["level", *_EDGES]))
    table = regions.take(regions.rows[regions.among("level", [level])])
    west, south, east, north = (as_numbers(table[name]) for name in _EDGES)
    if np.isnan(west).all():
        return _WORLD
    ends = np.nanmin(west), np.nanmin(south), np.nanmax(east), np.nanmax(north)
    return [float(end) for end in ends]
