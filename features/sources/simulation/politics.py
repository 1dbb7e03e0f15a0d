"""The law of coups, of what holds of states, and of votes in the simulated world.

It knows nothing of the simulated violence, and draws from a stream of its own. In each month a
state sees an attempt of a coup with the probability

    logit p = base + trap exp(-u / trap_months) + rule r + poverty m

with u the months since the last attempt, r the role of the military in ruling, from 0 to 1, and m
the lasting poverty of the state [standard deviations]. An attempt succeeds with a fixed
probability. Then soldiers rule until the next vote and r is 1; the vote that was due is withdrawn,
and another announced. Under civilians r falls back. That coups breed coups is Londregan & Poole
(1990, World Politics 42(2)).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from features.archive.folders import Records
from features.archive.schemas import STATE_SCHEMAS
from features.arrays import FloatArray
from features.months import format_month, parse_month
from features.sources.simulation.parameters import PoliticalParameters

_YEAR = 12  # [months]
_DAYS = 28  # of a month, on which coups and votes fall
_USES = 6  # of a draw: attempt, success, plot, seizure, vote, day
_REGIME = ("military_regime", "military_leader", "leader_by_coup")


@dataclass(frozen=True, eq=False)
class Politics:
    """What happened to S states in T months: rows in the schemas of their records, and the truth.

    `attempt` (T, S) are the probabilities of an attempt by the military, given all that was before.
    """

    tables: dict[Records, pd.DataFrame]
    attempt: FloatArray


def simulate_politics(
    parameters: PoliticalParameters,
    countries: Sequence[str],
    last_month: int,
    rng: np.random.Generator,
) -> Politics:
    """Simulate states to a month [months since 1970-01]; a later end changes nothing before."""
    first = parse_month(parameters.first_month)
    traits = rng.standard_normal((len(countries), 2))
    phases = rng.integers(1, parameters.term_months, len(countries))
    draws = rng.random((last_month + 1 - first, len(countries), _USES))
    states = [
        _State(parameters, country, of_country, first, first + int(phase))
        for country, of_country, phase in zip(countries, traits, phases, strict=True)
    ]
    months = range(first, last_month + 1)
    attempt = [
        [state.live(month, uniform) for state, uniform in zip(states, of_month, strict=True)]
        for month, of_month in zip(months, draws, strict=True)
    ]
    rows: dict[Records, list[tuple[object, ...]]] = {
        "coups": [row for state in states for row in state.coups],
        "conditions": [row for state in states for row in state.conditions],
        "elections": [row for state in states for row in state.votes],
    }
    tables = {
        records: pd.DataFrame(those, columns=STATE_SCHEMAS[records].names)
        for records, those in rows.items()
    }
    return Politics(tables, np.array(attempt))


class _State:
    """One state as the months go by, and the rows that come about."""

    def __init__(
        self,
        parameters: PoliticalParameters,
        country: str,
        traits: FloatArray,
        first_month: int,
        vote: int,
    ) -> None:
        self._law, self._country = parameters, country
        self._poverty, self._size = map(float, traits)
        self._usual_role = self._role = 1 / (1 + np.exp(2 - self._poverty))
        self._last_attempt = first_month - 20 * _YEAR
        self._first = first_month
        self._is_military = False
        self.coups: list[tuple[object, ...]] = []
        self.conditions: list[tuple[object, ...]] = []
        self.votes: list[tuple[object, ...]] = []
        for month in range(first_month - 3 * _YEAR, first_month, _YEAR):
            self._note_year(month)
        self._note_rule(first_month, _day(first_month, 1))
        self._announce(vote, _day(first_month, 1))

    def live(self, month: int, uniform: FloatArray) -> float:
        """Live through a month [months since 1970-01] and return the chance of an attempt in it."""
        law, day = self._law, _day(month, 1 + int(uniform[5] * _DAYS))
        chance = self._chance(month)
        if month % _YEAR == 0 and month > self._first:
            self._note_year(month - _YEAR)
        if month == self._vote:
            self._elect(month, day)
        if uniform[0] < chance:
            succeeds = bool(uniform[1] < law.success)
            self._note_coup("success" if succeeds else "failed", "military", day)
            self._last_attempt = month
            if succeeds:
                self._take_power(month, day)
        elif uniform[2] < law.plot:
            self._note_coup("plot", "military", day)
        elif uniform[3] < law.seizure:
            self._note_coup("success", "rebel", day)
        if not self._is_military:
            fading = np.exp(-1 / law.role_months)
            self._role = self._usual_role + (self._role - self._usual_role) * fading
        return chance

    def _chance(self, month: int) -> float:
        law, since = self._law, month - self._last_attempt
        logit = law.base + law.trap * np.exp(-since / law.trap_months)
        logit += law.rule * self._role + law.poverty * self._poverty
        return float(1 / (1 + np.exp(-logit)))

    def _take_power(self, month: int, day: date) -> None:
        """Let soldiers rule: no vote that was announced is due any more."""
        *others, (country, due, kind, published, _, note) = self.votes
        self.votes = others
        if isinstance(published, date) and published < day:
            self.votes.append((country, due, kind, published, day, note))
        self._is_military, self._role = True, 1.0
        self._note_rule(month, day)
        self._announce(month + self._law.transition_months, _day(month + 3, 1))

    def _elect(self, month: int, day: date) -> None:
        """Hold the vote that is due; soldiers then leave."""
        if self._is_military:
            self._is_military = False
            self._note_rule(month, day)
        vote = month + self._law.term_months
        self._announce(vote, _day(vote - _YEAR, 1))

    def _announce(self, vote: int, published: date) -> None:
        self._vote = vote
        row = (self._country, _day(vote, 15), "general", published, None, "Simulated vote")
        self.votes.append(row)

    def _note_coup(self, outcome: str, actor: str, day: date) -> None:
        name = f"Simulated {'plot' if outcome == 'plot' else 'coup'} of {day}"
        coup_id = f"SIM-{self._country}-{day}"
        row = (coup_id, self._country, day, outcome, actor, None, name, None, "simulation")
        self.coups.append(row)

    def _note_rule(self, month: int, published: date) -> None:
        for name in _REGIME:
            value = float(self._is_military)
            self.conditions.append((self._country, name, month, None, published, value))

    def _note_year(self, january: int) -> None:
        """Note a year: how it was ruled, published in March after it, and how its people lived."""
        years = january / _YEAR - 20  # since 1990
        early, late = _day(january + _YEAR + 2, _DAYS), _day(january + 2 * _YEAR, 1)
        for name, value, published in (
            ("polyarchy", np.clip(0.6 - 0.4 * self._role - 0.1 * self._poverty, 0.02, 0.95), early),
            ("military_role", self._role, early),
            ("gdp_per_capita", np.exp(7 - 0.5 * self._poverty + 0.015 * years), late),
            ("infant_mortality", np.exp(4.3 + 0.3 * self._poverty - 0.02 * years), late),
            ("population", np.exp(9 + self._size + 0.025 * years), late),
        ):
            row = (self._country, name, january, None, published, round(float(value), 4))
            self.conditions.append(row)


def _day(month: int, day: int) -> date:
    return date.fromisoformat(f"{format_month(month)}-{day:02d}")
