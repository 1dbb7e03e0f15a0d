import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm

from features.arrays import FloatArray
from features.targets import label
from features.words import Target
from models.forecaster import fitted_cells
from models.references import REFERENCES, Reference, reference_deaths, reference_probability
from tests.targets import EVERY_TARGET

NAN = np.nan
CELLS = fitted_cells(EVERY_TARGET)

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


def test_the_decaying_record_halves_what_a_month_counts_every_four() -> None:
    labels = np.array([[1.0], [0], [NAN], [0], [1], [1]])
    q = 0.5**0.25
    expected = [
        0.5,
        (1 + 1.5 / 2) / 2,
        (q + 1.5 / 3) / (1 + q + 1),
        (q**2 + 1.5 / 3) / (q + q**2 + 1),
        (q**3 + 1.5 / 4) / (1 + q**2 + q**3 + 1),
        (1 + q**4 + 2.5 / 5) / (1 + q + q**3 + q**4 + 1),
    ]
    assert_allclose(reference_probability("decaying_record", labels, 1)[:, 0], expected)


def test_the_decaying_record_forgets_after_24_months() -> None:
    once = np.zeros((40, 1))
    once[3] = 1
    never = reference_probability("decaying_record", np.zeros((40, 1)), 1)
    came = reference_probability("decaying_record", once, 1)
    count = (0.5 ** (np.arange(24) / 4)).sum() + 1
    assert_allclose(came[27] - never[27], (0.5 ** (23 / 4) + 1 / 28) / count)
    assert_allclose(came[28] - never[28], 1 / 29 / count)


def test_deaths_are_the_past_ones_in_equal_parts() -> None:
    deaths = np.array([[1.0, 9], [2, NAN], [3, 7], [4, 6], [50, 60]])

    def told(reference: Reference, row: int) -> tuple[list[list[float]], list[list[float]]]:
        issued = reference_deaths(reference, deaths, row, 5, recent=2)
        return issued.draws.tolist(), issued.weights.tolist()

    third = 1 / 3
    draws, weights = told("climatology", 3)
    assert draws == [[1, 2, 3, 4], [9, 0, 7, 6]]
    assert weights == [[0.25] * 4, [third, 0, third, third]]
    assert told("conflictology", 3) == ([[3, 4], [7, 6]], [[0.5, 0.5]] * 2)
    assert told("conflictology", 0) == ([[1], [9]], [[1], [1]])
    assert told("persistence", 3) == ([[4], [6]], [[1], [1]])
    year = reference_deaths("conflictology", np.zeros((20, 3)), 19, 1)
    assert year.draws.shape == (3, 12)


@pytest.mark.parametrize("horizon", [1, 6, 12])
def test_deaths_of_the_decaying_record_are_its_months_each_spread(horizon: int) -> None:
    deaths = np.array([[NAN, 7.0], [200, NAN], [1000, 0], [NAN, 40], [9, 9]])
    issued = reference_deaths("decaying_record", deaths, 3, horizon)
    multiples = norm.ppf((np.arange(9) + 0.5) / 9) * 0.25 * np.sqrt(1 + horizon / 6)
    multiples = np.exp(multiples) / np.exp(multiples).mean()
    q = 0.5**0.25
    for region, parts in enumerate([{1000: q, 200: q**2}, {40: 1, 0: q, 7: q**3}]):
        weight: dict[float, float] = {}
        for size, part in parts.items():
            for draw in np.rint(size * multiples).tolist():
                weight[draw] = weight.get(draw, 0) + part / 9 / sum(parts.values())
        told = dict.fromkeys(weight, 0.0)
        for draw, own in zip(issued.draws[region], issued.weights[region], strict=True):
            if own > 0:
                told[float(draw)] += own
        assert told == pytest.approx(weight)


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
        issued = reference_deaths(reference, deaths, row, horizon)
        return issued.draws.tobytes() + issued.weights.tobytes()

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
