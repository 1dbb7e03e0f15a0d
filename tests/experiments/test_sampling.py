from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from experiments.samples import Samples
from experiments.sampling import draws, is_quiet, weights
from features.arrays import FloatArray
from features.words import Target
from tests.targets import EVERY_CELL

MakeSamples = Callable[..., Samples]
IDS = np.array(["NER-1", "NER-2", "MLI-7"], dtype=object)


def sparse_deaths(seed: int, months: int = 90, regions: int = 5) -> FloatArray:
    """Deaths that are rare in most regions, and not observed here and there."""
    rng = np.random.default_rng(seed)
    deaths = rng.poisson(rng.choice([0.0, 0.01, 2.0], regions), (months, regions)).astype(float)
    return np.where(rng.random(deaths.shape) < 0.002, np.nan, deaths)


def test_a_region_is_quiet_from_two_years_before_the_origin_to_the_outcome() -> None:
    deaths = np.zeros((60, 2))
    deaths[30, 0] = 1
    deaths[30, 1] = np.nan
    quiet = is_quiet(deaths, 3)
    # The death lies in the 24 months to the origin from month 30 to 53, ahead of it from month 27.
    assert np.flatnonzero(quiet[:, 0]).tolist() == [*range(23, 27), *range(54, 57)]
    assert_array_equal(quiet[:, 1], quiet[:, 0])


def test_a_history_shorter_than_the_horizon_is_never_quiet() -> None:
    assert not is_quiet(np.zeros((5, 1)), 12).any()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), cell=st.sampled_from(EVERY_CELL))
def test_what_comes_true_and_what_was_violent_is_never_quiet(
    make_samples: MakeSamples, seed: int, cell: tuple[Target, int]
) -> None:
    samples = make_samples(sparse_deaths(seed), tau=1)
    target, horizon = cell
    quiet = is_quiet(samples.deaths, horizon)
    assert not (quiet & (samples.labels(target, horizon) > 0)).any()
    assert not (quiet & (samples.deaths > 0)).any()


def test_draws_are_even_and_differ_by_region_and_month() -> None:
    ids = np.repeat(np.array([f"PRIO-{number}" for number in range(100)], dtype=object), 120)
    drawn = draws(ids, np.tile(np.arange(360, 480), 100))
    assert len(np.unique(drawn)) == len(drawn)
    shares = np.histogram(drawn, bins=10, range=(0, 1))[0] / len(drawn)
    assert_allclose(shares, 0.1, atol=0.012)  # four standard deviations
    by_month = drawn.reshape(100, 120)
    assert abs(np.corrcoef(by_month[:, 0], by_month[:, 1])[0, 1]) < 0.4
    assert abs(np.corrcoef(by_month[0], by_month[1])[0, 1]) < 0.4


def test_a_draw_is_the_same_on_every_machine_and_beside_any_others() -> None:
    months = np.array([480, 480, 481])
    drawn = draws(IDS, months)
    assert_allclose(drawn, [0.9647150, 0.2151184, 0.3854270], atol=1e-7)
    for number in range(3):
        one = slice(number, number + 1)
        assert_array_equal(draws(IDS[one], months[one]), drawn[one])


def test_all_that_is_not_quiet_stands_for_itself_and_a_quarter_for_four() -> None:
    quiet, drawn = np.array([False, True, True, False]), np.array([0.9, 0.1, 0.25, 0.1])
    assert weights(quiet, drawn, 0.25).tolist() == [1, 4, 0, 1]


def test_a_share_of_one_is_every_row_without_weights(make_samples: MakeSamples) -> None:
    samples = make_samples(sparse_deaths(1))
    where = samples.issued_between("instability", 1, 0, 90)
    assert samples.sampled(where, 1, 1) == (where, None)


def test_weights_sum_to_the_rows_and_a_smaller_share_is_part_of_a_larger(
    make_samples: MakeSamples,
) -> None:
    samples = make_samples(np.zeros((60, 2000)))
    where = samples.issued_between("instability", 1, 0, 60)
    rows = len(where[0])
    kept = {}
    for share in (0.05, 0.2):
        (month, region), each = samples.sampled(where, 1, share)
        assert each is not None
        assert set(each) == {1 / share}
        assert_allclose(each.sum(), rows, rtol=4 * np.sqrt((1 - share) / share / rows))
        kept[share] = set(zip(month.tolist(), region.tolist(), strict=True))
    assert kept[0.05] < kept[0.2]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), cut=st.integers(40, 89), horizon=st.integers(1, 12))
def test_later_months_change_no_row_that_was_learned_from(
    make_samples: MakeSamples, seed: int, cut: int, horizon: int
) -> None:
    deaths = sparse_deaths(seed)
    later = deaths.copy()
    later[cut:] = np.random.default_rng(seed).poisson(1, later[cut:].shape)
    learned = []
    for history in (deaths[:cut], deaths, later):
        samples = make_samples(history, tau=1)
        known = samples.observed_between("instability", horizon, -1, cut - 1)
        (month, region), each = samples.sampled(known, horizon, 0.3)
        assert each is not None
        learned.append((month.tolist(), region.tolist(), each.tolist()))
    assert learned[0] == learned[1] == learned[2]
