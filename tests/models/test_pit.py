import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.pit import pit_bounds, pit_histogram

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


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
