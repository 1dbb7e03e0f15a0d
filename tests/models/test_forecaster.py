from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from skops.io.exceptions import UntrustedTypesFoundException

from features.words import QUANTILES, Target
from models.coups import CoupForecaster
from models.deaths import DeathsModel
from models.forecaster import (
    CellName,
    Forecaster,
    Horizons,
    LabelledRows,
    Predictors,
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
from models.record import MONTHS, RecordPool, RegionRecords, signed_odds
from models.storage import TRUSTED_TYPES
from tests.targets import CELLS, FITTED_CELLS, HORIZONS, TARGETS_AHEAD

TAU = 5.0
NAMES = ("violence", "noise")
POOL = RecordPool(half_lives=(1.0, 4.0), spreads=(0.3,))
TEMPLATES: dict[LearnerName, Learner] = {
    "logistic": Logistic((0, 1, 2)),
    "boosting": Boosting(iterations=10, leaves=4, smallest_leaf=20),
    "ensemble": LogOddsMean(
        (
            RidgeLogistic(),
            Boosting(iterations=10, leaves=4, smallest_leaf=20),
            RidgeLogistic(columns=(2,)),
        )
    ),
}


def rows(seed: int, count: int = 400) -> LabelledRows:
    """Violence, noise and the record of each row, with deaths that come of the violence."""
    rng = np.random.default_rng(seed)
    violence = rng.gamma(0.5, 8, (count, 1))
    deaths = rng.poisson(rng.gamma(1, violence[:, 0])).astype(float)
    records = RegionRecords(
        POOL,
        1,
        rng.poisson(violence, (count, MONTHS)).astype(float),
        rng.dirichlet(np.ones(len(POOL.records)), count),
    )
    record = signed_odds(records.exceedance(np.full(count, TAU)))
    indicators = np.column_stack([violence, rng.gamma(0.5, 8, count), record]).astype(np.float32)
    regions = np.arange(count) % 20
    predictors = Predictors(indicators, records)
    return LabelledRows(predictors, (deaths >= TAU).astype(float), deaths, regions)


LATE = np.arange(400) >= 200
DEATHS = DeathsModel(TAU)


def rare(given: LabelledRows, cases: int) -> LabelledRows:
    return replace(given, outcome=(np.arange(len(given.outcome)) < cases).astype(float))


def fitted(template: Learner, targets: Horizons) -> Forecaster:
    cells = {}
    for target, horizon in fitted_cells(targets):
        taught = rare(rows(horizon), 3) if target == "onset" else rows(horizon)
        cells[cell_key(target, horizon)] = fit_cell(
            template, taught, LATE, DEATHS if has_distribution(target, horizon, targets) else None
        )
    return Forecaster("admin1", TAU, NAMES, POOL, targets).with_cells(cells)


@pytest.fixture(scope="module", params=TEMPLATES)
def forecaster(request: pytest.FixtureRequest) -> Forecaster:
    return fitted(TEMPLATES[request.param], TARGETS_AHEAD)


NEW = rows(500, 50).predictors


def new(target: Target, horizon: int) -> Predictors:
    """What a cell reads of the new rows, with records of its own."""
    record = rows(500 + horizon + len(target), 50).predictors.indicators[:, -1:]
    records = rows(500 + horizon, 50).predictors.records
    return Predictors(np.hstack([NEW.indicators[:, :-1], record]), records)


def frame(cells: tuple[CellName, ...] = FITTED_CELLS) -> pd.DataFrame:
    table = pd.DataFrame(NEW.indicators[:, :-1], columns=list(NAMES))
    for target, horizon in cells:
        record = new(target, horizon).indicators[:, -1].astype(float)
        odds = np.where(record < 0, 1 / (1 - record), record + 1)
        table[f"record_{target}_{horizon:02d}"] = odds / (1 + odds)
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
    issued, answer = forecaster.forecast(new), forecaster.predict(frame())
    assert tuple(issued) == CELLS
    assert list(answer.columns) == [cell_key(target, horizon) for target, horizon in FITTED_CELLS]
    assert answer.index.equals(frame().index)
    assert answer.dtypes.eq("float64").all()
    assert 0 < answer.min().min() <= answer.max().max() < 1
    for target, horizon in FITTED_CELLS:
        answered = answer[cell_key(target, horizon)]
        assert_allclose(issued[target, horizon].probability, answered, rtol=1e-5)
    for horizon in HORIZONS:
        assert issued["fatalities", horizon] is issued["instability", horizon]


def test_deaths_agree_with_the_score_at_the_same_horizon(forecaster: Forecaster) -> None:
    issued = forecaster.forecast(new)
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


def test_more_violence_is_a_higher_score(forecaster: Forecaster) -> None:
    two = pd.DataFrame({"violence": [0.0, 40.0], "noise": [4.0, 4.0]})
    two = two.assign(**{f"record_{cell_key(*cell)}": [0.01, 0.99] for cell in FITTED_CELLS})
    for horizon in HORIZONS:
        calm, violent = forecaster.predict(two)[f"instability_{horizon:02d}"]
        assert violent > calm + 0.15


def test_a_flat_table_has_indicators_and_the_records_of_every_cell(
    forecaster: Forecaster,
) -> None:
    assert forecaster.columns == tuple(frame().columns)
    assert forecaster.columns[:3] == ("violence", "noise", "record_instability_01")
    assert forecaster.columns[-1] == "record_onset_12"


def test_columns_are_found_by_name_and_others_are_not_read(forecaster: Forecaster) -> None:
    shuffled = frame().assign(other=1.0)[["other", *frame().columns[::-1]]]
    pd.testing.assert_frame_equal(forecaster.predict(shuffled), forecaster.predict(frame()))


def test_each_row_is_forecast_by_itself(forecaster: Forecaster) -> None:
    all_rows = forecaster.predict(frame())
    chosen = np.array([30, 7])
    some = forecaster.predict(frame().iloc[chosen])
    pd.testing.assert_frame_equal(some, all_rows.iloc[chosen], check_exact=True)

    def of_chosen(target: Target, horizon: int) -> Predictors:
        indicators, records = new(target, horizon)
        return Predictors(indicators[chosen], records.of(chosen))

    one = forecaster.forecast(of_chosen)
    whole = forecaster.forecast(new)
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
    issued, again = (f.forecast(new) for f in (forecaster, loaded))
    for horizon in HORIZONS:
        deaths, same = issued["fatalities", horizon].deaths, again["fatalities", horizon].deaths
        assert deaths is not None
        assert same is not None
        assert_array_equal(same.draws, deaths.draws)
        assert_array_equal(same.weights, deaths.weights)


@pytest.mark.parametrize(
    ("targets", "cells"),
    [
        ({"instability": (2,), "onset": (1,)}, ["instability_02", "onset_01"]),
        ({"fatalities": (13,)}, ["instability_13"]),
        (
            {"surge": (4, 1), "fatalities": (36, 1)},
            ["surge_04", "surge_01", "instability_36", "instability_01"],
        ),
    ],
    ids=str,
)
def test_a_forecaster_of_other_targets_is_stored_and_comes_back(
    targets: Horizons, cells: list[str]
) -> None:
    own = fitted(TEMPLATES["logistic"], targets)
    loaded = skops.io.loads(skops.io.dumps(own), trusted=TRUSTED_TYPES)
    assert isinstance(loaded, Forecaster)
    assert loaded.targets == targets
    assert list(loaded.columns) == [*NAMES, *(f"record_{cell}" for cell in cells)]
    table = frame(fitted_cells(targets))
    assert list(table.columns) == list(loaded.columns)
    answer = loaded.predict(table)
    assert list(answer.columns) == cells
    pd.testing.assert_frame_equal(answer, own.predict(table), check_exact=True)
    issued, again = (f.forecast(new) for f in (own, loaded))
    assert tuple(issued) == tuple(again) == cells_of(targets)
    for (target, horizon), (score, deaths) in again.items():
        shared = "instability" if target == "fatalities" else target
        assert_allclose(score, answer[f"{shared}_{horizon:02d}"], rtol=1e-5)
        assert (deaths is not None) == (target == "fatalities")
        if deaths is not None:
            assert_allclose(deaths.exceedance(TAU), score, rtol=0, atol=1e-12)
            before = issued[target, horizon].deaths
            assert before is not None
            assert_array_equal(deaths.draws, before.draws)


def test_a_forecaster_without_targets_forecasts_nothing() -> None:
    empty = Forecaster("admin1", TAU, NAMES, POOL).with_cells({})
    assert empty.columns == NAMES
    assert empty.forecast(new) == {}
    assert empty.predict(frame(())).shape == (50, 0)


def test_nothing_is_loaded_that_is_not_trusted(forecaster: Forecaster) -> None:
    others = [name for name in TRUSTED_TYPES if name != "models.forecaster.Cell"]
    with pytest.raises(UntrustedTypesFoundException, match=r"models\.forecaster\.Cell"):
        skops.io.loads(skops.io.dumps(forecaster), trusted=others)


def test_every_trusted_type_is_one_that_a_forecaster_holds() -> None:
    held = set(skops.io.get_untrusted_types(data=skops.io.dumps(CoupForecaster())))
    for template in TEMPLATES.values():
        for given in (rows(1), rare(rows(1), 3)):
            cell = fit_cell(template, given, LATE, DEATHS)
            stored = skops.io.dumps(Forecaster(pool=POOL).with_cells({"instability_01": cell}))
            held |= set(skops.io.get_untrusted_types(data=stored))
    assert held == set(TRUSTED_TYPES)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
@pytest.mark.parametrize(("cases", "taught"), [(29, False), (30, True), (370, True), (371, False)])
def test_fewer_than_thirty_outcomes_of_either_kind_leave_the_base_rate(
    template: Learner, cases: int, taught: bool
) -> None:
    cell = fit_cell(template, rare(rows(1), cases), LATE)
    assert isinstance(cell.learner, type(template) if taught else BaseRate)


def test_a_cell_has_a_distribution_if_it_is_asked_for() -> None:
    cell = fit_cell(TEMPLATES["logistic"], rows(1), LATE)
    score, deaths = cell.forecast(NEW)
    assert deaths is None
    other = fit_cell(TEMPLATES["logistic"], rows(1), LATE, DEATHS)
    same, deaths = other.forecast(NEW)
    assert deaths is not None
    assert_array_equal(same, score)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_a_learner_learns_from_all_rows_and_the_distribution_from_the_late_ones_apart(
    template: Learner,
) -> None:
    """An outcome among the late rows changes the score; their deaths are analogues, no size."""
    taught = rows(1)
    cell = fit_cell(template, taught, LATE, DEATHS)
    late_outcome = replace(taught, outcome=np.where(LATE, 1 - taught.outcome, taught.outcome))
    other = fit_cell(template, late_outcome, LATE)
    assert (other.forecast(NEW).probability != cell.forecast(NEW).probability).any()
    more = replace(taught, deaths=np.where(LATE, 7 * taught.deaths, taught.deaths))
    other = fit_cell(template, more, LATE, DEATHS)
    assert cell.deaths is not None
    assert other.deaths is not None
    size = cell.deaths.size.size(NEW.indicators)
    assert_array_equal(other.deaths.size.size(NEW.indicators), size)
    alone = clone(template).fit_size(taught.predictors.indicators[~LATE], taught.deaths[~LATE])
    assert_array_equal(alone.size(NEW.indicators), size)
    assert other.deaths.analogues.largest == 7 * cell.deaths.analogues.largest


def test_without_late_rows_the_distribution_is_the_record_and_the_edges_of_analogues() -> None:
    none = np.zeros(400, dtype=bool)
    cell = fit_cell(TEMPLATES["logistic"], rows(1), none, DEATHS)
    score, deaths = cell.forecast(NEW)
    assert_array_equal(score, cell.learner.probability(NEW.indicators))
    own = NEW.records.distribution()
    assert deaths is not None
    assert set(deaths.draws.ravel()) == {0.0, TAU, *own.draws.ravel()}


def test_a_cell_learns_from_rows_as_often_as_they_stand_for() -> None:
    taught = rows(3)
    weights = np.where(taught.deaths == 0, 2, 1)
    again = np.repeat(np.arange(400), weights)
    predictors = Predictors(
        taught.predictors.indicators[again], taught.predictors.records.of(again)
    )
    repeated = LabelledRows(
        predictors, taught.outcome[again], taught.deaths[again], taught.regions[again]
    )
    template = TEMPLATES["logistic"]
    one = fit_cell(template, replace(taught, weight=weights.astype(float)), LATE, DEATHS)
    other = fit_cell(template, repeated, LATE[again], DEATHS)
    read = taught.predictors.indicators
    assert_allclose(one.learner.probability(read), other.learner.probability(read), rtol=1e-6)
    assert one.deaths is not None
    assert other.deaths is not None
    assert_allclose(one.deaths.size.size(read), other.deaths.size.size(read), rtol=1e-6)
    assert one.deaths.analogues.low_weights is not None
    assert one.deaths.analogues.low_weights.sum() == len(other.deaths.analogues.low_deaths)


def test_a_base_rate_counts_what_rows_stand_for() -> None:
    taught = rows(3, 40)
    is_case = np.arange(40) < 4
    rare = replace(taught, outcome=is_case.astype(float), weight=np.where(is_case, 1.0, 9.0))
    cell = fit_cell(TEMPLATES["logistic"], rare, np.zeros(40, bool))
    assert_allclose(cell.learner.probability(np.zeros((1, 3), np.float32)), 4.5 / 329)


def test_some_rows_keep_their_weights() -> None:
    taught = replace(rows(3), weight=np.arange(400.0)).of(LATE)
    assert_array_equal(taught.weight, np.arange(200.0, 400))
    assert rows(3).of(LATE).weight is None
