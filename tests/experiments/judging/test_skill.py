import math

import numpy as np
import pandas as pd
import pytest

from experiments.backtest.rolling import Backtest
from experiments.judging.skill import (
    SkillTables,
    deaths_skill,
    forecasts_in,
    probability_skill,
    skill,
    skill_text,
)

KEYS = {"horizon": [1, 1, 1, 1], "origin": [600, 600, 601, 601], "region": [0, 1, 0, 1]}


def probabilities() -> pd.DataFrame:
    """Return four forecasts ten times: of fewer no skill is told."""
    table = pd.DataFrame(
        {
            "target": pd.Categorical(
                ["instability"] * 4, categories=["fatalities", "instability", "onset"]
            ),
            **KEYS,
            "outcome": [1.0, 0.0, 1.0, 0.0],
            "logistic": [0.8, 0.2, 0.8, 0.2],
            "climatology": [0.5, 0.5, 0.5, 0.5],
            "conflictology": [0.6, 0.4, 0.6, 0.4],
            "persistence": [0.1, 0.9, 0.1, 0.9],
        }
    )
    return pd.concat([table] * 10, ignore_index=True)


def deaths(**forecasts: list[float]) -> pd.DataFrame:
    keys = {"target": "fatalities", **KEYS, "outcome": [10.0, 0.0, 30.0, 0.0]}
    return pd.DataFrame(keys | forecasts)


def crps_and_means() -> tuple[pd.DataFrame, pd.DataFrame]:
    crps = deaths(
        logistic=[4.0, 1.0, 6.0, 1.0],
        climatology=[8.0, 8.0, 8.0, 8.0],
        conflictology=[5.0, 3.0, 5.0, 3.0],
        persistence=[9.0, 0.0, 9.0, 0.0],
    )
    means = deaths(
        logistic=[6.0, 0.0, 24.0, 0.0],
        climatology=[5.0, 5.0, 5.0, 5.0],
        conflictology=[20.0, 20.0, 20.0, 20.0],
        persistence=[0.0, 0.0, 0.0, 0.0],
    )
    return crps, means


def test_the_names_of_forecasts_are_the_columns_that_are_no_key() -> None:
    assert forecasts_in(probabilities()) == [
        "logistic", "climatology", "conflictology", "persistence",
    ]  # fmt: skip


def test_skill_is_against_the_best_reference_of_the_group() -> None:
    table = probability_skill(probabilities(), ["target", "horizon"]).set_index("forecast")
    row = table.loc["logistic"]
    assert (row["target"], row["horizon"], row["n"], row["base_rate"]) == (
        "instability",
        1,
        40,
        0.5,
    )
    assert row["brier"] == pytest.approx(0.04)
    assert row["brier_skill"] == pytest.approx(1 - 0.04 / 0.16)
    assert row["log_score"] == pytest.approx(-math.log(0.8))
    assert row["log_skill"] == pytest.approx(1 - math.log(0.8) / math.log(0.6))
    assert row["auc"] == 1
    assert table.loc["conflictology", "brier_skill"] == 0
    assert table.loc["climatology", "brier_skill"] == pytest.approx(1 - 0.25 / 0.16)
    assert table.loc["persistence", "brier_skill"] == pytest.approx(1 - 0.81 / 0.16)
    assert len(table) == 4


def test_the_best_reference_may_be_another_in_every_group() -> None:
    content = probabilities()
    content.loc[content["origin"] == 601, "climatology"] = [0.7, 0.3] * 10
    table = probability_skill(content, ["target", "origin"]).set_index(["origin", "forecast"])
    assert table.loc[(600, "logistic"), "brier_skill"] == pytest.approx(1 - 0.04 / 0.16)
    assert table.loc[(601, "logistic"), "brier_skill"] == pytest.approx(1 - 0.04 / 0.09)


def test_crps_and_the_ratio_of_deaths_are_means_over_the_group() -> None:
    table = deaths_skill(*crps_and_means(), ["target"]).set_index("forecast")
    assert table["crps"].to_dict() == {
        "logistic": 3, "climatology": 8, "conflictology": 4, "persistence": 4.5,
    }  # fmt: skip
    assert table.loc["logistic", "crps_skill"] == pytest.approx(0.25)
    assert table.loc["logistic", "mean_deaths"] == 10
    assert table.loc["logistic", "mean_ratio"] == pytest.approx(7.5 / 10)
    assert table.loc["conflictology", "mean_ratio"] == pytest.approx(2)


def test_where_nobody_died_there_is_no_ratio_of_deaths() -> None:
    crps, means = crps_and_means()
    table = deaths_skill(crps.assign(outcome=0.0), means, ["target"])
    assert table["mean_ratio"].isna().all()


def test_a_group_of_one_outcome_has_a_brier_score_but_no_auc() -> None:
    table = probability_skill(probabilities().assign(outcome=0.0), ["target"])
    assert table["auc"].isna().all()
    assert table["average_precision"].isna().all()
    assert table["brier"].notna().all()


def test_a_reference_that_is_hardly_ever_wrong_leaves_no_skill_to_tell() -> None:
    crps, means = crps_and_means()
    table = deaths_skill(crps.assign(persistence=0.24), means, ["target"])
    assert table["crps_skill"].isna().all()
    table = deaths_skill(crps.assign(persistence=0.25), means, ["target"])
    assert table.set_index("forecast").loc["logistic", "crps_skill"] == pytest.approx(1 - 12)


def test_nor_does_it_leave_an_interval() -> None:
    origin, loss = np.arange(600, 624), np.full(24, 0.05)
    assert skill(loss, 2 * loss, origin, seed=0) == pytest.approx((0.5, 0.5, 0.5))
    assert np.isnan(skill(100 * loss, loss / 5, origin, seed=0)).all()
    assert skill_text(np.nan) == "not told"
    assert skill_text(0.5) == "+0.500"


def test_a_backtest_is_measured_by_horizon_by_origin_and_overall() -> None:
    crps, means = crps_and_means()
    tables = SkillTables.of(Backtest(probabilities(), crps, means, below=means, upto=means))
    assert tables.probabilities["horizon"].tolist() == [1] * 4
    assert tables.deaths["target"].tolist() == ["fatalities"] * 4
    assert sorted(set(tables.by_origin["origin"])) == [600, 601]
    summary = tables.summary("logistic")
    assert summary.loc["instability", "brier"] == pytest.approx(0.04)
    assert summary.loc["fatalities", "crps"] == pytest.approx(3)
    assert summary["brier"].isna().tolist() == [False, True]
    assert len(summary) == 2
