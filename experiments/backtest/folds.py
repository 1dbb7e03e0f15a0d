"""At which months a backtest fits its models anew, and which origins it judges."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from experiments.configuration import Configuration
from experiments.samples import Samples
from features.errors import CoverageError
from features.months import format_month


class Fold(NamedTuple):
    """Models are fitted at the month index `at` and forecast the origins from it until `end`."""

    at: int
    end: int


class OriginSpan(NamedTuple):
    """First and last origin to judge [months since 1970-01]; None: as configured, the newest."""

    first: int | None = None
    last: int | None = None


class Period(NamedTuple):
    """The last month to use (None: the newest), and the origins to judge (None: as configured)."""

    origin: int | None = None
    span: OriginSpan | None = None


def months_back(configuration: Configuration) -> int:
    """Return how many months before the newest the first fold is, without a span."""
    step = configuration.backtest.refit_months
    return -(-configuration.backtest.years * 12 // step) * step


def folds_of(
    samples: Samples, configuration: Configuration, span: OriginSpan | None = None
) -> list[Fold]:
    """Return the folds, oldest first; without a span they go back from the newest month.

    Raises CoverageError when the history is too short for the first or does not hold the span.
    """
    step = configuration.backtest.refit_months
    first, last = int(samples.months[0]), int(samples.months[-1])
    if span is None:
        end = len(samples.months)
        origins = list(range(end - 1 - months_back(configuration), end - 1, step))
    else:
        newest = last - 1 if span.last is None else span.last
        oldest = newest + 1 - 12 * configuration.backtest.years
        begin = oldest if span.first is None else span.first
        if not begin <= newest < last:
            raise CoverageError(
                f"origins from {format_month(begin)} to {format_month(newest)} cannot be judged by "
                f"outcomes up to {format_month(last)}: choose other months"
            )
        end = newest - first + 1
        origins = list(range(begin - first, end, step))
    # Two more years than the analogues leave something to learn from before them.
    needed = configuration.analogues.months + 12 + 24
    first_eligible = np.flatnonzero(samples.eligible.any(axis=1))[0]
    if origins[0] - first_eligible < needed:
        raise CoverageError(
            f"the events begin too late for a backtest from {format_month(first + origins[0])}: "
            "begin it later, shorten [backtest] years or [analogues] months, or ingest earlier "
            "events"
        )
    return [Fold(*ends) for ends in pairwise([*origins, end])]
