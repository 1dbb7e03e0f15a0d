from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from skops.io.exceptions import UntrustedTypesFoundException

from experiments.tracking.registry import TRUSTED_TYPES
from features.words import QUANTILES, Target
from models.calibration import LogisticCalibration
from models.forecaster import (
    Cell,
    Forecaster,
    Horizons,
    LabelledRows,
    cell_key,
    cells_of,
    fit_cell,
    fitted_cells,
    has_distribution,
    months_ahead,
)
from models.learners import (
    BaseRate,
    Boosting,
    Learner,
    LearnerName,
    Logistic,
    LogOddsMean,
    RidgeLogistic,
)
from models.record import MONTHS, RecordPool, RegionRecords
from tests.targets import CELLS, FITTED_CELLS, HORIZONS, TARGETS_AHEAD

TAU = 5.0
NAMES = ("violence", "noise")
POOL = RecordPool(half_lives=(1.0, 4.0), spreads=(0.3,))
TEMPLATES: dict[LearnerName, Learner] = {
    "logistic": Logistic((0, 1)),
    "boosting": Boosting(iterations=5, leaves=4, smallest_leaf=20),
    "ensemble": LogOddsMean(
        (
            RidgeLogistic(),
            Boosting(iterations=5, leaves=4, smallest_leaf=20),
            RidgeLogistic(columns=(0,)),
        )
    ),
}


def rows(seed: int, count: int = 400) -> LabelledRows:
    rng = np.random.default_rng(seed)
    indicators = rng.gamma(0.5, 8, (count, 2)).astype(np.float32)
    deaths = rng.poisson(rng.gamma(1, indicators[:, 0])).astype(float)
    records = RegionRecords(
        POOL,
        1,
        rng.poisson(indicators[:, :1], (count, MONTHS)).astype(float),
        rng.dirichlet(np.ones(len(POOL.records)), count),
        rng.random(count),
    )
    regions = np.arange(count) % 20
    return LabelledRows(indicators, (deaths >= TAU).astype(float), deaths, regions, records)


def rare(given: LabelledRows, cases: int) -> LabelledRows:
    return replace(given, outcome=(np.arange(len(given.outcome)) < cases).astype(float))


def fitted(template: Learner, targets: Horizons) -> Forecaster:
    cells = {}
    for target, horizon in fitted_cells(targets):
        training, later = rows(horizon), rows(100 + horizon)
        training = rare(training, 3) if target == "onset" else training
        cells[cell_key(target, horizon)] = fit_cell(
            target,
            template,
            training,
            later,
            TAU,
            with_deaths=has_distribution(target, horizon, targets),
        )
    return Forecaster("admin1", TAU, NAMES, POOL, targets).with_cells(cells)


@pytest.fixture(scope="module", params=TEMPLATES)
def forecaster(request: pytest.FixtureRequest) -> Forecaster:
    return fitted(TEMPLATES[request.param], TARGETS_AHEAD)


NEW = rows(500, 50)


def records_at(horizon: int) -> RegionRecords:
    """The records of the new rows, others at each horizon."""
    return rows(500 + horizon, 50).records


def frame(horizons: tuple[int, ...] = HORIZONS) -> pd.DataFrame:
    table = pd.DataFrame(NEW.indicators, columns=list(NAMES))
    for horizon in horizons:
        table[f"record_{horizon:02d}"] = records_at(horizon).probability
    return table.set_index(pd.Index(np.arange(50) * 7, name="place"))


def test_cells_are_every_target_at_every_horizon_and_fatalities_have_none_of_their_own() -> None:
    monthly = [(target, h) for target in ("fatalities", "instability") for h in HORIZONS]
    windows = [(target, h) for target in ("escalation", "onset") for h in (3, 6, 12)]
    assert list(CELLS) == [*monthly, *windows]
    assert list(FITTED_CELLS) == [*monthly[12:], *windows]
    assert cell_key("instability", 3) == "instability_03"


def test_the_cells_of_other_targets_are_in_the_order_in_which_they_are_named() -> None:
    targets: Horizons = {"onset": (6, 2), "fatalities": (13, 1), "instability": (1, 5)}
    assert cells_of(targets) == (
        *(("onset", 6), ("onset", 2), ("fatalities", 13), ("fatalities", 1)),
        *(("instability", 1), ("instability", 5)),
    )
    assert fitted_cells(targets) == (
        *(("onset", 6), ("onset", 2), ("instability", 13), ("instability", 1), ("instability", 5)),
    )
    assert months_ahead(targets) == (1, 2, 5, 6, 13)
    assert [*cells_of({}), *fitted_cells({}), *months_ahead({})] == []


def test_a_distribution_is_fitted_where_fatalities_are_forecast_and_nowhere_else() -> None:
    targets: Horizons = {"fatalities": (2, 13), "instability": (1, 2), "onset": (2,)}
    told = [cell for cell in fitted_cells(targets) if has_distribution(*cell, targets)]
    assert told == [("instability", 2), ("instability", 13)]
    assert not has_distribution("instability", 2, {"instability": (2,)})


def test_a_forecast_has_every_cell_and_the_flat_table_every_fitted_one(
    forecaster: Forecaster,
) -> None:
    issued, answer = forecaster.forecast(NEW.indicators, records_at), forecaster.predict(frame())
    assert tuple(issued) == CELLS
    assert list(answer.columns) == [cell_key(target, horizon) for target, horizon in FITTED_CELLS]
    assert answer.index.equals(frame().index)
    assert answer.dtypes.eq("float64").all()
    assert 0 < answer.min().min() <= answer.max().max() < 1
    for target, horizon in FITTED_CELLS:
        assert_array_equal(issued[target, horizon].probability, answer[cell_key(target, horizon)])
    for horizon in HORIZONS:
        assert issued["fatalities", horizon] is issued["instability", horizon]


def test_deaths_agree_with_the_score_at_the_same_horizon(forecaster: Forecaster) -> None:
    issued = forecaster.forecast(NEW.indicators, records_at)
    for horizon in HORIZONS:
        score, deaths = issued["fatalities", horizon]
        assert deaths is not None
        assert_allclose(deaths.exceedance(TAU), score, rtol=0, atol=1e-12)
        assert_allclose(deaths.weights.sum(axis=1), 1, rtol=0, atol=1e-12)
        assert (deaths.weights >= 0).all()
        assert (deaths.draws >= 0).all()
        quantiles = deaths.quantiles(QUANTILES)
        assert (np.diff(deaths.draws, axis=1) >= 0).all()
        assert (np.diff(quantiles, axis=1) >= 0).all()
        assert_array_equal(quantiles[:, QUANTILES.index(0.5)] >= TAU, score > 0.5)


def test_a_probability_of_instability_is_half_that_of_the_regions_own_record(
    forecaster: Forecaster,
) -> None:
    for target, horizon in FITTED_CELLS:
        cell, record = forecaster.cell(target, horizon), records_at(horizon).probability
        learned = cell.calibration.predict(cell.learner.probability(NEW.indicators))
        half = (learned + record) / 2
        expected = half if target == "instability" else learned
        assert_allclose(cell.probability(NEW.indicators, record), expected, rtol=1e-12)


def test_more_violence_is_a_higher_score(forecaster: Forecaster) -> None:
    two = pd.DataFrame({"violence": [0.0, 40.0], "noise": [4.0, 4.0]})
    two = two.assign(**{f"record_{horizon:02d}": 0.5 for horizon in HORIZONS})
    for horizon in HORIZONS:
        calm, violent = forecaster.predict(two)[f"instability_{horizon:02d}"]
        assert violent > calm + 0.15


def test_a_flat_table_has_indicators_and_the_records_of_every_month_ahead(
    forecaster: Forecaster,
) -> None:
    assert forecaster.columns == tuple(frame().columns)
    assert forecaster.columns[:3] == ("violence", "noise", "record_01")
    assert forecaster.columns[-1] == "record_12"


def test_columns_are_found_by_name_and_others_are_not_read(forecaster: Forecaster) -> None:
    shuffled = frame().assign(other=1.0)[["other", *frame().columns[::-1]]]
    pd.testing.assert_frame_equal(forecaster.predict(shuffled), forecaster.predict(frame()))


def test_each_row_is_forecast_by_itself(forecaster: Forecaster) -> None:
    all_rows = forecaster.predict(frame())
    chosen = np.array([30, 7])
    some = forecaster.predict(frame().iloc[chosen])
    pd.testing.assert_frame_equal(some, all_rows.iloc[chosen], check_exact=True)
    one = forecaster.forecast(NEW.indicators[chosen], lambda h: records_at(h).of(chosen))
    whole = forecaster.forecast(NEW.indicators, records_at)
    for horizon in HORIZONS:
        own, every = one["fatalities", horizon].deaths, whole["fatalities", horizon].deaths
        assert own is not None
        assert every is not None
        assert_array_equal(own.draws, every.draws[chosen])
        assert_array_equal(own.weights, every.weights[chosen])


def test_a_stored_forecaster_comes_back_with_the_same_answers(forecaster: Forecaster) -> None:
    stored = skops.io.dumps(forecaster)
    assert set(skops.io.get_untrusted_types(data=stored)) <= set(TRUSTED_TYPES)
    loaded = skops.io.loads(stored, trusted=TRUSTED_TYPES)
    assert isinstance(loaded, Forecaster)
    assert (loaded.level, loaded.tau, loaded.names) == ("admin1", TAU, NAMES)
    assert loaded.targets == TARGETS_AHEAD
    assert loaded.pool is not None
    assert loaded.pool.get_params() == POOL.get_params()
    pd.testing.assert_frame_equal(
        loaded.predict(frame()), forecaster.predict(frame()), check_exact=True
    )
    issued, again = (f.forecast(NEW.indicators, records_at) for f in (forecaster, loaded))
    for horizon in HORIZONS:
        deaths, same = issued["fatalities", horizon].deaths, again["fatalities", horizon].deaths
        assert deaths is not None
        assert same is not None
        assert_array_equal(same.draws, deaths.draws)
        assert_array_equal(same.weights, deaths.weights)


@pytest.mark.parametrize(
    ("targets", "cells", "columns"),
    [
        (
            {"instability": (2,), "onset": (1,)},
            ["instability_02", "onset_01"],
            ["record_01", "record_02"],
        ),
        ({"fatalities": (13,)}, ["instability_13"], ["record_13"]),
        (
            {"surge": (4, 1), "fatalities": (36, 1)},
            ["surge_04", "surge_01", "instability_36", "instability_01"],
            ["record_01", "record_04", "record_36"],
        ),
    ],
    ids=str,
)
def test_a_forecaster_of_other_targets_is_stored_and_comes_back(
    targets: Horizons, cells: list[str], columns: list[str]
) -> None:
    own = fitted(TEMPLATES["logistic"], targets)
    loaded = skops.io.loads(skops.io.dumps(own), trusted=TRUSTED_TYPES)
    assert isinstance(loaded, Forecaster)
    assert loaded.targets == targets
    assert list(loaded.columns) == [*NAMES, *columns]
    table = frame(months_ahead(targets))
    assert list(table.columns) == list(loaded.columns)
    answer = loaded.predict(table)
    assert list(answer.columns) == cells
    pd.testing.assert_frame_equal(answer, own.predict(table), check_exact=True)
    issued, again = (f.forecast(NEW.indicators, records_at) for f in (own, loaded))
    assert tuple(issued) == tuple(again) == cells_of(targets)
    for (target, horizon), (score, deaths) in again.items():
        shared = "instability" if target == "fatalities" else target
        assert_array_equal(score, answer[f"{shared}_{horizon:02d}"])
        assert (deaths is not None) == (target == "fatalities")
        if deaths is not None:
            assert_allclose(deaths.exceedance(TAU), score, rtol=0, atol=1e-12)
            before = issued[target, horizon].deaths
            assert before is not None
            assert_array_equal(deaths.draws, before.draws)


def test_a_forecaster_without_targets_forecasts_nothing() -> None:
    empty = Forecaster("admin1", TAU, NAMES, POOL).with_cells({})
    assert empty.columns == NAMES
    assert empty.forecast(NEW.indicators, records_at) == {}
    assert empty.predict(frame(())).shape == (50, 0)


def test_nothing_is_loaded_that_is_not_trusted(forecaster: Forecaster) -> None:
    others = [name for name in TRUSTED_TYPES if name != "models.forecaster.Cell"]
    with pytest.raises(UntrustedTypesFoundException, match=r"models\.forecaster\.Cell"):
        skops.io.loads(skops.io.dumps(forecaster), trusted=others)


def test_every_trusted_type_is_one_that_a_forecaster_holds() -> None:
    held: set[str] = set()
    for template in TEMPLATES.values():
        for given in (rows(1), rare(rows(1), 3)):
            cell = fit_cell("instability", template, given, rows(2), TAU, with_deaths=True)
            stored = skops.io.dumps(Forecaster(pool=POOL).with_cells({"instability_01": cell}))
            held |= set(skops.io.get_untrusted_types(data=stored))
    assert held == set(TRUSTED_TYPES)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
@pytest.mark.parametrize(("cases", "taught"), [(29, False), (30, True), (370, True), (371, False)])
def test_fewer_than_thirty_outcomes_of_either_kind_leave_the_base_rate(
    template: Learner, cases: int, taught: bool
) -> None:
    cell = fit_cell("escalation", template, rare(rows(1), cases), rows(2), TAU)
    assert isinstance(cell.learner, type(template) if taught else BaseRate)


@pytest.mark.parametrize("target", ["instability", "escalation", "onset", "surge"])
def test_a_cell_has_a_distribution_if_it_is_asked_for(target: Target) -> None:
    cell = fit_cell(target, TEMPLATES["logistic"], rows(1), rows(2), TAU)
    score, deaths = cell.forecast(NEW.indicators, NEW.records)
    assert deaths is None
    other = fit_cell(target, TEMPLATES["logistic"], rows(1), rows(2), TAU, with_deaths=True)
    same, deaths = other.forecast(NEW.indicators, NEW.records)
    assert deaths is not None
    assert_array_equal(same, score)


@pytest.mark.parametrize("target", ["escalation", "onset", "surge"])
def test_a_regions_own_record_says_nothing_of_another_target(target: Target) -> None:
    cell = fit_cell(target, TEMPLATES["logistic"], rows(1), rows(2), TAU)
    silent = np.full(50, np.nan)
    assert_array_equal(
        cell.probability(NEW.indicators, NEW.records.probability),
        cell.probability(NEW.indicators, silent),
    )


def test_where_a_record_says_nothing_the_learner_speaks_alone() -> None:
    cell = fit_cell("instability", TEMPLATES["logistic"], rows(1), rows(2), TAU)
    record = np.where(np.arange(50) < 25, np.nan, 0.75)
    learned = cell.calibration.predict(cell.learner.probability(NEW.indicators))
    score = cell.probability(NEW.indicators, record)
    assert_allclose(score[:25], learned[:25], rtol=1e-12)
    assert_allclose(score[25:], (learned[25:] + 0.75) / 2, rtol=1e-12)


def overconfident(indicators: npt.NDArray[np.float32], given: LabelledRows) -> LabelledRows:
    odds = 3 * (np.log1p(indicators[:, 0].astype(float)) - 1.5)
    rng = np.random.default_rng(9)
    return replace(given, outcome=(rng.random(len(odds)) < expit(odds)).astype(float))


def test_the_calibration_learns_from_the_later_rows_alone() -> None:
    training = rows(1, 3000)
    confident = overconfident(training.indicators, training)
    later = rows(2, 3000)
    reversed_later = replace(later, outcome=1 - later.outcome)
    cell: Cell = fit_cell("escalation", TEMPLATES["logistic"], confident, later, TAU)
    other: Cell = fit_cell("escalation", TEMPLATES["logistic"], confident, reversed_later, TAU)
    raw = cell.learner.probability(later.indicators)
    assert_array_equal(other.learner.probability(later.indicators), raw)
    assert 0 < cell.calibration.slope < 0.8
    assert other.calibration.slope < 0
    score = cell.probability(later.indicators, later.records.probability)
    assert score.mean() == pytest.approx(later.outcome.mean(), abs=0.01)


def test_without_later_rows_a_cell_says_what_its_learner_says() -> None:
    nothing = rows(2, 0)
    cell = fit_cell("instability", TEMPLATES["logistic"], rows(1), nothing, TAU, with_deaths=True)
    learned = cell.learner.probability(NEW.indicators)
    assert cell.calibration.get_params() == LogisticCalibration().get_params()
    score, deaths = cell.forecast(NEW.indicators, NEW.records)
    assert_allclose(score, (learned + NEW.records.probability) / 2)
    own = NEW.records.distribution()
    assert deaths is not None
    assert set(deaths.draws.ravel()) == {0.0, TAU, *own.draws.ravel()}
