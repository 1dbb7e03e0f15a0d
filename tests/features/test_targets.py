import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from features.targets import is_eligible, label, threshold, window_mean_ahead
from features.words import SPECS, TARGETS, Target

NAN = np.nan
CELLS = [(target, horizon) for target in TARGETS for horizon in SPECS[target].horizons]

Column = npt.NDArray[np.float64]


def column(*values: float) -> Column:
    return np.array(values, dtype=float)[:, None]


def months(*values: float, before: int = 0) -> Column:
    return column(*[0.0] * before, *values)


def test_every_target_is_forecast_at_the_horizons_of_the_design() -> None:
    assert TARGETS == ("fatalities", "instability", "escalation", "onset")
    assert SPECS["fatalities"].horizons == SPECS["instability"].horizons == tuple(range(1, 13))
    assert SPECS["escalation"].horizons == SPECS["onset"].horizons == (3, 6, 12)


def test_fatalities_are_the_deaths_of_the_target_month() -> None:
    deaths = column(3, NAN, 5, 0)
    assert_array_equal(label("fatalities", deaths, 1, tau=5), column(NAN, 5, 0, NAN))
    assert_array_equal(label("fatalities", deaths, 2, tau=5), column(5, 0, NAN, NAN))


def test_instability_begins_at_exactly_tau_in_the_target_month_alone() -> None:
    deaths = column(9, 4, 5, NAN, 6)
    assert_array_equal(label("instability", deaths, 1, tau=5), column(0, 1, NAN, 1, NAN))
    assert_array_equal(label("instability", deaths, 2, tau=5), column(1, NAN, 1, NAN, NAN))


@pytest.mark.parametrize(
    ("ahead", "outcome"),
    [((14, 0, 0), 0), ((15, 0, 0), 1), ((5, 5, 5), 1), ((5, 5, 4), 0), ((0, NAN, 90), NAN)],
)
def test_escalation_from_quiet_is_a_mean_of_exactly_tau(
    ahead: tuple[float, ...], outcome: float
) -> None:
    deaths = months(*ahead, before=12)
    assert_array_equal(label("escalation", deaths, 3, tau=5)[11], [outcome])


@pytest.mark.parametrize(
    ("total_before", "total_ahead", "horizon", "outcome"),
    [
        (84, 42, 3, 1),
        (84, 41, 3, 0),
        (85, 43, 3, 1),
        (85, 42, 3, 0),
        (77, 77, 6, 1),
        (77, 76, 6, 0),
        (77, 154, 12, 1),
        (77, 153, 12, 0),
    ],
)
def test_escalation_of_a_running_conflict_is_exactly_twice_its_last_twelve_months(
    total_before: int, total_ahead: int, horizon: int, outcome: int
) -> None:
    before = [0.0] * 11 + [total_before]
    deaths = column(*before, *[0.0] * (horizon - 1), total_ahead)
    assert_array_equal(label("escalation", deaths, horizon, tau=5)[11], [outcome])


def test_escalation_needs_twelve_observed_months_and_a_whole_window() -> None:
    outcomes = label("escalation", months(*[0] * 13, NAN, *[0] * 15), 3, tau=5)[:, 0]
    known = np.flatnonzero(~np.isnan(outcomes))
    assert_array_equal(known, [25])
    assert_array_equal(np.isnan(label("escalation", column(*[0] * 14), 3, tau=5)), True)


def test_the_threshold_of_escalation_is_tau_or_twice_the_baseline() -> None:
    assert threshold("escalation", months(30, before=11), tau=5)[-1, 0] == 5
    assert threshold("escalation", months(36, before=11), tau=5)[-1, 0] == 6
    assert np.isnan(threshold("escalation", months(36, before=10), tau=5)).all()
    assert np.isnan(threshold("escalation", column(NAN, *[0] * 11), tau=5)).all()


@pytest.mark.parametrize(
    ("death_back", "quiet"), [(0, False), (22, False), (23, False), (24, True), (25, True)]
)
def test_a_region_is_quiet_when_the_24_months_to_the_origin_saw_no_death(
    death_back: int, quiet: bool
) -> None:
    deaths = months(before=30)
    deaths[29 - death_back] = 1
    assert is_eligible("onset", deaths)[29, 0] == quiet
    later = np.vstack([deaths, column(0, 0, 1)])
    assert_array_equal(label("onset", later, 3, tau=5)[29], [1 if quiet else NAN])


def test_a_region_is_not_quiet_when_one_of_the_24_months_is_not_observed() -> None:
    deaths = months(before=30)
    deaths[6] = NAN
    assert_array_equal(is_eligible("onset", deaths)[28:, 0], [False, False])
    assert_array_equal(
        is_eligible("onset", np.vstack([deaths, column(0, 0)]))[29:, 0], [False, True, True]
    )
    assert not is_eligible("onset", months(before=23)).any()


@pytest.mark.parametrize(
    ("ahead", "outcome"),
    [((0, 0, 0), 0), ((0, 0, 1), 1), ((1, 0, 0), 1), ((NAN, 0, 1), NAN), ((0, 0), NAN)],
)
def test_onset_is_any_death_in_a_window_that_is_all_observed(
    ahead: tuple[float, ...], outcome: float
) -> None:
    deaths = months(*ahead, before=24)
    assert_array_equal(label("onset", deaths, 3, tau=5)[23], [outcome])


def test_a_window_begins_after_the_origin_and_ends_at_the_horizon() -> None:
    deaths = column(100, 1, 2, 6, 100)
    assert_array_equal(window_mean_ahead(deaths, 3), column(3, 36, NAN, NAN, NAN))


@pytest.mark.parametrize(("target", "horizon"), CELLS)
@pytest.mark.parametrize("length", [1, 2, 11, 25])
def test_nothing_is_known_of_the_last_months_of_a_history_however_short(
    target: Target, horizon: int, length: int
) -> None:
    outcomes = label(target, months(before=length), horizon, tau=5)
    assert outcomes.shape == (length, 1)
    assert np.isnan(outcomes[-horizon:]).all()


def test_the_threshold_reported_is_that_of_the_target() -> None:
    deaths = months(36, before=11)
    assert_array_equal(threshold("fatalities", deaths, 25), np.full((12, 1), 25))
    assert_array_equal(threshold("instability", deaths, 25), np.full((12, 1), 25))
    assert_array_equal(threshold("onset", deaths, 25), np.ones((12, 1)))
    assert_array_equal(threshold("escalation", deaths, 5), column(*[NAN] * 11, 6))


@given(
    seed=st.integers(0, 2**32),
    cell=st.sampled_from(CELLS),
    tau=st.sampled_from([1, 5, 25]),
    row=st.integers(0, 45),
    quiet=st.sampled_from([0.5, 0.97, 0.995]),
)
def test_a_label_depends_only_on_the_23_months_before_its_origin_and_on_the_horizon(
    seed: int, cell: tuple[Target, int], tau: float, row: int, quiet: float
) -> None:
    target, horizon = cell
    rng = np.random.default_rng(seed)

    def drawn() -> Column:
        values = np.where(rng.random((46, 4)) < quiet, 0.0, rng.integers(0, 60, (46, 4)))
        values[rng.random((46, 4)) < 0.01] = NAN
        return values

    deaths, elsewhere = drawn(), drawn()
    first, last = max(0, row - 23), row + horizon
    elsewhere[first : last + 1] = deaths[first : last + 1]
    expected = label(target, deaths, horizon, tau)[row].tobytes()
    assert label(target, elsewhere, horizon, tau)[row].tobytes() == expected
    window = deaths[first : last + 1]
    assert label(target, window, horizon, tau)[row - first].tobytes() == expected


@given(
    quiet=st.integers(0, 30),
    later=st.lists(st.one_of(st.just(NAN), st.integers(0, 3)), min_size=1, max_size=30),
    cell=st.sampled_from(CELLS),
    data=st.data(),
)
def test_labels_are_what_the_definition_says_month_by_month(
    quiet: int, later: list[float], cell: tuple[Target, int], data: st.DataObject
) -> None:
    (target, horizon), tau = cell, 1.0
    deaths = [0.0] * quiet + later
    row = data.draw(st.integers(0, len(deaths) - 1))

    def span(first: int, last: int) -> list[float]:
        inside = first >= 0 and last < len(deaths)
        return [float(d) for d in deaths[first : last + 1]] if inside else [NAN]

    then, window = span(row + horizon, row + horizon), span(row + 1, row + horizon)
    year, two_years = span(row - 11, row), span(row - 23, row)
    expected = {
        "fatalities": then[0],
        "instability": NAN if np.isnan(then[0]) else then[0] >= tau,
        "escalation": NAN
        if np.isnan([*window, *year]).any()
        else 6 * sum(window) >= max(6 * tau * horizon, sum(year) * horizon),
        "onset": NAN if np.isnan(window).any() or sum(two_years) != 0 else sum(window) > 0,
    }
    assert_array_equal(label(target, column(*deaths), horizon, tau)[row], [expected[target]])
