"""What holds of contagion beside what holds of every indicator."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array

from features.arrays import FloatArray
from features.indicators.catalogue import indicator_table
from features.panel.panel import Panel
from features.places.regions import Regions
from tests.features.indicators.slow_contagion import SLOW
from tests.features.indicators.worked_contagion import A, B, C, D, world_at_a_corner
from tests.features.indicators.worlds import panels

BY_BORDER = [name for name in SLOW if name.startswith("border_weighted") or "rise" in name]


def with_borders(panel: Panel, lengths: FloatArray) -> Panel:
    regions = panel.regions
    borders = csr_array(lengths)
    return replace(
        panel, regions=Regions(regions.level, regions.table, regions.neighbours, borders)
    )


def values(panel: Panel, name: str) -> FloatArray:
    return indicator_table(panel, [name]).values[:, :, 0].astype(np.float64)


@settings(max_examples=25)
@given(panel=panels(), seed=st.integers(0, 2**32))
def test_the_slow_double_says_the_same_of_borders_of_any_length(panel: Panel, seed: int) -> None:
    rng, size = np.random.default_rng(seed), panel.observed.shape[1]
    lengths = np.triu(rng.uniform(0, 500, (size, size)) * (rng.random((size, size)) < 0.7))
    bordered = with_borders(panel, (lengths + lengths.T) * panel.regions.neighbours.toarray())
    for name in BY_BORDER:
        expected = np.where(panel.observed, SLOW[name](bordered), np.nan)
        assert_allclose(values(bordered, name), expected, rtol=2e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("name", BY_BORDER)
def test_only_the_proportions_of_the_borders_matter(name: str) -> None:
    world = world_at_a_corner()
    longer = with_borders(world, world.regions.borders.toarray() * 8)
    assert_array_equal(values(longer, name), values(world, name))


def test_a_neighbour_in_a_point_weighs_nothing_but_counts_as_a_domino() -> None:
    world = world_at_a_corner()
    deaths = world.deaths.copy()
    deaths[0, 17, B] = 1000
    worse = replace(world, deaths=deaths)
    for name in ("border_weighted_deaths", "border_weighted_instability_25"):
        assert values(worse, name)[17, C] == values(world, name)[17, C]
        assert values(worse, name)[17, D] > values(world, name)[17, D]
    assert values(worse, "domino_25_3")[17, C] == values(world, "domino_25_3")[17, C] + 1


def test_unrest_inside_the_country_is_none_of_a_neighbouring_country() -> None:
    world = world_at_a_corner()
    deaths = world.deaths.copy()
    deaths[0, :, A] += 500
    worse = replace(world, deaths=deaths)
    for name in ("neighbour_countries_25", "neighbour_countries_rise_3"):
        assert_array_equal(values(worse, name)[:, B], values(world, name)[:, B])
    assert values(worse, "neighbour_countries_25")[5, C] == 1
