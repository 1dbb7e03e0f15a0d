import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from features.arrays import FloatArray, IntArray, Matrix
from models.deaths import DeathsModel, _shares, _size_class
from models.learners import Logistic
from models.record import MONTHS, RecordPool, RegionRecords

TAU = 5.0
POOL = RecordPool(half_lives=(1.0, 4.0), spreads=(0.3,))
TEMPLATE = Logistic((0, 1))


def records_of(deaths: FloatArray) -> RegionRecords:
    equal = np.full((len(deaths), len(POOL.records)), 0.5)
    return RegionRecords(POOL, 3, deaths, equal)


def steady(level: FloatArray) -> RegionRecords:
    """Records of regions in which as many died every month."""
    return records_of(np.repeat(level[:, None], MONTHS, axis=1))


def indicators_of(level: FloatArray) -> Matrix:
    noise = np.random.default_rng(7).normal(size=len(level))
    return np.stack([level, noise], axis=1).astype(np.float32)


def fitted(
    indicators: Matrix,
    deaths: FloatArray,
    records: RegionRecords,
    regions: IntArray,
    probability: float | FloatArray,
) -> DeathsModel:
    model = DeathsModel(TAU, scale_columns=(0,))
    model.fit_size(TEMPLATE, indicators, deaths)
    score = np.broadcast_to(probability, deaths.shape)
    return model.fit(indicators, records, deaths, score, regions)


@pytest.fixture(scope="module")
def wars() -> DeathsModel:
    """Each large war has a level of its own; elsewhere a record says nothing of what comes."""
    rng = np.random.default_rng(1)
    regions = np.arange(900) % 30
    typical = np.repeat([2.0, 40, 700], [600, 150, 150])
    level = typical * np.exp(0.35 * rng.normal(size=30))[regions]
    small = typical < 10
    deaths = np.where(small, rng.poisson(2, 900), np.rint(level * rng.lognormal(0, 0.25, 900)))
    past = np.where(
        small[:, None],
        rng.choice([0.0, 24], (900, MONTHS), p=[11 / 12, 1 / 12]),
        np.rint(level[:, None] * rng.lognormal(0, 0.25, (900, MONTHS))),
    )
    score = np.where(small, 0.05, 1.0)
    return fitted(indicators_of(typical), deaths, records_of(past), regions, score)


LEVELS = np.array([0.0, 1, 6, 30, 250, 3000])


@pytest.mark.parametrize("probability", [0.0, 0.003, 0.4, 0.999, 1.0])
def test_deaths_reach_the_threshold_with_the_probability_given(
    wars: DeathsModel, probability: float
) -> None:
    wanted = np.full(len(LEVELS), probability)
    issued = wars.predict(indicators_of(LEVELS), steady(LEVELS), wanted)
    assert_allclose(issued.exceedance(TAU), wanted, rtol=0, atol=1e-12)
    assert_allclose(issued.weights.sum(axis=1), 1, rtol=0, atol=1e-12)
    assert (issued.weights >= 0).all()
    assert (np.diff(issued.draws, axis=1) >= 0).all()


@pytest.mark.parametrize("probability", [0.2, 0.7])
def test_on_either_side_of_the_threshold_deaths_are_a_pool_of_record_and_analogues(
    wars: DeathsModel, probability: float
) -> None:
    wanted, records = np.full(len(LEVELS), probability), steady(LEVELS)
    indicators = indicators_of(LEVELS)
    issued = wars.predict(indicators, records, wanted)
    own = records.distribution()
    scale = indicators[:, 0].astype(float)
    other = wars.analogues.predict(wars.size.size(indicators), wanted, scale)
    share = wars.shares[[0, 0, 0, 1, 2, 2]]

    def pooled(threshold: float) -> FloatArray:
        return (1 - share) * own.exceedance(threshold) + share * other.exceedance(threshold)

    for threshold in (10.0, 100, 1000):
        expected = pooled(threshold) / pooled(TAU) * probability
        assert_allclose(issued.exceedance(threshold), expected, atol=1e-12)
    for threshold in (1.0, 3):
        expected = 1 - (1 - pooled(threshold)) / (1 - pooled(TAU)) * (1 - probability)
        assert_allclose(issued.exceedance(threshold), expected, atol=1e-12)


def test_the_largest_war_leans_on_its_record(wars: DeathsModel) -> None:
    assert wars.shares[0] > 0.5
    assert wars.shares[2] < 0.05
    level = np.array([5000.0])
    issued = wars.predict(indicators_of(level), steady(level), np.ones(1))
    assert issued.mean()[0] == pytest.approx(5000, rel=0.02)


def test_a_size_is_that_of_the_mean_of_the_last_year() -> None:
    past = np.zeros((6, MONTHS))
    past[:, 12:] = 9999
    past[:, 0] = np.array([0, 119, 120, 1199, 1200, 0])
    past[5, 1:12] = np.nan
    past[5, 0] = 50
    assert_array_equal(_size_class(records_of(past)), [0, 0, 1, 1, 2, 1])


def test_the_share_of_analogues_falls_with_what_they_lose_to_the_records() -> None:
    """A hundred rows are trusted half: twice the difference, as a share of the last year."""
    classes = np.repeat([0, 1, 2], 100)
    losses = np.ones((300, 3))
    losses[classes == 0, 0] = 1.02
    losses[classes == 2, 0] = 0.98
    shares = _shares(losses, classes)
    assert_allclose(shares, expit([-1 - 20 * 0.5 * 0.02, -1, -1 + 20 * 0.5 * 0.02]))
    assert shares[0] < shares[1] < shares[2]


def test_losses_are_weighed_by_those_of_the_last_year() -> None:
    losses = np.tile([1.1, 1, 4], (50, 1))
    assert_allclose(_shares(losses, np.zeros(50, dtype=np.int64)), expit(-1 - 20 * 0.1 / 4))


def test_a_class_without_rows_has_the_share_of_all() -> None:
    losses = np.tile([1.03, 1, 1], (200, 1))
    losses[:100, 0] = 1.01
    shares = _shares(losses, np.repeat([0, 1], 100))
    assert shares[2] == pytest.approx(expit(-1 - 20 * 0.02))
    assert shares[1] < shares[2] < shares[0]


def test_without_losses_the_share_is_what_it_was_before_any() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert_allclose(_shares(np.zeros((0, 3)), nothing), expit(-1))
    assert_allclose(_shares(np.zeros((40, 3)), np.zeros(40, dtype=np.int64)), expit(-1))


@pytest.mark.parametrize(("lost", "share"), [(-9.0, 0.99), (9.0, 0.01)])
def test_a_share_is_never_all_or_nothing(lost: float, share: float) -> None:
    losses = np.tile([10 + lost, 10, 1], (500, 1))
    assert_allclose(_shares(losses, np.zeros(500, dtype=np.int64)), share)


def test_analogues_are_judged_by_outcomes_that_they_do_not_hold() -> None:
    """Of two wars neither is like the other: only its own record knows its size."""
    rng, kind = np.random.default_rng(3), np.arange(400) % 2
    level = np.where(kind == 0, 1000.0, 200)
    deaths = rng.poisson(level).astype(float)
    records = records_of(rng.poisson(level[:, None], (400, MONTHS)).astype(float))
    model = fitted(indicators_of(level), deaths, records, kind, 1.0)
    assert model.shares[2] == pytest.approx(0.01)
    # Both wars in either half of the regions.
    mixed = fitted(indicators_of(level), deaths, records, np.arange(400) // 2, 1.0)
    assert mixed.shares[2] > 0.05


@pytest.mark.parametrize("region", [0, 1])
def test_a_single_region_has_deaths_all_the_same(region: int) -> None:
    level = np.full(60, 40.0)
    model = fitted(indicators_of(level), level, steady(level), np.full(60, region), 0.5)
    issued = model.predict(indicators_of(level[:2]), steady(level[:2]), np.array([0.3, 0.8]))
    assert_allclose(issued.exceedance(TAU), [0.3, 0.8])
