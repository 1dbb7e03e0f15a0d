"""How a challenger compares with an opponent on the forecasts that both made."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.judging.skill import FEWEST_ORIGINS, losses, skill
from models.bootstrap import Gain, calibration_gain
from models.metrics import brier, calibration_error

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
    overall = skill(
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
    saved = skill(squares[0], squares[1], origin, seed=seed)
    errors = calibration_error(outcome, own), calibration_error(outcome, other)
    improvement = calibration_gain(outcome, own, other, origin, seed=seed)
    return (target, len(rows), *scores, ratio, *saved, *errors, *improvement)


def _rounded(*figures: float) -> list[float | None]:
    return [None if np.isnan(figure) else round(float(figure), 5) for figure in figures]
