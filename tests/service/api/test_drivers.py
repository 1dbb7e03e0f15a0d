import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.drivers import points_per_log_odds, probability_of

LOG_ODDS = st.floats(-30, 30)


@given(st.floats(-800, 800))
def test_log_odds_and_probability_are_one(log_odds: float) -> None:
    p, other = probability_of(np.array([log_odds, -log_odds]))
    assert 0 <= p <= 1
    assert p + other == pytest.approx(1)
    if abs(log_odds) < 30:
        assert math.log(p / (1 - p)) == pytest.approx(log_odds, abs=1e-2)


def test_what_log_odds_are_worth() -> None:
    """From one in four, odds of 1 to 3, to one in two: 0.25 for the logarithm of 3."""
    assert points_per_log_odds(0.0, -math.log(3)) == pytest.approx(0.25 / math.log(3))
    assert points_per_log_odds(0.0, 0.0) == 0.25


@given(LOG_ODDS, LOG_ODDS, st.floats(-5, 5))
def test_parts_that_add_up_in_log_odds_do_so_in_points(
    now: float, then: float, part: float
) -> None:
    worth = points_per_log_odds(now, then)
    assert 0 <= worth <= 0.25 + 1e-9
    p, q = probability_of(np.array([now, then]))
    assert part * worth + (now - then - part) * worth == pytest.approx(p - q, abs=1e-8)
