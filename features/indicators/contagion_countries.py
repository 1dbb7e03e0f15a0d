"""What the neighbouring countries do, for each region of a country.

A country's deaths are those of its observed regions. In a month two countries are neighbours where
regions that touch across their border are both observed, so that nothing is taken from a map of
regions that only later months show.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from features.indicators.memory import per_panel
from features.panel import BoolArray, FloatArray, Panel


class Countries(NamedTuple):
    """The countries of a panel, c of them, and the k ordered pairs that are ever neighbours.

    `of_region` (R,) is the number of a region's country; `deaths` (T, c) [deaths/month] is NaN
    where no region of the country was observed; `here` and `there` (k,) are the numbers of a pair,
    `touch` (T, k) whether they are neighbours in the month, `border` (T, k) [km] how long their
    border is between observed regions.
    """

    of_region: npt.NDArray[np.int64]
    deaths: FloatArray
    here: npt.NDArray[np.int64]
    there: npt.NDArray[np.int64]
    touch: BoolArray
    border: FloatArray


def counted_countries(panel: Panel, is_counted: Callable[[FloatArray], BoolArray]) -> FloatArray:
    """Return the number of neighbouring countries of which something holds, (T, R).

    `is_counted` says from the countries' deaths (T, c) of which, (T, c).
    """
    countries = countries_of(panel)
    held = is_counted(countries.deaths)[:, countries.there] & countries.touch
    return _of_regions(countries, held.astype(np.float64))


def mean_of_countries(panel: Panel, compute: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Return the border-weighted mean over the neighbouring countries of a value, (T, R).

    `compute` makes the value (T, c) from the countries' deaths (T, c); countries without one (NaN)
    add nothing, and where there is no other the mean is 0.
    """
    countries = countries_of(panel)
    values = compute(countries.deaths)[:, countries.there]
    total = _of_regions(countries, np.nan_to_num(values) * countries.border)
    weight = _of_regions(countries, np.where(np.isnan(values), 0.0, countries.border))
    return np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)


@per_panel
def countries_of(panel: Panel) -> Countries:
    """Return the countries of a panel."""
    names, number = np.unique(panel.regions.table["country"].to_numpy(str), return_inverse=True)
    seen = panel.observed.astype(np.float64).T
    member = _sums(number, np.ones(len(number)), len(names))
    deaths = np.where(member @ seen > 0, member @ np.nan_to_num(panel.total_deaths).T, np.nan)
    one, other = panel.regions.neighbours.nonzero()
    abroad = number[one] != number[other]
    one, other = one[abroad], other[abroad]
    pair, which = np.unique(number[one] * len(names) + number[other], return_inverse=True)
    both = seen[one] * seen[other]
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


def _sums(group: npt.NDArray[np.int64], weight: FloatArray, count: int) -> sparse.csr_array:
    """Return the matrix (count, n) that adds up n weighted rows by group."""
    places = (group, np.arange(len(group)))
    return sparse.csr_array((weight, places), shape=(count, len(group)))


def _values_at(
    matrix: sparse.csr_array, row: npt.NDArray[np.int64], column: npt.NDArray[np.int64]
) -> FloatArray:
    # scipy returns an array only where any place is asked for.
    return np.asarray(matrix[row, column]) if len(row) else np.zeros(0)
