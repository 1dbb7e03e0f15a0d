"""Histories of a few invented states, for tests that need no archive."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from features.arrays import FloatArray
from features.months import format_month
from features.states.history import StateHistory

FIRST = 240
"""1990-01."""


def states(
    attempts: Mapping[str, Sequence[tuple[int, str]]],
    months: int,
    conditions: Mapping[str, FloatArray] | None = None,
    election: FloatArray | None = None,
) -> StateHistory:
    """The history of some states from FIRST on, each with its attempts: (row, outcome)."""
    countries = sorted(attempts)
    shape = (months, len(countries))
    rows = [
        (country, pd.Timestamp(f"{format_month(FIRST + row)}-01"), outcome)
        for country in countries
        for row, outcome in attempts[country]
    ]
    reports = pd.DataFrame(rows, columns=["country", "date", "outcome"])
    reports = reports.assign(list="a", rank=0, actor="military", known=reports["date"])
    history = StateHistory(
        countries=np.array(countries),
        months=np.arange(FIRST, FIRST + months),
        exists=np.ones(shape, dtype=bool),
        observed=np.ones(shape, dtype=bool),
        attempts=np.zeros(shape, dtype=np.int64),
        successes=np.zeros(shape, dtype=np.int64),
        seizures=np.zeros(shape, dtype=np.int64),
        conditions=dict(conditions or {}),
        election_within_6=np.zeros(shape) if election is None else election,
        coverage_end=FIRST + months - 1,
        reports=reports.assign(name=None, note=None),
    )
    return history.until(FIRST + months - 1)


def many_states(months: int = 300, count: int = 30, seed: int = 0) -> StateHistory:
    """States in which more infants die, and more attempts are made, the poorer they are."""
    draw = np.random.default_rng(seed)
    deaths = np.exp(draw.uniform(1, 5, count))
    chance = 0.06 * (deaths / 50) ** 1.5
    attempts = {
        f"S{state:02d}": [
            (row, "success" if draw.random() < 0.5 else "failed")
            for row in np.flatnonzero(draw.random(months) < chance[state]).tolist()
        ]
        for state in range(count)
    }
    poverty = np.broadcast_to(deaths, (months, count)).copy()
    return states(attempts, months, {"infant_mortality": poverty})


def scrambled(history: StateHistory, origin: int, seed: int = 1) -> StateHistory:
    """The same to an origin, and anything at all after it."""
    draw = np.random.default_rng(seed)
    after = history.months > origin

    def noise(values: np.ndarray) -> np.ndarray:
        other = draw.integers(0, 2, values.shape).astype(values.dtype)
        return np.where(after[:, None], other, values)

    reports = history.reports.copy()
    is_late = reports["known"] >= pd.Timestamp(f"{format_month(origin + 1)}-01")
    reports.loc[is_late, "outcome"] = "plot"
    return replace(
        history,
        attempts=noise(history.attempts),
        successes=noise(history.successes),
        conditions={name: noise(values) for name, values in history.conditions.items()},
        election_within_6=noise(history.election_within_6),
        reports=reports,
    )
