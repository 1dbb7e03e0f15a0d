"""Quarters counted back from the end of a panel: the newest, number 0, is its last three months.

Q quarters are complete, at least one; months before the first of them are left out.
"""

import numpy as np

from features.arrays import BoolArray, FloatArray, IntArray
from features.panel.panel import Panel
from features.signs.percentiles import percentiles_in

MONTHS = 3
YEAR = 12
BEFORE = 12
"""The quarters that are usual: those of the three years before the newest quarter."""


def number_of(panel: Panel) -> int:
    """Return Q."""
    return len(panel.months) // MONTHS


def first_months(panel: Panel) -> IntArray:
    """Return the first month of each quarter (Q,) [months since 1970-01]."""
    return np.asarray(panel.months[-1] - MONTHS * (np.arange(number_of(panel)) + 1) + 1)


def quarter_sums(
    panel: Panel, row: IntArray, place: IntArray, values: FloatArray, places: int
) -> FloatArray:
    """Return the sums (places, Q) of values (n,) of months `row` at a `place` each, a quarter."""
    quarter, number = (len(panel.months) - 1 - row) // MONTHS, number_of(panel)
    inside = quarter < number
    cells = place[inside] * number + quarter[inside]
    sums = np.bincount(cells, values[inside], places * number).astype(np.float64)
    return sums.reshape(places, number)


def observed_quarters(panel: Panel) -> BoolArray:
    """Return (N, Q): was each country of `regions.countries` observed in all months of a quarter?

    A country is observed in a month when any of its regions is.
    """
    countries, country = panel.regions.countries
    seen = np.zeros((len(countries), len(panel.months)), np.int64)
    np.add.at(seen, country, panel.observed.T)
    whole = seen[:, len(panel.months) - MONTHS * number_of(panel) :]
    by_quarter = np.asarray(whole > 0).reshape(len(countries), -1, MONTHS).all(axis=2)
    return np.asarray(by_quarter)[:, ::-1]


def usual(values: FloatArray, observed: BoolArray) -> FloatArray:
    """Return the means (n,) of the BEFORE quarters before the newest, NaN if none was observed.

    `values` and `observed` are (n, Q).
    """
    some = observed[:, 1 : BEFORE + 1]
    total, number = (values[:, 1 : BEFORE + 1] * some).sum(axis=1), some.sum(axis=1)
    mean = np.full(len(values), np.nan)
    np.divide(total, number, out=mean, where=number > 0)
    return mean


def percentile(values: FloatArray, observed: BoolArray) -> FloatArray:
    """Return the percentiles (n,) [%] of the newest quarter among the earlier observed ones.

    NaN where fewer than BEFORE were observed. `values` and `observed` are (n, Q).
    """
    past = np.where(observed, values, np.nan)[:, 1:]
    return percentiles_in(past.T, values[:, 0], BEFORE)


def year_sums(values: FloatArray, observed: BoolArray) -> FloatArray:
    """Return the sums (n,) of the newest year's quarters, NaN where one was not observed.

    `values` and `observed` are (n, Q).
    """
    quarters = YEAR // MONTHS
    is_whole = observed[:, :quarters].sum(axis=1) == quarters
    return np.where(is_whole, values[:, :quarters].sum(axis=1), np.nan)


def since(panel: Panel, holds: BoolArray) -> FloatArray:
    """Return the month (n,) since which something (n, T) has held without a break, NaN if not now.

    In months since 1970-01.
    """
    run = np.logical_and.accumulate(holds[:, ::-1], axis=1).sum(axis=1)
    return np.where(run > 0, panel.months[-1] - run + 1.0, np.nan)
