"""Two forecasts of coups, with and without statements: what differs, and in which countries."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from bulletins.scenarios import SUPPORT_SCHEMA
from experiments.publishing.coups import COUP_LEVEL, CoupForecast, coup_moves, coup_scores
from experiments.scenarios.comparison import family_table, side_by_side, support_table
from features.indicators.state import known_states
from features.scenarios.statements import Scenario
from features.scenarios.states import coup_countries, scenario_states
from models.explanation import differs


class CoupComparison(NamedTuple):
    """The forecasts of coups with the statements and without, from one at the origin."""

    origin: CoupForecast
    continuation: CoupForecast
    scenario: CoupForecast
    months: int


def compared_coups(forecast: CoupForecast, scenario: Scenario) -> CoupComparison:
    """Return what the model of a forecast at the origin says after the months of a scenario.

    Raises InputError for a country whose coups no list observes.
    """
    states = scenario_states(forecast.past, scenario)
    continuation, changed = (replace(forecast, past=history) for history in states)
    return CoupComparison(forecast, continuation, changed, scenario.months)


def coup_score_rows(comparison: CoupComparison, bulletin: pd.DataFrame) -> pd.DataFrame:
    """Return the scores side by side, as SCORES_SCHEMA; `bulletin` are those of the bulletin."""
    return side_by_side(
        coup_scores(comparison.continuation),
        coup_scores(comparison.scenario),
        bulletin[bulletin["level"] == COUP_LEVEL],
        coup_support_rows(comparison)["region"],
        comparison.months,
    )


def coup_family_rows(comparison: CoupComparison) -> pd.DataFrame:
    """Return what moved the scores, as FAMILIES_SCHEMA."""
    moves = coup_moves(comparison.continuation, comparison.scenario)
    return family_table(moves.assign(level=COUP_LEVEL))


def coup_support_rows(comparison: CoupComparison) -> pd.DataFrame:
    """Return the indicators beyond all that any state had up to the origin, as SUPPORT_SCHEMA."""
    origin, after = comparison.origin, comparison.scenario
    return support_table(
        origin.table[known_states(origin.past)],
        comparison.continuation.read_at(-1),
        after.read_at(-1),
        after.countries["id"].to_numpy(dtype=object),
        after.forecaster.names,
    ).assign(level=COUP_LEVEL)[list(SUPPORT_SCHEMA.names)]


def read_elsewhere(comparison: CoupComparison, scenario: Scenario) -> tuple[str, ...]:
    """Return the indicators that move scores of countries of which no statement speaks.

    An indicator does so if it alone, as it is with the statements, moves one of them.
    """
    after = comparison.scenario
    own = coup_countries(comparison.origin.past, scenario.coups)
    is_other = ~after.countries["id"].isin(own).to_numpy()
    was, now = (one.read_at(-1)[is_other] for one in (comparison.continuation, after))
    learners = [after.forecaster.learner(horizon) for horizon in after.forecaster.horizons]
    moving = []
    for column in np.flatnonzero(differs(was, now).any(axis=0)):
        alone = was.copy()
        alone[:, column] = now[:, column]
        if any((one.probability(alone) != one.probability(was)).any() for one in learners):
            moving.append(after.forecaster.names[column])
    return tuple(moving)
