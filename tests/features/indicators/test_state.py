import numpy as np
import pytest
from numpy.testing import assert_array_equal

from features.errors import ConfigurationError
from features.indicators.state import STATE, select_state, state_table
from tests.states import FIRST, many_states, scrambled, states

NAN = np.nan
NAMES = tuple(indicator.name for indicator in STATE)


def test_own_coups_by_hand() -> None:
    history = states({"MLI": [(2, "failed"), (5, "success")], "NER": []}, months=7)
    names = ["attempt_years", "attempt_ever", "attempts_20_years"]
    years, ever, count = np.moveaxis(state_table(history, names), -1, 0)
    assert_array_equal(12 * years[:, 0], [1, 2, 0, 1, 2, 0, 1])
    assert_array_equal(12 * years[:, 1], [1, 2, 3, 4, 5, 6, 7])
    assert_array_equal(ever.T, [[0, 0, 1, 1, 1, 1, 1], [0] * 7])
    assert_array_equal(count.T, [[0, 0, 1, 1, 1, 2, 2], [0] * 7])


def test_an_attempt_counts_for_twenty_years() -> None:
    count = state_table(states({"MLI": [(0, "failed")]}, months=242), ["attempts_20_years"])
    assert_array_equal(count[[239, 240, 241], 0, 0], [1, 0, 0])


def test_the_rate_of_the_world_is_of_the_states_that_are_observed() -> None:
    history = states({"MLI": [(1, "failed")], "NER": [(2, "success")], "TGO": []}, months=26)
    history.observed[:, 1] = False
    rate = state_table(history, ["attempts_world"])[:, :, 0]
    # One attempt of Mali in the months of Mali and Togo: after two years it counts no more.
    assert rate[1, 0] == pytest.approx(100 * 1 / (2 * 2 / 12))
    assert rate[24, 0] == pytest.approx(100 * 1 / (2 * 24 / 12))
    assert rate[25, 0] == 0
    assert np.isnan(rate[:, 1]).all()
    assert_array_equal(rate[:, 0], rate[:, 2])


def test_conditions_are_as_published_and_missing_where_no_table_gives_them() -> None:
    given = {"polyarchy": np.array([[0.5], [NAN]]), "military_role": np.array([[0.25], [0.5]])}
    history = states({"MLI": []}, months=2, conditions=given, election=np.array([[1.0], [0.0]]))
    names = ["regime", "regime_square", "military_role", "election_due", "income"]
    assert_array_equal(
        state_table(history, names)[:, 0], [[0.5, 0.25, 25, 1, NAN], [NAN, NAN, 50, 0, NAN]]
    )


def test_a_state_has_no_values_before_it_exists() -> None:
    history = states({"SSD": []}, months=3)
    history.exists[:2] = False
    known = ~np.isnan(state_table(history, ["attempt_ever"])[:, 0, 0])
    assert_array_equal(known, [False, False, True])


@pytest.mark.parametrize("origin", [FIRST + 60, FIRST + 119])
def test_no_month_after_the_origin_changes_a_bit(origin: int) -> None:
    history = many_states(months=120, count=6)
    row = origin - FIRST
    other = scrambled(history, origin)
    assert not np.array_equal(history.attempts[row + 1 :], other.attempts[row + 1 :]) or row == 119
    table = state_table(history, NAMES)[: row + 1]
    assert_array_equal(table, state_table(other, NAMES)[: row + 1])
    assert_array_equal(table, state_table(other.until(origin), NAMES))


def test_values_lie_in_their_ranges() -> None:
    table = state_table(many_states(months=60, count=5), NAMES)
    for column, indicator in enumerate(STATE):
        values = table[:, :, column][~np.isnan(table[:, :, column])]
        assert (values >= indicator.lowest).all()
        assert (values <= indicator.highest).all()


def test_an_unknown_indicator_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="state has no weather: it has attempt_years"):
        select_state(["attempt_ever", "weather"])
