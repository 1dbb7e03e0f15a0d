"""The supply corridors: violence along each, by leg and quarter, and reports of what moves on it.

A leg runs from one place of a corridor to the next. An event counts within NEAR_KM of a corridor,
once, on the leg that it is nearest to (the first where two are), in any country. A leg is observed
in a quarter when the countries of both its places are. Corridors of countries that are not observed
in the newest quarter are left out.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from features.arrays import BoolArray, FloatArray, IntArray
from features.indicators.indicator import per_panel
from features.indicators.near import counts_at, great_circle_km, lately, violence
from features.indicators.roads import nearest_pieces, roads
from features.indicators.supply import NEAR_KM
from features.panel.panel import Panel
from features.panel.topics import TOPICS
from features.places.regions import corridors
from features.signs.quarters import (
    MONTHS,
    first_months,
    number_of,
    observed_quarters,
    percentile,
    quarter_sums,
    since,
    usual,
    year_sums,
)

QUARTERS = 40
"""The quarters that are told, up to the newest: ten years."""

TRANSPORT = ("convoy", "fuel", "roadblock")
"""The topics of texts that tell of an attack on what moves on a road."""


class _Legs(NamedTuple):
    """The n legs of the corridors shown, and the violence near them, by quarter (n, Q).

    `place` (n,) is the row in `corridors()` of the first place, `corridor` (n,) the number of the
    corridor among those shown; `happened` (n, T) is by month, `reports` are NaN before there are
    any texts.
    """

    place: IntArray
    corridor: IntArray
    km: FloatArray
    observed: BoolArray
    events: FloatArray
    deaths: FloatArray
    reports: FloatArray
    happened: BoolArray


def corridor_quarters(panel: Panel) -> pd.DataFrame:
    """Return a row a leg and quarter, by corridor, leg and quarter, the newest last.

    Columns: corridor; leg, from 1; first_month of the quarter [since 1970-01]; observed; events,
    deaths and reports, the events whose text tells of TRANSPORT: NaN where the leg was not
    observed, reports also before there are any texts.
    """
    legs, table = _legs(panel), corridors()
    number = min(number_of(panel), QUARTERS)
    names = table["corridor"].to_numpy(object)[legs.place]
    told = slice(number - 1, None, -1)
    observed = legs.observed[:, told].ravel()
    figures = {
        name: np.where(observed, getattr(legs, name)[:, told].ravel(), np.nan)
        for name in ("events", "deaths", "reports")
    }
    return pd.DataFrame(
        {
            "corridor": np.repeat(names, number),
            "leg": np.repeat(table["order"].to_numpy()[legs.place], number),
            "first_month": np.tile(first_months(panel)[told], len(legs.place)),
            "observed": observed,
            **figures,
        }
    )


def corridor_pressure(panel: Panel) -> pd.DataFrame:
    """Return a row a corridor, by name.

    Columns: corridor; country that it supplies; places, kinds, latitudes and longitudes [degrees],
    lists in their order from the capital; km; observed, the share of its length that is
    observed in the newest quarter. Of the legs observed: events, deaths and reports of the newest
    quarter; events_before and deaths_before, the mean of a quarter of the three years before;
    events_12 and deaths_12, of the last 12 months;
    percentile of the events among the earlier quarters; attacked_leg, the one with most events, NaN
    without any; since, the month [since 1970-01] in which the unbroken run of months with an event
    in their last three began, NaN if there is none.
    """
    legs, table = _legs(panel), corridors()
    names = table["corridor"].to_numpy(object)[legs.place]
    lists = table.groupby("corridor").agg(list).reindex(list(dict.fromkeys(names)))
    km = _along(legs, legs.km)
    observed_km = _along(legs, legs.km * legs.observed[:, 0])
    figures = _figures(panel, legs)
    return pd.DataFrame(
        {
            "corridor": lists.index.to_numpy(object),
            "country": [countries[0] for countries in lists["country"]],
            **{f"{name}s": lists[name].tolist() for name in _OF_PLACES},
            "km": km,
            "observed": observed_km / km,
            **{name: np.where(observed_km > 0, of, np.nan) for name, of in figures.items()},
        }
    )


def _figures(panel: Panel, legs: _Legs) -> dict[str, FloatArray]:
    """Return the figures of `corridor_pressure` by name, of the legs that are observed now."""
    now = legs.observed[:, :1]
    events, deaths, reports = (
        _along(legs, np.where(now, values, 0.0))
        for values in (legs.events, legs.deaths, legs.reports)
    )
    # An earlier quarter compares when all the legs were observed that are now.
    comparable = _along(legs, (now & ~legs.observed).astype(np.float64)) == 0
    happened = _along(legs, (legs.happened & now).astype(np.float64)) > 0
    return {
        "events": events[:, 0],
        "deaths": deaths[:, 0],
        "reports": reports[:, 0],
        "events_before": usual(events, comparable),
        "deaths_before": usual(deaths, comparable),
        "events_12": year_sums(events, comparable),
        "deaths_12": year_sums(deaths, comparable),
        "percentile": percentile(events, comparable),
        "attacked_leg": _attacked_leg(legs),
        "since": since(panel, lately(happened.T, MONTHS).T),
    }


def _attacked_leg(legs: _Legs) -> FloatArray:
    """Return the leg of each corridor with most events now, the first of several, NaN for none."""
    events = np.where(legs.observed[:, 0], legs.events[:, 0], 0.0)
    most = _along(legs, events, np.maximum)[legs.corridor]
    order = corridors()["order"].to_numpy(np.float64)[legs.place]
    is_most = (events == most) & (most > 0)
    first = _along(legs, np.where(is_most, order, np.inf), np.minimum, np.inf)
    return np.where(np.isinf(first), np.nan, first)


_OF_PLACES = ("place", "kind", "latitude", "longitude")


def _along(
    legs: _Legs, values: FloatArray, function: np.ufunc = np.add, start: float = 0.0
) -> FloatArray:
    """Return the sums (or another reduction) over the legs of each corridor, (K, ...)."""
    total = np.full((legs.corridor.max(initial=-1) + 1, *values.shape[1:]), start)
    function.at(total, legs.corridor, values)
    return total


@per_panel
def _legs(panel: Panel) -> _Legs:
    table = corridors()
    countries, _ = panel.regions.countries
    seen = observed_quarters(panel)
    shown = countries[seen[:, :1].any(axis=1)]
    first = np.flatnonzero(
        (table["corridor"].to_numpy()[1:] == table["corridor"].to_numpy()[:-1])
        & np.isin(table["country"].to_numpy(str)[1:], shown)
    )
    latitude, longitude = table["latitude"].to_numpy(), table["longitude"].to_numpy()
    ends = latitude[first], longitude[first], latitude[first + 1], longitude[first + 1]
    ever = np.vstack([seen, np.zeros(seen.shape[1], bool)])
    holder = pd.Index(countries).get_indexer(
        pd.Index(table["place_country"])
    )  # -1 is never observed
    incidents = violence(panel)
    near = nearest_pieces(incidents.latitude, incidents.longitude, NEAR_KM)
    leg_of = np.full(len(table), -1)
    leg_of[first] = np.arange(len(first))
    leg = leg_of[roads().place[near.piece]]
    on_shown = leg >= 0
    at = counts_at(leg[on_shown], near.point[on_shown], (len(first), len(incidents.latitude)))

    def by_quarter(values: FloatArray) -> FloatArray:
        sums = quarter_sums(panel, incidents.row, incidents.point, values, at.shape[1])
        return np.asarray(at @ sums, dtype=np.float64)

    own = panel.incidents.at(incidents.incident)
    told = own.topics[:, [list(TOPICS).index(topic) for topic in TRANSPORT]].sum(axis=1) > 0
    first_text = own.month[own.has_text].min(initial=np.iinfo(np.int64).max)
    reports = by_quarter(np.where(told, 1.0, 0.0))
    return _Legs(
        first,
        pd.factorize(table["corridor"].to_numpy(object)[first])[0].astype(np.int64),
        great_circle_km(*ends),
        ever[holder[first]] & ever[holder[first + 1]],
        by_quarter(np.ones(len(own))),
        by_quarter(own.deaths),
        np.where(first_months(panel) >= first_text, reports, np.nan),
        (at @ incidents.counts).toarray() > 0,
    )
