"""The gate: which model may issue scores.

A challenger replaces the champion only if it is better on the forecasts that both made, by an
interval that leaves out zero, and not worse calibrated. A renewal, the champion's own experiment
on newer months, need only be no worse by such an interval, or a champion that nobody improves on
would never be renewed. Without a champion every reference must be beaten.
"""

import json
from dataclasses import dataclass

import pandas as pd

from experiments.judging.comparison import Comparison, compare_forecasts
from experiments.judging.skill import FEWEST_ORIGINS
from models.references import REFERENCES


@dataclass(frozen=True, eq=False)
class Verdict:
    """Whether a challenger passed, in one sentence, and what it was compared with."""

    passed: bool
    reason: str
    comparisons: tuple[Comparison, ...]

    @property
    def evidence(self) -> pd.DataFrame:
        """The figures, a row an opponent and target: opponent, and the columns of `by_target`."""
        parts = [c.by_target.assign(opponent=c.opponent) for c in self.comparisons]
        table = pd.concat(parts, ignore_index=True)
        return table[["opponent", *table.columns.drop("opponent")]]

    def as_json(self) -> str:
        """Return the figures, with the means over the targets, as compact JSON."""
        figures = [comparison.evidence() for comparison in self.comparisons]
        return json.dumps(figures, separators=(",", ":"))


def against_references(forecasts: pd.DataFrame, challenger: str, *, seed: int) -> Verdict:
    """Judge a learner against every reference on the rows of its own backtest.

    Calibration decides nothing: a reference with a handful of frequencies is nearly always
    calibrated.
    """
    comparisons = tuple(
        compare_forecasts(forecasts, challenger, forecasts, name, name, seed=seed)
        for name in REFERENCES
    )
    closest = min(comparisons, key=lambda c: (c.gain.is_real, c.gain.low))
    passed = False
    if not closest.has_enough:
        reason = (
            f"judged on {closest.origins} origins and an interval needs {FEWEST_ORIGINS}: "
            "lengthen [backtest] years"
        )
    elif closest.gain.is_real:
        passed = True
        reason = f"better than every reference, least so than {closest.opponent}: {_saved(closest)}"
    else:
        reason = f"not better than {closest.opponent}: {_saved(closest)}"
    return Verdict(passed, reason, comparisons)


def against_champion(
    forecasts: pd.DataFrame,
    challenger: str,
    champion_forecasts: pd.DataFrame,
    champion: str,
    *,
    label: str,
    is_renewal: bool,
    seed: int,
) -> Verdict:
    """Judge a learner against the champion on the forecasts that both backtests made.

    Both tables have the columns of SHARED, the outcome, and a column a learner; `label` names the
    champion's version. A renewal that shares too few origins is judged against the references.
    """
    comparison = compare_forecasts(
        forecasts, challenger, champion_forecasts, champion, label, seed=seed
    )
    if comparison.has_enough:
        passed, reason = _decide(comparison, is_renewal=is_renewal)
        return Verdict(passed, reason, (comparison,))
    few = f"shares {comparison.origins} origins with the champion {label}"
    if is_renewal:
        verdict = against_references(forecasts, challenger, seed=seed)
        return Verdict(verdict.passed, f"{few}; {verdict.reason}", verdict.comparisons)
    reason = (
        f"{few} and an interval needs {FEWEST_ORIGINS}: lengthen [backtest] years, train to an "
        "origin nearer to the champion's, or decide by `tocsin promote`"
    )
    return Verdict(passed=False, reason=reason, comparisons=(comparison,))


def _decide(comparison: Comparison, *, is_renewal: bool) -> tuple[bool, str]:
    champion = f"the champion {comparison.opponent}"
    worse = comparison.worse_calibrated
    if comparison.gain.is_real_loss:
        return False, f"worse than {champion}: {_saved(comparison)}"
    if not (is_renewal or comparison.gain.is_real):
        return False, f"not better than {champion}: {_saved(comparison)}"
    if not worse.empty:
        row = worse.iloc[0]
        return False, (
            f"worse calibrated than {champion} in {row['target']}: expected calibration error "
            f"{row['challenger_calibration']:.4f} against {row['opponent_calibration']:.4f}"
        )
    if comparison.gain.is_real:
        return True, f"better than {champion} and as well calibrated: {_saved(comparison)}"
    return True, f"renews {champion} on newer months and is no worse: {_saved(comparison)}"


def _saved(comparison: Comparison) -> str:
    value, low, high = (100 * figure for figure in comparison.gain)
    return (
        f"saves {value:+.1f} % of its Brier score (95 % interval {low:+.1f} to {high:+.1f}), "
        "mean over the targets"
    )
