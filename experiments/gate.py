"""The gate: a model may issue scores only if it is no worse than what it would replace."""

from dataclasses import dataclass

import pandas as pd

from models.metrics import brier
from models.references import REFERENCES

SHARED = ["target", "horizon", "origin", "region"]


@dataclass(frozen=True, eq=False)
class Verdict:
    """Whether a challenger passed, in one sentence, and the figures behind it.

    `evidence` has a row an opponent and target: opponent, target, n (shared forecasts),
    challenger_brier, opponent_brier, and their ratio.
    """

    passed: bool
    reason: str
    evidence: pd.DataFrame


def against_references(forecasts: pd.DataFrame, challenger: str) -> Verdict:
    """Judge a learner against every reference on the rows of its own backtest."""
    parts = [_compare(forecasts, challenger, forecasts, name, name) for name in REFERENCES]
    return _verdict(pd.concat(parts, ignore_index=True))


def against_champion(
    forecasts: pd.DataFrame, challenger: str, champion_forecasts: pd.DataFrame, champion: str
) -> Verdict:
    """Judge a learner against the champion on the forecasts that both backtests made.

    Both tables have the columns of SHARED, the outcome, and a column a learner.
    """
    evidence = _compare(forecasts, challenger, champion_forecasts, champion, "champion")
    if evidence.empty:
        return Verdict(
            passed=False,
            reason="its backtest shares no forecast with the champion's: to have the references "
            "judge instead, remove the alias champion in the MLflow UI",
            evidence=evidence,
        )
    return _verdict(evidence)


def _compare(
    forecasts: pd.DataFrame, challenger: str, others: pd.DataFrame, other: str, name: str
) -> pd.DataFrame:
    own = forecasts[[*SHARED, "outcome", challenger]].rename(columns={challenger: "_own"})
    theirs = others[[*SHARED, other]].rename(columns={other: "_other"})
    both = own.merge(theirs, on=SHARED, validate="one_to_one")
    rows = []
    for target, part in both.groupby("target", observed=True):
        outcome = part["outcome"].to_numpy()
        rows.append(
            {
                "opponent": name,
                "target": target,
                "n": len(part),
                "challenger_brier": brier(outcome, part["_own"].to_numpy()),
                "opponent_brier": brier(outcome, part["_other"].to_numpy()),
            }
        )
    return pd.DataFrame(rows)


def _verdict(evidence: pd.DataFrame) -> Verdict:
    evidence = evidence.assign(ratio=evidence["challenger_brier"] / evidence["opponent_brier"])
    mean = evidence.groupby("opponent")["ratio"].mean()
    worst = mean.idxmax()
    passed = bool(mean.max() <= 1)
    compared = "no worse than" if passed else "worse than"
    reason = (
        f"{compared} {worst}: Brier score {mean.max():.3f} times its own, mean over the targets"
    )
    return Verdict(passed, reason, evidence)
