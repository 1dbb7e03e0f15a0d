"""Files about regions: `regions.parquet`, `unscored.parquet` and the history."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from bulletins.form import HISTORY_MONTHS
from experiments.publishing.scores import LevelForecast, is_scored
from features.arrays import MonthArray, ObjectArray
from features.months import format_month
from features.places.regions import geometries, load_regions
from features.words import UNSCORED, Level

SIMPLIFIED_BY: dict[Level, float] = {"country": 0.05, "admin1": 0.03, "priogrid": 0.0}
"""Tolerance of simplified outlines [degrees], the same on both sides of a border."""

_DECIMALS = 3  # of degrees: a hundred metres

_TYPES = ("state_based", "non_state", "one_sided")
_EDGES = ["west", "south", "east", "north"]


def regions_of(forecast: LevelForecast) -> pd.DataFrame:
    """Return the observed regions of a level, as REGIONS_SCHEMA."""
    regions = forecast.panel.regions
    observed = np.flatnonzero(forecast.panel.observed.any(axis=0))
    table = regions.table.iloc[observed].reset_index(drop=True)
    shapes = outlines(regions.level, table["id"].to_numpy(dtype=str))
    scored = np.flatnonzero(forecast.scored)
    links = regions.neighbours[observed][:, scored].sorted_indices()
    ids = regions.table["id"].to_numpy(dtype=object)[scored]
    spans = pairwise(links.indptr.tolist())
    edges = pd.DataFrame(shapely.bounds(shapes), columns=_EDGES)
    described: pd.DataFrame = table[["id", "name", "country", "latitude", "longitude"]].rename(
        columns={"id": "region"}
    )
    return described.assign(
        level=regions.level,
        outline=pd.Series([s and shapely.to_geojson(s) for s in shapes], dtype=object),
        neighbours=pd.Series([list(ids[links.indices[slice(*span)]]) for span in spans]),
        **{edge: edges[edge] for edge in _EDGES},
    )


def unscored_of(forecast: LevelForecast) -> pd.DataFrame:
    """Return why observed regions of a level have no score, as UNSCORED_SCHEMA."""
    observed, scored = forecast.panel.observed, forecast.scored
    ids = forecast.panel.regions.table["id"]
    left_out = np.flatnonzero(observed.any(axis=0) & ~scored)
    has_ended = ~observed[-1, left_out]
    last = len(observed) - 1 - observed[::-1, left_out].argmax(axis=0)
    ends = [format_month(month) for month in forecast.panel.months[last].tolist()]
    nowhere = pd.DataFrame(
        {
            "region": ids.iloc[left_out],
            "target": None,
            "reason": np.where(has_ended, "ended", "gaps"),
            "observed_to": pd.Series(ends, index=left_out, dtype=object).where(has_ended, None),
        }
    )
    parts = [nowhere]
    for target in forecast.forecaster.targets or {}:
        without = ids[scored & ~is_scored(target, forecast.samples)]
        parts.append(pd.DataFrame({"region": without, "target": target, "reason": "violent"}))
    table = pd.concat(parts, ignore_index=True).assign(level=forecast.panel.regions.level)
    return table.astype({"target": object, "observed_to": object})


def unscored_in_words(forecast: LevelForecast) -> tuple[str, ...]:
    """Return which regions of a level have no score at all and why, a line a country and reason."""
    regions, table = forecast.panel.regions, unscored_of(forecast)
    nowhere = table[table["target"].isna()].fillna({"observed_to": ""})
    countries = dict(zip(regions.table["id"], regions.table["country"], strict=True))
    nowhere = nowhere.assign(country=nowhere["region"].map(countries))
    lines, reasons = [], {str(reason): text for reason, text in UNSCORED.items()}
    for (country, reason, month), part in nowhere.groupby(["country", "reason", "observed_to"]):
        why = reasons[str(reason)].format(month=month)
        lines.append(f"{len(part)} {regions.level} of {country} have no score: {why}")
    return tuple(lines)


def outlines(level: Level, ids: npt.NDArray[np.str_]) -> ObjectArray:
    """Return outlines (n,) for a map as shapely geometries [degrees], None where there is none.

    Neighbours share borders; outer rings run anticlockwise (RFC 7946). Where rounding would fold a
    small island, the region keeps all decimals.
    """
    has_outline = np.isin(ids, load_regions(level).ids)
    shapes = geometries(level, ids[has_outline])
    if SIMPLIFIED_BY[level]:
        shapes = shapely.coverage_simplify(shapes, SIMPLIFIED_BY[level])
    rounded = shapely.transform(shapes, lambda corners: np.round(corners, _DECIMALS))
    whole = np.where(shapely.is_valid(rounded), rounded, shapes)
    outlined = np.full(len(ids), None, dtype=object)
    outlined[has_outline] = shapely.orient_polygons(whole, exterior_cw=False)
    return outlined


def history_of(forecast: LevelForecast) -> pd.DataFrame:
    """Return events and deaths of the months up to the origin, as HISTORY_SCHEMA."""
    panel = forecast.panel
    scored = forecast.scored
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
    # Deaths of no known type are part of all deaths only.
    for number, name in enumerate(_TYPES):
        figures[name] = deaths[number] if has_types else nothing
    table = _keys(forecast, panel.months[-HISTORY_MONTHS:]).assign(observed=observed.T.ravel())
    masked = {name: np.where(observed, values, np.nan) for name, values in figures.items()}
    return table.assign(**{name: values.T.ravel() for name, values in masked.items()})


def _keys(forecast: LevelForecast, months: MonthArray) -> pd.DataFrame:
    """Return a row a scored region and month, by region and within it by month."""
    ids = forecast.panel.regions.table["id"][forecast.scored].to_numpy(dtype=object)
    texts: ObjectArray = np.array(list(map(format_month, months)), dtype=object)
    return pd.DataFrame(
        {
            "region": np.repeat(ids, len(months)),
            "level": forecast.panel.regions.level,
            "month": np.tile(texts, len(ids)),
        }
    )
