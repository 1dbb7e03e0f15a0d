"""Family `state`: what a state has been through, how it is ruled, and how its people live.

Formulas over a `StateHistory`, which has countries in place of regions. Conditions are the newest
values published by the end of a month, and missing where no table gives them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import BoolArray, FloatArray
from features.errors import ConfigurationError
from features.states.history import StateHistory
from features.words import Alarm

YEAR = 12  # [months]
_RECENT = 20 * YEAR
_WORLD = 2 * YEAR
_TRAP = "Londregan & Poole 1990, World Politics 42(2)"
_LIST = "Powell & Thyne 2011, Journal of Peace Research 48(2)"
_RULE = "Bell, Besaw & Frank 2021, REIGN"
_INSTABILITY = "Goldstone et al. 2010, American Journal of Political Science 54(1)"
_VDEM = "Coppedge et al., Varieties of Democracy"


@dataclass(frozen=True)
class StateIndicator:
    """One named, documented column of states; `compute` gives (T months, C countries)."""

    name: str
    meaning: str
    unit: str
    compute: Callable[[StateHistory], FloatArray]
    source: str = ""
    lowest: float = 0.0
    highest: float = float("inf")
    family: str = "state"
    needs: frozenset[str] = frozenset()
    alarming: Alarm | None = None


def state_table(history: StateHistory, names: Sequence[str]) -> FloatArray:
    """Return indicators by name, (T, C, K), NaN where a state did not exist or was not observed.

    Raises ConfigurationError for an unknown name.
    """
    known = known_states(history)
    columns = [np.where(known, i.compute(history), np.nan) for i in select_state(names)]
    return np.stack(columns, axis=-1)


def select_state(names: Sequence[str]) -> tuple[StateIndicator, ...]:
    """Return the named indicators in order; raises ConfigurationError if one is unknown."""
    by_name = {indicator.name: indicator for indicator in STATE}
    unknown = ", ".join(name for name in names if name not in by_name)
    if unknown:
        raise ConfigurationError(f"the family state has no {unknown}: it has {', '.join(by_name)}")
    return tuple(by_name[name] for name in names)


def known_states(history: StateHistory) -> BoolArray:
    """Return (T, C): did the state exist, and does a list of coups observe it?"""
    return np.asarray(history.exists & history.observed)


def _years_since(history: StateHistory) -> FloatArray:
    """Return years since the last attempt, of the whole record if there was none, (T, C)."""
    row = np.arange(len(history.months))[:, None]
    last = np.maximum.accumulate(np.where(history.attempts > 0, row, -1), axis=0)
    return np.asarray(row - last, dtype=np.float64) / YEAR


def _ever(history: StateHistory) -> FloatArray:
    return np.asarray(np.cumsum(history.attempts, axis=0) > 0, dtype=np.float64)


def _in_twenty_years(history: StateHistory) -> FloatArray:
    return _trailing_sum(history.attempts.astype(np.float64), _RECENT)


def _world_rate(history: StateHistory) -> FloatArray:
    """Return attempts per 100 years of all states together over the last two, (T, C)."""
    known = known_states(history)
    attempts = _trailing_sum(np.where(known, history.attempts, 0.0).sum(axis=1), _WORLD)
    years = _trailing_sum(known.sum(axis=1, dtype=np.float64), _WORLD) / YEAR
    rate = np.divide(100 * attempts, years, out=np.full(len(years), np.nan), where=years > 0)
    return np.broadcast_to(rate[:, None], known.shape)


def _trailing_sum(values: FloatArray, months: int) -> FloatArray:
    """Return the sums of the last `months` rows, of fewer at the beginning."""
    total = np.cumsum(values, axis=0)
    total[months:] = total[months:] - total[:-months].copy()
    return np.asarray(total)


def _condition(history: StateHistory, variable: str) -> FloatArray:
    missing = np.full(history.attempts.shape, np.nan)
    return np.asarray(history.conditions.get(variable, missing), dtype=np.float64)


def _squared(history: StateHistory, variable: str) -> FloatArray:
    return np.asarray(_condition(history, variable) ** 2)


def _percent(history: StateHistory, variable: str) -> FloatArray:
    return 100 * _condition(history, variable)


def _election(history: StateHistory) -> FloatArray:
    return history.election_within_6


def _of(
    variable: str, form: Callable[[StateHistory, str], FloatArray] = _condition
) -> Callable[[StateHistory], FloatArray]:
    return lambda history: form(history, variable)


# fmt: off
STATE: tuple[StateIndicator, ...] = (
    StateIndicator("attempt_years",
                   "Years since the last attempt of a coup, or since the record began",
                   "years", _years_since, _TRAP),
    StateIndicator("attempt_ever", "Whether there was any attempt of a coup in the record",
                   "0 or 1", _ever, _TRAP, highest=1),
    StateIndicator("attempts_20_years", "Attempts of coups in the last 20 years",
                   "attempts", _in_twenty_years, _TRAP),
    StateIndicator("attempts_world", "Attempts of coups in all states over the last 2 years",
                   "attempts/100 state-years", _world_rate, _LIST),
    StateIndicator("regime", "Electoral democracy, by `polyarchy`",
                   "1", _of("polyarchy"), _VDEM, highest=1),
    StateIndicator("regime_square", "The same, squared: regimes between are the weakest",
                   "1", _of("polyarchy", _squared), _INSTABILITY, highest=1),
    StateIndicator("military_role",
                   "How far the executive depends on the military, by `military_role`",
                   "%", _of("military_role", _percent), _VDEM, highest=100),
    StateIndicator("military_regime", "Whether soldiers rule, by `military_regime`",
                   "0 or 1", _of("military_regime"), _RULE, highest=1),
    StateIndicator("military_leader", "Whether a soldier by career leads, by `military_leader`",
                   "0 or 1", _of("military_leader"), _RULE, highest=1),
    StateIndicator("leader_by_coup", "Whether the leader came by a coup, by `leader_by_coup`",
                   "0 or 1", _of("leader_by_coup"), _RULE, highest=1),
    StateIndicator("election_due", "Whether a vote that is announced is due in the next 6 months",
                   "0 or 1", _election, _RULE, highest=1),
    StateIndicator("income", "Gross domestic product a head, by `gdp_per_capita`",
                   "US dollars", _of("gdp_per_capita"), _TRAP),
    StateIndicator("growth", "Growth of the gross domestic product a head, by `gdp_growth`",
                   "%/year", _of("gdp_growth"), _TRAP, lowest=-100),
    StateIndicator("infant_mortality", "Deaths of infants, by `infant_mortality`",
                   "deaths/1,000 births", _of("infant_mortality"), _INSTABILITY),
    StateIndicator("population", "People, by `population`",
                   "1,000 people", _of("population"), _INSTABILITY),
)
# fmt: on
"""The family; a name in back quotes is the variable of the table of conditions."""
