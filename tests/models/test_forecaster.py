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
from features.words import QUANTILES, SPECS, TARGETS, Target, quantile_column
from models.calibration import LogisticCalibration
from models.forecaster import (
    CELLS,
    FITTED_CELLS,
    Cell,
    Forecaster,
    LabelledRows,
    cell_key,
    fit_cell,
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

TAU = 5.0
NAMES = ("violence", "noise")
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
    return LabelledRows(indicators, (deaths >= TAU).astype(float), deaths, np.arange(count) % 20)


def rare(given: LabelledRows, cases: int) -> LabelledRows:
    return replace(given, outcome=(np.arange(len(given.outcome)) < cases).astype(float))


@pytest.fixture(scope="module", params=TEMPLATES)
def forecaster(request: pytest.FixtureRequest) -> Forecaster:
    template = TEMPLATES[request.param]
    cells = {}
    for target, horizon in FITTED_CELLS:
        training, later = rows(horizon), rows(100 + horizon)
        training = rare(training, 3) if target == "onset" else training
        cells[cell_key(target, horizon)] = fit_cell(target, template, training, later, TAU)
    return Forecaster("admin1", TAU, NAMES).with_cells(cells)


def frame(seed: int = 500) -> pd.DataFrame:
    table = pd.DataFrame(rows(seed, 50).indicators, columns=list(NAMES))
    return table.set_index(pd.Index(np.arange(50) * 7, name="place"))


def test_cells_are_every_target_at_every_horizon_and_fatalities_have_none_of_their_own() -> None:
    assert list(CELLS) == [(target, h) for target in TARGETS for h in SPECS[target].horizons]
    assert len(FITTED_CELLS) == 12 + 3 + 3
    assert set(CELLS) - set(FITTED_CELLS) == {("fatalities", h) for h in range(1, 13)}
    assert cell_key("instability", 3) == "instability_03"


def test_a_forecast_has_a_column_for_everything_that_a_bulletin_needs(
    forecaster: Forecaster,
) -> None:
    answer = forecaster.predict(frame())
    quantiles = [quantile_column(level) for level in QUANTILES]
    deaths = [f"fatalities_{h:02d}_{name}" for h in range(1, 13) for name in ("mean", *quantiles)]
    scores = [f"instability_{h:02d}" for h in range(1, 13)]
    windows = [f"{target}_{h:02d}" for target in ("escalation", "onset") for h in (3, 6, 12)]
    assert list(answer.columns) == [*deaths, *scores, *windows]
    assert answer.index.equals(frame().index)
    assert answer.dtypes.eq("float64").all()
    assert np.isfinite(answer.to_numpy()).all()
    assert answer[deaths].min().min() >= 0
    assert answer[[*scores, *windows]].min().min() > 0
    assert answer[[*scores, *windows]].max().max() < 1


def test_deaths_agree_with_the_score_at_the_same_horizon(forecaster: Forecaster) -> None:
    answer, matrix = forecaster.predict(frame()), frame().to_numpy(dtype=np.float32)
    for horizon in SPECS["fatalities"].horizons:
        key = f"fatalities_{horizon:02d}"
        forecast = forecaster.cell("fatalities", horizon).deaths(matrix)
        score = answer[f"instability_{horizon:02d}"]
        assert_allclose(forecast.exceedance(TAU), score, rtol=0, atol=1e-12)
        assert_array_equal(answer[f"{key}_mean"], forecast.mean())
        quantiles = answer[[f"{key}_{quantile_column(level)}" for level in QUANTILES]]
        assert (np.diff(quantiles.to_numpy(), axis=1) >= 0).all()
        assert_array_equal(quantiles[f"{key}_q50"] >= TAU, score > 0.5)


def test_more_violence_is_a_higher_score(forecaster: Forecaster) -> None:
    two = pd.DataFrame({"violence": [0.0, 40.0], "noise": [4.0, 4.0]})
    for horizon in SPECS["instability"].horizons:
        calm, violent = forecaster.predict(two)[f"instability_{horizon:02d}"]
        assert violent > calm + 0.3


def test_columns_are_found_by_name_and_others_are_not_read(forecaster: Forecaster) -> None:
    shuffled = frame().assign(other=1.0)[["noise", "other", "violence"]]
    pd.testing.assert_frame_equal(forecaster.predict(shuffled), forecaster.predict(frame()))


def test_each_row_is_forecast_by_itself(forecaster: Forecaster) -> None:
    all_rows = forecaster.predict(frame())
    some = forecaster.predict(frame().iloc[[30, 7]])
    pd.testing.assert_frame_equal(some, all_rows.iloc[[30, 7]], check_exact=True)


def test_a_stored_forecaster_comes_back_with_the_same_answers(forecaster: Forecaster) -> None:
    stored = skops.io.dumps(forecaster)
    assert set(skops.io.get_untrusted_types(data=stored)) <= set(TRUSTED_TYPES)
    loaded = skops.io.loads(stored, trusted=TRUSTED_TYPES)
    assert isinstance(loaded, Forecaster)
    assert (loaded.level, loaded.tau, loaded.names) == ("admin1", TAU, NAMES)
    pd.testing.assert_frame_equal(
        loaded.predict(frame()), forecaster.predict(frame()), check_exact=True
    )


def test_nothing_is_loaded_that_is_not_trusted(forecaster: Forecaster) -> None:
    others = [name for name in TRUSTED_TYPES if name != "models.forecaster.Cell"]
    with pytest.raises(UntrustedTypesFoundException, match=r"models\.forecaster\.Cell"):
        skops.io.loads(skops.io.dumps(forecaster), trusted=others)


def test_every_trusted_type_is_one_that_a_forecaster_holds() -> None:
    held: set[str] = set()
    for template in TEMPLATES.values():
        for given in (rows(1), rare(rows(1), 3)):
            cell = fit_cell("instability", template, given, rows(2), TAU)
            stored = skops.io.dumps(Forecaster().with_cells({"instability_01": cell}))
            held |= set(skops.io.get_untrusted_types(data=stored))
    assert held == set(TRUSTED_TYPES)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
@pytest.mark.parametrize(("cases", "taught"), [(29, False), (30, True), (370, True), (371, False)])
def test_fewer_than_thirty_outcomes_of_either_kind_leave_the_base_rate(
    template: Learner, cases: int, taught: bool
) -> None:
    cell = fit_cell("escalation", template, rare(rows(1), cases), rows(2), TAU)
    assert isinstance(cell.learner, type(template) if taught else BaseRate)


@pytest.mark.parametrize("target", ["escalation", "onset"])
def test_only_an_instability_cell_has_a_distribution(target: Target) -> None:
    cell = fit_cell(target, TEMPLATES["logistic"], rows(1), rows(2), TAU)
    with pytest.raises(TypeError, match="only an instability cell"):
        cell.deaths(rows(3).indicators)


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
    assert cell.probability(later.indicators).mean() == pytest.approx(
        later.outcome.mean(), abs=0.01
    )


def test_without_later_rows_a_cell_says_what_its_learner_says() -> None:
    nothing = rows(2, 0)
    cell = fit_cell("instability", TEMPLATES["logistic"], rows(1), nothing, TAU)
    indicators = rows(3).indicators
    assert cell.calibration.get_params() == LogisticCalibration().get_params()
    assert_allclose(cell.probability(indicators), cell.learner.probability(indicators))
    assert set(cell.deaths(indicators).draws.ravel()) == {0.0, TAU}
