import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from features.targets import any_of, is_eligible, label, threshold, window_mean_ahead
from features.words import DISTRIBUTIONS, OF_VIOLENCE, SPECS, TARGETS, Target
from tests.targets import EVERY_CELL, EVERY_TARGET, HORIZONS, TARGETS_AHEAD

NAN = np.nan

Column = npt.NDArray[np.float64]


def column(*values: float) -> Column:
    return np.array(values, dtype=float)[:, None]


def months(*values: float, before: int = 0) -> Column:
    return column(*[0.0] * before, *values)


def test_the_targets_are_four_that_are_forecast_as_designed_and_one_more() -> None:
    assert OF_VIOLENCE == ("fatalities", "instability", "escalation", "onset", "surge")
    assert tuple(SPECS) == TARGETS == (*OF_VIOLENCE, "coup")
    assert tuple(EVERY_TARGET) == OF_VIOLENCE
    assert TARGETS_AHEAD["fatalities"] == TARGETS_AHEAD["instability"] == HORIZONS
    assert TARGETS_AHEAD["escalation"] == TARGETS_AHEAD["onset"] == (3, 6, 12)
    assert set(TARGETS_AHEAD) == {*OF_VIOLENCE} - {"surge"}


def test_windows_are_escalation_and_onset_and_the_one_distribution_is_of_deaths() -> None:
    assert [name for name in TARGETS if SPECS[name].is_window] == [*("escalation", "onset", "coup")]
    assert DISTRIBUTIONS == ("fatalities",)
    assert SPECS["fatalities"].shares == "instability"
    assert all(SPECS[name].shares == name for name in TARGETS if name != "fatalities")


def test_a_coup_is_any_attempt_in_the_months_ahead() -> None:
    attempts = column(1, 0, 0, 2, 0, NAN)
    assert_array_equal(label("coup", attempts, 1, tau=9), column(0, 0, 1, 0, NAN, NAN))
    assert_array_equal(label("coup", attempts, 3, tau=9), column(1, 1, NAN, NAN, NAN, NAN))


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


# Means of 5, 10, 4.5, 3, 3.125 and 0; sample standard deviations of 2, 4, 12.73, 0, 0.35 and 0.
TWO_AROUND_FIVE = (8.0, 2, 7, 3, 6, 4, 5, 5)
FOUR_AROUND_TEN = (16.0, 4, 14, 6, 12, 8, 10, 10)
ONE_BAD_MONTH = (0.0, 0, 0, 0, 0, 0, 0, 36)
ALWAYS_THREE = (3.0,) * 8
ONCE_FOUR = (3.0, 3, 3, 4, 3, 3, 3, 3)
NEVER = (0.0,) * 8


@pytest.mark.parametrize(
    ("usual", "needed"),
    [
        (TWO_AROUND_FIVE, 8),  # mean + sd is 7, which is not above itself
        (FOUR_AROUND_TEN, 15),  # as is 14
        (tuple(1000 * deaths for deaths in FOUR_AROUND_TEN), 14_001),
        (ONE_BAD_MONTH, 18),  # 17.23
        (ALWAYS_THREE, 5),  # mean + 2, which is enough
        (ONCE_FOUR, 6),  # mean + 2 is 5.125
        (NEVER, 2),
    ],
    ids=str,
)
def test_a_surge_is_above_mean_and_standard_deviation_and_by_two_at_least(
    usual: tuple[float, ...], needed: int
) -> None:
    for order in (usual, usual[::-1]):
        for tau in (1, 999):
            assert threshold("surge", column(*order), tau)[7, 0] == needed
        for then, outcome in ((0, 0), (needed - 1, 0), (needed, 1), (needed + 500, 1)):
            assert_array_equal(label("surge", column(*order, then), 1, tau=5)[7], [outcome])


def test_a_surge_is_of_the_target_month_alone_and_against_the_months_to_the_origin() -> None:
    deaths = column(900, *ALWAYS_THREE, 900, 900, 4, 5)
    assert_array_equal(label("surge", deaths, 3, tau=5)[8], [0])
    assert_array_equal(label("surge", deaths, 4, tau=5)[8], [1])
    # A month on, 900 is among the eight: mean 115.125, standard deviation 317.14.
    assert threshold("surge", deaths, tau=5)[9, 0] == 433


@pytest.mark.parametrize("back", range(8))
def test_a_surge_needs_each_of_the_eight_months_and_the_target_month(back: int) -> None:
    deaths = column(*[3] * 12)
    deaths[10 - back] = NAN
    assert np.isnan(threshold("surge", deaths, tau=5)[10, 0])
    assert_array_equal(label("surge", deaths, 1, tau=5)[10], [NAN])
    earlier = column(*[3] * 12)
    earlier[2] = NAN
    assert_array_equal(label("surge", earlier, 1, tau=5)[10], [0])
    unknown = column(*[3] * 11, NAN)
    assert threshold("surge", unknown, tau=5)[10, 0] == 5
    assert_array_equal(label("surge", unknown, 1, tau=5)[10], [NAN])


def test_there_is_no_surge_before_eight_months_are_known() -> None:
    known = ~np.isnan(label("surge", column(*[0] * 12), 2, tau=5)[:, 0])
    assert np.flatnonzero(known).tolist() == [7, 8, 9]


@given(
    usual=st.lists(st.integers(0, 3000), min_size=8, max_size=8)
    | st.lists(st.integers(0, 9), min_size=8, max_size=8),
    rise=st.integers(-3, 3),
)
def test_a_surge_is_told_in_whole_numbers_to_the_last_death(usual: list[int], rise: int) -> None:
    then = max(0, round(np.mean(usual) + np.std(usual, ddof=1)) + rise)
    outcome = label("surge", column(*usual, then), 1, tau=5)[7, 0]
    assert outcome == is_surge(usual, then)
    assert (then >= threshold("surge", column(*usual), tau=5)[7, 0]) == outcome


def is_surge(usual: list[int], then: int) -> bool:
    """Compare squares of eightfold whole numbers, which nothing rounds."""
    total = sum(usual)
    variance = 8 * sum(deaths**2 for deaths in usual) - total**2
    above = 8 * then - total
    return above >= 16 and 7 * above**2 > 8 * variance


def test_a_window_begins_after_the_origin_and_ends_at_the_horizon() -> None:
    deaths = column(100, 1, 2, 6, 100)
    assert_array_equal(window_mean_ahead(deaths, 3), column(3, 36, NAN, NAN, NAN))


@pytest.mark.parametrize(("target", "horizon"), EVERY_CELL)
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
    assert_array_equal(threshold("surge", deaths, 5), column(*[NAN] * 7, 2, 2, 2, 2, 18))


@given(
    seed=st.integers(0, 2**32),
    cell=st.sampled_from(EVERY_CELL),
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
    cell=st.sampled_from(EVERY_CELL),
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
    usual = span(row - 7, row)
    expected = {
        "fatalities": then[0],
        "instability": NAN if np.isnan(then[0]) else then[0] >= tau,
        "escalation": NAN
        if np.isnan([*window, *year]).any()
        else 6 * sum(window) >= max(6 * tau * horizon, sum(year) * horizon),
        "onset": NAN if np.isnan(window).any() or sum(two_years) != 0 else sum(window) > 0,
        "surge": NAN
        if np.isnan([*then, *usual]).any()
        else is_surge([int(d) for d in usual], int(then[0])),
    }
    assert_array_equal(label(target, column(*deaths), horizon, tau)[row], [expected[target]])


def test_any_of_a_group_is_one_minus_the_chances_of_none() -> None:
    assert any_of(np.array([0.5, 0.5])) == pytest.approx(0.75)
    assert any_of(np.array([0.1, 0.2, 0.3])) == pytest.approx(1 - 0.9 * 0.8 * 0.7)
    assert any_of(np.array([0.03])) == pytest.approx(0.03)
    assert any_of(np.array([])) == 0
    # A thousand small chances keep their digits.
    assert any_of(np.full(1000, 1e-12)) == pytest.approx(1e-9, rel=1e-6)
