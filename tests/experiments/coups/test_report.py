"""The card and the report of coups, of invented states."""

from datetime import date

import pandas as pd
import pytest

from experiments.coups.card import coup_card
from experiments.coups.fitting import MODEL, REFERENCE, fit_forecaster
from experiments.coups.gate import judge_version, served_scores
from experiments.coups.judgement import CoupJudgement, Provenance
from experiments.coups.judging import DECISIVE, EXPECTED, judge_coups
from experiments.coups.report import (
    calibration_findings,
    coup_report,
    headline,
    pictures_of,
    skill_findings,
)
from experiments.coups.settings import CoupSettings
from experiments.tracking.store import MlflowStore
from features.states.history import StateHistory
from tests.experiments.coups.conftest import LAST
from tests.paths import ROOT
from tests.states import states


@pytest.fixture(scope="module")
def judgement(
    coup_history: StateHistory, coup_settings: CoupSettings, coup_forecasts: pd.DataFrame
) -> CoupJudgement:
    past = coup_history.until(LAST)
    past.seizures[30, 0] = 1
    scores = served_scores(coup_forecasts, {1: "model", 6: "model", 12: "months_since"})
    store = MlflowStore("sqlite://", ROOT)
    return CoupJudgement(
        provenance=Provenance(True, ("coups a 1.0", "conditions b 2"), date(2014, 2, 3), "1.2+abc"),
        settings=coup_settings,
        past=past,
        scores=scores,
        figures=judge_coups(coup_forecasts, coup_settings.backtest),
        sources={1: "model", 6: "model", 12: "months_since"},
        forecaster=fit_forecaster(past, coup_settings, {1: MODEL, 6: MODEL, 12: REFERENCE}),
        verdict=judge_version(scores, None, store, coup_settings, LAST),
    )


@pytest.fixture(scope="module")
def card(judgement: CoupJudgement) -> str:
    return coup_card(judgement)


def test_a_card_says_what_is_forecast_from_what_and_what_is_left_out(
    card: str, judgement: CoupJudgement
) -> None:
    assert card.startswith(f"# Coups by country, trained to {judgement.origin}\n\n**SIMULATED")
    assert "Each month, of 30 countries, a probability at 1, 6 and 12 months." in card
    assert "The record has 1 such seizures" in card
    assert "1 and 6 months by the model and 12 months by the months since" in card
    assert "Learned from: coups a 1.0, conditions b 2 (as known on 2014-02-03)" in card
    assert judgement.past.digest()[:16] in card
    assert f"tocsin train --origin {judgement.origin} --as-of 2014-02-03" in card
    assert "| coups | 1990-01 |" in card
    assert "| infant_mortality | 1990-01 |" in card
    assert "| elections | 1990-01 |" in card
    # The parts of all cards.
    assert "as the only reason of a decision about people" in card
    assert "Code and model: Apache-2.0." in card
    assert "admin1" not in card


def test_a_card_gives_skill_and_calibration_with_intervals(
    card: str, judgement: CoupJudgement
) -> None:
    for figure in judgement.figures:
        for name in (DECISIVE, EXPECTED):
            shown = " | ".join(f"{value:.3f}" for value in figure.measures[name])
            row = f"| {figure.horizon} | {figure.rows} | {figure.cases} | {name} | {shown} |"
            assert row in card


def test_coefficients_are_of_what_is_served_and_read_as_odds(
    card: str, judgement: CoupJudgement
) -> None:
    table = judgement.coefficients().set_index(["horizon", "indicator"])["coefficient"]
    assert table[1, "infant_mortality"] > 0.5
    assert set(table[12].index) == {"attempt_years", "attempt_ever", "(anything missing)"}
    near = judgement.forecaster.learner(1)
    rows = judgement.past.conditions["infant_mortality"]
    assert rows.std() > 0
    assert len(table[1]) == len(near.coefficients) - 1  # without the constant
    (line,) = [line for line in card.splitlines() if line.startswith("| infant_mortality | Deaths")]
    assert line.endswith(" |  |")  # 12 months do not read it
    assert float(line.split("|")[3]) > 1.6


def test_findings_say_what_is_good_and_what_is_not(judgement: CoupJudgement) -> None:
    skill, calibration = skill_findings(judgement), calibration_findings(judgement)
    assert [finding.about for finding in skill] == ["1 month", "6 months", "12 months"]
    for finding, figure in zip(skill, judgement.figures, strict=True):
        gain = figure.measures[DECISIVE]
        assert f"saves {100 * gain.value:.1f} %" in finding.text
        assert finding.tone == ("good" if gain.low > 0 else "mixed" if gain.value > 0 else "bad")
    assert skill[2].text.endswith("Served: the months since.")
    for finding, figure in zip(calibration, judgement.figures, strict=True):
        assert f"{figure.measures[EXPECTED].value:.2f} times" in finding.text


def test_a_report_has_the_parts_of_all_reports(judgement: CoupJudgement) -> None:
    report = coup_report(judgement)
    names = ["skill_by_horizon", "reliability", "precision_recall", "coefficients"]
    assert [picture.name for picture in pictures_of(judgement)] == names
    page = report.as_html()
    assert "SIMULATED events: invented, no news" in page
    assert headline(judgement) in page
    assert page.count("<svg ") == 1 + 3 + 3 + 3
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    for title in ("Figures by horizon", "What the gate compared", "Coefficients"):
        assert f"<summary>{title}</summary>" in page


def test_with_too_few_attempts_there_is_nothing_to_read(
    judgement: CoupJudgement, coup_settings: CoupSettings
) -> None:
    few = states({"MLI": [(20, "failed")], "NER": []}, months=60)
    forecaster = fit_forecaster(few, coup_settings, {1: MODEL, 6: MODEL, 12: REFERENCE})
    fields = {
        **vars(judgement),
        "forecaster": forecaster,
        "sources": dict.fromkeys((1, 6, 12), "base_rate"),
    }
    poor = CoupJudgement(**fields)
    assert "the base rate is served" in coup_card(poor)
    assert [picture.name for picture in pictures_of(poor)][-1] == "precision_recall"
    assert (
        headline(poor) == "Attempts of coups are forecast at 1, 6 and 12 months by the base rate."
    )
