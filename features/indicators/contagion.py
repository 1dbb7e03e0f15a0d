"""Family `contagion`: does the unrest next door come nearer, and over how long a border?

A mean over neighbours weighs each by the border that it shares with the region; those that touch in
a point weigh nothing. Only neighbours observed in the month count, and of their past what was
observed; where there is none, the value is 0.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy import sparse

from features.arrays import BoolArray, FloatArray, IntArray
from features.indicators import spatial, windows
from features.indicators.indicator import Compute, Indicator, deaths, on, per_panel, plural
from features.panel.panel import Panel


class Countries(NamedTuple):
    """The countries of a panel, c of them, and the k ordered pairs that are ever neighbours.

    `of_region` (R,) is the number of a region's country; `deaths` (T, c) [deaths/month], NaN where
    no region of it was observed; `here` and `there` (k,) are a pair's numbers, `touch` (T, k) tells
    if they are neighbours in the month, `border` (T, k) [km] is between their observed regions.
    """

    of_region: IntArray
    deaths: FloatArray
    here: IntArray
    there: IntArray
    touch: BoolArray
    border: FloatArray


def number_of_countries(panel: Panel, threshold: float, months: int) -> FloatArray:
    """Return the number (T, R) of neighbouring countries that reached the threshold lately."""
    countries = countries_of(panel)
    reached = windows.rolling_share(countries.deaths, threshold, months) > 0
    unstable = reached[:, countries.there] & countries.touch
    return _of_regions(countries, unstable.astype(np.float64))


def rise_of_countries(panel: Panel) -> FloatArray:
    """Return the border-weighted mean of the neighbouring countries' `rise`, (T, R), 0 of none."""
    countries = countries_of(panel)
    values = rise(countries.deaths)[:, countries.there]
    total = _of_regions(countries, np.nan_to_num(values) * countries.border)
    weight = _of_regions(countries, np.where(np.isnan(values), 0.0, countries.border))
    return np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)


@per_panel
def countries_of(panel: Panel) -> Countries:
    """Return the countries of a panel."""
    names, number = panel.regions.countries
    observed = panel.observed.astype(np.float64).T
    member = _sums(number, np.ones(len(number)), len(names))
    deaths = np.where(member @ observed > 0, member @ np.nan_to_num(panel.total_deaths).T, np.nan)
    one, other = panel.regions.neighbours.nonzero()
    abroad = number[one] != number[other]
    one, other = one[abroad], other[abroad]
    pair, which = np.unique(number[one] * len(names) + number[other], return_inverse=True)
    both = observed[one] * observed[other]
    # scipy returns an array only where any place is asked for.
    km = np.asarray(panel.regions.borders[one, other]) if len(one) else np.zeros(0)
    here, there = np.divmod(pair, len(names))
    return Countries(
        of_region=number,
        deaths=deaths.T,
        here=here,
        there=there,
        touch=(_sums(which, np.ones(len(one)), len(pair)) @ both).T > 0,
        border=(_sums(which, km, len(pair)) @ both).T,
    )


def _of_regions(countries: Countries, values: FloatArray) -> FloatArray:
    """Add up values (T, k) of pairs for the country on this side, and give them to its regions."""
    side = _sums(countries.here, np.ones(len(countries.here)), countries.deaths.shape[1])
    return np.asarray((side @ values.T).T)[:, countries.of_region]


def _sums(group: IntArray, weight: FloatArray, count: int) -> sparse.csr_array:
    """Return the matrix (count, n) that adds up n weighted rows by group."""
    places = (group, np.arange(len(group)))
    return sparse.csr_array((weight, places), shape=(count, len(group)))


THRESHOLDS = (5, 25)
"""Deaths a month from which a neighbour is unstable: those of the levels admin1 and country."""
WINDOWS = (3, 12)
RECENT, BEFORE = 3, 12
"""A rise compares the last RECENT months with the BEFORE months that went before them."""

_EXPOSURE = "Buhaug & Gleditsch 2008, International Studies Quarterly 52(2)"
_NEIGHBOURS = "Hegre & Sambanis 2006, Journal of Conflict Resolution 50(4)"
_LAG = "Weidmann & Ward 2010, Journal of Conflict Resolution 54(6)"
_SIGNED = float("-inf")
_indicator = partial(Indicator, family="contagion")


def contagion() -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    yield from _instability()
    yield from _deaths()
    yield from _domino()
    yield from _countries()


def _instability() -> Iterator[Indicator]:
    for d in THRESHOLDS:
        name = f"border_weighted_instability_{d}"
        meaning = f"Share of the border with neighbours that had at least {d} deaths in the month"
        compute = _over_borders(on(deaths, windows.rolling_share, d, 1))
        yield _indicator(name, meaning, "share", compute, source=_EXPOSURE, highest=1)
        for m in WINDOWS:
            of = f"share of the last {m} months with at least {d} deaths"
            meaning = f"Border-weighted mean of the neighbours' {of}"
            compute = _over_borders(on(deaths, windows.rolling_share, d, m))
            yield _indicator(f"{name}_{m}", meaning, "share", compute, source=_EXPOSURE, highest=1)


def _deaths() -> Iterator[Indicator]:
    name, rate = "border_weighted_deaths", "deaths/month"
    meaning = "Border-weighted mean of the neighbours' deaths in the month"
    yield _indicator(name, meaning, rate, _over_borders(deaths), source=_LAG)
    for m in WINDOWS:
        meaning = f"Border-weighted mean of the neighbours' monthly deaths over the last {m} months"
        compute = _over_borders(on(deaths, windows.rolling_mean, m))
        yield _indicator(f"{name}_{m}", meaning, rate, compute, source=_LAG)
    meaning = (
        f"Border-weighted mean of the neighbours' rise: log(1 + monthly deaths) over the last "
        f"{RECENT} months, less that over the {BEFORE} before"
    )
    compute = _over_borders(on(deaths, rise))
    name = f"border_weighted_rise_{RECENT}"
    yield _indicator(name, meaning, "1", compute, lowest=_SIGNED, alarming=None)


def _domino() -> Iterator[Indicator]:
    for d in THRESHOLDS:
        for m in WINDOWS:
            meaning = f"Neighbours with at least {d} deaths in one of the last {m} months"
            compute = partial(_number_of_neighbours, threshold=d, months=m)
            yield _indicator(f"domino_{d}_{m}", meaning, "regions", compute, source=_NEIGHBOURS)


def _countries() -> Iterator[Indicator]:
    name, d = "neighbour_countries", max(THRESHOLDS)
    for m in (1, *WINDOWS):
        when = "the month" if m == 1 else f"one of the last {plural(m, 'month')}"
        meaning = f"Neighbouring countries with at least {d} deaths in {when}"
        long_name = f"{name}_{d}" if m == 1 else f"{name}_{d}_{m}"
        compute = partial(number_of_countries, threshold=d, months=m)
        yield _indicator(long_name, meaning, "regions", compute, source=_NEIGHBOURS)
    meaning = (
        f"Border-weighted mean of the neighbouring countries' rise: log(1 + monthly deaths) over "
        f"the last {RECENT} months, less that over the {BEFORE} before"
    )
    name = f"{name}_rise_{RECENT}"
    yield _indicator(name, meaning, "1", rise_of_countries, lowest=_SIGNED, alarming=None)


def rise(deaths: FloatArray) -> FloatArray:
    """Return how much log(1 + monthly deaths) (T, R) rose, (T, R) [1].

    The mean of the last RECENT months against that of the BEFORE before, NaN where none is
    observed.
    """
    recent = windows.rolling_mean(deaths, RECENT)
    before = windows.lag(windows.rolling_mean(deaths, BEFORE), RECENT)
    return np.asarray(np.log1p(recent) - np.log1p(before))


def _over_borders(compute: Compute) -> Compute:
    def mean(panel: Panel) -> FloatArray:
        values = np.where(panel.observed, compute(panel), np.nan)
        return spatial.neighbour_mean(values, panel.regions.borders)

    return mean


def _number_of_neighbours(panel: Panel, threshold: float, months: int) -> FloatArray:
    share = windows.rolling_share(panel.total_deaths, threshold, months)
    unstable = panel.observed & (share > 0)
    return np.asarray((panel.regions.neighbours @ unstable.T.astype(np.float64)).T)
