"""When a backtest fits anew, and which origins it judges."""

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


class Window(NamedTuple):
    """The origins that are judged, from the first to the last [months since 1970-01].

    None: so many years before the last as the configuration says; the newest that can be judged.
    """

    first: int | None = None
    last: int | None = None


class Period(NamedTuple):
    """The last month that may be used, None for the newest, and the origins that are judged, None
    for the years that the configuration says, back from it."""

    origin: int | None = None
    window: Window | None = None


def fold_origins(
    samples: Samples, configuration: Configuration, window: Window | None = None
) -> list[int]:
    """Return the month indices at which the backtest fits anew, oldest first.

    Without a window they go back from the newest month by the years of the configuration. Raises
    CoverageError when the history is too short for the first of them, or the window holds no month
    of it.
    """
    step = configuration.backtest.refit_months
    first, last = int(samples.months[0]), int(samples.months[-1])
    if window is None:
        newest = len(samples.months) - 1
        count = -(-configuration.backtest.years * 12 // step)
        origins = [newest - step * back for back in range(count, 0, -1)]
    else:
        begin, end = _resolved(window, samples, configuration)
        if not begin <= end < last:
            raise CoverageError(
                f"origins from {format_month(begin)} to {format_month(end)} cannot be judged by "
                f"outcomes up to {format_month(last)}: choose other months"
            )
        origins = list(range(begin - first, end - first + 1, step))
    # Two more years than the calibration leave something to learn from before it.
    needed = configuration.training.calibration_months + 12 + 24
    seen = np.flatnonzero(samples.eligible.any(axis=1))[0]
    if origins[0] - seen < needed:
        raise CoverageError(
            f"the events begin too late for a backtest from {format_month(first + origins[0])}: "
            "begin it later, shorten [backtest] years or [training] calibration_months, or ingest "
            "earlier events"
        )
    return origins


def folds_of(
    samples: Samples, configuration: Configuration, window: Window | None = None
) -> list[Fold]:
    """Return the folds, oldest first; raises what `fold_origins` raises."""
    origins = fold_origins(samples, configuration, window)
    end = len(samples.months)
    if window is not None:
        end = _resolved(window, samples, configuration)[1] - int(samples.months[0]) + 1
    return [Fold(*ends) for ends in pairwise([*origins, end])]


def _resolved(window: Window, samples: Samples, configuration: Configuration) -> tuple[int, int]:
    """Return the first and the last origin [months since 1970-01]."""
    last = int(samples.months[-1]) - 1 if window.last is None else window.last
    if window.first is not None:
        return window.first, last
    return last + 1 - 12 * configuration.backtest.years, last
