import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from experiments.benchmarks.subforecast_data import AdminCounts, labels_of
from experiments.benchmarks.subforecast_history import (
    began_in,
    escalated_in,
    events_to_escalate,
    history,
)
from features.arrays import FloatArray

JANUARY_2014 = 528


def counts_of(events: FloatArray) -> AdminCounts:
    months = JANUARY_2014 + np.arange(len(events))
    names = tuple(f"r{k}" for k in range(events.shape[1]))
    by_type = np.stack([events, 0 * events, 0 * events], axis=-1)
    return AdminCounts(months, ("A",) * len(names), names, events, by_type, events * 2)


def column(*values: float) -> FloatArray:
    return np.array(values, dtype=float)[:, None]


@pytest.mark.parametrize(
    ("trailing", "fewest"),
    [
        ((0,) * 8, 2),
        ((3,) * 8, 5),
        ((8, 2, 7, 3, 6, 4, 5, 5), 8),  # mean 5, standard deviation 2
        ((1, 2, 3, 4, 5, 6, 7, 8), 7),  # mean 4.5, standard deviation 2.45
    ],
)
def test_the_threshold_is_the_fewest_events_that_are_an_escalation(
    trailing: tuple[float, ...], fewest: int
) -> None:
    assert events_to_escalate(column(*trailing))[-1, 0] == fewest


@given(seed=st.integers(0, 2**32))
def test_reaching_the_threshold_is_what_the_benchmark_calls_an_escalation(seed: int) -> None:
    events = np.random.default_rng(seed).poisson(3.0, (40, 2)).astype(float)
    reached = events[8:] >= events_to_escalate(events)[7:-1]
    assert_array_equal(reached, labels_of(counts_of(events))[1, 7:-1] == 1)
    assert_array_equal(escalated_in(counts_of(events))[8:], reached)


def test_an_event_after_a_quiet_year_is_a_beginning() -> None:
    events = column(1, *[0] * 12, 1, 1, *[0] * 11, 1)
    assert_array_equal(np.flatnonzero(began_in(counts_of(events))), [0, 13])


def test_columns_of_a_unit_are_what_they_are_called() -> None:
    events = column(*[0] * 12, 4, 0, 0, 2)
    last = {name: float(values[-1, 0]) for name, values in history(counts_of(events)).items()}
    assert (last["events"], last["deaths"], last["events_lag_3"]) == (2, 4, 4)
    assert last["events_mean_8"] == 6 / 8
    assert last["active_share_3"] == pytest.approx(1 / 3)
    assert (last["months_since_1"], last["months_since_2"], last["months_since_5"]) == (0, 0, 16)
    assert (last["months_active"], last["spells"], last["most_events"]) == (2, 2, 4)
    # A mean of 0.75 and a deviation of 1.49 ask for 3 events; one month so far had them.
    assert (last["escalation_threshold"], last["reached_in_24"]) == (3, 1)
    assert last["events_to_threshold"] == pytest.approx(2 / 3)
    assert last["state_based_mean_12"] == pytest.approx(6 / 12)
    assert last["one_sided_mean_12"] == 0


def test_the_share_of_the_month_to_be_forecast_is_that_of_its_earlier_years() -> None:
    events = np.zeros((36, 1))
    events[12] = 1  # January of the second of three years
    share = history(counts_of(events))["active_in_target_month"][:, 0]
    assert (share[35], share[34], share[23]) == (1 / 3, 0, 1 / 2)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), cut=st.integers(1, 70))
def test_no_column_looks_ahead_or_at_another_unit(seed: int, cut: int) -> None:
    rng = np.random.default_rng(seed)
    events = rng.poisson(0.7, (72, 4)).astype(float)
    whole = history(counts_of(events))
    before = history(counts_of(events[:cut]))
    turned = history(counts_of(events[:, ::-1]))
    for name, values in whole.items():
        assert values.shape == events.shape
        assert not np.isnan(values).any(), name
        assert_array_equal(values[:cut], before[name], err_msg=name)
        assert_allclose(values[:, ::-1], turned[name], err_msg=name)
