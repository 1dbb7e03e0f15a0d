import numpy as np
import pytest
from numpy.testing import assert_allclose

from features.arrays import FloatArray, Matrix
from models.deaths import DeathsModel
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


@pytest.fixture(scope="module")
def wars() -> DeathsModel:
    """Analogues of small and large violence."""
    rng = np.random.default_rng(1)
    level = np.repeat([2.0, 40, 700], 300)
    deaths = rng.poisson(level).astype(float)
    model = DeathsModel(TAU, scale_columns=(0,), share=0.4, halving=250)
    return model.fit_size(TEMPLATE, indicators_of(level), deaths).fit(indicators_of(level), deaths)


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
    share = wars.analogue_share(records)

    def pooled(threshold: float) -> FloatArray:
        return (1 - share) * own.exceedance(threshold) + share * other.exceedance(threshold)

    for threshold in (10.0, 100, 1000):
        expected = pooled(threshold) / pooled(TAU) * probability
        assert_allclose(issued.exceedance(threshold), expected, atol=1e-12)
    for threshold in (1.0, 3):
        expected = 1 - (1 - pooled(threshold)) / (1 - pooled(TAU)) * (1 - probability)
        assert_allclose(issued.exceedance(threshold), expected, atol=1e-12)


def test_the_share_of_analogues_halves_with_the_deaths_of_the_last_year(wars: DeathsModel) -> None:
    level = np.array([0.0, 125, 250, 750])
    assert_allclose(wars.analogue_share(steady(level)), 0.4 * 0.5 ** (level / 250))
    assert_allclose(wars.analogue_share(steady(np.array([9999.0]))), [0.01])
    past = np.full((2, MONTHS), 9999.0)
    past[:, :12] = 0
    past[0, 0] = 12 * 250
    past[1, 0], past[1, 1:12] = 250, np.nan
    assert_allclose(wars.analogue_share(records_of(past)), 0.2)


def test_the_largest_war_has_its_record(wars: DeathsModel) -> None:
    level = np.array([5000.0])
    issued = wars.predict(indicators_of(level), steady(level), np.ones(1))
    assert issued.mean()[0] == pytest.approx(5000, rel=0.02)


def test_analogues_are_what_came_of_the_rows_that_are_fitted() -> None:
    level = np.repeat([2.0, 40], 100)
    model = DeathsModel(TAU).fit_size(TEMPLATE, indicators_of(level), level)
    model.fit(indicators_of(level), np.where(level > 5, 77.0, 0))
    assert set(model.analogues.high_deaths) == {77}
    assert set(model.analogues.low_deaths) == {0}
