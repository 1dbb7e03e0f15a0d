"""What must hold of every indicator of the catalogue, whichever it is."""

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from features.arrays import BoolArray, FloatArray, IntArray
from features.errors import ConfigurationError
from features.indicators.catalogue import CATALOGUE, eligible, indicator_table, select
from features.indicators.indicator import Indicator
from features.panel.panel import Panel
from tests.features.indicators import (
    slow_actors,
    slow_civilians,
    slow_contagion,
    slow_encirclement,
    slow_history,
    slow_neighbourhood,
    slow_place,
    slow_season,
    slow_supply,
    worked_actors,
    worked_civilians,
    worked_contagion,
    worked_encirclement,
    worked_history,
    worked_neighbourhood,
    worked_place,
    worked_season,
    worked_supply,
)
from tests.features.indicators.worlds import A, B, C, any_incidents, panel_of, panels

NAN = np.nan
SOME = settings(max_examples=25)
NAMES = [indicator.name for indicator in CATALOGUE]
FAMILIES = {
    "history": (worked_history, slow_history),
    "neighbourhood": (worked_neighbourhood, slow_neighbourhood),
    "actors": (worked_actors, slow_actors),
    "civilians": (worked_civilians, slow_civilians),
    "encirclement": (worked_encirclement, slow_encirclement),
    "supply": (worked_supply, slow_supply),
    "contagion": (worked_contagion, slow_contagion),
    "season": (worked_season, slow_season),
    "place": (worked_place, slow_place),
}
UNITS = {
    *("deaths/month", "events/month", "deaths", "events", "months", "share", "1", "km", "km2"),
    *("degrees", "groups", "regions", "dyads", "corridors", "reports/month", "days", "sectors"),
}
SLOW: dict[str, Callable[[Panel], FloatArray]] = {
    name: function for _, slow in FAMILIES.values() for name, function in slow.SLOW.items()
}


def column(panel: Panel, name: str) -> npt.NDArray[np.float32]:
    values: npt.NDArray[np.float32] = indicator_table(panel, [name]).values[:, :, 0]
    return values


def columns(panel: Panel, family: str) -> dict[str, npt.NDArray[np.float32]]:
    table = indicator_table(panel, [i.name for i in CATALOGUE if i.family == family])
    return {name: table.values[:, :, k] for k, name in enumerate(table.names)}


def remade(panel: Panel, order: IntArray, rows: IntArray) -> Panel:
    """The same panel with its regions in another order, and its incidents within their months."""
    links = panel.regions.neighbours.toarray()
    off_panel = panel.neighbour_count - links.sum(axis=1)
    place = np.append(np.argsort(order), -1)
    told = panel.incidents.at(rows)
    return panel_of(
        panel.regions.table.iloc[order].reset_index(drop=True),
        panel.observed[:, order],
        panel.events[:, :, order],
        panel.deaths[:, :, order],
        links[np.ix_(order, order)],
        off_panel[order],
        int(panel.months[0]),
        told.__class__(**{**vars(told), "region": place[told.region]}),
    )


def scrambled_after(panel: Panel, row: int, rng: np.random.Generator) -> Panel:
    later = np.arange(len(panel.months)) > row
    observed = panel.observed.copy()
    observed[later] = rng.random(observed[later].shape) < 0.5
    events, deaths = (np.nan_to_num(values) for values in (panel.events, panel.deaths))
    events[:, later] = rng.integers(0, 50, events[:, later].shape)
    deaths[:, later] = rng.integers(0, 500, deaths[:, later].shape)
    links = panel.regions.neighbours.toarray()
    first, months = int(panel.months[0]), int(later.sum())
    known = panel.incidents.until(first + row)
    new = any_incidents(first + row + 1, months, observed.shape[1], rng, 30 if months else 0)
    joined = {
        name: np.concatenate([values, getattr(new, name)])
        for name, values in vars(known).items()
        if name != "names"
    }
    return panel_of(
        panel.regions.table,
        observed,
        events,
        deaths,
        links,
        panel.neighbour_count - links.sum(axis=1),
        first,
        new.__class__(**joined, names=new.names),
    )


def test_every_indicator_has_an_example_worked_by_hand_and_a_slow_double() -> None:
    by_family = [name for worked, _ in FAMILIES.values() for name in worked.WORKED]
    assert sorted(by_family) == sorted(NAMES)
    assert sorted(SLOW) == sorted(NAMES)


@pytest.mark.parametrize("indicator", CATALOGUE, ids=NAMES)
def test_the_worked_example_comes_out(indicator: Indicator) -> None:
    worked, _ = FAMILIES[indicator.family]
    values = column(worked.WORLD(), indicator.name)
    for row, expected in zip(worked.ROWS, worked.WORKED[indicator.name], strict=True):
        assert_allclose(values[row], expected, rtol=5e-6)


@pytest.mark.parametrize("family", FAMILIES)
@SOME
@given(panel=panels())
def test_the_slow_double_says_the_same(family: str, panel: Panel) -> None:
    for name, values in columns(panel, family).items():
        expected = np.where(panel.observed, SLOW[name](panel), NAN).astype(np.float32)
        assert_allclose(values, expected, rtol=2e-5, atol=1e-6, err_msg=name)


def test_a_lag_into_unobserved_months_is_missing() -> None:
    world = worked_history.WORLD()
    assert_array_equal(column(world, "deaths_lag_2")[10:16, C], [NAN, NAN, NAN, NAN, 0, 0])
    assert_array_equal(column(world, "deaths_lag_2")[:6, B], [NAN, NAN, NAN, NAN, 5, 0])


@pytest.mark.parametrize("family", FAMILIES)
@SOME
@given(panel=panels(), data=st.data())
def test_no_indicator_looks_ahead(family: str, panel: Panel, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(panel.months) - 1))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    other = columns(scrambled_after(panel, row, rng), family)
    cut = columns(panel.until(int(panel.months[row])), family)
    for name, values in columns(panel, family).items():
        before = values[: row + 1].tobytes()
        assert other[name][: row + 1].tobytes() == before, name
        assert cut[name].tobytes() == before, name


@pytest.mark.parametrize("family", FAMILIES)
@SOME
@given(panel=panels(), seed=st.integers(0, 2**32))
def test_the_order_of_regions_and_incidents_decides_nothing(
    family: str, panel: Panel, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(panel.observed.shape[1])
    rows = np.lexsort([rng.random(len(panel.incidents)), panel.incidents.month])
    moved = columns(remade(panel, order, rows), family)
    for name, values in columns(panel, family).items():
        assert_allclose(moved[name], values[:, order], rtol=2e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("family", FAMILIES)
@SOME
@given(panel=panels())
def test_values_are_missing_exactly_where_what_they_tell_of_was_not_observed(
    family: str, panel: Panel
) -> None:
    for name, values in columns(panel, family).items():
        assert_array_equal(np.isnan(values), ~known_at(select([name])[0], panel), err_msg=name)


def known_at(indicator: Indicator, panel: Panel) -> BoolArray:
    seen = panel.observed.copy()
    if lag := re.fullmatch(r"deaths_lag_(\d+)", indicator.name):
        months = int(lag[1])
        seen[:months] = False
        seen[months:] &= panel.observed[: max(0, len(seen) - months)]
    if "texts" in indicator.needs:
        told = panel.incidents.month[panel.incidents.has_text]
        seen &= (panel.months >= min(told, default=np.inf))[:, None]
    if indicator.name in NEED_A_PLACE:
        seen &= panel.regions.table["latitude"].notna().to_numpy()
    return seen


NEED_A_PLACE = {"area", "latitude", "longitude", "border_distance", "capital_distance"}
"""Indicators that nobody can know of a region whose place on the map is not known."""


@pytest.mark.parametrize("family", FAMILIES)
@SOME
@given(panel=panels(min_months=24))
def test_values_where_a_forecast_may_be_issued_are_of_their_unit_and_range(
    family: str, panel: Panel
) -> None:
    assume(eligible(panel).any())
    for name, values in columns(panel, family).items():
        (indicator,) = select([name])
        assert values.dtype == np.float32
        known = values[eligible(panel) & known_at(indicator, panel)]
        assert np.isfinite(known).all(), name
        assert (known >= indicator.lowest - 1e-6).all(), name
        assert (known <= indicator.highest + 1e-6).all(), name


@given(panel=panels())
@settings(max_examples=5)
def test_the_same_panel_gives_the_same_bits(panel: Panel) -> None:
    every = np.arange(panel.observed.shape[1]), np.arange(len(panel.incidents))
    again = indicator_table(remade(panel, *every)).values.tobytes()
    assert again == indicator_table(panel).values.tobytes()


def test_a_table_holds_the_names_asked_for_in_their_order() -> None:
    world = worked_history.WORLD()
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
        assert indicator.family in FAMILIES
        if indicator.unit == "share":
            assert indicator.highest == 1


def test_a_forecast_needs_24_observed_months_on_end() -> None:
    expected = np.zeros((27, 3), dtype=bool)
    expected[23:, A] = True
    expected[25:, B] = True
    assert_array_equal(eligible(worked_history.WORLD()), expected)
