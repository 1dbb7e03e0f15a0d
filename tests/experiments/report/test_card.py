from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from experiments.judging.judge import Judgement
from experiments.report.card import model_card
from tests.experiments.judging.verifying import backtest_of
from tests.experiments.report.test_page import OFFS, judgement_of
from tests.targets import TARGETS_AHEAD


@pytest.fixture(scope="module")
def judgement(small_settings: dict[str, Any]) -> Judgement:
    backtest = backtest_of(offs=OFFS, horizons=(1, 2), learner_off={1: 0.1, 2: 0.3})
    return judgement_of(backtest, small_settings | {"targets": TARGETS_AHEAD})


def test_a_card_says_what_is_forecast_from_what_and_how_well(judgement: Judgement) -> None:
    card = model_card(judgement)
    origin = judgement.training.origin
    assert card.startswith(f"# admin1 scores: logistic, trained to {origin}\n")
    assert "of 2 admin1 regions in 2 countries,\nwith a threshold of 5 deaths a month" in card
    assert "| fatalities | 1 to 12 months | Deaths in the target month:" in card
    assert "ucdp-ged 24.1 (history ucdp, as known on\n  2024-06-01)" in card
    assert "Apache-2.0" in card
    assert "SIMULATED" not in card
    overall = judgement.verification.overall
    best = overall[(overall["target"] == "instability") & (overall["reference"] == "conflictology")]
    (row,) = best[best["learner"] == "logistic"].itertuples()
    measures = f"| {row.gain:.3f} | {row.low:.3f} | {row.high:.3f} |"
    assert f"| instability | conflictology | {row.n} {measures}" in card
    calibration = judgement.verification.calibration
    (error,) = calibration.loc[calibration["forecast"] == "logistic", "calibration_error"]
    assert "| instability | all |" in card
    assert f"| {error:.3f} |" in card


def test_a_card_says_which_months_are_observed_of_what(judgement: Judgement) -> None:
    samples = judgement.training.samples
    deaths, eligible = samples.deaths.copy(), samples.eligible.copy()
    deaths[:12, 0] = deaths[20:23, 0] = deaths[-6:, 0] = np.nan
    eligible[-1, 0] = False
    gone = replace(samples, deaths=deaths, eligible=eligible)
    card = model_card(replace(judgement, training=replace(judgement.training, samples=gone)))
    assert "| 2015-01 | 2024-12 | 0 | 1 | Niger |" in card
    assert "| 2016-01 | 2024-06 | 3 | 1 | Mali |" in card
    assert "1 of 2 regions were not observed in each of the 24 months to\n2024-12" in card
    unseen = replace(samples, deaths=deaths * np.nan)
    card = model_card(replace(judgement, training=replace(judgement.training, samples=unseen)))
    assert "| never |  | 0 | 2 | Mali, Niger |" in card


def test_a_card_says_what_is_read_and_what_it_is_not_for(judgement: Judgement) -> None:
    card = model_card(judgement)
    assert "| season | 1 | The time of the year. | `season_sine` |" in card
    assert "It must not be used:\n\n* as the only reason of a decision about people" in card
    assert "Cite the\nbulletin" in card


def test_a_card_gives_skill_by_horizon_with_intervals(judgement: Judgement) -> None:
    card = model_card(judgement)
    gains = judgement.verification.gains
    own = gains[(gains["target"] == "instability") & (gains["reference"] == "conflictology")]
    for row in own.itertuples():
        measures = f"| {row.gain:.3f} | {row.low:.3f} | {row.high:.3f} |"
        assert f"| instability | {row.horizon} | conflictology | {row.n} {measures}" in card


def test_a_card_names_the_best_and_the_worst_regions(small_settings: dict[str, Any]) -> None:
    backtest = backtest_of(offs=OFFS, horizons=(1,), learner_off={1: 0.1})
    # With a case in every month, or none, skill in a region would mean nothing.
    assert "No region had 12 months of either kind" in model_card(
        judgement_of(backtest, small_settings)
    )
    table = backtest.probabilities
    # Kidal has cases in 24 of 48 months, and its scores of 0.9 are then off by 0.9.
    table.loc[(table["region"] == 0) & (table["origin"] % 2 == 0), "outcome"] = 0.0
    card = model_card(judgement_of(backtest, small_settings))
    assert "Of 2 regions 1 had 12 cases and 12 without one in instability; 0 of them" in card
    # Off by 0.1 and 0.9, where decaying_record is by 0.3 and 0.7: squares of 0.82 against 0.58.
    assert "| Kidal | Mali | 48 | 24 | -0.414 |" in card


def test_a_card_tells_limits_that_were_found(judgement: Judgement) -> None:
    card = model_card(judgement)
    assert "* Instability: " in card
    assert "Farthest apart: " in card
    told = replace(judgement.training, untold={"non_state_deaths": "types of violence"})
    assert "* The events do not tell non_state_deaths." in model_card(
        replace(judgement, training=told)
    )


def test_a_card_of_simulated_events_says_so(small_settings: dict[str, Any]) -> None:
    backtest = backtest_of(offs=OFFS, horizons=(1,), learner_off={1: 0.1})
    card = model_card(judgement_of(backtest, small_settings, simulated=True))
    assert "**SIMULATED events: invented, no news.**" in card


def test_many_releases_are_named_by_the_first_and_the_last(judgement: Judgement) -> None:
    named = [SimpleNamespace(name=f"ucdp-candidate 23.0.{n}") for n in range(1, 13)]
    vintage: Any = SimpleNamespace(**vars(judgement.training.vintage) | {"releases": named})
    card = model_card(replace(judgement, training=replace(judgement.training, vintage=vintage)))
    assert "from: ucdp-candidate 23.0.1 to ucdp-candidate 23.0.12 (history" in card
