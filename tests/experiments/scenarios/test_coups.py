"""Supposed coups on invented histories: what moves, and what the model reads of others."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bulletins.scenarios import coups_in_words
from experiments.coups.fitting import MODEL, REFERENCE, CoupName, fit_forecaster
from experiments.coups.registry import CoupVersion
from experiments.coups.settings import CoupSettings
from experiments.publishing.coups import CoupForecast, coup_scores
from experiments.scenarios.coups import (
    CoupComparison,
    compared_coups,
    coup_family_rows,
    coup_score_rows,
    coup_support_rows,
    read_elsewhere,
)
from features.scenarios.statements import CoupStatement, Scenario
from features.states.history import StateHistory
from models.explanation import log_odds
from tests.states import FIRST, many_states, scrambled

CODES = np.array(["BEN", "BFA", "CIV", "GHA", "GIN", "GMB", "LBR", "MLI", "NER", "NGA"])
ORIGIN = FIRST + 220
VERSION = CoupVersion(
    version=1, run_id="a", trained_to=ORIGIN, simulated=True, served={12: "model"}, skill={},
    attempts=40, scales=(), sha256="0", learner="model", passed=True,
)  # fmt: skip
COUP = Scenario(
    name="a coup", months=2, coups=(CoupStatement(country="Mali", month=2, outcome="failed"),)
)


@pytest.fixture(scope="module")
def history() -> StateHistory:
    """Invented states under the codes of real ones."""
    states = many_states(months=240, count=len(CODES))
    names = dict(zip(states.countries.tolist(), CODES.tolist(), strict=True))
    reports = states.reports.assign(country=states.reports["country"].map(names))
    return replace(states, countries=CODES, reports=reports)


def forecast_of(history: StateHistory, settings: CoupSettings, name: CoupName) -> CoupForecast:
    """What a model or its reference, learned at the origin, says of nine of the states."""
    past = history.until(ORIGIN)
    ids = CODES[1:]
    return CoupForecast(
        version=VERSION,
        forecaster=fit_forecaster(past, settings, dict.fromkeys((1, 12), name)),
        past=past,
        countries=pd.DataFrame({"id": ids, "name": ids, "country": ids}),
        releases=(),
    )


@pytest.fixture(scope="module")
def comparison(history: StateHistory, coup_settings: CoupSettings) -> CoupComparison:
    return compared_coups(forecast_of(history, coup_settings, MODEL), COUP)


def test_a_coup_moves_its_country_and_others_through_the_world_alone(
    comparison: CoupComparison,
) -> None:
    rows = coup_score_rows(comparison, coup_scores(comparison.origin))
    assert (rows.loc[rows["region"] == "MLI", "change"] > 0).all()
    assert (rows["change"] != 0).all()
    assert read_elsewhere(comparison, COUP) == ("attempts_world",)
    issued = coup_scores(comparison.origin).set_index(["region", "horizon"])["probability"]
    beside = rows.set_index(["region", "horizon"])["bulletin_probability"]
    assert beside.tolist() == issued.reindex(beside.index).tolist()
    assert set(coup_support_rows(comparison)["region"]) <= set(CODES)


def test_the_family_of_states_moves_all_of_a_score(comparison: CoupComparison) -> None:
    rows = coup_score_rows(comparison, coup_scores(comparison.origin))
    odds = log_odds(rows["probability"].to_numpy()) - log_odds(rows["continuation"].to_numpy())
    moves = coup_family_rows(comparison)
    assert set(moves["family"]) == {"state"}
    np.testing.assert_allclose(moves["change"], odds, atol=1e-9)


def test_a_model_of_own_coups_alone_moves_nobody_else(
    history: StateHistory, coup_settings: CoupSettings
) -> None:
    own = compared_coups(forecast_of(history, coup_settings, REFERENCE), COUP)
    rows = coup_score_rows(own, coup_scores(own.origin))
    assert set(rows.loc[rows["change"] != 0, "region"]) == {"MLI"}
    assert read_elsewhere(own, COUP) == ()
    assert "nothing of its neighbours" in coups_in_words(())
    assert "together (attempts in all states)" in coups_in_words(["Attempts in all states"])


def test_without_a_coup_no_bit_changes(history: StateHistory, coup_settings: CoupSettings) -> None:
    nothing = compared_coups(
        forecast_of(history, coup_settings, MODEL), Scenario(name="nothing", months=2)
    )
    rows = coup_score_rows(nothing, coup_scores(nothing.origin))
    assert rows["probability"].equals(rows["continuation"])
    assert len(coup_family_rows(nothing)) == len(coup_support_rows(nothing)) == 0


def test_nothing_after_the_origin_is_read(
    history: StateHistory, coup_settings: CoupSettings, comparison: CoupComparison
) -> None:
    other = forecast_of(scrambled(history, ORIGIN), coup_settings, MODEL)
    again = compared_coups(other, COUP)
    for now, then in (
        (again.continuation, comparison.continuation),
        (again.scenario, comparison.scenario),
    ):
        pd.testing.assert_frame_equal(coup_scores(now), coup_scores(then), check_exact=True)


def test_what_no_state_ever_had_is_beyond(comparison: CoupComparison) -> None:
    attempts = int(comparison.origin.past.attempts.sum())
    all_at_once = COUP.model_copy(update={"coups": COUP.coups * attempts})
    support = coup_support_rows(compared_coups(comparison.origin, all_at_once))
    world = support[support["indicator"] == "attempts_world"]
    assert set(world["region"]) == set(CODES[1:])
    assert (world["value"] > world["highest"]).all()
