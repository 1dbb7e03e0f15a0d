import numpy as np
from numpy.testing import assert_array_equal

from experiments.coups.fitting import (
    MODEL,
    REFERENCE,
    attempt_labels,
    fit_forecaster,
    names_read,
    rows_at_end,
    training_rows,
)
from experiments.coups.settings import CoupSettings
from features.states.history import StateHistory
from models.learners import BaseRate
from tests.states import FIRST, states

NAN = np.nan


def test_labels_look_ahead_and_need_every_month_observed() -> None:
    history = states({"MLI": [(2, "failed")]}, months=5)
    assert_array_equal(attempt_labels(history, 1)[:, 0], [0, 1, 0, 0, NAN])
    assert_array_equal(attempt_labels(history, 2)[:, 0], [1, 1, 0, NAN, NAN])
    history.observed[3] = False
    assert_array_equal(attempt_labels(history, 1)[:, 0], [0, 1, NAN, NAN, NAN])


def test_one_attempt_makes_many_cases_and_counts_once(coup_settings: CoupSettings) -> None:
    history = states({"MLI": [(20, "failed"), (20, "success")], "NER": []}, months=40)
    rows = training_rows(history, coup_settings, 12)
    assert len(rows.outcome) == 2 * 28
    assert rows.outcome.sum() == 12
    assert rows.attempts == 2


def test_attempts_that_no_learned_row_looks_at_do_not_count(coup_settings: CoupSettings) -> None:
    late = coup_settings.model_copy(update={"first_month": "1992-01"})
    history = states({"MLI": [(5, "failed"), (30, "failed")]}, months=60)
    assert training_rows(history, coup_settings, 1).attempts == 2
    rows = training_rows(history, late, 1)
    assert rows.attempts == 1
    assert len(rows.outcome) == 60 - 24 - 1


def test_what_is_served_reads_its_own_indicators_alone(
    coup_history: StateHistory, coup_settings: CoupSettings
) -> None:
    forecaster = fit_forecaster(coup_history, coup_settings, {1: REFERENCE, 12: MODEL})
    rows = rows_at_end(coup_history, names_read(coup_settings))
    poorer = rows.copy()
    poorer[:, names_read(coup_settings).index("infant_mortality")] *= 2
    near, far = (forecaster.learner(horizon).probability for horizon in (1, 12))
    assert_array_equal(near(rows), near(poorer))
    assert (far(poorer) > far(rows)).all()


def test_without_tables_what_is_left_decides(coup_settings: CoupSettings) -> None:
    history = states({"MLI": [(20, "failed")], "NER": []}, months=60)
    learner = fit_forecaster(history, coup_settings, {12: MODEL}).learner(12)
    assert isinstance(learner, BaseRate)
    assert history.first_month == FIRST
