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


def fold_origins(
    samples: Samples, configuration: Configuration, span: OriginSpan | None = None
) -> list[int]:
    """Return the month indices at which the backtest fits anew, oldest first.

    Raises CoverageError when the history is too short for the first or does not hold the span.
    """
    step = configuration.backtest.refit_months
    first, last = int(samples.months[0]), int(samples.months[-1])
    if span is None:
        newest = len(samples.months) - 1
        count = -(-configuration.backtest.years * 12 // step)
        origins = [newest - step * back for back in range(count, 0, -1)]
    else:
        begin, end = _resolved(span, samples, configuration)
        if not begin <= end < last:
            raise CoverageError(
                f"origins from {format_month(begin)} to {format_month(end)} cannot be judged by "
                f"outcomes up to {format_month(last)}: choose other months"
            )
        origins = list(range(begin - first, end - first + 1, step))
    # Two more years than the calibration leave something to learn from before it.
    needed = configuration.training.calibration_months + 12 + 24
    first_eligible = np.flatnonzero(samples.eligible.any(axis=1))[0]
    if origins[0] - first_eligible < needed:
        raise CoverageError(
            f"the events begin too late for a backtest from {format_month(first + origins[0])}: "
            "begin it later, shorten [backtest] years or [training] calibration_months, or ingest "
            "earlier events"
        )
    return origins


def folds_of(
    samples: Samples, configuration: Configuration, span: OriginSpan | None = None
) -> list[Fold]:
    """Return the folds, oldest first; raises what `fold_origins` raises."""
    origins = fold_origins(samples, configuration, span)
    end = len(samples.months)
    if span is not None:
        end = _resolved(span, samples, configuration)[1] - int(samples.months[0]) + 1
    return [Fold(*ends) for ends in pairwise([*origins, end])]


def _resolved(span: OriginSpan, samples: Samples, configuration: Configuration) -> tuple[int, int]:
    """Return the first and the last origin [months since 1970-01]."""
    last = int(samples.months[-1]) - 1 if span.last is None else span.last
    if span.first is not None:
        return span.first, last
    return last + 1 - 12 * configuration.backtest.years, last
