from datetime import date

import pandas as pd
import pytest

from experiments.coups.backtest import backtest_coups
from experiments.coups.judgement import Provenance
from experiments.coups.settings import CoupSettings, read_coup_settings
from features.states.history import StateHistory
from tests.states import FIRST, many_states
from tests.training import plainly

LAST = FIRST + 287
"""The last origin whose twelve months are known."""
PROVENANCE = Provenance(True, ("coups a 1.0",), date(2015, 1, 31), "1.2.3+abc")


@pytest.fixture(scope="session")
def coup_settings() -> CoupSettings:
    """The experiment, with a backtest of two years and few draws."""
    own = read_coup_settings()
    backtest = own.backtest.model_copy(update={"first": "2011-12", "draws": 40})
    return own.model_copy(update={"backtest": backtest})


@pytest.fixture(scope="session")
def coup_history() -> StateHistory:
    return many_states()


@pytest.fixture(scope="session")
def coup_forecasts(coup_history: StateHistory, coup_settings: CoupSettings) -> pd.DataFrame:
    return backtest_coups(coup_history, coup_settings, LAST, plainly)
