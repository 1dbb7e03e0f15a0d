import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.metrics import crps_ensemble
from models.pool import PastForecasts, pool, quantiles_of, stacking_weights


def test_even_quantiles_of_draws() -> None:
    draws = np.array([1.0, 2.0, 3.0, 4.0])
    assert quantiles_of(draws, 2).tolist() == [2, 4]
    assert quantiles_of(draws, 8).tolist() == [1, 1, 2, 2, 3, 3, 4, 4]


def test_a_pool_has_of_each_member_what_its_weight_says() -> None:
    members = [np.array([[0.0, 0.0]]), np.array([[5.0]]), np.array([[9.0, 9.0, 9.0]])]
    pooled = pool(members, np.array([0.5, 0.3, 0.2]), 10)
    assert pooled.tolist() == [[0, 0, 0, 0, 0, 5, 5, 5, 9, 9]]


def test_a_member_without_weight_is_not_in_the_pool() -> None:
    members = [np.array([[1.0]]), np.array([[7.0]])]
    assert pool(members, np.array([1.0, 0.0]), 4).tolist() == [[1, 1, 1, 1]]


@given(
    weights=st.lists(st.floats(0, 1), min_size=2, max_size=5).filter(lambda w: sum(w) > 0.1),
    count=st.integers(5, 300),
)
def test_a_pool_has_as_many_draws_as_asked_for(weights: list[float], count: int) -> None:
    share = np.array(weights) / sum(weights)
    members = [np.full((3, 7), float(k)) for k in range(len(weights))]
    pooled = pool(members, share, count)
    assert pooled.shape == (3, count)
    for k, weight in enumerate(share):
        assert (pooled[0] == k).sum() == pytest.approx(weight * count, abs=1.01)


@pytest.mark.parametrize("place", [0, 1])
def test_all_weight_goes_to_the_member_that_was_right(place: int) -> None:
    outcome = np.array([0.0, 30.0, 0.0, 300.0])
    members = [np.repeat(outcome[::-1, None], 5, axis=1)] * 2
    members[place] = np.repeat(outcome[:, None], 5, axis=1)
    weights = stacking_weights([PastForecasts(outcome, members)])
    assert weights[place] == pytest.approx(1, abs=1e-3)


def test_each_origin_has_the_same_say_however_large_its_war() -> None:
    # Both members are in the right bin everywhere. The first is 3 deaths better in two calm years,
    # the second 1000 deaths better in one year of war: summed up, the war would decide.
    near, off = np.array([[-1.0, 0.0, 1.0]]), np.zeros((1, 3))
    calm = PastForecasts(np.array([15.0]), [15 + near, 12 + off])
    war = PastForecasts(np.array([5000.0]), [4000 + off, 5000 + near])
    assert stacking_weights([calm, calm, war])[0] > 0.6
    assert stacking_weights([calm, war, war])[0] < 0.4


def test_members_alike_may_share_and_lose_nothing() -> None:
    rng = np.random.default_rng(1)
    outcome = rng.poisson(9, 50).astype(np.float64)
    draws = np.sort(rng.poisson(9, (50, 40)), axis=1).astype(np.float64)
    weights = stacking_weights([PastForecasts(outcome, [draws, draws.copy()])])
    pooled = pool([draws, draws], weights, 40)
    assert weights.sum() == pytest.approx(1)
    assert crps_ensemble(outcome, pooled).mean() == pytest.approx(
        crps_ensemble(outcome, draws).mean(), rel=0.02
    )


@given(seed=st.integers(0, 30))
@settings(max_examples=10, deadline=None)
def test_the_pool_would_have_served_no_worse_than_the_best_member(seed: int) -> None:
    rng = np.random.default_rng(seed)
    outcome = rng.poisson(20, 200).astype(np.float64)
    near = np.sort(rng.poisson(20, (200, 60)), axis=1).astype(np.float64)
    low = np.sort(rng.poisson(14, (200, 60)), axis=1).astype(np.float64)
    weights = stacking_weights([PastForecasts(outcome, [near, low])])
    pooled = crps_ensemble(outcome, pool([near, low], weights, 300)).mean()
    best = min(crps_ensemble(outcome, draws).mean() for draws in (near, low))
    assert (weights >= 0).all()
    assert pooled <= best * 1.02
