"""A small world whose every indicator is worked by hand, and what must hold in any world.

The regions A, B and C lie in a line; a fourth one, off the panel, touches A. The months are
2022-01 (index 0) to 2024-03 (index 26). B is observed from the index 2 on, C is not observed in
the indices 6 to 11.
"""

import re
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array

from features.catalogue import CATALOGUE, Indicator, eligible, indicator_table, select
from features.errors import ConfigurationError
from features.months import parse_month
from features.panel import Panel
from features.regions import Regions

NAN = np.nan
FEW = settings(max_examples=15)  # of every indicator
NAMES = [indicator.name for indicator in CATALOGUE]
UNITS = {"deaths/month", "events/month", "deaths", "events", "months", "share", "1"}
STATE_BASED, NON_STATE, ONE_SIDED = range(3)

# (type of violence, month index, region): (events, deaths)
A, B, C = range(3)
RECORD = {
    (NON_STATE, 2, A): (4, 48),
    (STATE_BASED, 14, A): (6, 60),
    (ONE_SIDED, 14, A): (3, 48),
    (STATE_BASED, 20, A): (6, 48),
    (STATE_BASED, 22, A): (3, 0),
    (STATE_BASED, 23, A): (2, 3),
    (ONE_SIDED, 24, A): (1, 1),
    (NON_STATE, 25, A): (1, 2),
    (STATE_BASED, 26, A): (2, 6),
    (ONE_SIDED, 2, B): (1, 5),
    (STATE_BASED, 20, B): (1, 1),
    (NON_STATE, 26, B): (1, 0),
    (STATE_BASED, 2, C): (2, 32),
    (STATE_BASED, 14, C): (1, 4),
    (ONE_SIDED, 26, C): (3, 12),
}

# Name: (A, B and C in 2024-03), (A and B in 2022-09, when C is not observed)
WORKED: dict[str, tuple[tuple[float, float, float], tuple[float, float]]] = {
    "deaths": ((6, 0, 12), (0, 0)),
    "deaths_lag_1": ((2, 0, 0), (0, 0)),
    "deaths_lag_2": ((1, 0, 0), (0, 0)),
    "deaths_lag_3": ((3, 0, 0), (0, 0)),
    "deaths_lag_6": ((48, 1, 0), (48, 5)),
    "deaths_mean_3": ((3, 0, 4), (0, 0)),
    "deaths_mean_6": ((2, 0, 2), (0, 0)),
    "deaths_mean_12": ((5, 1 / 12, 1), (48 / 9, 5 / 7)),
    "deaths_mean_24": ((7, 1 / 24, 16 / 18), (48 / 9, 5 / 7)),
    "deaths_long_run": ((8, 6 / 25, 48 / 21), (48 / 9, 5 / 7)),
    "deaths_decay_1": ((8.401370, 0.01562530, 12.0009785), (0.75, 0.078125)),
    "deaths_decay_3": ((28.654862, 0.26953125, 12.375), (12, 1.25)),
    "deaths_decay_6": ((64.696818, 0.8125, 15), (24, 2.5)),
    "deaths_decay_12": ((111.242462, 1.9571068, 22), (33.941125, 3.5355339)),
    "deaths_decay_36": ((170.476608, 4.0407015, 35.333539), (42.763139, 4.4544936)),
    "months_since_1": ((0, 6, 0), (6, 6)),
    "months_since_5": ((0, 24, 0), (6, 6)),
    "months_since_25": ((6, 25, 24), (6, 7)),
    "months_since_100": ((12, 25, 27), (9, 7)),
    "active_share_6": ((4 / 6, 0, 1 / 6), (0, 0)),
    "active_share_12": ((5 / 12, 1 / 12, 1 / 12), (1 / 9, 1 / 7)),
    "active_share_24": ((6 / 24, 1 / 24, 2 / 18), (1 / 9, 1 / 7)),
    "long_run_share_1": ((7 / 27, 2 / 25, 3 / 21), (1 / 9, 1 / 7)),
    "long_run_share_5": ((4 / 27, 1 / 25, 2 / 21), (1 / 9, 1 / 7)),
    "long_run_share_25": ((3 / 27, 0, 1 / 21), (1 / 9, 0)),
    "events": ((2, 1, 3), (0, 0)),
    "events_mean_3": ((4 / 3, 1 / 3, 1), (0, 0)),
    "events_mean_12": ((15 / 12, 2 / 12, 3 / 12), (4 / 9, 1 / 7)),
    "events_decay_6": ((12.488696, 1.5625, 3.375), (2, 0.5)),
    "state_based_mean_3": ((2, 0, 0), (0, 0)),
    "state_based_mean_12": ((57 / 12, 1 / 12, 0), (0, 0)),
    "state_based_decay_12": ((72.463814, 0.7071068, 10), (0, 0)),
    "non_state_mean_3": ((2 / 3, 0, 0), (0, 0)),
    "non_state_mean_12": ((2 / 12, 0, 0), (48 / 9, 0)),
    "non_state_decay_12": ((13.887749, 0, 0), (33.941125, 0)),
    "one_sided_mean_3": ((1 / 3, 0, 4), (0, 0)),
    "one_sided_mean_12": ((1 / 12, 0, 1), (0, 5 / 7)),
    "one_sided_decay_12": ((24.890899, 1.25, 12), (0, 3.5355339)),
    "neighbour_deaths": ((0, 9, 0), (0, 0)),
    "neighbour_deaths_mean_3": ((0, 3.5, 0), (0, 0)),
    "neighbour_deaths_mean_12": ((1 / 12, 3, 1 / 12), (5 / 7, 48 / 9)),
    "neighbour_deaths_long_run": ((6 / 25, 5.1428571, 6 / 25), (5 / 7, 48 / 9)),
    "neighbour_deaths_decay_1": ((0.01562530, 10.2011743, 0.01562530), (0.078125, 0.75)),
    "neighbour_deaths_decay_6": ((0.8125, 39.848409, 0.8125), (2.5, 24)),
    "neighbour_deaths_decay_36": ((4.0407015, 102.905074, 4.0407015), (4.4544936, 42.763139)),
    "neighbour_active_share_6": ((0, 5 / 12, 0), (0, 0)),
    "neighbour_active_share_24": ((1 / 24, 13 / 72, 1 / 24), (1 / 7, 1 / 9)),
    "neighbour_months_since_5": ((24, 0, 24), (6, 6)),
    "neighbour_events_mean_3": ((1 / 3, 7 / 6, 1 / 3), (0, 0)),
    "neighbour_state_based_decay_12": ((0.7071068, 41.231907, 0.7071068), (0, 0)),
    "neighbour_one_sided_decay_12": ((1.25, 18.445450, 1.25), (3.5355339, 0)),
    "neighbours_observed": ((1 / 2, 1, 1), (1 / 2, 1 / 2)),
    "season_sine": ((0.8660254, 0.8660254, 0.8660254), (-0.8660254, -0.8660254)),
    "season_cosine": ((0.5, 0.5, 0.5), (-0.5, -0.5)),
}


@cache
def places(count: int) -> pd.DataFrame:
    return pd.DataFrame({"id": [f"R{position}" for position in range(count)]})


def panel_of(
    observed: npt.NDArray[np.bool_],
    events: npt.NDArray[np.float64],
    deaths: npt.NDArray[np.float64],
    links: npt.NDArray[np.float64],
    off_panel: npt.NDArray[np.float64],
    first: int,
) -> Panel:
    return Panel(
        regions=Regions("admin1", places(len(links)), csr_array(links)),
        months=first + np.arange(len(observed)),
        observed=observed,
        events=np.where(observed, events, NAN),
        deaths=np.where(observed, deaths, NAN),
        neighbour_count=links.sum(axis=1) + off_panel,
    )


@pytest.fixture(scope="module")
def world() -> Panel:
    observed = np.ones((27, 3), dtype=bool)
    observed[:2, B] = False
    observed[6:12, C] = False
    events, deaths = np.zeros((3, 27, 3)), np.zeros((3, 27, 3))
    for place, figures in RECORD.items():
        events[place], deaths[place] = figures
    line = np.array([[0.0, 1, 0], [1, 0, 1], [0, 1, 0]])
    return panel_of(observed, events, deaths, line, np.array([1.0, 0, 0]), parse_month("2022-01"))


@st.composite
def panels(draw: st.DrawFn, min_months: int = 1) -> Panel:
    months = draw(st.integers(min_months, 40))
    regions = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    observed = np.ones((months, regions), dtype=bool)
    for region in range(regions):
        start, end = sorted(rng.integers(0, months + 1, 2))
        observed[start : max(start, end - draw(st.integers(0, 30))), region] = False
    quiet = rng.random((3, months, regions)) < rng.choice([0.5, 0.9, 0.99])
    deaths = np.where(quiet, 0, rng.integers(1, 200, quiet.shape)).astype(float)
    links = np.triu(rng.random((regions, regions)) < rng.random(), 1).astype(float)
    off_panel = rng.integers(0, 2, regions).astype(float)
    return panel_of(
        observed, np.ceil(deaths / 7), deaths, links + links.T, off_panel, int(rng.integers(600))
    )


def column(panel: Panel, name: str) -> npt.NDArray[np.float32]:
    values: npt.NDArray[np.float32] = indicator_table(panel, [name]).values[:, :, 0]
    return values


def scrambled_after(panel: Panel, row: int, rng: np.random.Generator) -> Panel:
    later = np.arange(len(panel.months)) > row
    observed = panel.observed.copy()
    observed[later] = rng.random(observed[later].shape) < 0.5
    events, deaths = (np.nan_to_num(values) for values in (panel.events, panel.deaths))
    events[:, later] = rng.integers(0, 50, events[:, later].shape)
    deaths[:, later] = rng.integers(0, 500, deaths[:, later].shape)
    off_panel = panel.neighbour_count - panel.regions.neighbours.sum(axis=1)
    links = panel.regions.neighbours.toarray()
    return panel_of(observed, events, deaths, links, off_panel, int(panel.months[0]))


def reordered(panel: Panel, order: npt.NDArray[np.int64]) -> Panel:
    links = panel.regions.neighbours.toarray()[np.ix_(order, order)]
    off_panel = (panel.neighbour_count - panel.regions.neighbours.sum(axis=1))[order]
    return panel_of(
        panel.observed[:, order],
        panel.events[:, :, order],
        panel.deaths[:, :, order],
        links,
        off_panel,
        int(panel.months[0]),
    )


def test_every_indicator_has_an_example_worked_by_hand() -> None:
    assert list(WORKED) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_worked_example_comes_out(world: Panel, name: str) -> None:
    march_2024, september_2022 = WORKED[name]
    values = column(world, name)
    assert_allclose(values[26], march_2024, rtol=5e-7)
    assert_allclose(values[8], [*september_2022, NAN], rtol=5e-7)


def test_a_lag_into_unobserved_months_is_missing(world: Panel) -> None:
    assert_array_equal(column(world, "deaths_lag_2")[10:16, C], [NAN, NAN, NAN, NAN, 0, 0])
    assert_array_equal(column(world, "deaths_lag_2")[:6, B], [NAN, NAN, NAN, NAN, 5, 0])


@pytest.mark.parametrize("name", NAMES)
@FEW
@given(panel=panels(), data=st.data())
def test_no_indicator_looks_ahead(name: str, panel: Panel, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(panel.months) - 1))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    before = column(panel, name)[: row + 1].tobytes()
    assert column(scrambled_after(panel, row, rng), name)[: row + 1].tobytes() == before
    assert column(panel.until(int(panel.months[row])), name).tobytes() == before


@pytest.mark.parametrize("name", NAMES)
@FEW
@given(panel=panels(), seed=st.integers(0, 2**32))
def test_the_order_of_the_regions_decides_nothing(name: str, panel: Panel, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(panel.observed.shape[1])
    values, moved = column(panel, name)[:, order], column(reordered(panel, order), name)
    if name.startswith("neighbour_"):
        assert_allclose(moved, values, rtol=2e-7)
    else:
        assert_array_equal(moved, values)


@pytest.mark.parametrize("name", NAMES)
@FEW
@given(panel=panels())
def test_values_are_missing_exactly_where_the_month_or_the_one_lagged_to_is_not_observed(
    name: str, panel: Panel
) -> None:
    seen = panel.observed.copy()
    if lag := re.fullmatch(r"deaths_lag_(\d+)", name):
        months = int(lag[1])
        seen[:months] = False
        seen[months:] &= panel.observed[: max(0, len(seen) - months)]
    assert_array_equal(np.isnan(column(panel, name)), ~seen)


@pytest.mark.parametrize("indicator", CATALOGUE, ids=NAMES)
@FEW
@given(panel=panels(min_months=24))
def test_values_where_a_forecast_may_be_issued_are_whole_and_of_their_unit(
    indicator: Indicator, panel: Panel
) -> None:
    assume(eligible(panel).any())
    values = column(panel, indicator.name)
    assert values.dtype == np.float32
    known = values[eligible(panel)]
    assert np.isfinite(known).all()
    assert known.min() >= (-1 if indicator.unit == "1" else 0)
    assert known.max() <= (1 if indicator.unit in {"1", "share"} else np.inf)


@given(panel=panels())
def test_the_same_panel_gives_the_same_bits(panel: Panel) -> None:
    again = reordered(panel, np.arange(panel.observed.shape[1]))
    assert indicator_table(again).values.tobytes() == indicator_table(panel).values.tobytes()


def test_a_table_holds_the_names_asked_for_in_their_order(world: Panel) -> None:
    table = indicator_table(world, ["season_sine", "deaths"])
    assert table.names == ("season_sine", "deaths")
    assert table.values.shape == (27, 3, 2)
    assert_array_equal(table.values[:, :, 1], column(world, "deaths"))
    assert indicator_table(world).names == tuple(NAMES)
    assert indicator_table(world, ()).values.shape == (27, 3, 0)


def test_an_unknown_name_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match=r"deaths_mean_5.*`tocsin indicators` lists them"):
        select(["deaths", "deaths_mean_5"])


def test_names_and_meanings_are_unique_and_every_field_is_given() -> None:
    assert len(set(NAMES)) == len({i.meaning for i in CATALOGUE}) == len(CATALOGUE)
    for indicator in CATALOGUE:
        assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", indicator.name)
        assert indicator.meaning[0].isupper()
        assert indicator.unit in UNITS
        assert indicator.family in {"history", "neighbourhood", "season"}


def test_a_forecast_needs_24_observed_months_on_end(world: Panel) -> None:
    expected = np.zeros((27, 3), dtype=bool)
    expected[23:, A] = True
    expected[25:, B] = True
    assert_array_equal(eligible(world), expected)
