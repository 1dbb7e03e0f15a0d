"""The ring around each capital: violence by direction and distance, as the indicators have it.

Directions are the 8 sectors and distances the bands of the family `encirclement`. Violence counts
across borders. The city, within CENTRE_KM, has no direction. Countries that are not observed in the
newest quarter, and those without a capital, are left out.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.arrays import BoolArray, FloatArray, ObjectArray
from features.indicators.encirclement import CAPITAL_RADII, CENTRE_KM, SECTORS, seats, sector_of
from features.indicators.indicator import per_panel
from features.indicators.near import (
    EARTH_RADIUS_KM,
    counts_at,
    lately,
    pairs_between,
    violence,
)
from features.panel.panel import Panel
from features.places.placement import country_at
from features.signs.quarters import (
    BEFORE,
    MONTHS,
    YEAR,
    observed_quarters,
    percentile,
    quarter_sums,
    since,
    usual,
    year_sums,
)

DIRECTIONS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
BANDS = tuple(pairwise((CENTRE_KM, *CAPITAL_RADII)))
"""The bands around a capital, from and to [km]."""

_CITY = 1
_WEDGES = len(BANDS) * SECTORS
_SPOTS_OUT, _SPOTS_ACROSS = 3, 5  # how many points stand for the land of a wedge
_HALF = 0.5


class _Surroundings(NamedTuple):
    """Violence around n capitals, C cells each: the city, then every band from north clockwise.

    `events` and `deaths` are (n, C, Q) by quarter, `happened` (n, C, T) by month; `observed` (n, Q)
    says when the country was, `land` (n, bands, SECTORS) which share of a wedge's land is observed
    in the newest quarter, NaN at sea.
    """

    country: ObjectArray
    events: FloatArray
    deaths: FloatArray
    happened: BoolArray
    observed: BoolArray
    land: FloatArray

    def closed(self, months: int = MONTHS) -> BoolArray:
        """Was there violence in the last months within each radius (radii, n, SECTORS, T)?"""
        number, _, rows = self.happened.shape
        wedges = self.happened[:, _CITY:].reshape(number, len(BANDS), SECTORS, rows)
        within = np.logical_or.accumulate(wedges, axis=1).transpose(3, 1, 0, 2)
        return np.moveaxis(lately(within, months), 0, -1)


def capital_sectors(panel: Panel) -> pd.DataFrame:
    """Return a row a capital, band and direction, the city first, by country.

    Columns: country; direction, None for the city; from_km, to_km; observed, the share of the
    land that is observed in the newest quarter, NaN at sea; events and deaths of that quarter;
    events_before and deaths_before, the mean of a quarter of the three years before; percentile of
    the events among the earlier quarters; since, the month [since 1970-01] in which the unbroken
    run of months with violence in their last three began, NaN if there is none. Figures are NaN
    where nothing is observed.
    """
    around = _surroundings(panel)
    number, cells = around.events.shape[:2]
    events, deaths = (
        values.reshape(number * cells, values.shape[2]) for values in (around.events, around.deaths)
    )
    happened = around.happened.reshape(number * cells, len(panel.months))
    observed = np.repeat(around.observed, cells, axis=0)
    land = np.column_stack([np.ones(number), around.land.reshape(number, _WEDGES)]).ravel()
    unknown = (land == 0) & (events.sum(axis=1) == 0)
    columns = {
        "observed": land,
        "events": events[:, 0],
        "deaths": deaths[:, 0],
        "events_before": usual(events, observed),
        "deaths_before": usual(deaths, observed),
        "percentile": percentile(events, observed),
        "since": since(panel, lately(happened.T, MONTHS).T),
    }
    bands = [(0.0, CENTRE_KM), *(band for band in BANDS for _ in range(SECTORS))]
    table = pd.DataFrame(
        {
            "country": np.repeat(around.country, cells),
            "direction": [None, *DIRECTIONS * len(BANDS)] * number,
            "from_km": [inner for inner, _ in bands] * number,
            "to_km": [outer for _, outer in bands] * number,
            **columns,
        }
    )
    table.loc[unknown, [name for name in columns if name != "observed"]] = np.nan
    return table


def capital_rings(panel: Panel) -> pd.DataFrame:
    """Return a row a capital and radius, by country.

    Columns: country; radius_km; closed, the sectors of 8 with violence within the radius, but
    outside the city, in the newest quarter; closed_12, those of the last 12 months; unobserved,
    those not closed of which less than half of the land is observed; closed_before and closed_most,
    mean and most of the quarters of the three years before; percentile among the earlier quarters;
    since, the month [since 1970-01] from which it has been as closed as now, NaN where it is open;
    events and deaths of the newest quarter within the radius outside the city; events_before and
    deaths_before, the mean of a quarter of the three years before; events_12 and deaths_12, of the
    last 12 months, NaN if not all are observed.
    """
    around = _surroundings(panel)
    number = len(around.country)
    tables = [_ring(panel, around, position) for position in range(len(CAPITAL_RADII))]
    order = np.arange(number * len(tables)).reshape(len(tables), number).T.ravel()
    return pd.concat(tables, ignore_index=True).iloc[order].reset_index(drop=True)


def _ring(panel: Panel, around: _Surroundings, position: int) -> pd.DataFrame:
    """Return the rings of one radius, a row a capital, as `capital_rings` has them."""
    closed = around.closed()[position]
    inside = slice(_CITY, _CITY + (position + 1) * SECTORS)
    events, deaths = (f[:, inside].sum(axis=1) for f in (around.events, around.deaths))
    by_month = closed.sum(axis=1).astype(np.float64)
    of_quarters = by_month[:, ::-1][:, ::MONTHS][:, : events.shape[1]]
    now = of_quarters[:, 0]
    most = np.where(around.observed, of_quarters, np.nan)[:, 1 : BEFORE + 1]
    is_dark = ~closed[:, :, -1] & ~_mostly_observed(around.land, position)
    return pd.DataFrame(
        {
            "country": around.country,
            "radius_km": CAPITAL_RADII[position],
            "closed": now,
            "closed_12": around.closed(YEAR)[position, :, :, -1].sum(axis=1),
            "unobserved": is_dark.sum(axis=1),
            "closed_before": usual(of_quarters, around.observed),
            "closed_most": np.fmax.reduce(most, axis=1, initial=np.nan),
            "percentile": percentile(of_quarters, around.observed),
            "since": since(panel, (by_month >= now[:, None]) & (now[:, None] > 0)),
            "events": events[:, 0],
            "deaths": deaths[:, 0],
            "events_before": usual(events, around.observed),
            "deaths_before": usual(deaths, around.observed),
            "events_12": year_sums(events, around.observed),
            "deaths_12": year_sums(deaths, around.observed),
        }
    )


def _mostly_observed(land: FloatArray, position: int) -> BoolArray:
    """Return (n, SECTORS): is half the land of a sector observed, or is there none?"""
    area = np.array([outer**2 - inner**2 for inner, outer in BANDS[: position + 1]])
    weight = np.where(np.isnan(land[:, : position + 1]), 0.0, area[:, None])
    observed = (np.nan_to_num(land[:, : position + 1]) * weight).sum(axis=1)
    return np.asarray(observed >= _HALF * weight.sum(axis=1))


@per_panel
def _surroundings(panel: Panel) -> _Surroundings:
    countries, _ = panel.regions.countries
    latitude, longitude, _ = seats(panel)
    observed = observed_quarters(panel)
    is_there = ~np.isnan(latitude + longitude)
    shown = np.flatnonzero(is_there & observed[:, :1].any(axis=1))
    incidents = violence(panel)
    cells = _CITY + _WEDGES
    site, point, km = pairs_between(
        latitude[shown], longitude[shown], incidents.latitude, incidents.longitude, BANDS[-1][1]
    )
    sector = sector_of(
        latitude[shown][site],
        longitude[shown][site],
        incidents.latitude[point],
        incidents.longitude[point],
    )
    band = np.searchsorted(CAPITAL_RADII, km)
    cell = np.where(km < CENTRE_KM, 0, _CITY + band * SECTORS + sector)
    at = counts_at(site * cells + cell, point, (len(shown) * cells, len(incidents.latitude)))

    def by_quarter(values: FloatArray) -> FloatArray:
        sums = quarter_sums(panel, incidents.row, incidents.point, values, at.shape[1])
        return np.asarray(at @ sums).reshape(len(shown), cells, sums.shape[1])

    return _Surroundings(
        countries[shown].astype(object),
        by_quarter(np.ones(len(incidents.row))),
        by_quarter(panel.incidents.deaths[incidents.incident]),
        ((at @ incidents.counts).toarray() > 0).reshape(len(shown), cells, len(panel.months)),
        observed[shown],
        _observed_land(latitude[shown], longitude[shown], countries[observed[:, :1].any(axis=1)]),
    )


def _observed_land(
    latitude: FloatArray, longitude: FloatArray, observed: npt.NDArray[np.str_]
) -> FloatArray:
    """Return which share of the land of each wedge (n, bands, SECTORS) is in observed countries."""
    to_latitude, to_longitude = _spots(latitude, longitude)
    holder = country_at(to_latitude.ravel(), to_longitude.ravel())
    shape = to_latitude.shape
    is_land = np.array([country is not None for country in holder], bool).reshape(shape)
    is_observed = np.isin(holder.astype(str), observed).reshape(shape)
    land = is_land.sum(axis=-1)
    share = np.full(land.shape, np.nan)
    np.divide((is_land & is_observed).sum(axis=-1), land, out=share, where=land > 0)
    return share


def _spots(latitude: FloatArray, longitude: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return points [degrees] spread over the wedges, (n, bands, SECTORS, spots) each.

    They go out by equal areas and across by equal angles.
    """
    step = (np.arange(_SPOTS_OUT) + 0.5) / _SPOTS_OUT
    km = np.array([np.sqrt(a**2 + (b**2 - a**2) * step) for a, b in BANDS])
    across = (np.arange(_SPOTS_ACROSS) + 0.5) / _SPOTS_ACROSS - 0.5
    bearing = (np.arange(SECTORS)[:, None] + across) * 2 * np.pi / SECTORS
    arc = (km / EARTH_RADIUS_KM)[None, :, None, :, None]
    angle = bearing[None, None, :, None, :]
    north = np.radians(latitude)[:, None, None, None, None]
    to_north = np.arcsin(np.sin(north) * np.cos(arc) + np.cos(north) * np.sin(arc) * np.cos(angle))
    east = np.arctan2(
        np.sin(angle) * np.sin(arc) * np.cos(north),
        np.cos(arc) - np.sin(north) * np.sin(to_north),
    )
    shape = (len(latitude), len(BANDS), SECTORS, _SPOTS_OUT * _SPOTS_ACROSS)
    there = longitude[:, None, None, None, None] + np.degrees(east)
    there = (np.broadcast_to(there, to_north.shape) + 180) % 360 - 180
    return np.degrees(to_north).reshape(shape), there.reshape(shape)
