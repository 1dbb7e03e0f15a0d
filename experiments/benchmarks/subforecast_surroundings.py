"""Indicators of other units for SUB-Forecast: in the country, near by, in all units; the season."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from experiments.benchmarks.subforecast_data import AdminCounts
from experiments.benchmarks.subforecast_history import (
    TYPES,
    Columns,
    active_in,
    began_in,
    escalated_in,
)
from features.arrays import BoolArray, FloatArray, IntArray
from features.indicators import spatial, windows
from features.indicators.near import distances_km
from features.places.matching import match_countries, match_places
from features.places.regions import load_regions

FARTHEST_KM = 2000.0
"""How far from a unit without a place, or without anybody active, the nearest active one is put."""

_KERNELS_KM = (50.0, 150.0, 400.0)
_ACROSS_KM = 150.0
_NEAREST = (4, 10)


@dataclass(frozen=True, eq=False)
class UnitMap:
    """`country` (N,) numbers countries; `km` (N, N) is infinite to oneself and unknown places."""

    country: IntArray
    km: FloatArray

    @property
    def where_known(self) -> FloatArray:
        """1 for units whose place is known, else NaN, (N,)."""
        return np.where(np.isfinite(self.km).any(axis=1), 1.0, np.nan)


def map_of(counts: AdminCounts) -> UnitMap:
    """Locate units by their names, as `tocsin ingest counts` does."""
    country = match_countries(pd.Series(counts.countries, dtype="str"))
    named = pd.DataFrame({"country": country, "name": list(counts.regions)})
    regions = load_regions("admin1").table.set_index("id")
    matched_regions = regions.reindex(match_places(named, "admin1", None)["region"])
    latitude, longitude = (
        matched_regions[c].to_numpy(np.float64) for c in ("latitude", "longitude")
    )
    km = distances_km(latitude, longitude, latitude, longitude)
    np.fill_diagonal(km, np.inf)
    return UnitMap(np.asarray(pd.factorize(np.array(counts.countries))[0], np.int64), km)


def surroundings(counts: AdminCounts, unit_map: UnitMap) -> Columns:
    """Return the columns of what is around the units, (T, N) each; NaN where nobody knows."""
    return {**_country(counts, unit_map), **_near(counts, unit_map), **_season_and_world(counts)}


def _measures(counts: AdminCounts) -> Columns:
    """Return what is looked at in other units."""
    logs, active, began = np.log1p(counts.events), active_in(counts), began_in(counts)
    columns: Columns = {f"log_events_{m}": windows.rolling_mean(logs, m) for m in (1, 3, 12, 60)}
    columns |= {f"active_{m}": windows.rolling_mean(active, m) for m in (1, 3, 12, 60)}
    columns |= {f"began_{m}": windows.rolling_mean(began, m) for m in (6, 36)}
    columns["escalated_3"] = windows.rolling_mean(escalated_in(counts), 3)
    columns["deaths_decay_6"] = windows.decayed_sum(np.log1p(counts.deaths), 6)
    for name, x in zip(TYPES, np.moveaxis(counts.events_by_type, -1, 0), strict=True):
        columns[f"{name}_12"] = windows.rolling_mean(np.log1p(x), 12)
    return columns


def _country(counts: AdminCounts, unit_map: UnitMap) -> Columns:
    others = {
        f"country_{name}": spatial.mean_of_others(values, unit_map.country)
        for name, values in _measures(counts).items()
    }
    size = np.bincount(unit_map.country)[unit_map.country] - 1.0
    month = np.ones((len(counts.months), 1))
    others["country_units"] = month * size
    others |= {f"country_units_active_{m}": others[f"country_active_{m}"] * size for m in (1, 12)}
    others["country_trend"] = others["country_log_events_3"] - others["country_log_events_12"]
    mine = windows.rolling_mean(counts.events, 12)
    theirs = spatial.mean_of_others(mine, unit_map.country) * size
    others["share_of_country"] = mine / np.maximum(mine + theirs, 1e-9)
    # With the unit itself: drifts of reporting reach a whole country.
    active = active_in(counts) @ (unit_map.country[:, None] == unit_map.country[None, :])
    for m in (12, 36):
        recent, usual = windows.rolling_mean(active, 3), windows.rolling_mean(active, m)
        others[f"country_drift_{m}"] = np.log1p(recent) - np.log1p(usual)
    return others


def _near(counts: AdminCounts, unit_map: UnitMap) -> Columns:
    columns, km = _measures(counts), unit_map.km
    abroad = unit_map.country[:, None] != unit_map.country[None, :]
    near: Columns = {}
    for reach in _KERNELS_KM:
        weights = sparse.csr_array(np.exp(-km / reach) * (km < 8 * reach))
        near |= {f"within_{reach:.0f}_{n}": _weighed(x, weights) for n, x in columns.items()}
    weights = sparse.csr_array(np.exp(-km / _ACROSS_KM) * (abroad & (km < 8 * _ACROSS_KM)))
    for name in ("log_events_3", "log_events_12", "active_12"):
        near[f"across_border_{name}"] = _weighed(columns[name], weights)
    for number in _NEAREST:
        weights = _nearest(km, number)
        for name in ("log_events_3", "log_events_12", "active_3", "active_12", "began_6"):
            near[f"nearest_{number}_{name}"] = _weighed(columns[name], weights)
    for months in (1, 3, 12):
        recently = windows.rolling_max(counts.events, months) > 0
        near[f"km_to_active_{months}"] = _distance_to(recently, km)
    return {name: values * unit_map.where_known for name, values in near.items()}


def _weighed(values: FloatArray, weights: sparse.csr_array) -> FloatArray:
    return spatial.weighted_sum(values, weights)


def _nearest(km: FloatArray, number: int) -> sparse.csr_array:
    """Return weights (N, N): the same for each of so many nearest others, which together are 1."""
    order = np.argsort(km, axis=1, kind="stable")[:, :number]
    near = np.isfinite(np.take_along_axis(km, order, axis=1)) / number
    start = np.arange(len(km) + 1) * order.shape[1]
    return sparse.csr_array((near.ravel(), order.ravel(), start), shape=km.shape)


def _distance_to(active: BoolArray, km: FloatArray) -> FloatArray:
    """Return the distance [km] to the nearest other unit that is active, (T, N)."""
    nearest = [km[:, month].min(axis=1, initial=FARTHEST_KM) for month in active]
    return np.array(nearest)


def _season_and_world(counts: AdminCounts) -> Columns:
    every = np.ones((1, len(counts.countries)))
    following = (counts.months + 1) % 12
    angle = windows.year_angle(counts.months + 1)
    columns = {"month": following, "month_cos": np.cos(angle), "month_sin": np.sin(angle)}
    interactions = {name: values[:, None] * every for name, values in columns.items()}
    looked_at = {"active": active_in(counts), "escalated": escalated_in(counts)}
    for name, values in looked_at.items():
        all_units = values.mean(axis=1, keepdims=True)
        recent, usual = windows.rolling_mean(all_units, 3), windows.rolling_mean(all_units, 12)
        interactions[f"world_{name}_1"] = all_units * every
        interactions[f"world_{name}_trend"] = (recent - usual) * every
    return interactions
