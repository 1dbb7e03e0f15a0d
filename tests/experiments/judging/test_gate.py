import json
from functools import partial
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.judging.gate import Verdict, against_champion, against_references
from experiments.judging.skill import FEWEST_ORIGINS
from models.references import REFERENCES

MONTH = [
    # target, horizon, region, outcome
    ("instability", 1, "MLI-gao", 1.0),
    ("instability", 1, "MLI-kidal", 0.0),
    ("onset", 3, "MLI-segou", 0.0),
    ("onset", 3, "MLI-sikasso", 0.0),
]
MONTHS = 30
HALF = [0.5] * 4
GOOD = [0.9, 0.1, 0.2, 0.2]
FOUR = st.lists(st.floats(0.01, 0.9), min_size=4, max_size=4)
OUTCOME = np.array([row[-1] for row in MONTH])


def table(months: int = MONTHS, first: int = 600, **forecasts: Any) -> pd.DataFrame:
    """The same four rows in every month; a forecast is four numbers, or (months, 4)."""
    month = pd.DataFrame(MONTH, columns=["target", "horizon", "region", "outcome"])
    rows = pd.concat([month.assign(origin=first + t) for t in range(months)], ignore_index=True)
    wide = {name: np.broadcast_to(p, (months, 4)).ravel() for name, p in forecasts.items()}
    return rows.assign(**wide)


def with_references(challenger: Any, months: int = MONTHS, **others: Any) -> pd.DataFrame:
    references = {name: others.get(name, HALF) for name in REFERENCES}
    return table(months, boosting=challenger, **references)


def judged(challenger: Any, champion: Any, *, is_renewal: bool = False) -> Verdict:
    return meet(table(boosting=challenger), table(logistic=champion), is_renewal=is_renewal)


def meet(mine: pd.DataFrame, theirs: pd.DataFrame, *, is_renewal: bool = False) -> Verdict:
    alone = partial(against_references, mine, "boosting", seed=1)
    return against_champion(
        *(mine, "boosting", theirs, "logistic"),
        label="tocsin-x/1",
        is_renewal=is_renewal,
        seed=1,
        alone=alone,
    )


def but_for_month(month: int, usual: list[float], then: list[float]) -> Any:
    forecasts = np.tile(usual, (MONTHS, 1))
    forecasts[month] = then
    return forecasts


def test_a_first_model_that_beats_every_reference_passes() -> None:
    verdict = against_references(with_references(GOOD), "boosting", seed=1)
    assert verdict.passed
    evidence = verdict.evidence
    opponents = evidence[["opponent", "target"]].itertuples(index=False, name=None)
    assert set(opponents) == {(r, t) for r in REFERENCES for t in ("instability", "onset")}
    row = evidence[evidence["target"] == "instability"].iloc[0]
    assert row["n"] == 2 * MONTHS
    assert row["challenger_brier"] == pytest.approx(0.01)
    assert row["opponent_brier"] == pytest.approx(0.25)
    assert row["ratio"] == pytest.approx(0.04)
    assert tuple(row[["gain", "low", "high"]]) == pytest.approx((0.96, 0.96, 0.96))
    assert row["challenger_calibration"] == pytest.approx(0.1)
    assert row["opponent_calibration"] == 0
    # The mean of 96 % and of 1 - 0.04 / 0.25 = 84 %.
    assert verdict.reason == (
        "better than every reference, least so than climatology: saves +90.0 % of its Brier score "
        "(95 % interval +90.0 to +90.0), mean over the targets"
    )


def test_a_first_model_that_one_reference_beats_is_refused_and_told_by_which() -> None:
    better = with_references(GOOD, persistence=[1.0, 0.0, 0.1, 0.1])
    verdict = against_references(better, "boosting", seed=1)
    assert not verdict.passed
    assert verdict.reason.startswith("not better than persistence: ")


def test_a_first_model_that_is_better_than_a_reference_by_one_month_only_is_refused() -> None:
    lucky = but_for_month(7, HALF, GOOD)
    verdict = against_references(with_references(lucky), "boosting", seed=1)
    assert verdict.evidence["gain"].gt(0).all()
    assert not verdict.passed


def test_a_backtest_too_short_for_an_interval_lets_no_first_model_pass() -> None:
    for months, passed in ((FEWEST_ORIGINS - 1, False), (FEWEST_ORIGINS, True)):
        verdict = against_references(with_references(GOOD, months), "boosting", seed=1)
        assert verdict.passed == passed
        assert ("lengthen [backtest] years" in verdict.reason) != passed


def test_a_challenger_that_is_better_in_every_month_replaces_the_champion() -> None:
    verdict = judged([0.9, 0.0, 0.1, 0.1], GOOD)
    assert verdict.passed
    assert verdict.reason.startswith("better than the champion tocsin-x/1 and as well calibrated")


def test_a_challenger_that_is_better_by_one_month_only_does_not() -> None:
    lucky = but_for_month(7, GOOD, [1.0, 0.0, 0.0, 0.0])
    verdict = judged(lucky, GOOD)
    assert not verdict.passed
    assert verdict.reason.startswith("not better than the champion tocsin-x/1: saves +")
    assert judged(lucky, GOOD, is_renewal=True).passed


@settings(max_examples=20)
@given(FOUR)
def test_equal_forecasts_replace_no_champion_but_renew_it(forecasts: list[float]) -> None:
    assert judged(forecasts, forecasts).reason.startswith(
        "not better than the champion tocsin-x/1: saves +0.0 %"
    )
    assert not judged(forecasts, forecasts).passed
    renewed = judged(forecasts, forecasts, is_renewal=True)
    assert renewed.passed
    assert renewed.reason.startswith("renews the champion tocsin-x/1 on newer months")


@settings(max_examples=20)
@given(FOUR, st.floats(0.01, 0.09), st.booleans())
def test_a_challenger_further_off_in_every_forecast_never_passes(
    forecasts: list[float], further: float, is_renewal: bool
) -> None:
    champion = np.array(forecasts)
    challenger = np.where(OUTCOME == 1, champion * (1 - further), champion + further)
    verdict = judged(challenger, champion, is_renewal=is_renewal)
    assert not verdict.passed
    assert verdict.reason.startswith("worse than the champion tocsin-x/1")


def test_a_renewal_that_is_worse_in_one_month_only_passes() -> None:
    unlucky = but_for_month(7, GOOD, [0.8, 0.2, 0.2, 0.2])
    assert judged(unlucky, GOOD, is_renewal=True).passed
    assert not judged(unlucky, GOOD).passed


def test_a_gain_in_one_target_makes_up_for_a_loss_of_the_same_share_and_no_more() -> None:
    off = 0.125**0.5  # half the champion's Brier score of 0.25
    lost = 0.375**0.5  # one and a half times it
    even = judged([1 - off, off, lost, lost], HALF)
    assert even.evidence["gain"].tolist() == pytest.approx([0.5, -0.5])
    for off_in_the_other, real in ((lost - 0.01, True), (lost + 0.01, False)):
        (result,) = judged([1 - off, off, off_in_the_other, off_in_the_other], HALF).comparisons
        assert (result.gain.is_real, result.gain.is_real_loss) == (real, not real)


@pytest.mark.parametrize("is_renewal", [True, False])
@pytest.mark.parametrize(("off", "passed"), [(0.004, True), (0.006, False)])
def test_a_gain_is_not_bought_with_calibration_beyond_the_tolerance(
    off: float, passed: bool, is_renewal: bool
) -> None:
    # The champion says a half of what happens half the time: no skill, perfectly calibrated.
    champion = [0.5, 0.5, 0.1, 0.1]
    verdict = judged([1 - off, off, 0.1, 0.1], champion, is_renewal=is_renewal)
    row = verdict.evidence.set_index("target").loc["instability"]
    assert row["challenger_calibration"] == pytest.approx(off)
    assert row["calibration_gain"] == pytest.approx(-off)
    assert verdict.passed == passed
    message = "in instability: expected calibration error 0.0060 against 0.0000"
    assert (message in verdict.reason) != passed


def test_calibration_that_is_worse_by_one_month_only_refuses_nobody() -> None:
    champion = [0.5, 0.5, 0.1, 0.1]
    verdict = judged(but_for_month(7, [1.0, 0.0, 0.1, 0.1], [0.6, 0.4, 0.1, 0.1]), champion)
    row = verdict.evidence.set_index("target").loc["instability"]
    assert row["calibration_gain"] == pytest.approx(-0.4 / MONTHS)
    assert verdict.passed


def test_only_forecasts_that_both_made_are_compared() -> None:
    theirs = table(logistic=[0.8, 0.2, 0.1, 0.1])
    theirs.loc[theirs["target"] == "onset", "horizon"] = 6
    verdict = meet(table(boosting=[0.9, 0.1, 0.9, 0.9]), theirs)
    assert verdict.passed
    shared = verdict.evidence[["target", "n"]].to_numpy().tolist()
    assert shared == [["instability", 2 * MONTHS]]


def test_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    mine = table(boosting=rng.random((MONTHS, 4)))
    theirs = table(logistic=rng.random((MONTHS, 4)))
    straight = meet(mine, theirs)
    turned = meet(mine.sample(frac=1, random_state=1), theirs.iloc[::-1])
    assert straight.as_json() == turned.as_json()
    assert straight.reason == turned.reason


@pytest.mark.parametrize("shared", [0, FEWEST_ORIGINS - 1])
def test_a_challenger_that_shares_too_few_origins_is_refused_and_told_what_to_do(
    shared: int,
) -> None:
    theirs = table(logistic=HALF, first=600 + MONTHS - shared)
    verdict = meet(table(boosting=GOOD), theirs)
    assert not verdict.passed
    assert verdict.reason.startswith(f"shares {shared} origins with the champion tocsin-x/1")
    assert "tocsin promote" in verdict.reason
    assert len(verdict.evidence) == (0 if shared == 0 else 2)
    assert json.loads(verdict.as_json())[0]["origins"] == shared


@pytest.mark.parametrize(("challenger", "passed"), [(GOOD, True), (HALF, False)])
def test_a_renewal_that_shares_too_few_origins_meets_the_references(
    challenger: list[float], passed: bool
) -> None:
    theirs = table(logistic=[1.0, 0.0, 0.0, 0.0], first=600 + MONTHS)
    verdict = meet(with_references(challenger), theirs, is_renewal=True)
    assert verdict.passed == passed
    assert verdict.reason.startswith("shares 0 origins with the champion tocsin-x/1; ")
    assert [comparison.opponent for comparison in verdict.comparisons] == list(REFERENCES)


def test_a_champion_that_was_never_wrong_is_replaced_by_none() -> None:
    verdict = judged(GOOD, OUTCOME)
    assert not verdict.passed
    assert json.loads(verdict.as_json())[0]["gain"] == [None, None, None]


def no_constant(name: str) -> NoReturn:
    raise AssertionError(name)


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_the_evidence_fits_in_a_tag_and_holds_the_figures_of_the_table(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = ("boosting", *REFERENCES)
    forecasts: dict[str, Any] = {name: rng.random((MONTHS, 4)) for name in names}
    rows = table(**forecasts)
    more = pd.concat([rows, *(rows.assign(target=t) for t in ("escalation", "fatalities"))])
    more = more.drop_duplicates(["target", "horizon", "origin", "region"])
    verdict = against_references(more, "boosting", seed=1)
    told = verdict.as_json()
    assert len(told) < 5000
    kept = json.loads(told, parse_constant=no_constant)
    assert [entry["opponent"] for entry in kept] == list(REFERENCES)
    for entry in kept:
        own = verdict.evidence[verdict.evidence["opponent"] == entry["opponent"]]
        assert entry["origins"] == MONTHS
        assert set(entry["targets"]) == {"instability", "onset", "escalation", "fatalities"}
        gains = [figures["gain"][0] for figures in entry["targets"].values()]
        assert entry["gain"][0] == pytest.approx(np.mean(gains), abs=1e-5)
        for row in own.to_dict("records"):
            figures = entry["targets"][row["target"]]
            assert figures["n"] == row["n"]
            gain = [row["gain"], row["low"], row["high"]]
            assert figures["gain"] == pytest.approx(gain, abs=1e-5)
            brier = [row["challenger_brier"], row["opponent_brier"]]
            assert figures["brier"] == pytest.approx(brier, abs=1e-5)
