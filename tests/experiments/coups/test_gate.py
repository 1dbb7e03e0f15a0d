"""The gate of coups, from the tables of two backtests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.coups import gate
from experiments.coups.backtest import FORECASTS
from experiments.coups.fitting import MODEL, REFERENCE
from experiments.coups.gate import SERVED, judge_version, served_scores
from experiments.coups.registry import CoupVersion
from experiments.coups.settings import CoupSettings
from experiments.judging.gate import Verdict
from experiments.tracking.store import MlflowStore

ORIGIN = 600
MONTHS = 48


def forecasts(model: float, months_since: float = 0.2) -> pd.DataFrame:
    """Two countries, one of which sees an attempt in every window; probabilities of the model."""
    rows = pd.DataFrame(
        [
            (origin, horizon, country, outcome)
            for origin in range(ORIGIN - MONTHS + 1, ORIGIN + 1)
            for horizon in (1, 12)
            for country, outcome in (("MLI", 1.0), ("SEN", 0.0))
        ],
        columns=["origin", "horizon", "country", "outcome"],
    )
    rows.loc[rows["origin"] + rows["horizon"] > ORIGIN, "outcome"] = np.nan
    is_mali = rows["country"] == "MLI"
    flat = dict.fromkeys(FORECASTS, months_since)
    return rows.assign(**flat | {MODEL: np.where(is_mali, model, 1 - model)})


def version(**changes: Any) -> CoupVersion:
    fields: dict[str, Any] = {
        "version": 1,
        "run_id": "a",
        "learner": "model",
        "trained_to": ORIGIN - 1,
        "simulated": True,
        "passed": True,
        "served": {1: "model", 12: "model"},
        "skill": {},
        "attempts": 40,
        "scales": (),
        "sha256": "0",
    }
    return CoupVersion(**fields | changes)


def judged(
    monkeypatch: pytest.MonkeyPatch,
    settings: CoupSettings,
    challenger: float,
    champion: float,
    best: CoupVersion,
    sources: Mapping[int, Any] | None = None,
) -> Verdict:
    monkeypatch.setattr(gate, "backtest_forecasts", lambda _store, _best: forecasts(champion))
    scores = served_scores(forecasts(challenger), sources or {1: "model", 12: "model"})
    store = MlflowStore("sqlite://", Path())
    return judge_version(scores, best, store, settings, ORIGIN)


def test_what_is_judged_is_what_is_served_where_the_outcome_is_known() -> None:
    rows = served_scores(forecasts(0.9), {1: "model", 12: "months_since"})
    assert rows["target"].unique().tolist() == ["coup_01", "coup_12"]
    assert rows["outcome"].notna().all()
    assert len(rows) == 2 * (MONTHS - 1 + MONTHS - 12)
    near, far = (rows[rows["horizon"] == horizon] for horizon in (1, 12))
    assert near[SERVED].tolist() == near[MODEL].tolist()
    assert far[SERVED].tolist() == far[REFERENCE].tolist()
    assert rows["region"].tolist() == rows["country"].tolist()


@pytest.mark.parametrize(
    ("challenger", "champion", "is_same", "passed", "reason"),
    [
        (0.9, 0.8, False, True, "better than the champion tocsin-coups/1"),
        (0.8, 0.8, False, False, "not better than the champion"),
        (0.8, 0.8, True, True, "renews the champion tocsin-coups/1 on newer months"),
        (0.7, 0.8, True, False, "worse than the champion"),
    ],
)
def test_a_later_version_meets_the_champion_on_the_same_forecasts(
    monkeypatch: pytest.MonkeyPatch,
    coup_settings: CoupSettings,
    challenger: float,
    champion: float,
    is_same: bool,
    passed: bool,
    reason: str,
) -> None:
    digest = coup_settings.digest() if is_same else "another"
    best = version(experiment=digest)
    verdict = judged(monkeypatch, coup_settings, challenger, champion, best)
    assert (verdict.passed, verdict.reason[: len(reason)]) == (passed, reason)
    (comparison,) = verdict.comparisons
    assert comparison.origins == MONTHS - 1
    # Of Brier scores (1 - p)^2, the same at both horizons.
    expected = 1 - ((1 - challenger) / (1 - champion)) ** 2
    assert comparison.gain.value == pytest.approx(expected)


def test_a_champion_of_later_months_is_none(
    monkeypatch: pytest.MonkeyPatch, coup_settings: CoupSettings
) -> None:
    verdict = judged(monkeypatch, coup_settings, 0.7, 0.8, version(trained_to=ORIGIN + 1))
    assert verdict.passed
    assert len(verdict.comparisons) == 3


def test_a_horizon_at_which_the_champion_serves_its_reference_is_judged_by_that(
    monkeypatch: pytest.MonkeyPatch, coup_settings: CoupSettings
) -> None:
    best = version(served={1: "model", 12: "months_since"})
    (comparison,) = judged(monkeypatch, coup_settings, 0.8, 0.8, best).comparisons
    saved = comparison.by_target.set_index("target")["gain"]
    assert saved["coup_01"] == pytest.approx(0)
    # 0.2 of each: squares of 0.64 and 0.04 against 0.04.
    assert saved["coup_12"] == pytest.approx(1 - 0.04 / 0.34)
