"""Risk levels: five words for a probability, relative to the base rate of the backtest."""

from typing import NamedTuple

import numpy as np

from features.arrays import FloatArray

ODDS_STEPS = (0.0, 1.0, 3.0, 9.0, 27.0)
"""The least odds of each risk level, upwards, as a multiple of the odds of the base rate."""


class RiskBand(NamedTuple):
    """One level: its least probability, its number of scores, and the share that came true."""

    lowest: float
    scores: int
    came_true: float | None


def risk_bands(probability: FloatArray, outcome: FloatArray) -> tuple[RiskBand, ...] | None:
    """Return the risk levels, upwards, for backtest scores and outcomes (0 or 1), (n,) each.

    The first ends at the base rate, the others begin at 1, 3, 9 and 27 times its odds, so that a
    step means the same for common and rare targets. None without a base rate: all outcomes are
    alike.
    """
    base = float(outcome.mean()) if len(outcome) else 0.0
    if base in (0.0, 1.0):
        return None
    odds = base / (1 - base)
    lowest = [step * odds / (1 + step * odds) for step in ODDS_STEPS]
    level = np.searchsorted(lowest, probability, side="right") - 1
    bands = []
    for number, least in enumerate(lowest):
        here = outcome[level == number]
        bands.append(RiskBand(least, len(here), float(here.mean()) if len(here) else None))
    return tuple(bands)
