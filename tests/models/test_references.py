import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from features.arrays import FloatArray
from features.targets import label
from features.words import SPECS, TARGETS, Target
from models.references import REFERENCES, Reference, reference_draws, reference_probability

NAN = np.nan
CELLS = [(t, h) for t in TARGETS if t != "fatalities" for h in SPECS[t].horizons]

# Two regions, six origins; at a horizon of one month a label is known one month later.
LABELS = np.array([[1.0, 0], [1, 0], [0, 0], [0, NAN], [1, 1], [1, 0]])
# At each origin: ones and labels known by then, all regions together.
BASE = [0.5, 1.5 / 3, 2.5 / 5, 2.5 / 7, 2.5 / 8, 4.5 / 10]


def test_climatology_is_the_own_record_with_one_observation_of_everybody() -> None:
    ones = np.array([[0, 0], [1, 0], [2, 0], [2, 0], [2, 0], [3, 1]])
    known = np.array([[0, 0], [1, 1], [2, 2], [3, 3], [4, 3], [5, 4]])
    expected = (ones + np.array(BASE)[:, None]) / (known + 1)
    assert_allclose(reference_probability("climatology", LABELS, 1), expected)


def test_conflictology_is_the_record_of_the_newest_known_months() -> None:
    ones = np.array([[0, 0], [1, 0], [2, 0], [1, 0], [0, 0], [1, 1]])
    known = np.array([[0, 0], [1, 1], [2, 2], [2, 2], [2, 1], [2, 1]])
    expected = (ones + np.array(BASE)[:, None]) / (known + 1)
    assert_allclose(reference_probability("conflictology", LABELS, 1, recent=2), expected)


def test_persistence_is_how_often_the_same_newest_label_was_followed_by_a_one() -> None:
    base = BASE
    expected = [
        [base[0], base[0]],
        [base[1], base[1]],
        [(1 + base[2]) / 2, (0 + base[2]) / 2],
        [(0 + base[3]) / 3, (0 + base[3]) / 3],
        [(0 + base[4]) / 4, base[4]],
        [(1 + base[5]) / 3, (1 + base[5]) / 3],
    ]
    assert_allclose(reference_probability("persistence", LABELS, 1), expected)


def test_a_longer_horizon_makes_labels_known_later() -> None:
    labels = np.array([[1.0], [0], [1], [1]])
    assert_allclose(
        reference_probability("climatology", labels, 2),
        np.array([[0.5], [0.5], [(1 + 1.5 / 2) / 2], [(1 + 1.5 / 3) / 3]]),
    )


def test_persistence_at_a_longer_horizon_pairs_labels_that_far_apart() -> None:
    labels = np.array([[1.0], [0], [1], [1], [0], [1]])
    expected = [[0.5], [0.5], [0.75], [0.5], [(1 + 2.5 / 4) / 2], [(1 + 3.5 / 5) / 2]]
    assert_allclose(reference_probability("persistence", labels, 2), expected)


def test_draws_are_the_past_deaths_of_each_reference() -> None:
    deaths = np.array([[1.0, 9], [2, NAN], [3, 7], [4, 6], [50, 60]])
    assert_array_equal(reference_draws("climatology", deaths, 3), [[1, 2, 3, 4], [9, NAN, 7, 6]])
    assert_array_equal(reference_draws("conflictology", deaths, 3, recent=2), [[3, 4], [7, 6]])
    assert_array_equal(reference_draws("conflictology", deaths, 0, recent=2), [[1], [9]])
    assert_array_equal(reference_draws("persistence", deaths, 3), [[4], [6]])
    assert reference_draws("conflictology", np.zeros((20, 3)), 19).shape == (3, 12)


def history(rng: np.random.Generator) -> FloatArray:
    shape = (rng.integers(1, 60), rng.integers(1, 5))
    quiet = rng.random(shape) < rng.choice([0.5, 0.9, 1.0])
    deaths = np.where(quiet, 0.0, rng.integers(0, 40, shape))
    deaths[rng.random(shape) < rng.choice([0, 0.05])] = NAN
    return deaths


@pytest.mark.parametrize("reference", REFERENCES)
@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), cell=st.sampled_from(CELLS), data=st.data())
def test_what_happens_after_an_origin_changes_nothing_at_it(
    reference: Reference, seed: int, cell: tuple[Target, int], data: st.DataObject
) -> None:
    target, horizon = cell
    rng = np.random.default_rng(seed)
    deaths = history(rng)
    row = data.draw(st.integers(0, len(deaths) - 1))

    def at_origin(deaths: FloatArray) -> bytes:
        labels = label(target, deaths, horizon, 5.0)
        return np.asarray(reference_probability(reference, labels, horizon)[row]).tobytes()

    def draws(deaths: FloatArray) -> bytes:
        return reference_draws(reference, deaths, row).tobytes()

    changed = deaths.copy()
    changed[row + 1 :] = rng.choice([0.0, 3, 90, NAN], changed[row + 1 :].shape)
    assert at_origin(changed) == at_origin(deaths) == at_origin(deaths[: row + 1])
    assert draws(changed) == draws(deaths) == draws(deaths[: row + 1])


@pytest.mark.parametrize("reference", REFERENCES)
@given(seed=st.integers(0, 2**32), cell=st.sampled_from(CELLS))
def test_no_reference_ever_says_never_or_always(
    reference: Reference, seed: int, cell: tuple[Target, int]
) -> None:
    target, horizon = cell
    labels = label(target, history(np.random.default_rng(seed)), horizon, 5.0)
    probability = reference_probability(reference, labels, horizon)
    assert probability.shape == labels.shape
    assert probability.min() > 0
    assert probability.max() < 1


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_hundred_years_of_one_outcome_still_leave_the_other_possible(
    reference: Reference,
) -> None:
    ones = reference_probability(reference, np.ones((1200, 3)), 1)
    zeros = reference_probability(reference, np.zeros((1200, 3)), 1)
    assert 0.9 < ones[-1].min() <= ones.max() < 1
    assert 0 < zeros.min() <= zeros[-1].max() < 0.1
