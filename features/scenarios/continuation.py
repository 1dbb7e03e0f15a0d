"""How the world goes on without a statement: violence as in the last months, states as they are."""

from dataclasses import fields, replace
from typing import Any

import numpy as np

from features.arrays import FloatArray
from features.panel.incidents import Incidents
from features.panel.panel import Panel
from features.states.history import StateHistory


def continued(panel: Panel, months: int) -> Panel:
    """Return a panel with `months` more, each a copy of the one that lies so many before it.

    What was observed is so again, and incidents happen again with places, actors and texts. Late
    reporting is corrected before, where it is: what is supposed of a month is all of it.
    """
    past = panel.corrected()
    last = np.arange(len(past.months) - months, len(past.months))
    again = past.incidents.at(past.incidents.month > past.months[-1] - months)
    again = replace(again, month=again.month + months)
    return replace(
        past,
        months=np.append(past.months, past.months[last] + months),
        observed=np.concatenate([past.observed, past.observed[last]]),
        events=_longer(past.events, past.events[:, last]),
        deaths=_longer(past.deaths, past.deaths[:, last]),
        incidents=joined(past.incidents, again),
    )


def continued_states(past: StateHistory, months: int) -> StateHistory:
    """Return a history with `months` more, in which nobody attempts a coup.

    What holds of states, and whether a vote is due, is as in the last month.
    """
    rows = np.append(np.arange(len(past.months)), np.full(months, len(past.months) - 1))
    end = int(past.months[-1]) + months
    longer = replace(
        past,
        months=np.arange(past.first_month, end + 1),
        exists=past.exists[rows],
        observed=past.observed[rows],
        conditions={name: values[rows] for name, values in past.conditions.items()},
        election_within_6=past.election_within_6[rows],
        coverage_end=end,
    )
    return longer.until(end)  # which counts attempts


def joined(one: Incidents, other: Incidents) -> Incidents:
    """Return incidents with the same `names` together, by month."""
    both: dict[str, Any] = {
        field.name: np.concatenate([getattr(one, field.name), getattr(other, field.name)])
        for field in fields(one)
        if field.name != "names"
    }
    together = replace(one, **both)
    return together.at(np.argsort(together.month, kind="stable"))


def _longer(values: FloatArray, more: FloatArray) -> FloatArray:
    return np.concatenate([values, more], axis=1)
