"""Forecasts of the past, each from what was known at its origin, beside the references."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from experiments.backtest.rolling import Progress
from experiments.coups.fitting import (
    MODEL,
    REFERENCE,
    CoupName,
    attempt_labels,
    fit_learner,
    names_read,
    rows_at_end,
    scored_states,
    training_rows,
)
from experiments.coups.settings import CoupSettings
from features.arrays import FloatArray
from features.errors import CoverageError
from features.months import format_month, parse_month
from features.states.history import StateHistory
from models.coups import CoupLearner, base_rate, own_rate

BASE, OWN = "base_rate", "own_rate"
COUP_REFERENCES = (REFERENCE, BASE, OWN)
"""What the model is set against, the strongest first."""

FORECASTS = (MODEL, *COUP_REFERENCES)
"""The columns of probabilities."""

_FITTED: tuple[CoupName, ...] = (MODEL, REFERENCE)

FEWEST_YEARS = 10
_DECEMBER = 11


def backtest_coups(
    history: StateHistory, settings: CoupSettings, last: int, progress: Progress
) -> pd.DataFrame:
    """Return the forecasts of all origins to `last` [months since 1970-01], a row a state each.

    Learners are fitted at the first origin and every December (`refit_months` 12), on outcomes
    known by then. Columns: origin, horizon, country, outcome (NaN if not known yet) and FORECASTS.
    Raises CoverageError when there are fewer than FEWEST_YEARS to learn from.
    """
    first = first_origin(history, settings)
    if first > last:
        raise CoverageError(
            f"the list of coups begins too late to judge forecasts to {format_month(last)}: it "
            f"takes {FEWEST_YEARS} years before {format_month(first)}"
        )
    outcomes = {h: attempt_labels(history, h) for h in settings.horizons}
    parts: list[pd.DataFrame] = []
    folds = list(_folds(first, last, settings.backtest.refit_months))
    for fit, end in progress(folds, len(folds), "backtest of coups"):
        past = history.until(fit)
        learners = _learners(past, settings)
        for origin in range(fit, end + 1):
            now = past if origin == fit else history.until(origin)
            parts += _forecasts(now, settings, learners, outcomes)
    return pd.concat(parts, ignore_index=True)


def first_origin(history: StateHistory, settings: CoupSettings) -> int:
    """Return the first origin that is judged: that of the settings, or the first with a past."""
    begins = max(parse_month(settings.first_month), history.first_month)
    return max(parse_month(settings.backtest.first), begins + 12 * FEWEST_YEARS - 1)


def _folds(first: int, last: int, months: int) -> Iterator[tuple[int, int]]:
    """Yield the origins of each fit: the one that it is fitted at, and its last."""
    fit = first
    while fit <= last:
        # The first fold ends before a December, and so do all others where they last a year.
        next_fit = fit + months - (fit - _DECEMBER) % 12
        yield fit, min(next_fit - 1, last)
        fit = next_fit


def _learners(
    past: StateHistory, settings: CoupSettings
) -> dict[tuple[int, CoupName], CoupLearner]:
    learners: dict[tuple[int, CoupName], CoupLearner] = {}
    for horizon in settings.horizons:
        rows = training_rows(past, settings, horizon)
        for name in _FITTED:
            learners[horizon, name] = fit_learner(rows, settings, horizon, name)
    return learners


def _forecasts(
    now: StateHistory,
    settings: CoupSettings,
    learners: dict[tuple[int, CoupName], CoupLearner],
    outcomes: dict[int, FloatArray],
) -> Iterator[pd.DataFrame]:
    """Yield the forecasts at the end of what is known now, a table a horizon."""
    states, row = scored_states(now), len(now.months) - 1
    indicators = rows_at_end(now, names_read(settings))
    for horizon in settings.horizons:
        fitted = {name: learners[horizon, name].probability(indicators) for name in _FITTED}
        about = {
            "origin": int(now.months[-1]),
            "horizon": horizon,
            "country": now.countries[states],
        }
        outcome = outcomes[horizon][row, states]
        yield pd.DataFrame(about | {"outcome": outcome} | fitted | _rates(now, horizon))


def references_at_end(
    past: StateHistory, settings: CoupSettings, horizon: int
) -> dict[str, FloatArray]:
    """Return what COUP_REFERENCES say of the scored states at the end of a history, (n,) each.

    The months since the last attempt are fitted on the outcomes known by then.
    """
    learner = fit_learner(training_rows(past, settings, horizon), settings, horizon, REFERENCE)
    since = learner.probability(rows_at_end(past, names_read(settings)))
    return {REFERENCE: since, **_rates(past, horizon)}


def _rates(now: StateHistory, horizon: int) -> dict[str, FloatArray]:
    labels, states = attempt_labels(now, horizon), scored_states(now)
    base = np.full(len(states), base_rate(labels, horizon)[-1])
    return {BASE: base, OWN: own_rate(labels, horizon)[-1, states]}
