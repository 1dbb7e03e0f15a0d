"""Supposed attempts of coups, worked by hand on two states."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.errors import InputError
from features.indicators.state import STATE, state_table
from features.scenarios.statements import Scenario
from features.scenarios.states import scenario_states
from features.states.history import StateHistory
from tests.states import FIRST, scrambled, states

MONTHS = 24
MALI, NIGER = 0, 1


def history() -> StateHistory:
    """Mali with an attempt in its first year, and one on the last day of the origin's month."""
    past = states(
        {"MLI": [(5, "failed"), (MONTHS - 1, "success")], "NER": [(3, "success")]},
        MONTHS + 12,
        {"polyarchy": np.full((MONTHS + 12, 2), 0.4)},
        np.ones((MONTHS + 12, 2)),
    )
    is_last = past.reports["date"] == past.reports["date"].max()
    last = past.reports["date"] + pd.offsets.MonthEnd()
    past.reports["date"] = past.reports["date"].mask(is_last, last)
    return past


def coup(country: str, month: int, outcome: str = "success") -> dict[str, Any]:
    return {"country": country, "month": month, "outcome": outcome}


def supposed(*coups: dict[str, Any]) -> Scenario:
    return Scenario.model_validate({"name": "test", "months": 3, "coups": coups})


def past() -> StateHistory:
    return history().until(FIRST + MONTHS - 1)


def test_in_the_continuation_nobody_attempts_a_coup_and_all_else_stays() -> None:
    continuation, scenario = scenario_states(past(), supposed())
    assert scenario is continuation
    assert continuation.months.tolist() == list(range(FIRST, FIRST + MONTHS + 3))
    assert continuation.attempts[:MONTHS].tolist() == past().attempts.tolist()
    assert continuation.attempts[-3:].sum() == 0
    assert continuation.observed[-3:].all()
    assert (continuation.conditions["polyarchy"][-3:] == 0.4).all()
    assert (continuation.election_within_6[-3:] == 1).all()


def test_an_attempt_stands_in_its_month_and_is_none_of_those_before() -> None:
    first = supposed(coup("Mali", 1), coup("Niger", 3, "failed"), coup("NER", 3))
    changed = scenario_states(past(), first).scenario
    assert changed.attempts[-4:, MALI].tolist() == [1, 1, 0, 0]
    assert changed.attempts[-4:, NIGER].tolist() == [0, 0, 0, 2]
    assert changed.successes[-3:].tolist() == [[1, 0], [0, 0], [0, 1]]
    assert changed.seizures.sum() == 0
    assert changed.until(FIRST + MONTHS - 1).digest() == past().digest()


def test_no_indicator_reads_whether_an_attempt_succeeds() -> None:
    names = [indicator.name for indicator in STATE]
    won, lost = (
        state_table(scenario_states(past(), supposed(coup("Mali", 2, outcome))).scenario, names)
        for outcome in ("success", "failed")
    )
    np.testing.assert_array_equal(won, lost)


def test_nothing_after_the_origin_is_read() -> None:
    """Neither coups nor conditions nor votes that were due."""
    other = scrambled(history(), FIRST + MONTHS - 1).until(FIRST + MONTHS - 1)
    scenario = supposed(coup("Mali", 1))
    for now, then in zip(
        scenario_states(other, scenario), scenario_states(past(), scenario), strict=True
    ):
        assert now.digest() == then.digest()


def test_a_country_that_no_list_observes_is_refused() -> None:
    with pytest.raises(InputError, match=r"coups 2: no list of coups observes 'Nigerr'.* NER"):
        scenario_states(past(), supposed(coup("Mali", 1), coup("Nigerr", 1)))
    with pytest.raises(InputError, match=r"observes 'Fiji' .*: such as MLI"):
        scenario_states(past(), supposed(coup("Fiji", 1)))
