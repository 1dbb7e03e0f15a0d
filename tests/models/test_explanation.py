from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from features.arrays import FloatArray, Matrix
from models.explanation import EDGE, differs, explain, log_odds, single_effects, usual_indicators

NAN = float("nan")


def matrix(*rows: list[float]) -> Matrix:
    return np.array(rows, dtype=np.float32)


def additive(indicators: Matrix) -> FloatArray:
    """-1 + 0.5 a - 2 b + c a, in log-odds."""
    a, b, c = indicators.astype(np.float64).T
    return np.asarray(expit(-1 + 0.5 * a - 2 * b + c * a))


def random_function(seed: int, columns: int) -> Callable[[Matrix], FloatArray]:
    """Any smooth function of all columns together, row by row."""
    rng = np.random.default_rng(seed)
    inner, outer = rng.normal(size=(columns, 7)), rng.normal(size=7)
    return lambda m: np.asarray(
        expit((np.tanh(m.astype(np.float64)[:, :, None] * inner).sum(axis=1) ** 2 * outer).sum(1))
    )


def test_contributions_of_an_additive_model_are_its_terms_and_an_interaction_is_halved() -> None:
    made = explain(additive, matrix([3, 1, 4]), matrix([1, 0.5, 0]), np.arange(3))
    assert made.baseline == pytest.approx([-1 + 0.5 - 1])
    assert made.score == pytest.approx([-1 + 1.5 - 2 + 12])
    # c a goes from 0 to 12: alone c adds 4 and a adds 0; after the other they add 12 and 8.
    np.testing.assert_allclose(made.groups, [[0.5 * 2 + (0 + 8) / 2, -1, (4 + 12) / 2]])


def test_columns_of_one_group_move_together() -> None:
    made = explain(additive, matrix([3, 1, 4]), matrix([1, 0.5, 0]), np.array([0, 1, 0]))
    np.testing.assert_allclose(made.groups, [[1 + 12, -1]])


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), groups=st.lists(st.integers(0, 4), min_size=5, max_size=8))
def test_baseline_and_contributions_add_up_to_the_score_whatever_the_model(
    seed: int, groups: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    present, baseline = rng.integers(-2, 3, (2, 6, len(groups))).astype(np.float32) / 4
    function = random_function(seed, len(groups))
    made = explain(function, present, baseline, np.array(groups))
    np.testing.assert_array_equal(made.score, log_odds(function(present)))
    np.testing.assert_array_equal(made.baseline, log_odds(function(baseline)))
    np.testing.assert_allclose(made.baseline + made.groups.sum(axis=1), made.score, atol=1e-9)
    for group in range(made.groups.shape[1]):
        own = np.array(groups) == group
        still = ~differs(present[:, own], baseline[:, own]).any(axis=1)
        assert (made.groups[still, group] == 0).all()


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_groups_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    present, baseline = rng.normal(size=(2, 4, 4)).astype(np.float32)
    function, order = random_function(seed, 4), rng.permutation(4)
    plain = explain(function, present, baseline, np.arange(4))
    other = explain(function, present, baseline, order)
    np.testing.assert_allclose(other.groups[:, order], plain.groups, atol=1e-9)


def test_a_score_does_not_depend_on_what_is_explained_beside_it() -> None:
    rng = np.random.default_rng(1)
    present, baseline = rng.normal(size=(2, 300, 9)).astype(np.float32)
    function = random_function(2, 9)
    together = explain(function, present, baseline, np.arange(9))
    alone = explain(function, present[257:258], baseline[257:258], np.arange(9))
    np.testing.assert_array_equal(together.groups[257:258], alone.groups)
    assert len(together.score) == 300


def test_only_what_differs_is_evaluated() -> None:
    seen = []

    def count(indicators: Matrix) -> FloatArray:
        seen.append(len(indicators))
        return additive(indicators)

    baseline = matrix([1, NAN, 0], [1, 1, 1])
    present = matrix([1, NAN, 4], [2, 0, 1])
    explain(count, present, baseline, np.arange(3))
    assert seen == [2 + 4]


def test_a_certain_forecast_has_finite_contributions() -> None:
    made = explain(
        lambda m: (m[:, 0] > 0).astype(np.float64), matrix([1, 1]), matrix([0, 0]), np.arange(2)
    )
    np.testing.assert_allclose(made.groups, [[-2 * logit(EDGE), 0]])


def test_no_score_has_no_explanation() -> None:
    made = explain(
        additive, np.empty((0, 3), np.float32), np.empty((0, 3), np.float32), np.arange(3)
    )
    assert (made.score.shape, made.baseline.shape, made.groups.shape) == ((0,), (0,), (0, 3))


def test_a_single_indicator_is_what_the_score_loses_without_it() -> None:
    present, baseline = matrix([3, 1, 4], [3, 1, 4]), matrix([1, 0.5, 0], [1, 1, 0])
    asked = np.array([[True, True, False], [True, True, True]])
    score = log_odds(additive(present))
    effects = single_effects(additive, present, baseline, asked, score)
    np.testing.assert_allclose(effects, [[1 + 8, -1, 0], [1 + 8, 0, 12]])


def months(*values: float) -> Matrix:
    """One region's values of one indicator, the last being the origin's."""
    return np.array(values, dtype=np.float32)[:, None, None]


def test_the_usual_value_is_the_median_of_four_years_without_the_last() -> None:
    values = months(*[9.0] * 40, *[1.0] * 23, *[3.0] * 25, *[50.0] * 12)
    usual, is_own = usual_indicators(values, np.ones((100, 1), dtype=bool))
    assert (usual.tolist(), is_own.tolist()) == ([[3.0]], [True])
    values[63] = 2.0
    usual, _ = usual_indicators(values, np.ones((100, 1), dtype=bool))
    assert usual.tolist() == [[2.0]]


def test_months_that_are_not_eligible_or_not_known_do_not_count() -> None:
    values, eligible = months(*[1.0] * 24, *[7.0] * 24, *[0.0] * 12), np.ones((60, 1), dtype=bool)
    eligible[:10] = False
    assert usual_indicators(values, eligible)[0].tolist() == [[7.0]]
    values[10:40] = NAN
    usual, is_own = usual_indicators(values, eligible)
    assert (usual.tolist(), is_own.tolist()) == ([[7.0]], [True])


def test_a_region_with_a_short_past_gets_what_is_usual_elsewhere() -> None:
    values = np.zeros((60, 4, 1), dtype=np.float32) + matrix([1], [2], [4], [9])
    eligible = np.ones((60, 4), dtype=bool)
    eligible[:36, 3] = False
    usual, is_own = usual_indicators(values, eligible)
    assert is_own.tolist() == [True, True, True, False]
    assert usual.ravel().tolist() == [1.0, 2.0, 4.0, 2.0]


@pytest.mark.parametrize("length", [1, 12, 20])
def test_without_any_past_the_regions_of_the_day_are_what_is_usual(length: int) -> None:
    values = np.zeros((length, 3, 1), dtype=np.float32) + matrix([1], [5], [7])
    eligible = np.zeros((length, 3), dtype=bool)
    eligible[-1] = [True, True, False]
    usual, is_own = usual_indicators(values, eligible)
    assert usual.ravel().tolist() == [1.0, 1.0, 1.0]
    assert not is_own.any()
