"""Family `contagion`: does the unrest next door come nearer, and over how long a border?

A mean over neighbours weighs each by the border that it shares with the region; those that touch in
a point weigh nothing. Only neighbours observed in the month count, and of their past what was
observed; where there is none, the value is 0.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy import sparse

from features.arrays import BoolArray, FloatArray, IntArray
from features.indicators import spatial, windows
from features.indicators.indicator import Compute, Indicator, per_panel, plural
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


def number_of_countries(panel: Panel, holds_for: Callable[[FloatArray], BoolArray]) -> FloatArray:
    """Return the number (T, R) of neighbouring countries whose deaths (T, c) fulfil a condition."""
    countries = countries_of(panel)
    holds = holds_for(countries.deaths)[:, countries.there] & countries.touch
    return _of_regions(countries, holds.astype(np.float64))


def mean_of_countries(panel: Panel, compute: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Return the border-weighted mean over neighbouring countries of a value, (T, R), 0 of none.

    `compute` makes the value (T, c) from deaths (T, c); NaN adds nothing.
    """
    countries = countries_of(panel)
    values = compute(countries.deaths)[:, countries.there]
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
    km = _values_at(panel.regions.borders, one, other)
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


def _values_at(matrix: sparse.csr_array, row: IntArray, column: IntArray) -> FloatArray:
    # scipy returns an array only where any place is asked for.
    return np.asarray(matrix[row, column]) if len(row) else np.zeros(0)


THRESHOLDS = (5, 25)
"""Deaths a month from which a neighbour is unstable: those of the levels admin1 and country."""
WINDOWS = (3, 12)
RECENT, BEFORE = 3, 12
"""A rise compares the last RECENT months with the BEFORE months that went before them."""

_EXPOSURE = "Buhaug & Gleditsch 2008, International Studies Quarterly 52(2)"
_NEIGHBOURS = "Hegre & Sambanis 2006, Journal of Conflict Resolution 50(4)"
_LAG = "Weidmann & Ward 2010, Journal of Conflict Resolution 54(6)"
_SIGNED = float("-inf")


def contagion() -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    yield from _instability()
    yield from _deaths()
    yield from _domino()
    yield from _countries()


def _instability() -> Iterator[Indicator]:
    for d in THRESHOLDS:
        name, family = f"border_weighted_instability_{d}", "contagion"
        meaning = f"Share of the border with neighbours that had at least {d} deaths in the month"
        compute = _over_borders(_share(d, 1))
        yield Indicator(name, meaning, "share", family, compute, source=_EXPOSURE, highest=1)
        for m in WINDOWS:
            of = f"share of the last {m} months with at least {d} deaths"
            meaning = f"Border-weighted mean of the neighbours' {of}"
            compute, long_name = _over_borders(_share(d, m)), f"{name}_{m}"
            yield Indicator(
                long_name, meaning, "share", family, compute, source=_EXPOSURE, highest=1
            )


def _deaths() -> Iterator[Indicator]:
    name, rate, family = "border_weighted_deaths", "deaths/month", "contagion"
    meaning = "Border-weighted mean of the neighbours' deaths in the month"
    compute = _over_borders(lambda panel: panel.total_deaths)
    yield Indicator(name, meaning, rate, family, compute, source=_LAG)
    for m in WINDOWS:
        meaning = f"Border-weighted mean of the neighbours' monthly deaths over the last {m} months"
        yield Indicator(f"{name}_{m}", meaning, rate, family, _over_borders(_mean(m)), source=_LAG)
    meaning = (
        f"Border-weighted mean of the neighbours' rise: log(1 + monthly deaths) over the last "
        f"{RECENT} months, less that over the {BEFORE} before"
    )
    compute = _over_borders(lambda panel: rise(panel.total_deaths))
    yield Indicator(f"border_weighted_rise_{RECENT}", meaning, "1", family, compute, lowest=_SIGNED)


def _domino() -> Iterator[Indicator]:
    for d in THRESHOLDS:
        for m in WINDOWS:
            meaning = f"Neighbours with at least {d} deaths in one of the last {m} months"
            name, compute = f"domino_{d}_{m}", _number_of_neighbours(_share(d, m))
            yield Indicator(name, meaning, "regions", "contagion", compute, source=_NEIGHBOURS)


def _countries() -> Iterator[Indicator]:
    name, family, d = "neighbour_countries", "contagion", max(THRESHOLDS)
    for m in (1, *WINDOWS):
        when = "the month" if m == 1 else f"one of the last {plural(m, 'month')}"
        meaning = f"Neighbouring countries with at least {d} deaths in {when}"
        long_name = f"{name}_{d}" if m == 1 else f"{name}_{d}_{m}"
        number = _number_of_countries(d, m)
        yield Indicator(long_name, meaning, "regions", family, number, source=_NEIGHBOURS)
    meaning = (
        f"Border-weighted mean of the neighbouring countries' rise: log(1 + monthly deaths) over "
        f"the last {RECENT} months, less that over the {BEFORE} before"
    )
    compute: Compute = lambda panel: mean_of_countries(panel, rise)  # noqa: E731
    yield Indicator(f"{name}_rise_{RECENT}", meaning, "1", family, compute, lowest=_SIGNED)


def rise(deaths: FloatArray) -> FloatArray:
    """Return how much log(1 + monthly deaths) (T, R) rose, (T, R) [1].

    The mean of the last RECENT months against that of the BEFORE before, NaN where none is
    observed.
    """
    recent = windows.rolling_mean(deaths, RECENT)
    before = windows.lag(windows.rolling_mean(deaths, BEFORE), RECENT)
    return np.asarray(np.log1p(recent) - np.log1p(before))


def _share(threshold: float, months: int) -> Compute:
    return lambda panel: windows.rolling_share(panel.total_deaths, threshold, months)


def _mean(months: int) -> Compute:
    return lambda panel: windows.rolling_mean(panel.total_deaths, months)


def _over_borders(compute: Compute) -> Compute:
    def mean(panel: Panel) -> FloatArray:
        values = np.where(panel.observed, compute(panel), np.nan)
        return spatial.neighbour_mean(values, panel.regions.borders)

    return mean


def _number_of_neighbours(compute: Compute) -> Compute:
    def number(panel: Panel) -> FloatArray:
        unstable = panel.observed & (compute(panel) > 0)
        return np.asarray((panel.regions.neighbours @ unstable.T.astype(np.float64)).T)

    return number


def _number_of_countries(threshold: float, months: int) -> Compute:
    return lambda panel: number_of_countries(
        panel, lambda deaths: windows.rolling_share(deaths, threshold, months) > 0
    )
