"""What coups are learned from, and the learners of all horizons."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from experiments.coups.settings import CoupSettings
from features.arrays import BoolArray, FloatArray, IntArray, Matrix
from features.indicators.state import known_states, state_table
from features.months import parse_month
from features.states.history import StateHistory
from features.targets import label
from features.words import Target
from models.coups import MONTHS_SINCE, CoupForecaster, CoupLearner, fit_coups

COUP: Target = "coup"
CoupName = Literal["model", "months_since"]
MODEL: CoupName = "model"
REFERENCE: CoupName = "months_since"
ONE_ATTEMPT = 1.0
"""The threshold of the target [attempts]."""


def names_read(settings: CoupSettings) -> tuple[str, ...]:
    """Return the indicators of a row: those of the model, and of the months since an attempt."""
    return tuple(dict.fromkeys([*settings.indicators, *MONTHS_SINCE]))


def columns_of(settings: CoupSettings, name: CoupName) -> tuple[int, ...]:
    """Return the columns of a row that MODEL or REFERENCE reads."""
    names = names_read(settings)
    read = settings.indicators if name == MODEL else MONTHS_SINCE
    return tuple(names.index(indicator) for indicator in read)


def attempt_labels(history: StateHistory, horizon: int) -> FloatArray:
    """Return 1 where an attempt follows within the horizon [months], else 0, (T, C).

    NaN unless the state exists and is observed at the origin and in all of these months.
    """
    known = known_states(history)
    counts = np.where(known, history.attempts, np.nan)
    return np.where(known, label(COUP, counts, horizon, ONE_ATTEMPT), np.nan)


@dataclass(frozen=True, eq=False)
class CoupRows:
    """Rows to learn one horizon from: indicators (n, K), outcomes (n,), and the events behind."""

    indicators: Matrix
    outcome: FloatArray
    attempts: int


def training_rows(history: StateHistory, settings: CoupSettings, horizon: int) -> CoupRows:
    """Return the rows whose outcomes are known by the end of a history."""
    labels = attempt_labels(history, horizon)
    labels[history.months < parse_month(settings.first_month)] = np.nan
    learned = ~np.isnan(labels)
    table = state_table(history, names_read(settings)).astype(np.float32)
    return CoupRows(table[learned], labels[learned], _events(history, learned, horizon))


def _events(history: StateHistory, learned: BoolArray, horizon: int) -> int:
    """Return the number of attempts that make any of the learned outcomes."""
    ahead = np.zeros_like(learned)
    for months in range(1, horizon + 1):
        ahead[months:] |= learned[: len(learned) - months]
    return int(history.attempts[ahead].sum())


def fit_learner(
    rows: CoupRows, settings: CoupSettings, horizon: int, name: CoupName
) -> CoupLearner:
    """Fit MODEL or REFERENCE at a horizon [months]."""
    columns = columns_of(settings, name)
    return fit_coups(
        rows.indicators, rows.outcome, rows.attempts, horizon, columns, settings.penalty
    )


def fit_forecaster(
    history: StateHistory, settings: CoupSettings, served: dict[int, CoupName]
) -> CoupForecaster:
    """Fit what is served at each horizon [months], MODEL or REFERENCE."""
    learners = {
        str(horizon): fit_learner(
            training_rows(history, settings, horizon), settings, horizon, name
        )
        for horizon, name in served.items()
    }
    return CoupForecaster(names_read(settings), learners)


def scored_states(history: StateHistory) -> IntArray:
    """Return the states that exist and are observed at the end of a history, (n,)."""
    return np.flatnonzero(known_states(history)[-1])


def rows_at_end(history: StateHistory, names: tuple[str, ...]) -> Matrix:
    """Return the indicators of `scored_states` at the end of a history, (n, K)."""
    now = state_table(history, names)[-1, scored_states(history)]
    return np.asarray(now, dtype=np.float32)
