import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from features.indicators.groups import front_distance
from features.panel.panel import Panel
from tests.features.indicators import slow_actors
from tests.features.indicators.worlds import STATE_BASED, incidents_of, panel_of, places


def world_of_many_groups(seed: int, groups: int) -> Panel:
    """Four regions and three months, in which every group fights in one region or in two."""
    rng = np.random.default_rng(seed)
    regions, months = 4, 3
    shape = (4, months, regions)
    rows = sorted(
        (int(rng.integers(months)), int(region), 12.0, -8.0, 1.0, STATE_BASED, f"Group {name}", "")
        for name in range(groups)
        for region in rng.integers(0, regions, 2)
    )
    return panel_of(
        places(regions, rng),
        np.ones(shape[1:], dtype=bool),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros((regions, regions)),
        np.zeros(regions),
        0,
        incidents_of(rows),
    )


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), groups=st.sampled_from([1, 63, 64, 65, 128, 129, 200]))
def test_fronts_of_more_groups_than_a_word_has_bits(seed: int, groups: int) -> None:
    panel = world_of_many_groups(seed, groups)
    assert_allclose(front_distance(panel), slow_actors.SLOW["front_distance_12"](panel), rtol=1e-6)


def test_the_only_group_that_is_elsewhere_may_be_any_of_many() -> None:
    rows = [
        (0, region, 12.0, -8.0, 1.0, STATE_BASED, f"Group {name:03}", "")
        for name in range(130)
        for region in (0, 1)
        if (name, region) != (129, 0)
    ]
    line = world_of_many_groups(0, 1)
    table = line.regions.table.assign(latitude=[0.0, 1, 50, 60], longitude=0.0)
    panel = panel_of(
        table,
        line.observed,
        np.zeros((4, 3, 4)),
        np.zeros((4, 3, 4)),
        np.zeros((4, 4)),
        np.zeros(4),
        0,
        incidents_of(rows),
    )
    assert_allclose(front_distance(panel)[0, :2], [111.195, 1000.0], rtol=1e-4)
