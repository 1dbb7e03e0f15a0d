"""The gate: which model may issue scores.

A challenger replaces the champion only if it is better on the forecasts that both made, by an
interval that leaves out zero, and not worse calibrated. A renewal, the champion's own experiment
on newer months, need only be no worse by such an interval, or a champion that nobody improves on
would never be renewed. Without a champion every reference must be beaten.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.judging.skill import FEWEST_ORIGINS, losses
from models.bootstrap import Gain, calibration_gain, gain
from models.metrics import brier, calibration_error
from models.references import REFERENCES

SHARED = ["target", "horizon", "origin", "region"]

CALIBRATION_TOLERANCE = 0.005
"""A larger calibration error by up to this is no harm, however certain: half of the 0.01 that a
score may have at all, and what chance alone gives 10,000 perfect forecasts of rare events."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """A challenger and an opponent on their shared forecasts.

    `gain` is the challenger's skill over the opponent by the Brier score, mean over the targets.
    `by_target` has, a row a target: target, n (forecasts), challenger_brier, opponent_brier, their
    ratio, gain with low and high, challenger_calibration and opponent_calibration (expected
    calibration errors), and their difference with its interval: calibration_gain, calibration_low,
    calibration_high.
    """

    opponent: str
    origins: int
    gain: Gain
    by_target: pd.DataFrame

    @property
    def has_enough(self) -> bool:
        """Whether there are enough origins for an interval to decide."""
        return self.origins >= FEWEST_ORIGINS

    @property
    def worse_calibrated(self) -> pd.DataFrame:
        """The rows of targets whose calibration error is larger beyond tolerance and chance."""
        table = self.by_target
        is_real = table["calibration_high"] < 0
        return table[is_real & (table["calibration_gain"] < -CALIBRATION_TOLERANCE)]

    def evidence(self) -> dict[str, object]:
        """Return the figures for JSON, with five decimals."""
        return {
            "opponent": self.opponent,
            "origins": self.origins,
            "gain": _rounded(*self.gain),
            "targets": {
                str(row["target"]): {
                    "n": int(row["n"]),
                    "brier": _rounded(row["challenger_brier"], row["opponent_brier"]),
                    "gain": _rounded(row["gain"], row["low"], row["high"]),
                    "calibration_error": _rounded(
                        row["challenger_calibration"], row["opponent_calibration"]
                    ),
                    "calibration_gain": _rounded(
                        row["calibration_gain"], row["calibration_low"], row["calibration_high"]
                    ),
                }
                for _, row in self.by_target.iterrows()
            },
        }


def compare_forecasts(
    forecasts: pd.DataFrame,
    challenger: str,
    others: pd.DataFrame,
    other: str,
    opponent: str,
    *,
    seed: int,
) -> Comparison:
    """Compare the column `challenger` of forecasts with the column `other` of others.

    Both tables have the columns of SHARED, each combination once, and `forecasts` the outcome.
    """
    own = forecasts[[*SHARED, "outcome", challenger]].rename(columns={challenger: "_own"})
    theirs = others[[*SHARED, other]].rename(columns={other: "_other"})
    # Sorted, so that not even the last digit depends on the order of the rows.
    both = own.merge(theirs, on=SHARED, validate="one_to_one").sort_values(SHARED)
    both = both.astype({"outcome": np.float64, "_own": np.float64, "_other": np.float64})
    if both.empty:
        nothing = Gain(np.nan, np.nan, np.nan)
        return Comparison(opponent, 0, nothing, pd.DataFrame(columns=_COLUMNS))
    part, _ = pd.factorize(both["target"])
    overall = gain(
        losses(both, "_own", "brier"),
        losses(both, "_other", "brier"),
        both["origin"].to_numpy(np.int64),
        seed=seed,
        part=part,
    )
    rows = [_of_target(str(t), rows, seed) for t, rows in both.groupby("target", observed=True)]
    by_target = pd.DataFrame(rows, columns=_COLUMNS)
    return Comparison(opponent, both["origin"].nunique(), overall, by_target)


_COLUMNS = ["target", "n", "challenger_brier", "opponent_brier", "ratio", "gain", "low", "high",
            "challenger_calibration", "opponent_calibration",
            "calibration_gain", "calibration_low", "calibration_high"]  # fmt: skip


def _of_target(target: str, rows: pd.DataFrame, seed: int) -> tuple[object, ...]:
    outcome, own, other = (rows[name].to_numpy() for name in ("outcome", "_own", "_other"))
    origin = rows["origin"].to_numpy(np.int64)
    scores = brier(outcome, own), brier(outcome, other)
    ratio = scores[0] / scores[1] if scores[1] > 0 else np.nan
    squares = [losses(rows, name, "brier") for name in ("_own", "_other")]
    saved = gain(squares[0], squares[1], origin, seed=seed)
    errors = calibration_error(outcome, own), calibration_error(outcome, other)
    improvement = calibration_gain(outcome, own, other, origin, seed=seed)
    return (target, len(rows), *scores, ratio, *saved, *errors, *improvement)


def _rounded(*figures: float) -> list[float | None]:
    return [None if np.isnan(figure) else round(float(figure), 5) for figure in figures]


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

    def tags(self) -> dict[str, str]:
        """Return the tags of a version that say all this."""
        return {
            "gate": "passed" if self.passed else "refused",
            "gate_reason": self.reason,
            "gate_evidence": self.as_json(),
        }


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
    passed = closest.has_enough and closest.gain.is_real
    if not closest.has_enough:
        reason = (
            f"judged on {closest.origins} origins and an interval needs {FEWEST_ORIGINS}: "
            "lengthen [backtest] years"
        )
    elif passed:
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
    alone: Callable[[], Verdict],
) -> Verdict:
    """Judge a learner against the champion on the forecasts that both backtests made.

    Both tables have the columns of SHARED, the outcome, and a column a learner; `label` names the
    champion's version. A renewal that shares too few origins is judged as without a champion,
    `alone`.
    """
    comparison = compare_forecasts(
        forecasts, challenger, champion_forecasts, champion, label, seed=seed
    )
    if comparison.has_enough:
        passed, reason = _decide(comparison, is_renewal=is_renewal)
        return Verdict(passed, reason, (comparison,))
    few = f"shares {comparison.origins} origins with the champion {label}"
    if is_renewal:
        verdict = alone()
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
