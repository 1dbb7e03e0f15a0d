from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal

from experiments.backtest import rolling as module
from experiments.backtest.folds import OriginSpan, folds_of, months_back
from experiments.backtest.rolling import Backtest, fit_forecaster, run_backtest
from experiments.configuration import Configuration
from experiments.samples import Samples, training_data
from experiments.sampling import is_quiet
from features.arrays import BoolArray
from features.errors import CoverageError
from features.months import parse_month
from features.panel.panel import Panel
from features.targets import label
from models.deaths import DeathsModel
from models.forecaster import Cell, LabelledRows, cells_of
from models.learners import Learner
from models.record import MONTHS, REFERENCE
from models.references import REFERENCES
from tests.targets import SOME_AHEAD, SOME_CELLS
from tests.training import plainly

MakeSamples = Callable[..., Samples]
Settings = dict[str, Any]
ORIGIN = parse_month("2023-12")
KEYS = ["target", "horizon", "origin", "region"]
FORECASTS = ["logistic", "boosting", *REFERENCES]


def backtest_of(
    panel: Panel, settings: Settings, jobs: int = 1, span: OriginSpan | None = None
) -> Backtest:
    learned = training_data(panel, Configuration.model_validate(settings), ORIGIN)
    return run_backtest(learned.samples, learned.configuration, "admin1", jobs, plainly, span=span)


def scrambled(panel: Panel, months: slice) -> Panel:
    rng = np.random.default_rng(3)
    deaths, events = panel.deaths.copy(), panel.events.copy()
    deaths[:, months] = rng.poisson(8, size=deaths[:, months].shape)
    events[:, months] = rng.poisson(2, size=events[:, months].shape)
    return replace(panel, deaths=deaths, events=events)


def tables_of(backtest: Backtest) -> dict[str, pd.DataFrame]:
    return {field.name: getattr(backtest, field.name) for field in fields(backtest)}


def keyed(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype({"target": str}).set_index(KEYS).sort_index()


@pytest.fixture(scope="module")
def small(small_settings: Settings) -> Settings:
    """A smaller experiment yet."""
    boosting = {"iterations": 3, "learning_rate": 0.3, "leaves": 4}
    return small_settings | {
        "indicators": ["deaths", "deaths_decay_6", "months_since_1", "neighbour_deaths_mean_3"],
        "training": small_settings["training"] | {"months": 60},
        "analogues": small_settings["analogues"] | {"months": 12},
        "backtest": {"years": 1, "refit_months": 6},
        "logistic": {"indicators": ["deaths_decay_6", "months_since_1"]},
        "boosting": small_settings["boosting"] | boosting,
        "records": small_settings["records"] | {"half_lives": [1, 4], "spreads": [0.3]},
    }


def judging(settings: Settings, years: int, refit: int) -> Configuration:
    """An experiment that judges some years, fitted anew after some months."""
    analogues = settings["analogues"] | {"months": 12}
    backtest = {"years": years, "refit_months": refit}
    return Configuration.model_validate(settings | {"analogues": analogues, "backtest": backtest})


@pytest.fixture(scope="module")
def backtest(panel: Panel, small: Settings) -> Backtest:
    return backtest_of(panel, small)


@pytest.mark.parametrize(
    ("years", "refit", "expected"),
    [(2, 12, [75, 87]), (1, 12, [87]), (1, 6, [87, 93]), (1, 5, [84, 89, 94]), (1, 24, [75])],
)
def test_folds_go_back_in_steps_from_the_newest_month(
    make_samples: MakeSamples, settings: Settings, years: int, refit: int, expected: list[int]
) -> None:
    folds = folds_of(make_samples(np.zeros((100, 1))), judging(settings, years, refit))
    assert [fold.at for fold in folds] == expected


def test_a_history_one_month_too_short_for_the_first_fold_is_refused(
    make_samples: MakeSamples, settings: Settings
) -> None:
    configuration = judging(settings, 1, 12)
    # Eligible from index 23; then 48 months to the fold and 12 behind it.
    assert folds_of(make_samples(np.zeros((84, 1))), configuration) == [(71, 84)]
    with pytest.raises(CoverageError, match=r"backtest from 2015-11: begin it later, shorten \[b"):
        folds_of(make_samples(np.zeros((83, 1))), configuration)


@pytest.mark.parametrize(
    ("first", "last", "refit", "expected"),
    [(80, 98, 12, [80, 92]), (80, 91, 12, [80]), (80, 92, 12, [80, 92]), (90, 90, 3, [90])],
)
def test_folds_of_a_window_go_forward_from_its_first_month(
    make_samples: MakeSamples,
    settings: Settings,
    first: int,
    last: int,
    refit: int,
    expected: list[int],
) -> None:
    samples = make_samples(np.zeros((100, 1)))
    start = int(samples.months[0])
    span = OriginSpan(start + first, start + last)
    folds = folds_of(samples, judging(settings, 5, refit), span)
    assert [fold.at for fold in folds] == expected
    assert folds[-1].end == last + 1


@pytest.mark.parametrize(("first", "last"), [(90, 89), (90, 99), (-400, 110)])
def test_a_window_that_no_outcome_can_judge_is_refused(
    make_samples: MakeSamples, settings: Settings, first: int, last: int
) -> None:
    samples = make_samples(np.zeros((100, 1)))
    start, configuration = int(samples.months[0]), Configuration.model_validate(settings)
    with pytest.raises(CoverageError, match="cannot be judged by outcomes up to 2018-04: choose"):
        folds_of(samples, configuration, OriginSpan(start + first, start + last))


def test_the_tables_have_a_column_a_forecast(backtest: Backtest) -> None:
    for table in tables_of(backtest).values():
        assert list(table.columns) == [*KEYS, "outcome", *FORECASTS]
        assert not table.duplicated(KEYS).any()
        assert np.isfinite(table[["outcome", *FORECASTS]]).all(axis=None)
    assert list(backtest.crps["target"].unique()) == ["fatalities"]
    cells = backtest.probabilities[["target", "horizon"]].astype({"target": str})
    assert set(cells.itertuples(index=False, name=None)) == set(SOME_CELLS)
    probabilities = backtest.probabilities[FORECASTS].to_numpy()
    assert 0 < probabilities.min() <= probabilities.max() < 1


def test_every_origin_is_judged_once_its_outcome_is_known(backtest: Backtest) -> None:
    table = backtest.probabilities
    assert table["origin"].min() == ORIGIN - 12
    known = table["origin"] + table["horizon"]
    assert known.max() == ORIGIN
    newest = table[table["target"] == "instability"].groupby("horizon")["origin"].max()
    assert newest.to_dict() == {h: ORIGIN - h for h in SOME_AHEAD["instability"]}


def test_every_outcome_is_the_label(backtest: Backtest, panel: Panel) -> None:
    for table in (backtest.probabilities, backtest.crps, backtest.means):
        for target, horizon in cells_of(SOME_AHEAD):
            part = table[(table["target"] == target) & (table["horizon"] == horizon)]
            labels = label(target, panel.total_deaths, horizon, 5)
            rows = part["origin"].to_numpy() - panel.months[0]
            np.testing.assert_array_equal(part["outcome"], labels[rows, part["region"]])


def test_instability_means_that_deaths_of_the_month_reach_tau(
    backtest: Backtest, panel: Panel
) -> None:
    part = backtest.probabilities.query("target == 'instability' and horizon == 6")
    deaths = panel.total_deaths[part["origin"] + 6 - panel.months[0], part["region"]]
    np.testing.assert_array_equal(part["outcome"], deaths >= 5)
    assert 0 < part["outcome"].mean() < 1


def test_the_references_mean_is_that_of_the_past(backtest: Backtest, panel: Panel) -> None:
    row = backtest.means.query("horizon == 2").iloc[-1]
    past = panel.total_deaths[: int(row["origin"]) - panel.months[0] + 1, int(row["region"])]
    assert row["climatology"] == pytest.approx(past.mean())
    assert row["conflictology"] == pytest.approx(past[-12:].mean())
    assert row["persistence"] == pytest.approx(past[-1])
    decaying = (REFERENCE.month_weights() * past[: -MONTHS - 1 : -1]).sum()
    assert row["decaying_record"] == pytest.approx(decaying, abs=0.5)  # draws are whole deaths


def test_an_outcome_lies_where_the_references_past_puts_it(
    backtest: Backtest, panel: Panel
) -> None:
    rows = backtest.below["horizon"] == 2
    for (_, below), (_, upto) in zip(
        backtest.below[rows].iloc[::97].iterrows(),
        backtest.upto[rows].iloc[::97].iterrows(),
        strict=True,
    ):
        now, region = int(below["origin"]) - panel.months[0], int(below["region"])
        past = panel.total_deaths[now - 11 : now + 1, region]
        outcome = panel.total_deaths[now + 2, region]
        assert below["conflictology"] == pytest.approx((past < outcome).mean())
        assert upto["conflictology"] == pytest.approx((past <= outcome).mean())
        assert upto["persistence"] == (past[-1] <= outcome)


def test_the_ends_of_an_outcomes_place_are_in_order(backtest: Backtest) -> None:
    below, upto = backtest.below[FORECASTS], backtest.upto[FORECASTS]
    assert (below >= 0).all(axis=None)
    assert (below <= upto).all(axis=None)
    assert (upto <= 1).all(axis=None)
    quiet = backtest.below["outcome"] == 0
    assert (below[quiet] == 0).all(axis=None)
    assert 0.3 < (below["boosting"] + upto["boosting"]).mean() / 2 < 0.7


def test_a_window_judges_its_own_origins_as_the_whole_backtest_does(
    backtest: Backtest, panel: Panel, small: Settings
) -> None:
    result = backtest_of(panel, small, span=OriginSpan(ORIGIN - 12, ORIGIN - 8))
    whole = tables_of(backtest)
    for name, table in tables_of(result).items():
        expected = whole[name][whole[name]["origin"] <= ORIGIN - 8].reset_index(drop=True)
        assert_frame_equal(table, expected, check_exact=True)
    assert result.crps.query("horizon == 1")["origin"].max() == ORIGIN - 8


@pytest.mark.parametrize("back", [12, 7])
def test_no_forecast_changes_when_everything_after_its_origin_does(
    backtest: Backtest, panel: Panel, small: Settings, back: int
) -> None:
    last = ORIGIN - back
    after = slice(panel.row(last) + 1, None)
    other = backtest_of(scrambled(panel, after), small)
    for table, changed in zip(
        (backtest.probabilities, backtest.means), (other.probabilities, other.means), strict=True
    ):
        issued, again = (keyed(t[t["origin"] <= last]) for t in (table, changed))
        assert len(issued) > 0
        assert_frame_equal(issued[FORECASTS], again[FORECASTS], check_exact=True)
    assert not other.probabilities["outcome"].equals(backtest.probabilities["outcome"])


def test_forecasts_do_change_when_what_was_known_does(
    backtest: Backtest, panel: Panel, small: Settings
) -> None:
    known = slice(panel.row(ORIGIN) - 16, panel.row(ORIGIN) - 12)
    other = keyed(backtest_of(scrambled(panel, known), small).probabilities)
    mine = keyed(backtest.probabilities)
    shared = mine.index.intersection(other.index)
    assert (mine.loc[shared, FORECASTS] != other.loc[shared, FORECASTS]).any().all()


def test_two_jobs_forecast_what_one_does_to_the_last_bit(
    backtest: Backtest, panel: Panel, small: Settings
) -> None:
    again = tables_of(backtest_of(panel, small, jobs=2))
    for name, table in tables_of(backtest).items():
        assert_frame_equal(table, again[name], check_exact=True)
    learned = training_data(panel, Configuration.model_validate(small), ORIGIN)
    known = learned.samples, learned.configuration
    issued = [
        known[0].forecasts(fit_forecaster(*known, "admin1", "boosting", jobs, plainly))
        for jobs in (1, 2)
    ]
    for cell in SOME_CELLS:
        one, two = (forecasts[cell].probability for forecasts in issued)
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("learner", ["logistic", "boosting", "ensemble"])
def test_a_level_in_which_no_region_is_quiet_has_no_onset_and_is_forecast_all_the_same(
    panel: Panel, small: Settings, learner: str
) -> None:
    violent = replace(panel, deaths=panel.deaths + 1)
    table = backtest_of(violent, small | {"learners": [learner]}).probabilities
    assert set(table["target"]) == {"instability", "escalation"}


@hypothesis_settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), late=st.integers(1, 30), earlier=st.integers(1, 80))
def test_no_label_is_learned_from_before_it_was_known(
    make_samples: MakeSamples, small: Settings, seed: int, late: int, earlier: int
) -> None:
    months = late + earlier
    training, analogues = small["training"] | {"months": months}, small["analogues"]
    settings = {"training": training, "analogues": analogues | {"months": late}}
    configuration = Configuration.model_validate(small | settings)
    samples = make_samples(np.random.default_rng(seed).poisson(2.0, size=(100, 2)).astype(float))
    taught: list[tuple[LabelledRows, BoolArray]] = []

    def spy(
        template: Learner,
        rows: LabelledRows,
        is_late: BoolArray,
        deaths: DeathsModel | None,
    ) -> Cell:
        target, horizon = SOME_CELLS[len(taught)]
        assert rows.predictors.records.horizon == horizon
        assert (deaths is not None) == (target == "instability")
        assert rows.predictors.records.pool is samples.pool
        assert rows.weight is None
        taught.append((rows, is_late))
        return Cell()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "fit_cell", spy)
        fit_forecaster(samples, configuration, "admin1", "boosting", 1, plainly)
    origin = len(samples.months) - 1
    for (_, horizon), (rows, is_late) in zip(SOME_CELLS, taught, strict=True):
        known = rows.predictors.indicators[:, 0] + horizon  # the one indicator is the month's index
        assert origin - months < known.min(initial=np.inf)
        assert known.max(initial=0) <= origin
        np.testing.assert_array_equal(is_late, known > origin - late)


def sampling(settings: Settings, share: float) -> Configuration:
    """An experiment that learns from a share of the quiet region-months."""
    shares = {"country": 1, "admin1": share, "priogrid": 1}
    training = settings["training"] | {"quiet_share": shares}
    return Configuration.model_validate(settings | {"training": training})


def test_a_share_of_the_quiet_rows_is_learned_from_and_every_row_is_judged(
    panel: Panel, small: Settings
) -> None:
    few, every = (
        run_backtest(data.samples, data.configuration, "admin1", 1, plainly)
        for data in (training_data(panel, sampling(small, s), ORIGIN) for s in (0.2, 1))
    )
    for name, table in tables_of(few).items():
        other = tables_of(every)[name]
        same = [*KEYS, "outcome", *REFERENCES]
        assert_frame_equal(table[same], other[same])
        assert not table["boosting"].equals(other["boosting"])
    outcome = few.probabilities["outcome"]
    for learner in ("logistic", "boosting"):
        forecasts = [backtest.probabilities[learner] for backtest in (few, every)]
        assert forecasts[0].mean() == pytest.approx(forecasts[1].mean(), rel=0.1)
        losses = [np.square(forecast - outcome).mean() for forecast in forecasts]
        assert losses[0] == pytest.approx(losses[1], rel=0.1)


def test_weights_reach_the_cell_with_their_rows(
    make_samples: MakeSamples, small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    samples = make_samples(rng.poisson(rng.choice([0.0, 0.01], 40), (100, 40)).astype(float))
    learned: list[LabelledRows] = []

    def spy(template: Learner, rows: LabelledRows, *_: object) -> Cell:
        learned.append(rows)
        return Cell()

    monkeypatch.setattr(module, "fit_cell", spy)
    fit_forecaster(samples, sampling(small, 0.25), "admin1", "boosting", 1, plainly)
    for (target, horizon), rows in zip(SOME_CELLS, learned, strict=True):
        assert rows.weight is not None
        assert set(rows.weight) == {1, 4}
        month = rows.predictors.indicators[:, 0].astype(int)  # the one indicator is its index
        quiet = is_quiet(samples.deaths, horizon)[month, rows.regions]
        assert_array_equal(rows.weight, np.where(quiet, 4, 1))
        origin = len(samples.months) - 1
        known = samples.observed_between(target, horizon, origin - 60, origin)
        assert rows.weight.sum() == pytest.approx(len(known[0]), rel=0.15)


def test_months_that_are_too_early_for_the_first_fit_change_nothing(
    panel: Panel, small: Settings
) -> None:
    settings = small | {"training": small["training"] | {"months": 40}}
    configuration = Configuration.model_validate(settings)
    every = training_data(panel, configuration, ORIGIN)
    newest = training_data(panel, configuration, ORIGIN, months_back(configuration))
    longest = max(horizon for _, horizon in SOME_CELLS)
    assert len(newest.samples.indicators) == 12 + 40 + longest < len(every.samples.indicators)
    assert newest.samples.records.weights.shape[1] == len(newest.samples.indicators)
    backtests = [
        tables_of(run_backtest(data.samples, data.configuration, "admin1", 1, plainly))
        for data in (every, newest)
    ]
    for name, table in backtests[0].items():
        assert_frame_equal(table, backtests[1][name], check_exact=True)


def test_a_fold_is_forecast_in_parts_as_it_is_at_once(
    panel: Panel, small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = backtest_of(panel, small)
    monkeypatch.setattr(module, "_ROWS", 7)
    for name, table in tables_of(backtest_of(panel, small)).items():
        assert_frame_equal(table, tables_of(at_once)[name], check_exact=True)
