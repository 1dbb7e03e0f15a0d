import numpy as np
import numpy.typing as npt
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st

from features.arrays import FloatArray, RegionNumbers
from models.forest import DeathsForest


def world(
    seed: int, rows: int = 400
) -> tuple[npt.NDArray[np.float32], FloatArray, FloatArray, RegionNumbers]:
    rng = np.random.default_rng(seed)
    scale = np.exp(rng.uniform(0, 5, rows))
    deaths = rng.poisson(scale * rng.gamma(2, 0.5, rows)).astype(np.float64)
    indicators = np.column_stack([np.log1p(scale), rng.normal(size=rows)]).astype(np.float32)
    return indicators, deaths, scale, np.arange(rows, dtype=np.int64) // 20


def one_leaf(deaths: list[float], scale: list[float], regions: list[int]) -> DeathsForest:
    """A forest of one tree that cannot split, with a draw for each row and many between."""
    forest = DeathsForest(trees=1, draws_per_tree=60, smallest_leaf=len(deaths), share_of_rows=1.0)
    indicators = np.zeros((len(deaths), 1), np.float32)
    return forest.fit(indicators, np.array(deaths), np.array(scale), np.array(regions))


def test_a_leaf_gives_the_multiples_of_its_rows() -> None:
    forest = one_leaf([0, 10, 30], [4, 4, 9], [0, 1, 2])
    (drawn,) = forest.draw(np.zeros((1, 1), np.float32), np.array([9.0]))
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [0, 20, 30]  # 0, 10 / 5 and 30 / 10 times 9 + 1
    assert counts.tolist() == [20, 20, 20]


def test_the_months_of_a_region_count_as_much_as_the_root_of_their_number() -> None:
    forest = one_leaf([0, 0, 0, 0, 5], [0, 0, 0, 0, 0], [7, 7, 7, 7, 3])
    (drawn,) = forest.draw(np.zeros((1, 1), np.float32), np.array([0.0]))
    assert (drawn == 5).sum() == 20  # 1 against the root of 4


def test_nothing_above_the_largest_number_on_record_is_drawn() -> None:
    forest = one_leaf([0, 50, 80], [1, 1, 9], [0, 1, 2])
    (drawn,) = forest.draw(np.zeros((1, 1), np.float32), np.array([10_000.0]))
    assert drawn.max() == 80


def test_what_tells_regions_apart_is_found() -> None:
    rng = np.random.default_rng(1)
    sign = (np.arange(600) % 2).astype(np.float32)
    deaths = rng.poisson(np.where(sign > 0, 40, 2)).astype(np.float64)
    forest = DeathsForest(trees=10, smallest_leaf=20)
    forest.fit(sign[:, None], deaths, np.zeros(600), np.arange(600))
    low, high = forest.draw(np.array([[0], [1]], np.float32), np.zeros(2)).mean(axis=1)
    assert low == pytest.approx(2, abs=0.3)
    assert high == pytest.approx(40, abs=1.5)


def test_no_rows_are_answered_with_none() -> None:
    forest = one_leaf([0, 1], [1, 1], [0, 1])
    assert forest.draw(np.zeros((0, 1), np.float32), np.zeros(0)).shape == (0, forest.size)


@given(seed=st.integers(0, 50))
@settings(max_examples=10, deadline=None)
def test_draws_are_sorted_whole_and_within_what_was_seen(seed: int) -> None:
    indicators, deaths, scale, regions = world(seed)
    forest = DeathsForest(trees=5, smallest_leaf=15, seed=seed)
    drawn = forest.fit(indicators, deaths, scale, regions).draw(indicators, scale)
    assert drawn.shape == (len(deaths), forest.size)
    assert (np.diff(drawn, axis=1) >= 0).all()
    assert (drawn == np.rint(drawn)).all()
    assert drawn.min() >= 0
    assert drawn.max() <= deaths.max()


def test_a_row_is_forecast_alike_alone_and_among_others() -> None:
    indicators, deaths, scale, regions = world(3)
    forest = DeathsForest(trees=5, smallest_leaf=15)
    forest.fit(indicators, deaths, scale, regions)
    together = forest.draw(indicators, scale)
    assert np.array_equal(forest.draw(indicators[7:8], scale[7:8])[0], together[7])


def test_in_the_long_run_as_much_lies_below_a_quantile_as_it_says() -> None:
    indicators, deaths, scale, regions = world(5, rows=6000)
    forest = DeathsForest(trees=20, smallest_leaf=60)
    half = len(deaths) // 2
    forest.fit(indicators[:half], deaths[:half], scale[:half], regions[:half])
    drawn = forest.draw(indicators[half:], scale[half:])
    for level in (0.1, 0.5, 0.9):
        below = (deaths[half:] <= np.quantile(drawn, level, axis=1)).mean()
        assert below == pytest.approx(level, abs=0.05)


def test_a_stored_forest_holds_numbers_only_and_forecasts_the_same() -> None:
    indicators, deaths, scale, regions = world(2)
    forest = DeathsForest(trees=3, smallest_leaf=30)
    forest.fit(indicators, deaths, scale, regions)
    stored = skops.io.dumps(forest)
    untrusted = skops.io.get_untrusted_types(data=stored)
    assert set(untrusted) == {"models.forest.DeathsForest", "sklearn.tree._tree.Tree"}
    again = skops.io.loads(stored, trusted=untrusted)
    assert np.array_equal(again.draw(indicators, scale), forest.draw(indicators, scale))
