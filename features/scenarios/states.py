"""The history of states of a scenario: attempts of coups put into the coming months."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from features.errors import InputError
from features.indicators.state import known_states
from features.months import format_month
from features.places.countries import meant_country, similar_countries
from features.scenarios.continuation import continued_states
from features.scenarios.statements import CoupStatement, Scenario
from features.states.attempts import MOST_DAYS
from features.states.history import StateHistory

_LIST = "hypothetical"
_DAY = MOST_DAYS + 1  # of the month: too late to be one with an event of the month before


class ScenarioStates(NamedTuple):
    """Two histories of the same months: without the statements, and with them."""

    continuation: StateHistory
    scenario: StateHistory


def scenario_states(past: StateHistory, scenario: Scenario) -> ScenarioStates:
    """Return what a history that ends at the origin becomes.

    Raises InputError for a country whose coups no list observes there.
    """
    continuation = continued_states(past, scenario.months)
    if not scenario.coups:
        return ScenarioStates(continuation, continuation)
    return ScenarioStates(continuation, _with_attempts(continuation, past, scenario.coups))


def coup_countries(past: StateHistory, coups: Sequence[CoupStatement]) -> list[str]:
    """Return the codes (alpha-3) of the countries of statements; raises what the others do."""
    observed = past.countries[known_states(past)[-1]].tolist()
    codes = []
    for number, statement in enumerate(coups, start=1):
        code = meant_country(statement.country)
        if code not in observed:
            near = similar_countries(statement.country, observed)
            remedy = f"did you mean {' or '.join(near)}?" if near else f"such as {observed[0]}"
            raise InputError(
                f"coups {number}: no list of coups observes '{statement.country}' at the origin of "
                f"the bulletin: {remedy}"
            )
        codes.append(str(code))
    return codes


def _with_attempts(
    continuation: StateHistory, past: StateHistory, coups: Sequence[CoupStatement]
) -> StateHistory:
    origin = int(past.months[-1])
    days = [pd.Timestamp(f"{format_month(origin + one.month)}-{_DAY}") for one in coups]
    rows = pd.DataFrame(
        {
            "list": _LIST,
            "rank": 0,
            "country": coup_countries(past, coups),
            "date": days,
            "outcome": [one.outcome for one in coups],
            "actor": "unknown",  # which counts as one of the state elites
            "known": days,
            "name": _LIST,
            "note": _LIST,
        }
    )
    reports = pd.concat([continuation.reports, rows[list(continuation.reports)]], ignore_index=True)
    return replace(continuation, reports=reports).until(int(continuation.months[-1]))
