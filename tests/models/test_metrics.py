import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import average_precision_score, roc_auc_score

from features.arrays import FloatArray
from models import metrics
from models.metrics import pit_bounds, pit_histogram

NAN = np.nan
Values = npt.NDArray[np.float64]

seeds = st.integers(0, 2**32)


def array(*values: float) -> Values:
    return np.array(values, dtype=float)


def test_brier_is_the_mean_squared_difference() -> None:
    assert metrics.brier(array(1, 0, 1), array(1, 0, 0.5)) == pytest.approx(0.25 / 3)
    assert metrics.brier(array(1, 0), array(0.2, 0.4)) == pytest.approx(0.4)


def test_log_score_is_in_nats_and_one_surprise_is_not_infinite() -> None:
    assert metrics.log_score(array(1, 0), array(0.5, 0.5)) == pytest.approx(0.69314718)
    assert metrics.log_score(array(1, 0), array(0.8, 0.4)) == pytest.approx(
        (0.22314355 + 0.51082562) / 2
    )
    assert metrics.log_score(array(1, 0), array(0, 1)) == pytest.approx(13.815511)
    assert metrics.log_score(array(1, 0), array(1, 0)) == pytest.approx(1e-6, rel=1e-3)


def test_auc_is_the_share_of_pairs_in_the_right_order_and_half_of_ties() -> None:
    outcome, probability = array(1, 1, 0, 0, 0), array(0.9, 0.4, 0.4, 0.1, 0.5)
    assert metrics.auc(outcome, probability) == pytest.approx((3 + 1.5) / 6)
    assert np.isnan(metrics.auc(array(1, 1), array(0.1, 0.2)))
    assert np.isnan(metrics.auc(array(0, 0), array(0.1, 0.2)))


def test_average_precision_weighs_precision_by_the_cases_it_gains() -> None:
    outcome, probability = array(1, 0, 1, 0), array(0.9, 0.8, 0.7, 0.1)
    assert metrics.average_precision(outcome, probability) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert np.isnan(metrics.average_precision(array(0, 0), array(0.1, 0.2)))
    assert metrics.average_precision(array(1, 1), array(0.1, 0.2)) == 1


@given(seed=seeds, digits=st.integers(1, 6), size=st.integers(2, 60))
def test_auc_and_average_precision_are_those_of_scikit_learn(
    seed: int, digits: int, size: int
) -> None:
    rng = np.random.default_rng(seed)
    outcome = (rng.permutation(size) < rng.integers(1, size)).astype(float)
    probability = np.round(rng.random(size), digits)  # few digits: many ties
    assert metrics.auc(outcome, probability) == pytest.approx(roc_auc_score(outcome, probability))
    assert metrics.average_precision(outcome, probability) == pytest.approx(
        average_precision_score(outcome, probability)
    )


def test_reliability_cuts_sorted_forecasts_into_bins_of_equal_size() -> None:
    probability, outcome = array(0.9, 0.1, 0.7, 0.2, 0.4, 0.5), array(1, 0, 0, 1, 1, 0)
    forecast, observed, size = metrics.reliability(outcome, probability, bins=3)
    assert_allclose(forecast, [0.15, 0.45, 0.8])
    assert_allclose(observed, [0.5, 0.5, 0.5])
    assert_array_equal(size, [2, 2, 2])
    assert metrics.calibration_error(outcome, probability, bins=3) == pytest.approx(0.7 / 3)


def test_bins_of_unequal_size_weigh_by_their_forecasts() -> None:
    probability, outcome = array(0.2, 0.2, 0.2, 0.8), array(0, 0, 1, 0)
    forecast, observed, size = metrics.reliability(outcome, probability, bins=2)
    assert_allclose(forecast, [0.2, 0.8])
    assert_allclose(observed, [1 / 3, 0])
    assert_array_equal(size, [3, 1])
    expected = 3 / 4 * (1 / 3 - 0.2) + 1 / 4 * 0.8
    assert metrics.calibration_error(outcome, probability, bins=2) == pytest.approx(expected)


def test_a_base_rate_that_comes_true_is_calibrated_in_whatever_order_its_rows_stand() -> None:
    probability, outcome = np.full(100, 0.25), np.repeat([1.0, 0.0], [25, 75])
    assert_array_equal(metrics.reliability(outcome, probability), [[0.25], [0.25], [100]])
    assert metrics.calibration_error(outcome, probability) == pytest.approx(0, abs=1e-12)


@given(seed=seeds, count=st.integers(1, 60), bins=st.integers(1, 25), ties=st.booleans())
def test_bins_hold_every_forecast_once_in_order_and_do_not_depend_on_the_order_of_rows(
    seed: int, count: int, bins: int, ties: bool
) -> None:
    rng = np.random.default_rng(seed)
    probability = rng.random(count)
    probability = probability.round(1) if ties else probability
    outcome = (rng.random(count) < probability).astype(float)
    forecast, observed, size = metrics.reliability(outcome, probability, bins)
    assert size.sum() == count
    assert len(size) <= bins
    assert (np.diff(forecast) > 0).all()
    assert (forecast @ size) == pytest.approx(probability.sum())
    assert (observed @ size) == pytest.approx(outcome.sum())
    if not ties:
        assert len(size) == min(bins, count)
        assert np.ptp(size) <= 1
    order = rng.permutation(count)
    moved = metrics.reliability(outcome[order], probability[order], bins)
    for before, after in zip((forecast, observed, size), moved, strict=True):
        assert_allclose(after, before, rtol=1e-12)


def test_the_slope_of_two_groups_is_that_of_their_log_odds() -> None:
    probability = np.repeat([0.2, 0.8], 10)
    outcome = np.concatenate([np.repeat([1.0, 0.0], [4, 6]), np.repeat([1.0, 0.0], [6, 4])])
    by_hand = np.log(0.6 / 0.4) / np.log(0.8 / 0.2)
    assert metrics.reliability_slope(outcome, probability) == pytest.approx(by_hand, rel=1e-6)


def test_the_slope_is_one_where_every_forecast_comes_true() -> None:
    probability = np.repeat([0.1, 0.5, 0.9], 10)
    outcome = np.concatenate([np.repeat([1.0, 0.0], [k, 10 - k]) for k in (1, 5, 9)])
    assert metrics.reliability_slope(outcome, probability) == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize(
    ("outcome", "probability"),
    [
        (array(1, 1), array(0.2, 0.4)),
        (array(0, 0), array(0.2, 0.4)),
        (array(0, 1, 1), array(0.3, 0.3, 0.3)),
        (array(0, 0, 1), array(0.1, 0.2, 0.2)),
        (array(1, 1, 0), array(0.1, 0.2, 0.7)),
    ],
)
def test_there_is_no_slope_where_none_is_the_likeliest(
    outcome: Values, probability: Values
) -> None:
    assert np.isnan(metrics.reliability_slope(outcome, probability))


@given(seed=seeds, bold=st.floats(0.2, 5), shift=st.floats(-2, 2))
def test_stretching_log_odds_divides_the_slope_and_shifting_them_does_nothing(
    seed: int, bold: float, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    odds = rng.uniform(-2, 2, 200)
    outcome = (rng.random(200) < 0.5).astype(float)
    plain = metrics.reliability_slope(outcome, 1 / (1 + np.exp(-odds)))
    moved = metrics.reliability_slope(outcome, 1 / (1 + np.exp(-bold * odds - shift)))
    assert moved == pytest.approx(plain / bold, rel=1e-5, abs=1e-7)


def test_ignorance_counts_the_draws_in_the_bin_of_the_outcome_and_one_more_in_each() -> None:
    draws = np.array([[0, 0, 0, 1, 5], [0, 0, 0, 1, 5], [0, 0, 0, 1, 5], [900, 1001, 2000, 0, 0]])
    by_hand = [-np.log2(4 / 16), -np.log2(2 / 16), -np.log2(1 / 16), -np.log2(3 / 16)]
    assert_allclose(metrics.ignorance(array(0, 2, 6, 5000), draws.astype(float)), by_hand)


@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 0), (1, 2), (3, 5), (6, 10), (11, 25), (26, 50), (51, 100), (101, 250), (251, 500),
     (501, 1000), (1001, 10**6)],
)  # fmt: skip
def test_the_bins_of_ignorance_are_the_published_ones(low: int, high: int) -> None:
    inside = np.array([[low, high], [low, high]], dtype=float)
    assert_allclose(metrics.ignorance(array(low, high), inside), -np.log2(3 / 13))
    outside = np.array([[low - 1, high + 1]], dtype=float)
    still = low in {0, 1001}  # the outermost bins have no end
    assert_allclose(metrics.ignorance(array(high), outside), -np.log2((1 + still) / 13))


def test_interval_score_is_the_width_and_twenty_times_the_miss() -> None:
    draws = np.broadcast_to(np.arange(101.0), (3, 101))
    assert_allclose(metrics.interval_score(array(50, 2, 105), draws), [90, 90 + 60, 90 + 200])
    assert_allclose(metrics.interval_score(array(50), draws[:1], level=0.5), [50])


@given(seed=seeds, count=st.integers(1, 30))
def test_scores_of_draws_do_not_depend_on_their_order(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    draws = rng.gamma(0.3, 100, (4, count))
    outcome = rng.gamma(0.3, 100, 4).round()
    moved = rng.permuted(draws, axis=1)
    for score in (metrics.ignorance, metrics.interval_score, metrics.crps_ensemble):
        assert_allclose(score(outcome, moved), score(outcome, draws))


def expected_crps(outcome: float, draws: Values, weights: Values) -> float:
    distance = sum(w * abs(x - outcome) for x, w in zip(draws, weights, strict=True))
    spread = sum(
        v * w * abs(x - y)
        for x, v in zip(draws, weights, strict=True)
        for y, w in zip(draws, weights, strict=True)
    )
    return float(distance - spread / 2)


def test_crps_of_one_draw_is_the_distance_and_of_two_loses_a_quarter_of_their_gap() -> None:
    draws = np.array([[3, NAN], [0, 4], [4, 0]])
    assert_allclose(metrics.crps_ensemble(array(5, 1, 4), draws), [2, 2 - 1, 2 - 1])


def test_crps_of_weighted_draws_leans_to_the_heavier() -> None:
    draws, weights = np.array([[0.0, 4], [4, 0]]), np.array([[0.75, 0.25], [0.25, 0.75]])
    by_hand = 0.75 * 1 + 0.25 * 3 - 0.75 * 0.25 * 4
    assert_allclose(metrics.crps_weighted(array(1, 1), draws, weights), [by_hand, by_hand])


def test_crps_is_the_area_between_forecast_and_outcome() -> None:
    draws, weights, outcome = array(1, 2, 5, 9), array(0.1, 0.4, 0.3, 0.2), 4.0
    grid = np.linspace(0, 10, 100_001)
    below = (weights[:, None] * (draws[:, None] <= grid)).sum(axis=0)
    area = np.trapezoid((below - (grid >= outcome)) ** 2, grid)
    assert_allclose(
        metrics.crps_weighted(array(outcome), draws[None], weights[None]), [area], rtol=1e-3
    )


@given(seed=seeds, rows=st.integers(1, 5), count=st.integers(1, 12))
def test_crps_of_equal_draws_is_that_of_all_pairs_with_absent_draws_left_out(
    seed: int, rows: int, count: int
) -> None:
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, 30, (rows, count)).astype(float)
    draws[:, 1:][rng.random((rows, count - 1)) < 0.3] = NAN
    outcome = rng.integers(0, 40, rows).astype(float)
    present = [row[~np.isnan(row)] for row in draws]
    expected = [
        expected_crps(y, x, np.full(len(x), 1 / len(x)))
        for y, x in zip(outcome, present, strict=True)
    ]
    assert_allclose(metrics.crps_ensemble(outcome, draws), expected, atol=1e-9)


@given(seed=seeds, rows=st.integers(1, 5), count=st.integers(1, 12))
def test_crps_of_weighted_draws_is_that_of_all_pairs(seed: int, rows: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, 30, (rows, count)).astype(float)
    weights = rng.random((rows, count)) * (rng.random((rows, count)) < 0.7)
    weights[:, 0] += 0.1
    weights /= weights.sum(axis=1, keepdims=True)
    outcome = rng.integers(0, 40, rows).astype(float)
    expected = [expected_crps(*row) for row in zip(outcome, draws, weights, strict=True)]
    assert_allclose(metrics.crps_weighted(outcome, draws, weights), expected, atol=1e-9)
    even = np.full_like(weights, 1 / count)
    assert_allclose(
        metrics.crps_weighted(outcome, draws, even),
        metrics.crps_ensemble(outcome, draws),
        atol=1e-9,
    )


def test_quantile_score_is_twice_the_mean_pinball_loss() -> None:
    quantiles, levels = np.array([[2.0, 10], [0, 4]]), (0.5, 0.9)
    losses = [0.5 * 4, 0.1 * 4, 0.5 * 10, 0.9 * 6]
    assert metrics.quantile_score(array(6, 10), quantiles, levels) == pytest.approx(
        2 * sum(losses) / 4
    )


def test_quantile_score_of_nothing_yet_is_missing() -> None:
    assert np.isnan(metrics.quantile_score(array(), np.empty((0, 2)), (0.5, 0.9)))


def test_quantile_score_over_many_even_levels_approaches_the_crps() -> None:
    draws, outcome = np.sort(np.random.default_rng(1).gamma(2, 5, 500)), 7.0
    levels = tuple((np.arange(500) + 0.5) / 500)
    score = metrics.quantile_score(array(outcome), draws[None], levels)
    assert score == pytest.approx(metrics.crps_ensemble(array(outcome), draws[None])[0], rel=0.01)


def test_the_bounds_are_the_weights_below_and_up_to_the_outcome() -> None:
    draws = np.array([[0.0, 2.0, 2.0, 7.0]] * 5)
    weights = np.array([[0.4, 0.3, 0.2, 0.1]] * 5)
    below, upto = pit_bounds(np.array([0.0, 2.0, 5.0, 7.0, 9.0]), draws, weights)
    np.testing.assert_allclose(below, [0, 0.4, 0.9, 0.9, 1])
    np.testing.assert_allclose(upto, [0.4, 0.9, 0.9, 1, 1])


def test_an_absent_draw_has_no_weight() -> None:
    below, upto = pit_bounds(
        np.array([1.0]), np.array([[np.nan, 0.0, 1.0]]), np.array([[0.0, 0.5, 0.5]])
    )
    assert (below.tolist(), upto.tolist()) == ([0.5], [1.0])


def test_a_histogram_spreads_an_outcome_evenly_over_its_place() -> None:
    # One from 0 to 0.5, one from 0.25 to 0.75: worked by hand.
    share = pit_histogram(np.array([0.0, 0.25]), np.array([0.5, 0.75]), bins=4)
    np.testing.assert_allclose(share, [0.25, 0.5, 0.25, 0])


@pytest.mark.parametrize(("place", "expected"), [(0.0, [1, 0, 0, 0]), (1.0, [0, 0, 0, 1])])
def test_an_outcome_beyond_all_draws_falls_into_the_outermost_bin(
    place: float, expected: list[float]
) -> None:
    one = np.array([place])
    assert pit_histogram(one, one, bins=4).tolist() == expected


def test_an_outcome_between_two_draws_falls_into_one_bin() -> None:
    one = np.array([0.6])
    assert pit_histogram(one, one, bins=4).tolist() == [0, 0, 1, 0]


@given(arrays(np.float64, (7, 2), elements=st.floats(0, 1)), st.integers(1, 12))
def test_the_shares_are_shares(places: FloatArray, bins: int) -> None:
    ends = np.sort(places, axis=1)
    share = pit_histogram(ends[:, 0], ends[:, 1], bins)
    assert share.shape == (bins,)
    assert (share >= -1e-12).all()
    assert share.sum() == pytest.approx(1)


def histogram_of(scale: float) -> FloatArray:
    """The PIT of counts, forecast with a spread that is `scale` times the true one."""
    rng = np.random.default_rng(1)
    outcome = rng.poisson(5, 4000).astype(float)
    draws = np.clip(5 + scale * (rng.poisson(5, (4000, 300)) - 5), 0, None).astype(float)
    return pit_histogram(*pit_bounds(outcome, draws, np.full(draws.shape, 1 / 300)))


def test_calibrated_forecasts_are_flat() -> None:
    np.testing.assert_allclose(histogram_of(1), 0.1, atol=0.015)


def test_forecasts_that_are_too_sure_make_a_u_and_too_wide_ones_a_heap() -> None:
    sure, wide = histogram_of(0.3), histogram_of(4)
    assert sure[[0, -1]].sum() > 0.4
    assert sure[4:6].sum() < 0.18
    assert wide[4:6].sum() > 0.4
    assert wide[[0, -1]].sum() < 0.1
