import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from experiments.coups.backtest import BASE, FORECASTS, OWN, backtest_coups
from experiments.coups.fitting import attempt_labels
from experiments.coups.settings import CoupSettings
from features.errors import CoverageError
from features.months import format_month, parse_month
from features.states.history import StateHistory
from models.coups import base_rate, own_rate
from tests.experiments.coups.conftest import LAST
from tests.states import FIRST, many_states, scrambled
from tests.training import plainly


def test_every_state_is_forecast_at_every_origin_and_horizon(
    coup_forecasts: pd.DataFrame, coup_settings: CoupSettings
) -> None:
    origins = coup_forecasts["origin"].unique()
    assert [format_month(origins[0]), origins[-1]] == ["2011-12", LAST]
    assert len(coup_forecasts) == len(origins) * len(coup_settings.horizons) * 30
    assert coup_forecasts[[*FORECASTS]].gt(0).all(axis=None)
    assert coup_forecasts[[*FORECASTS]].lt(1).all(axis=None)


def test_outcomes_and_references_are_their_formulas(
    coup_forecasts: pd.DataFrame, coup_history: StateHistory
) -> None:
    rows = coup_forecasts[(coup_forecasts["horizon"] == 6) & (coup_forecasts["origin"] == LAST)]
    labels, row = attempt_labels(coup_history, 6), LAST - FIRST
    assert rows["outcome"].tolist() == labels[row].tolist()
    past = attempt_labels(coup_history.until(LAST), 6)
    assert np.allclose(rows[BASE], base_rate(past, 6)[-1])
    assert np.allclose(rows[OWN], own_rate(past, 6)[-1])


def test_nothing_after_an_origin_changes_its_forecasts_by_a_bit(
    coup_history: StateHistory, coup_settings: CoupSettings, coup_forecasts: pd.DataFrame
) -> None:
    origin = parse_month("2012-01")
    other = scrambled(coup_history, origin)
    again = backtest_coups(other, coup_settings, origin, plainly)
    before = coup_forecasts[coup_forecasts["origin"] <= origin]
    columns = ["origin", "horizon", "country", *FORECASTS]
    assert_frame_equal(again[columns], before[columns].reset_index(drop=True), check_exact=True)


def test_a_list_that_begins_too_late_cannot_be_judged(coup_settings: CoupSettings) -> None:
    with pytest.raises(CoverageError, match="begins too late to judge forecasts to 1999-11"):
        backtest_coups(many_states(130, 3), coup_settings, FIRST + 118, plainly)
