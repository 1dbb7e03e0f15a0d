import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from features.words import QUANTILES
from models.distribution import Analogues, DeathsDistribution, recent_scale

Values = npt.NDArray[np.float64]
TAU = 5.0


def array(*values: float) -> Values:
    return np.array(values, dtype=float)


@pytest.fixture
def past() -> Analogues:
    size = array(4, 1, 2, 6, 3, 5)
    deaths = array(1, 0, 2, 50, 5, 8)
    return Analogues(TAU, count=2).fit(size, deaths, np.zeros(6))


def test_outcomes_are_kept_apart_below_tau_and_from_tau_on_in_order_of_size(
    past: Analogues,
) -> None:
    assert_array_equal(past.low_size, [1, 2, 4])
    assert_array_equal(past.low_deaths, [0, 2, 1])
    assert_array_equal(past.high_size, [3, 5, 6])
    assert_array_equal(past.high_deaths, [5, 8, 50])


def test_a_forecast_takes_the_nearest_outcomes_of_each_part(past: Analogues) -> None:
    forecast = past.predict(array(4, -9, 99), array(0.4, 0.0, 1.0), np.zeros(3))
    assert_array_equal(forecast.draws, [[1, 2, 5, 8], [0, 2, 5, 8], [1, 2, 8, 50]])
    assert_allclose(forecast.weights, [[0.3, 0.3, 0.2, 0.2], [0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]])
    assert_allclose(forecast.mean(), [3.5, 1, 29])
    assert_allclose(forecast.exceedance(TAU), [0.4, 0, 1])
    assert_allclose(forecast.exceedance(2), [0.7, 0.5, 1])
    assert_allclose(forecast.exceedance(51), [0, 0, 0])
    assert_array_equal(
        forecast.quantiles((0.05, 0.3, 0.31, 0.6, 0.8, 0.95)),
        [[1, 1, 2, 2, 5, 8], [0, 0, 0, 2, 2, 2], [8, 8, 8, 50, 50, 50]],
    )


def test_fewer_outcomes_than_wanted_are_all_taken() -> None:
    forecast = (
        Analogues(TAU, count=100)
        .fit(array(1, 2, 3), array(0, 3, 9), np.zeros(3))
        .predict(array(2), array(0.5), np.zeros(1))
    )
    assert_array_equal(forecast.draws, [[0, 3, 9]])
    assert_allclose(forecast.weights, [[0.25, 0.25, 0.5]])


def test_half_of_the_outcomes_count_as_multiples_of_the_scale_then() -> None:
    """Of a scale of 9 came 10 and 20 deaths, once and twice as many as 9 and one more.

    At a scale of 99 once is 100 and twice 200. Of both 30 deaths came, and the multiples give 30
    again: nothing is to be corrected. The first counts as a multiple, the second as it was.
    """
    past = Analogues(TAU, count=2).fit(array(1, 2), array(10, 20), array(9, 9))
    assert past.correction == 1
    forecast = past.predict(array(1, 1), array(1, 1), array(9, 99))
    # No more than 99 a month was ever seen there, nor more than 20 elsewhere.
    assert_array_equal(forecast.draws, [[0, 10, 20], [0, 20, 99]])


def test_multiples_are_made_smaller_where_they_made_too_much_of_the_past() -> None:
    """Scales 0 and 9, both followed by 10: ten times, and once. Each outcome is near to both.

    As multiples they are 10 and 1 at the scale 0 (raised to tau), and 10 (capped) and 10 at 9:
    means of 7.5 and 10 where 10 and 10 came, so all are made larger by 20 / 17.5.
    """
    past = Analogues(TAU, count=2).fit(array(1, 2), array(10, 10), array(0, 9))
    assert past.correction == pytest.approx(20 / 17.5)


def test_the_recent_scale_is_a_geometric_mean_with_one_death_more() -> None:
    assert_allclose(recent_scale(array(0, 0, 7).reshape(1, 3)), [1])
    assert_allclose(recent_scale(array(3, np.nan, 3).reshape(1, 3)), [16 ** (1 / 3) - 1])
    assert_array_equal(recent_scale(np.empty((2, 0))), [0, 0])


@pytest.mark.parametrize(
    ("deaths", "draws", "upper_fifth"),
    [((0, 1, 2), [0, 1, 2, 5], 5), ((9, 7, 8), [0, 7, 8, 9], 7), ((), [0, 5], 5)],
)
def test_a_part_that_history_never_saw_is_its_own_edge(
    deaths: tuple[float, ...], draws: list[float], upper_fifth: float
) -> None:
    size = np.arange(len(deaths), dtype=float)
    past = Analogues(TAU).fit(size, array(*deaths), np.zeros(len(deaths)))
    forecast = past.predict(array(1), array(0.25), np.zeros(1))
    assert_array_equal(forecast.draws, [draws])
    assert_allclose(forecast.exceedance(TAU), [0.25])
    assert_array_equal(forecast.quantiles((0.8,)), [[upper_fifth]])


def test_quantiles_are_the_smallest_deaths_that_reach_the_level() -> None:
    dice = DeathsDistribution(np.arange(1.0, 7)[None], np.full((1, 6), 1 / 6))
    assert_array_equal(dice.quantiles((0.01, 1 / 6, 0.5, 0.51, 1)), [[1, 1, 3, 4, 6]])
    tenths = DeathsDistribution(np.arange(1.0, 11)[None], np.full((1, 10), 0.1))
    assert_array_equal(tenths.quantiles((0.3, 0.8, 0.9)), [[3, 8, 9]])
    assert_allclose(dice.mean(), [3.5])
    assert_allclose(dice.exceedance(5), [1 / 3])


DICE = DeathsDistribution(
    np.array([[4.0, 0, 9], [2, 2, 5], [0, 1, 2]]),
    np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.2, 0.3, 0.5]]),
)


def test_distributions_of_some_rows_are_those_rows_in_their_order() -> None:
    some = DICE.of(np.array([2, 0, 0]))
    assert_array_equal(some.draws, [[0, 1, 2], [4, 0, 9], [4, 0, 9]])
    assert_array_equal(some.weights, [[0.2, 0.3, 0.5], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])


def test_in_order_every_draw_keeps_its_weight() -> None:
    ordered = DICE.ordered()
    assert_array_equal(ordered.draws, [[0, 4, 9], [2, 2, 5], [0, 1, 2]])
    assert_array_equal(ordered.weights, [[0.3, 0.5, 0.2], [0.1, 0.2, 0.7], [0.2, 0.3, 0.5]])
    assert_array_equal(ordered.quantiles((0.3, 0.5, 0.9))[0], [0, 4, 9])


def test_weights_change_in_proportion_on_either_side_of_the_threshold() -> None:
    told = DICE.reweighted(TAU, array(0.6, 0.1, 0.4))
    assert_array_equal(told.draws, DICE.draws)
    # Of 0.2 becomes 0.6, and of 0.8 0.4; of 0.7 becomes 0.1, and of 0.3 0.9.
    assert_allclose(told.weights[0], [0.25, 0.15, 0.6])
    assert_allclose(told.weights[1], [0.3, 0.6, 0.1])
    assert_allclose(told.exceedance(TAU)[:2], [0.6, 0.1])


def test_without_draws_on_one_side_of_the_threshold_weights_stay() -> None:
    assert_allclose(DICE.reweighted(TAU, array(0.6, 0.1, 0.4)).weights[2], DICE.weights[2])
    assert_allclose(DICE.reweighted(0, array(0.6, 0.1, 0.4)).weights, DICE.weights)
    assert_allclose(DICE.reweighted(2, array(0.0, 0.5, 1.0)).weights[1], DICE.weights[1])


def test_a_draw_of_no_weight_on_the_other_side_takes_none() -> None:
    sure = DeathsDistribution(array(3, 8).reshape(1, 2), array(1, 0).reshape(1, 2))
    assert_array_equal(sure.reweighted(TAU, array(0.5)).weights, [[1, 0]])


@given(
    weights=st.lists(st.floats(0.01, 1), min_size=2, max_size=9),
    probability=st.floats(0, 1),
    threshold=st.integers(1, 8),
)
def test_reweighted_deaths_reach_the_threshold_with_the_probability_given(
    weights: list[float], probability: float, threshold: int
) -> None:
    count = len(weights)
    draws = np.arange(count, dtype=float)[None]
    told = DeathsDistribution(draws, np.array([weights]) / sum(weights))
    again = told.reweighted(threshold, array(probability))
    assert_allclose(again.weights.sum(axis=1), 1, rtol=0, atol=1e-12)
    assert (again.weights >= 0).all()
    expected = probability if threshold < count else 0
    assert_allclose(again.exceedance(threshold), expected, rtol=0, atol=1e-12)


histories = st.lists(
    st.tuples(st.floats(0, 8), st.integers(0, 12).map(float)), min_size=0, max_size=60
)
forecasts = st.lists(st.tuples(st.floats(-1, 9), st.floats(0, 1)), min_size=1, max_size=8)


def predicted(
    history: list[tuple[float, float]], sizes: list[tuple[float, float]], count: int
) -> tuple[Values, Values, DeathsDistribution]:
    size, deaths = np.array(history, dtype=float).reshape(-1, 2).T
    wanted_size, probability = np.array(sizes).T
    past = Analogues(TAU, count).fit(size, deaths, np.abs(size) * 3)
    return deaths, probability, past.predict(wanted_size, probability, np.abs(wanted_size) * 3)


@given(history=histories, sizes=forecasts, count=st.integers(1, 70))
def test_the_exceedance_of_tau_is_the_score(
    history: list[tuple[float, float]], sizes: list[tuple[float, float]], count: int
) -> None:
    _, probability, forecast = predicted(history, sizes, count)
    assert_allclose(forecast.exceedance(TAU), probability, rtol=0, atol=1e-12)
    assert_allclose(forecast.weights.sum(axis=1), 1, rtol=0, atol=1e-12)
    assert (forecast.weights >= 0).all()


@given(history=histories, sizes=forecasts, count=st.integers(1, 70))
def test_nothing_is_forecast_beyond_what_history_saw_the_region_has_or_the_edges(
    history: list[tuple[float, float]], sizes: list[tuple[float, float]], count: int
) -> None:
    deaths, _, forecast = predicted(history, sizes, count)
    now = np.abs([size for size, _ in sizes]) * 3
    highest = np.maximum(max([TAU, *deaths]), now)
    assert (forecast.draws <= highest[:, None]).all()
    assert (forecast.draws >= 0).all()
    below = forecast.draws[forecast.draws < TAU]
    assert set(below) <= {*deaths, 0.0}


@given(history=histories, sizes=forecasts, count=st.integers(1, 70))
def test_quantiles_rise_with_the_level_and_agree_with_the_score_and_the_mean_lies_inside(
    history: list[tuple[float, float]], sizes: list[tuple[float, float]], count: int
) -> None:
    _, probability, forecast = predicted(history, sizes, count)
    quantiles, draws = forecast.quantiles(QUANTILES), forecast.draws
    assert (np.diff(draws, axis=1) >= 0).all()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    for level, quantile in zip(QUANTILES, quantiles.T, strict=True):
        clear = np.abs(probability - (1 - level)) > 1e-9
        assert_array_equal((quantile >= TAU)[clear], (probability > 1 - level)[clear])
    mean = forecast.mean()
    assert (mean >= draws[:, 0] - 1e-9).all()
    assert (mean <= draws[:, -1] + 1e-9).all()


@given(history=histories, sizes=forecasts, seed=st.integers(0, 2**32))
def test_taking_every_outcome_the_order_of_history_decides_nothing(
    history: list[tuple[float, float]], sizes: list[tuple[float, float]], seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(history))
    _, _, forecast = predicted(history, sizes, 100)
    _, _, moved = predicted([history[i] for i in order], sizes, 100)
    assert_array_equal(moved.draws, forecast.draws)
    assert_array_equal(moved.weights, forecast.weights)


def test_outcomes_below_tau_count_as_often_as_they_stand_for() -> None:
    size, deaths = array(1, 2, 3, 4), array(2, 0, 9, 7)
    past = Analogues(TAU, count=2).fit(size, deaths, np.zeros(4), array(1, 3, 1, 1))
    forecast = past.predict(array(1), array(0.2), np.zeros(1))
    assert_array_equal(forecast.draws[:, :2], [[0, 2]])
    assert_allclose(forecast.weights[:, :2], [[0.6, 0.2]])
    assert_allclose(forecast.exceedance(TAU), [0.2])


def test_outcomes_that_stand_for_themselves_are_those_without_weights() -> None:
    rng = np.random.default_rng(2)
    size, deaths = rng.normal(size=300), rng.poisson(3, 300).astype(float)
    plain, weighted = (
        Analogues(TAU).fit(size, deaths, deaths, weights).predict(size, np.full(300, 0.3), deaths)
        for weights in (None, np.ones(300))
    )
    assert plain.draws.tobytes() == weighted.draws.tobytes()
    assert plain.weights.tobytes() == weighted.weights.tobytes()


def test_without_any_outcome_below_tau_its_one_draw_has_all_the_weight() -> None:
    past = Analogues(TAU).fit(array(1, 2), array(8, 9), np.zeros(2), np.ones(2))
    assert_allclose(past.predict(array(1), array(0.25), np.zeros(1)).exceedance(TAU), [0.25])
