import numpy as np
import pandas as pd
import pytest

from experiments.backtest.rolling import Backtest
from experiments.judging.verification import (
    Verification,
    calibration_table,
    gain_table,
    pit_table,
    region_skill,
    strongest,
)
from models.references import REFERENCES
from tests.experiments.judging.verifying import FIRST, KEYS, backtest_of, verified

OFFS = {"climatology": 0.5, "conflictology": 0.2, "persistence": 0.4, "decaying_record": 0.3}


@pytest.fixture(scope="module")
def backtest() -> Backtest:
    return backtest_of(offs=OFFS, horizons=(1, 2), learner_off={1: 0.1, 2: 0.3})


@pytest.fixture(scope="module")
def found(backtest: Backtest) -> Verification:
    return verified(backtest)


def test_the_gain_over_each_reference_is_the_share_of_its_loss(found: Verification) -> None:
    gains = found.gains.set_index(["target", "horizon", "reference"])["gain"]
    # The Brier score is the square of what a forecast is off, the CRPS ten times it.
    assert gains["instability", 1, "climatology"] == pytest.approx(1 - 0.01 / 0.25)
    assert gains["instability", 1, "conflictology"] == pytest.approx(1 - 0.01 / 0.04)
    assert gains["instability", 2, "conflictology"] == pytest.approx(1 - 0.09 / 0.04)
    assert gains["fatalities", 2, "persistence"] == pytest.approx(1 - 3 / 4)
    assert gains["instability", 1, "decaying_record"] == pytest.approx(1 - 0.01 / 0.09)
    assert len(gains) == 2 * 2 * 4


def test_forecasts_that_are_off_by_the_same_every_month_leave_no_doubt(
    found: Verification,
) -> None:
    for table in (found.gains, found.overall):
        np.testing.assert_allclose(table["low"], table["gain"])
        np.testing.assert_allclose(table["high"], table["gain"])


def test_an_interval_reaches_over_what_months_differ_by() -> None:
    backtest = backtest_of(offs=OFFS)
    told = backtest.probabilities
    told.loc[told["origin"] < FIRST + 24, "logistic"] = told["outcome"]  # two perfect years
    gains = gain_table(backtest, ["logistic"], [], seed=1)
    row = gains.set_index(["target", "reference"]).xs(("instability", "conflictology"))
    assert row["gain"] == pytest.approx(1 - 0.005 / 0.04)
    assert 0.75 < row["low"] < row["gain"] < row["high"] <= 1
    assert (row["n"], row["origins"]) == (96, 48)


def test_less_than_two_blocks_of_origins_have_no_interval() -> None:
    short = gain_table(backtest_of(offs=OFFS, months=23), ["logistic"], [], seed=1)
    assert short[["low", "high"]].isna().all(axis=None)
    assert short["gain"].notna().all()
    enough = gain_table(backtest_of(offs=OFFS, months=24), ["logistic"], [], seed=1)
    assert enough[["low", "high"]].notna().all(axis=None)


def test_years_are_those_of_the_origin_and_have_no_interval(found: Verification) -> None:
    assert sorted(set(found.by_year["year"])) == [2020, 2021, 2022, 2023]
    assert set(found.by_year["origins"]) == {12}
    assert found.by_year["low"].isna().all()
    one = found.by_year.query("target == 'instability' and reference == 'climatology'")
    np.testing.assert_allclose(one["gain"], 1 - (0.01 + 0.09) / 0.5)
    assert set(one["n"]) == {12 * 2 * 2}


def test_the_strongest_reference_loses_least(found: Verification) -> None:
    assert strongest(found.overall, "instability", "logistic") == "conflictology"
    assert strongest(found.overall, "onset", "logistic") == REFERENCES[0]
    perfect = verified(backtest_of(offs=OFFS | {"persistence": 0.0}))
    assert strongest(perfect.overall, "instability", "logistic") == "persistence"


def test_calibration_is_worked_by_hand() -> None:
    rows = [("onset", 3, FIRST, 0, float(k < 3), 0.2, 0.6) for k in range(10)]
    table = pd.DataFrame(rows, columns=[*KEYS, "logistic", "climatology"])
    told = calibration_table(table, ["logistic", "climatology"], ["horizon"])
    assert told["forecast"].tolist() == ["logistic", "climatology"]
    assert told["n"].tolist() == [10, 10]
    assert told["mean_forecast"].tolist() == pytest.approx([0.2, 0.6])
    assert told["observed"].tolist() == pytest.approx([0.3, 0.3])
    assert told["calibration_error"].tolist() == pytest.approx([0.1, 0.3])
    assert told["slope"].isna().all()
    high = calibration_table(table, ["logistic", "climatology"], [], above=0.5)
    assert high["forecast"].tolist() == ["climatology"]
    assert calibration_table(table, ["climatology"], [], above=0.6).empty


def test_calibration_is_told_by_horizon_by_country_and_of_high_scores(
    found: Verification,
) -> None:
    overall = found.calibration.set_index("forecast").loc["logistic"]
    assert overall["mean_forecast"] == pytest.approx(0.5)
    assert overall["calibration_error"] == pytest.approx(0.2)  # off by 0.1 and by 0.3
    horizon = found.by_horizon.set_index("horizon")["calibration_error"]
    assert horizon.to_dict() == pytest.approx({1: 0.1, 2: 0.3})
    country = found.by_country.set_index("country")
    assert country["observed"].to_dict() == {"Mali": 1, "Niger": 0}
    assert country["mean_forecast"].to_dict() == pytest.approx({"Mali": 0.8, "Niger": 0.2})
    high = found.high.set_index("forecast").loc["logistic"]
    assert (high["n"], high["observed"]) == (96, 1)
    assert high["mean_forecast"] == pytest.approx(0.8)


def test_the_pit_is_spread_over_the_place_of_the_outcome(backtest: Backtest) -> None:
    told = pit_table(backtest, ["logistic"])
    # Where 10 died from 0.25 to 0.75, where nobody did from 0 to 0.75.
    one, none = np.full(10, 0.0), np.full(10, 0.0)
    one[2:8] = [0.1, 0.2, 0.2, 0.2, 0.2, 0.1]
    none[:8] = [0.1 / 0.75] * 7 + [0.05 / 0.75]
    everything = told[told["part"] == "all"]
    assert everything["bin"].tolist() == list(range(10))
    np.testing.assert_allclose(everything["share"], (one + none) / 2)
    assert set(everything["n"]) == {192}


def test_the_pit_of_forecasts_that_expected_deaths_stands_apart() -> None:
    # Off by half a death, half a death is expected where nobody died: fewer than one.
    told = pit_table(backtest_of(offs=OFFS, learner_off=0.05), ["logistic"])
    expected = told[told["part"] == "expected"]
    assert set(expected["n"]) == {48}
    np.testing.assert_allclose(expected["share"], [0, 0, 0.1, 0.2, 0.2, 0.2, 0.2, 0.1, 0, 0])


def test_the_skill_of_a_region_needs_outcomes_of_both_kinds() -> None:
    backtest = backtest_of(offs=OFFS)
    assert (
        region_skill(backtest.probabilities, ["logistic"], "conflictology")["logistic"].isna().all()
    )
    told = backtest.probabilities
    turned = (told["region"] == 0) & (told["origin"] < FIRST + 12)
    told.loc[turned, "outcome"] = 0.0  # a surprise to all: 1 - d said, nothing came
    skill = region_skill(told, ["logistic"], "conflictology").set_index("region")
    own, theirs = 12 * 0.81 + 36 * 0.01, 12 * 0.64 + 36 * 0.04
    assert skill.loc[0, "logistic"] == pytest.approx(1 - own / theirs)
    assert skill["logistic"].isna().tolist() == [False, True]
    assert skill[["n", "cases"]].to_numpy().tolist() == [[48, 36], [48, 0]]
