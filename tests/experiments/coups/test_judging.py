import numpy as np
import pandas as pd
import pytest

from experiments.coups.fitting import MODEL, REFERENCE
from experiments.coups.judging import (
    DECISIVE,
    Forecasts,
    HorizonFigures,
    judge_coups,
    outcomes_to,
    redraws,
    served,
)
from experiments.coups.settings import CoupSettings
from models.bootstrap import Gain
from models.metrics import auc, brier, log_score

WEIGHTS = np.array([1.0, 2.0, 0.0, 1.0])
FORECASTS = Forecasts(
    np.array([1.0, 0, 0, 0]),
    {"own": np.array([0.5, 0.1, 0.9, 0.2]), "other": np.full(4, 0.25)},
)


def test_skill_is_the_share_of_the_loss_that_is_saved() -> None:
    rows = [0, 1, 1, 3]  # as often as they weigh
    outcome = FORECASTS.outcome[rows]
    own, other = (FORECASTS.probability[name][rows] for name in ("own", "other"))
    assert FORECASTS.brier_skill(WEIGHTS, "own", "other") == pytest.approx(
        1 - brier(outcome, own) / brier(outcome, other)
    )
    assert FORECASTS.log_skill(WEIGHTS, "own", "other") == pytest.approx(
        1 - log_score(outcome, own) / log_score(outcome, other)
    )


def test_expected_over_observed_is_of_all_or_of_the_highest_scores() -> None:
    assert FORECASTS.expected_share(np.ones(4), "own") == pytest.approx(1.7)
    assert FORECASTS.expected_share(np.ones(4), "own", top=0.5) == pytest.approx(1.4)
    assert np.isnan(FORECASTS.expected_share(np.ones(4), "own", top=0.25))


def test_years_and_countries_are_drawn_as_wholes(coup_settings: CoupSettings) -> None:
    year, country = np.repeat([1, 2, 3], 4), np.tile(["a", "b", "c", "d"], 3)
    for weights in redraws(year, country, coup_settings.backtest):
        table = weights.reshape(3, 4)
        assert weights.sum() == 3 * 4
        assert np.linalg.matrix_rank(table) == 1


def test_a_horizon_is_measured_on_the_rows_whose_outcome_is_known(
    coup_forecasts: pd.DataFrame, coup_settings: CoupSettings
) -> None:
    some = coup_forecasts.assign(
        outcome=coup_forecasts["outcome"].mask(coup_forecasts["country"] == "S00")
    )
    (one, _, twelve) = judge_coups(some, coup_settings.backtest)
    known = some[some["outcome"].notna() & (some["horizon"] == 12)]
    assert (one.horizon, twelve.horizon) == (1, 12)
    assert (twelve.rows, twelve.cases) == (len(known), known["outcome"].sum())
    area = twelve.measures["AUC"]
    assert area.value == pytest.approx(auc(known["outcome"].to_numpy(), known[MODEL].to_numpy()))
    assert area.low < area.value < area.high


def test_a_model_of_a_cause_beats_the_months_since(
    coup_forecasts: pd.DataFrame, coup_settings: CoupSettings
) -> None:
    figures = judge_coups(coup_forecasts, coup_settings.backtest)
    assert all(f.measures[DECISIVE].value > 0.05 for f in figures)
    # Of twelve months nearly all are positive, and one event makes few cases.
    assert served(figures, (1, 6, 12)) == {1: MODEL, 6: MODEL, 12: REFERENCE}


@pytest.mark.parametrize(
    ("cases", "skill", "name"),
    [(360, 0.01, MODEL), (360, 0.0, REFERENCE), (360, -0.1, REFERENCE), (359, 0.01, REFERENCE)],
)
def test_what_does_not_beat_the_months_since_on_enough_events_is_not_served(
    cases: int, skill: float, name: str
) -> None:
    figures = HorizonFigures(12, 9000, cases, 20, {DECISIVE: Gain(skill, -1, 1)})
    assert served([figures], (1, 12)) == {1: REFERENCE, 12: name}


def test_outcomes_to_a_month_are_those_known_by_its_end() -> None:
    rows = pd.DataFrame({"origin": [598, 599, 587, 588], "horizon": [1, 1, 12, 12]})
    assert outcomes_to(rows, "2019-12").index.tolist() == [0, 2]
