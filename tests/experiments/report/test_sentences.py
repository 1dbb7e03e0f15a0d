from dataclasses import replace

import numpy as np
import pytest

from experiments.judging.skill import SkillTables
from experiments.report.sentences import (
    calibration_findings,
    country_finding,
    deaths_finding,
    headline,
    in_months,
    skill_findings,
    year_finding,
)
from tests.experiments.judging.verifying import FIRST, backtest_of, verified

WEAK = {"climatology": 0.5, "conflictology": 0.2, "persistence": 0.4, "decaying_record": 0.35}


def test_a_learner_that_is_better_everywhere_is_said_to_be() -> None:
    verification = verified(backtest_of(offs=WEAK, horizons=(1, 2, 3)))
    instability, fatalities = skill_findings(verification, "logistic")
    assert instability.text == (
        "Better than every reference at every horizon (1 to 3 months), each time by a 95 % "
        "interval that leaves out zero. At all horizons together it saves 75.0 % of the Brier "
        "score of conflictology, the strongest reference (95 % interval 75.0 to 75.0 %)."
    )
    assert fatalities.text.endswith(
        "it saves 50.0 % of the CRPS of conflictology, the strongest reference (95 % interval 50.0 "
        "to 50.0 %)."
    )
    tones = {finding.about: finding.tone for finding in (instability, fatalities)}
    assert tones == {"instability": "good", "fatalities": "good"}
    assert headline(verification, "logistic") == (
        "logistic is ahead of every reference at every horizon in instability and fatalities."
    )


def test_a_learner_that_is_worse_everywhere_is_said_to_be_as_plainly() -> None:
    verification = verified(backtest_of(offs=WEAK, learner_off=0.6))
    finding = skill_findings(verification, "logistic")[0]
    assert finding.text == (
        "Better than no reference at any horizon (1 month). At all horizons together it adds "
        "800.0 % to the Brier score of conflictology, the strongest reference (95 % interval 800.0 "
        "to 800.0 %)."
    )
    assert finding.tone == "bad"
    assert headline(verification, "logistic") == (
        "logistic is in no target ahead of every reference at every horizon."
    )


def test_where_it_is_not_better_is_named_by_reference_and_horizon() -> None:
    offs = {1: 0.1, 2: 0.2, 3: 0.45, 4: 0.1}
    verification = verified(backtest_of(offs=WEAK, horizons=tuple(offs), learner_off=offs))
    finding = skill_findings(verification, "logistic")[0]
    assert finding.text.startswith(
        "Not better than conflictology at 2 to 3 months, and persistence and decaying_record at 3 "
        "months; worse beyond chance than conflictology, persistence and decaying_record at 3 "
        "months. Ahead of the references otherwise. "
        "At all horizons together it adds "
    )
    assert finding.tone == "bad"


def test_what_may_be_chance_is_not_called_better_beyond_it() -> None:
    backtest = backtest_of(offs=WEAK)
    told = backtest.probabilities
    early = told["origin"] < FIRST + 24
    told.loc[early, "logistic"] = np.abs(told["outcome"] - 0.27)
    told.loc[~early, "logistic"] = told["outcome"]
    verification = verified(backtest)
    finding = skill_findings(verification, "logistic")[0]
    assert finding.text.startswith(
        "Ahead of every reference at every horizon (1 month), but not by an interval that leaves "
        "out zero against conflictology at 1 month. At all horizons together it saves 8.9 % of the "
    )
    assert finding.tone == "mixed"
    assert "in instability and fatalities" in headline(verification, "logistic")


def test_too_few_origins_for_an_interval_are_said_to_be() -> None:
    finding = skill_findings(verified(backtest_of(offs=WEAK, months=20)), "logistic")[0]
    assert finding.text == (
        "Ahead of every reference at every horizon (1 month); too few origins for an interval. At "
        "all horizons together it saves 75.0 % of the Brier score of conflictology, the strongest "
        "reference."
    )
    assert finding.tone == "mixed"


def test_nothing_is_better_than_a_reference_that_was_hardly_ever_wrong() -> None:
    verification = verified(backtest_of(offs=WEAK | {"persistence": 0.0}))
    finding = skill_findings(verification, "logistic")[0]
    assert finding.text == "persistence was hardly ever wrong, so there is nothing to save."
    assert finding.tone == "bad"
    assert headline(verification, "logistic").startswith("logistic is in no target ahead")


def test_a_headline_names_both_where_it_is_ahead_and_where_not() -> None:
    backtest = backtest_of(offs=WEAK)
    backtest = replace(backtest, crps=backtest.crps.assign(logistic=9.0))
    assert headline(verified(backtest), "logistic") == (
        "logistic is ahead of every reference at every horizon in instability, and not in "
        "fatalities."
    )


def test_calibration_is_told_with_what_came_of_the_high_scores() -> None:
    (off,) = calibration_findings(verified(backtest_of(offs=WEAK)), "logistic")
    assert off.text == (
        "Scores are off by 0.1000 on average, more than 0.01: mean score 0.500, came true 0.500. "
        "Of the 48 above 0.5 (mean 0.90) 100 % came true."
    )
    assert off.tone == "bad"
    (right,) = calibration_findings(verified(backtest_of(offs=WEAK, learner_off=0.002)), "logistic")
    assert right.text.startswith("Scores are off by 0.0020 on average, within 0.01: ")
    assert right.tone == "good"
    (few,) = calibration_findings(verified(backtest_of(offs=WEAK, months=24)), "logistic")
    assert few.text.endswith("Of the 24 above 0.5 (mean 0.90) 100 % came true; so few say little.")
    (none,) = calibration_findings(verified(backtest_of(offs=WEAK, learner_off=0.5)), "logistic")
    assert none.text.endswith("No score was above 0.5.")


@pytest.mark.parametrize(
    ("off", "text", "tone"),
    [
        (0.1, "add up to 1.00 times those that came, 1.00 to 1.00 by horizon: between 0.8", "good"),
        (0.5, "add up to 1.00 times", "good"),
    ],
)
def test_deaths_that_add_up_are_said_to(off: float, text: str, tone: str) -> None:
    finding = deaths_finding(SkillTables.of(backtest_of(offs=WEAK, learner_off=off)), "logistic")
    assert text in finding.text
    assert finding.tone == tone


SOME = "1.15 times those that came, 1.00 to 1.30 by horizon: outside 0.8 to 1.25 at 2 months."
MOST = "0.55 times those that came, 0.50 to 0.60 by horizon: outside 0.8 to 1.25 at 1 to 2 months."


@pytest.mark.parametrize(
    ("factor", "text", "tone"),
    [({1: 1.0, 2: 1.3}, SOME, "mixed"), ({1: 0.5, 2: 0.6}, MOST, "bad")],
)
def test_deaths_that_do_not_add_up_are_said_not_to(
    factor: dict[int, float], text: str, tone: str
) -> None:
    backtest = backtest_of(offs=WEAK, horizons=(1, 2))
    means = backtest.means
    means["logistic"] *= means["horizon"].map(factor)
    finding = deaths_finding(SkillTables.of(backtest), "logistic")
    assert finding.text == f"Forecast deaths add up to {text}"
    assert finding.tone == tone


def test_the_country_that_is_farthest_apart_is_named() -> None:
    backtest = backtest_of(offs=WEAK)
    told = backtest.probabilities
    told.loc[told["region"] == 1, "logistic"] = 0.3
    assert country_finding(verified(backtest), "logistic", "instability") == (
        "Farthest apart: Niger, mean score 0.300, came true 0.000 (48 forecasts)."
    )


def test_references_with_the_same_horizons_are_named_together() -> None:
    verification = verified(backtest_of(offs=WEAK, horizons=(1, 2), learner_off={1: 0.3, 2: 0.6}))
    assert skill_findings(verification, "logistic")[0].text.startswith(
        "Not better than climatology, persistence and decaying_record at 2 months, and "
        "conflictology at 1 to 2 months; worse beyond chance than "
    )


def test_the_worst_year_is_named_by_target() -> None:
    backtest = backtest_of(offs=WEAK | {"conflictology": 0.25})
    told = backtest.probabilities
    bad = told["origin"].between(FIRST + 12, FIRST + 23)
    told.loc[bad, "logistic"] = np.abs(told["outcome"] - 0.3)
    assert year_finding(verified(backtest), "logistic") == (
        "Least over the strongest reference: instability -44.0 % in 2021 and fatalities +60.0 % "
        "in 2020."
    )


@pytest.mark.parametrize(
    ("horizons", "text"),
    [([1], "1 month"), ([12], "12 months"), ([3, 6, 12], "3, 6 and 12 months"),
     ([9, 1, 2, 3, 4], "1 to 4 and 9 months"), ([1, 2], "1 to 2 months")],
)  # fmt: skip
def test_horizons_are_told_in_runs(horizons: list[int], text: str) -> None:
    assert in_months(horizons) == text
