from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.gate import against_champion, against_references
from models.references import REFERENCES

ROWS = [
    # target, horizon, origin, region, outcome
    ("instability", 1, 600, "MLI-gao", 1.0),
    ("instability", 1, 600, "MLI-kidal", 0.0),
    ("onset", 3, 600, "MLI-segou", 0.0),
    ("onset", 3, 600, "MLI-sikasso", 0.0),
]


def table(**forecasts: Any) -> pd.DataFrame:
    columns = ["target", "horizon", "origin", "region", "outcome"]
    return pd.DataFrame(ROWS, columns=columns).assign(**forecasts)


def judged(challenger: list[float], **others: list[float]) -> pd.DataFrame:
    half = [0.5] * len(ROWS)
    return table(boosting=challenger, **{name: others.get(name, half) for name in REFERENCES})


def test_a_challenger_that_beats_every_reference_passes() -> None:
    verdict = against_references(judged([0.9, 0.1, 0.2, 0.2]), "boosting")
    assert verdict.passed
    evidence = verdict.evidence
    opponents = evidence[["opponent", "target"]].itertuples(index=False, name=None)
    assert set(opponents) == {(r, t) for r in REFERENCES for t in ("instability", "onset")}
    row = evidence[evidence["target"] == "instability"].iloc[0]
    assert row["n"] == 2
    assert row["challenger_brier"] == pytest.approx(0.01)
    assert row["opponent_brier"] == pytest.approx(0.25)
    assert row["ratio"] == pytest.approx(0.04)
    # The mean of 0.04 and 0.16.
    assert "no worse than climatology: Brier score 0.100 times its own" in verdict.reason


def test_a_challenger_that_one_reference_beats_is_refused_and_told_by_which() -> None:
    verdict = against_references(
        judged([0.9, 0.1, 0.2, 0.2], persistence=[1.0, 0.0, 0.1, 0.1]), "boosting"
    )
    assert not verdict.passed
    assert verdict.reason.startswith("worse than persistence: ")


def test_a_gain_in_one_target_makes_up_for_a_loss_of_the_same_ratio_and_no_more() -> None:
    champion = table(logistic=[0.5] * 4)
    off = 0.125**0.5  # half the champion's Brier score of 0.25
    lost = 0.375**0.5  # one and a half times it
    even = table(boosting=[1 - off, off, lost, lost])
    evidence = against_champion(even, "boosting", champion, "logistic").evidence
    assert evidence["ratio"].tolist() == pytest.approx([0.5, 1.5])
    for off_in_the_other, passed in ((lost - 0.01, True), (lost + 0.01, False)):
        mine = table(boosting=[1 - off, off, off_in_the_other, off_in_the_other])
        assert against_champion(mine, "boosting", champion, "logistic").passed == passed


@given(st.lists(st.floats(0.01, 0.99), min_size=4, max_size=4))
def test_a_tie_goes_to_the_challenger(forecasts: list[float]) -> None:
    mine, theirs = table(boosting=forecasts), table(boosting=forecasts)
    verdict = against_champion(mine, "boosting", theirs, "boosting")
    assert verdict.passed
    assert verdict.evidence["ratio"].tolist() == [1, 1]


@given(st.lists(st.floats(0.01, 0.9), min_size=4, max_size=4), st.floats(0.01, 0.09))
def test_a_challenger_further_off_in_every_forecast_never_passes(
    forecasts: list[float], further: float
) -> None:
    outcome = np.array([row[-1] for row in ROWS])
    champion = np.array(forecasts)
    challenger = np.where(outcome == 1, champion * (1 - further), champion + further)
    verdict = against_champion(
        table(boosting=challenger), "boosting", table(logistic=champion), "logistic"
    )
    assert not verdict.passed
    assert "worse than champion" in verdict.reason


def test_only_forecasts_that_both_made_are_compared() -> None:
    mine = table(boosting=[0.9, 0.1, 0.9, 0.9])
    theirs = table(logistic=[0.8, 0.2, 0.1, 0.1])
    theirs.loc[2:, "origin"] = 588
    verdict = against_champion(mine, "boosting", theirs, "logistic")
    assert verdict.passed
    assert verdict.evidence[["target", "n"]].to_numpy().tolist() == [["instability", 2]]


def test_the_order_of_rows_does_not_matter() -> None:
    mine, theirs = table(boosting=[0.9, 0.1, 0.3, 0.2]), table(logistic=[0.8, 0.3, 0.1, 0.2])
    straight = against_champion(mine, "boosting", theirs, "logistic")
    turned = against_champion(mine.iloc[::-1], "boosting", theirs, "logistic")
    assert straight.evidence.round(12).equals(turned.evidence.round(12))


def test_a_challenger_that_shares_no_forecast_with_the_champion_is_refused() -> None:
    theirs = table(logistic=[0.5] * 4).assign(origin=588)
    verdict = against_champion(table(boosting=[1.0, 0.0, 0.0, 0.0]), "boosting", theirs, "logistic")
    assert not verdict.passed
    assert "shares no forecast with the champion's" in verdict.reason
    assert verdict.evidence.empty
