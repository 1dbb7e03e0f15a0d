from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.judging.drift import DriftBounds, calibration_drift, drift, indicator_drift
from experiments.samples import Samples
from features.arrays import FloatArray
from models.record import RecordPool

FIRST = 480
MONTHS, REGIONS = 40, 60
few = settings(max_examples=20)
BOUNDS = DriftBounds()


def samples_of(values: FloatArray, names: tuple[str, ...] = ("deaths",)) -> Samples:
    """Samples of indicators (T, R, K), every region observed."""
    months, regions, _ = values.shape
    return Samples(
        level="admin1",
        months=np.arange(FIRST, FIRST + months),
        ids=np.array([f"MLI-{number}" for number in range(regions)], dtype=object),
        names=names,
        indicators=values.astype(np.float32),
        deaths=np.zeros((months, regions)),
        eligible=np.ones((months, regions), dtype=bool),
        tau=5,
        pool=RecordPool(),
        horizons=(1,),
    )


def noise(seed: int, count: int = 1) -> FloatArray:
    return np.random.default_rng(seed).gamma(0.5, 10, (MONTHS, REGIONS, count))


def table_of(samples: Samples, months_back: int = 1) -> pd.DataFrame:
    return indicator_drift(samples, int(samples.months[-1]) - months_back, BOUNDS)


def test_the_value_is_the_largest_gap_between_the_shares_below() -> None:
    values = np.tile(np.array([1.0, 2.0, 3.0, 4.0]), (MONTHS, 1))[:, :, None]
    values[-1, :, 0] = [1, 2, 9, 9]
    # Of the training months all are at most 4, of the newest one a half.
    row = table_of(samples_of(values)).iloc[0]
    assert (row["kind"], row["name"], row["n"], row["value"]) == ("indicator", "deaths", 4, 0.5)
    # No training month differs from all: only what chance makes of four regions counts, and 0 of it
    # at the bar, so the bound is the mean distance, 0.
    assert row["bound"] == 0
    assert row["is_drifted"]


def test_a_missing_value_is_a_value_of_its_own() -> None:
    values = np.ones((MONTHS, 4, 1))
    values[:, 0] = np.nan
    same = table_of(samples_of(values)).iloc[0]
    assert (same["value"], same["is_drifted"]) == (0, False)
    values[-1, 1] = np.nan
    assert table_of(samples_of(values)).iloc[0]["value"] == 0.25


@few
@given(st.integers(0, 2**32), st.floats(-9, 9), st.booleans())
def test_the_same_data_never_drift(seed: int, constant: float, is_missing: bool) -> None:
    values = np.tile(noise(seed, 3)[:1], (MONTHS, 1, 1))
    values[:, :, 1] = constant
    values[:, :, 2] = np.nan if is_missing else np.arange(MONTHS)[:, None] % 12
    assert not table_of(samples_of(values, ("a", "b", "c")))["is_drifted"].any()


@few
@given(st.integers(0, 2**32), st.integers(0, MONTHS - 2))
def test_a_month_like_one_of_the_training_never_drifts(seed: int, month: int) -> None:
    values = noise(seed, 2)
    values[-1] = values[month]
    assert not table_of(samples_of(values, ("a", "b")))["is_drifted"].any()


@few
@given(st.integers(0, 2**32), st.sampled_from([-1e4, 1e4]), st.integers(1, 12))
def test_a_shifted_indicator_drifts_and_another_one_does_not(
    seed: int, shift: float, months_back: int
) -> None:
    values = noise(seed, 2)
    values[-1] = values[0]
    values[-1, :, 1] += shift
    table = table_of(samples_of(values, ("still", "shifted")), months_back)
    assert list(table["is_drifted"]) == [False, True]


@few
@given(st.integers(0, 2**32))
def test_months_after_the_training_but_for_the_newest_change_nothing(seed: int) -> None:
    values = noise(1)
    scrambled = values.copy()
    scrambled[-6:-1] = np.random.default_rng(seed).normal(0, 1e6, (5, REGIONS, 1))
    pd.testing.assert_frame_equal(
        table_of(samples_of(values), 6), table_of(samples_of(scrambled), 6)
    )


def test_an_indicator_that_is_alike_everywhere_cannot_be_told_to_drift() -> None:
    values = np.broadcast_to(np.arange(MONTHS)[:, None, None] ** 2.0, (MONTHS, REGIONS, 1))
    row = table_of(samples_of(values)).iloc[0]
    assert (row["value"], row["bound"], row["is_drifted"]) == (1, 1, False)


def test_chance_does_not_ring() -> None:
    rung = [table_of(samples_of(noise(seed, 9), tuple("abcdefghi")))["is_drifted"].any()
            for seed in range(20)]  # fmt: skip
    assert sum(rung) == 0


def test_too_few_training_months_tell_nothing() -> None:
    row = table_of(samples_of(noise(1)), MONTHS - 10).iloc[0]
    assert np.isnan([row["value"], row["bound"]]).all()
    assert not row["is_drifted"]


def scores(origins: int, said: float, came: float, first: int = 600) -> pd.DataFrame:
    """Ten scores an origin that all say the same, of which a share comes true."""
    outcome = np.tile(np.arange(10) < round(10 * came), origins).astype(float)
    origin = np.repeat(np.arange(first, first + origins), 10)
    keys = {"target": "instability", "origin": origin}
    return pd.DataFrame(keys | {"outcome": outcome, "probability": said})


def judged(recent: pd.DataFrame, backtest: pd.DataFrame) -> pd.DataFrame:
    return calibration_drift(recent, backtest, BOUNDS, seed=1).set_index("name")


def test_the_value_is_what_came_beyond_the_scores_less_the_same_in_the_backtest() -> None:
    table = judged(scores(12, 0.6, 0.9), scores(48, 0.6, 0.7))
    assert list(table.index) == ["instability", "instability above 0.5"]
    assert table["value"].to_list() == pytest.approx([0.2, 0.2])
    # The backtest is off by as much in every month, so nothing but the tolerance remains.
    assert table["bound"].to_list() == pytest.approx([BOUNDS.tolerance] * 2)
    assert table["is_drifted"].all()


def test_what_a_backtest_does_in_some_years_is_no_drift() -> None:
    backtest = pd.concat([scores(24, 0.3, 0.1), scores(24, 0.3, 0.6, first=624)])
    table = judged(scores(12, 0.3, 0.6, first=700), backtest)
    assert table.loc["instability", "value"] == pytest.approx(0.25)
    # A drawn year may be any of them: 0.25 off either way, wider by the root of 1 + 12 / 48.
    assert table.loc["instability", "bound"] == pytest.approx(0.25 * np.sqrt(1.25))
    assert not table["is_drifted"].any()


def test_few_origins_tell_nothing_of_calibration() -> None:
    for recent, backtest in ((5, 48), (12, 23), (0, 48)):
        table = judged(scores(recent, 0.2, 0.9), scores(backtest, 0.2, 0.2))
        assert table["bound"].isna().all()
        assert not table["is_drifted"].any()


@few
@given(st.integers(0, 2**32))
def test_scores_as_in_the_backtest_never_drift(seed: int) -> None:
    backtest = scores(48, 0.2, 0.2)
    backtest["outcome"] = np.random.default_rng(seed).permutation(backtest["outcome"])
    assert not judged(backtest, backtest)["is_drifted"].any()


def test_a_sentence_says_what_drifted() -> None:
    values = noise(3, 5)
    names = tuple("abcde")
    still = samples_of(values, names)
    calm, off = scores(12, 0.2, 0.2), scores(12, 0.2, 0.9)
    backtest, trained_to = scores(48, 0.2, 0.2), FIRST + MONTHS - 2
    nothing = drift(still, trained_to, calm, backtest, seed=1)
    assert not nothing.is_drifted
    assert nothing.sentence == (
        "No drift in 2013-04: indicators look and scores are calibrated as they did in training."
    )
    values[-1, :, :4] += 1e4
    both = drift(samples_of(values, names), trained_to, off, backtest, seed=1)
    assert both.is_drifted
    assert both.sentence == (
        "Drift: in 2013-04 a, b, c and 1 more lie outside what the training months show; "
        "instability came true 70.0 points more often than the scores say, beside the backtest "
        "(bound: 1.0)."
    )
    assert list(both.table["kind"].unique()) == ["indicator", "calibration"]
    untold = drift(replace(still, eligible=still.eligible & False), 0, calm[:0], backtest, seed=1)
    assert untold.sentence == "Nothing can be told of drift in 2013-04: there is too little past."
