from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from experiments.benchmarks.files import Run
from experiments.benchmarks.subforecast import roll
from experiments.benchmarks.subforecast_data import AdminCounts
from experiments.benchmarks.subforecast_forecaster import UnitEnsemble, indicators_of
from experiments.benchmarks.subforecast_scores import outcomes_of
from experiments.benchmarks.subforecast_surroundings import map_of
from features.arrays import FloatArray
from models import metrics

JANUARY_2014 = 528
MALI = ["Gao", "Kidal", "Mopti", "Segou", "Sikasso", "Kayes", "Koulikoro", "Tombouctou"]
NIGER = ["Agadez", "Diffa", "Dosso", "Maradi", "Niamey", "Tahoua", "Tillaberi", "Zinder"]
UNITS = [("Mali", name) for name in MALI] + [("Niger", name) for name in NIGER]


def counts_of(events: FloatArray, nameless: int = 0) -> AdminCounts:
    months = JANUARY_2014 + np.arange(len(events))
    countries, regions = zip(*UNITS, *[("", "")] * nameless, strict=True)
    events = np.column_stack([events, np.zeros((len(events), nameless))])
    by_type = np.stack([events, 0 * events, 0 * events], axis=-1)
    return AdminCounts(months, countries, regions, events, by_type, events * 2)


@pytest.fixture(scope="module")
def made_up() -> FloatArray:
    """Sixteen units by 72 months: each has its own level, up to two events a month."""
    rng = np.random.default_rng(4)
    return rng.poisson(np.linspace(0.0, 2.0, len(UNITS)), (72, len(UNITS))).astype(float)


def test_it_tells_units_apart_better_than_their_base_rate(made_up: FloatArray, run: Run) -> None:
    counts = counts_of(made_up)
    origins = JANUARY_2014 + np.arange(59, 71)
    probability = roll(counts, origins, UnitEnsemble(), run)
    outcome = outcomes_of(counts, origins)
    occurred, forecast = outcome[0].ravel(), probability[0].ravel()
    assert metrics.auc(occurred, forecast) > 0.75
    assert metrics.brier(occurred, forecast) < 0.8 * occurred.var()
    assert np.ptp(probability[1]) > 0.01
    assert_array_equal(probability[2], np.broadcast_to(probability[2, :, :1], (12, 16)).copy())


def test_nothing_after_the_origin_changes_a_forecast(made_up: FloatArray, run: Run) -> None:
    later = made_up.copy()
    later[62:] = np.random.default_rng(5).poisson(9, later[62:].shape)
    origins = JANUARY_2014 + np.arange(58, 62)
    before, after = (roll(counts_of(x), origins, UnitEnsemble(), run) for x in (made_up, later))
    assert_array_equal(before, after)


def test_a_seed_gives_the_same_forecasts_and_another_gives_others(made_up: FloatArray) -> None:
    counts = counts_of(made_up)
    first, again, other = (UnitEnsemble().fit(counts, s).predict(counts) for s in (1, 1, 2))
    assert_array_equal(first, again)
    assert_allclose(first, other, atol=0.2)
    assert (first[0] != other[0]).any()


def test_units_without_a_name_are_forecast_like_those_quiet_the_longest(
    made_up: FloatArray,
) -> None:
    events = made_up.copy()
    events[:, 1] = 0  # as the first is by its level
    with_nameless, without = counts_of(events, nameless=3), counts_of(events)
    result = UnitEnsemble().fit(with_nameless, 1).predict(with_nameless)
    expected = UnitEnsemble().fit(without, 1).predict(without)
    assert_array_equal(result[:, :16], expected)
    assert_allclose(result[:, 16:], np.repeat(expected[:, :2].mean(axis=1)[:, None], 3, axis=1))
    events[-1, :2] = 1
    all_seen = counts_of(events, nameless=1)
    assert np.isfinite(UnitEnsemble().fit(all_seen, 1).predict(all_seen)).all()


def test_of_a_table_that_teaches_nothing_the_base_rate_is_forecast(made_up: FloatArray) -> None:
    counts = counts_of(0 * made_up)
    result = UnitEnsemble().fit(counts, 1).predict(counts)
    assert_allclose(result, np.full((3, 16), 0.5 / (47 * 16 + 1)))


def test_forecasts_do_not_depend_on_the_order_of_units(made_up: FloatArray) -> None:
    counts = counts_of(made_up)
    order = np.random.default_rng(6).permutation(16)
    turned = replace(
        counts,
        countries=tuple(counts.countries[k] for k in order),
        regions=tuple(counts.regions[k] for k in order),
        events=counts.events[:, order],
        events_by_type=counts.events_by_type[:, order],
        deaths=counts.deaths[:, order],
    )
    names, values = indicators_of(counts, map_of(counts))
    again, others = indicators_of(turned, map_of(turned))
    assert names == again
    assert values.shape == (72, 16, len(names))
    assert_allclose(values[:, order], others, rtol=1e-5, atol=1e-6)
