"""How a challenger compares with an opponent on the forecasts that both made."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.arrays import FloatArray
from models.bootstrap import BLOCK_MONTHS, Gain, calibration_gain, gain, mean_gain
from models.metrics import brier, calibration_error

SHARED = ["target", "horizon", "origin", "region"]

FEWEST_ORIGINS = 2 * BLOCK_MONTHS
"""Fewer shared origins have no two whole blocks to draw, and no interval that means anything."""

CALIBRATION_TOLERANCE = 0.005
"""So much more calibration error is no harm, however certain. It is half of the 0.01 that a score
may have at all, and no more than chance alone gives 10,000 perfect forecasts of rare events."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """A challenger and an opponent on their shared forecasts.

    `gain` is the share of the opponent's Brier score that the challenger saves, mean over the
    targets. `by_target` has a row a target: target, n (forecasts), challenger_brier,
    opponent_brier, their ratio, gain with low and high, challenger_calibration and
    opponent_calibration (expected calibration errors), and how much smaller the challenger's is
    with its interval: calibration_gain, calibration_low, calibration_high.
    """

    opponent: str
    origins: int
    gain: Gain
    by_target: pd.DataFrame

    @property
    def has_enough(self) -> bool:
        """Are there origins enough for an interval to decide?"""
        return self.origins >= FEWEST_ORIGINS

    @property
    def worse_calibrated(self) -> pd.DataFrame:
        """The rows of targets whose calibration error is larger, in earnest and not by chance."""
        table = self.by_target
        real = table["calibration_high"] < 0
        return table[real & (table["calibration_gain"] < -CALIBRATION_TOLERANCE)]

    def evidence(self) -> dict[str, object]:
        """Return the figures in a form for JSON, numbers with five decimals."""
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


def compare(
    forecasts: pd.DataFrame,
    challenger: str,
    others: pd.DataFrame,
    other: str,
    opponent: str,
    *,
    seed: int,
) -> Comparison:
    """Compare the column `challenger` of forecasts with the column `other` of others.

    Both tables have the columns of SHARED, each combination once, and `forecasts` the outcome. No
    shared forecast makes a comparison of no origin, without a figure.
    """
    own = forecasts[[*SHARED, "outcome", challenger]].rename(columns={challenger: "_own"})
    theirs = others[[*SHARED, other]].rename(columns={other: "_other"})
    # Sorted, so that the order of the rows decides nothing, not even the last digit.
    both = own.merge(theirs, on=SHARED, validate="one_to_one").sort_values(SHARED)
    both = both.astype({"outcome": np.float64, "_own": np.float64, "_other": np.float64})
    if both.empty:
        nothing = Gain(np.nan, np.nan, np.nan)
        return Comparison(opponent, 0, nothing, pd.DataFrame(columns=_COLUMNS))
    part, _ = pd.factorize(both["target"])
    overall = mean_gain(
        _squared_error(both, "_own"),
        _squared_error(both, "_other"),
        both["origin"].to_numpy(np.int64),
        part,
        seed=seed,
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
    found = gain(_squared_error(rows, "_own"), _squared_error(rows, "_other"), origin, seed=seed)
    errors = calibration_error(outcome, own), calibration_error(outcome, other)
    calibrated = calibration_gain(outcome, own, other, origin, seed=seed)
    return (target, len(rows), *scores, ratio, *found, *errors, *calibrated)


def _squared_error(rows: pd.DataFrame, forecast: str) -> FloatArray:
    return np.asarray((rows[forecast].to_numpy() - rows["outcome"].to_numpy()) ** 2)


def _rounded(*figures: float) -> list[float | None]:
    return [None if np.isnan(figure) else round(float(figure), 5) for figure in figures]
