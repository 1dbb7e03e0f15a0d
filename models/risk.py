"""Risk levels: five words for a probability, by what came of such scores in the backtest."""

from typing import NamedTuple

import numpy as np

from features.arrays import FloatArray

ODDS_STEPS = (0.0, 1.0, 3.0, 9.0, 27.0)
"""Of each risk level, upwards, the least odds as a multiple of the odds of the base rate."""


class RiskBand(NamedTuple):
    """One level: its least probability, how many scores it took in, and their share come true."""

    lowest: float
    scores: int
    came_true: float | None


def risk_bands(probability: FloatArray, outcome: FloatArray) -> tuple[RiskBand, ...] | None:
    """Return the risk levels, upwards, for backtest scores (n,) and what came of them (n,) [0, 1].

    The first ends at the base rate, the others begin where the odds are 1, 3, 9 and 27 times those
    of the base rate: one ladder for common and for rare targets, on which a step up always means
    the same. `came_true` is None where no score was so high. None where nothing or everything came
    true: then there is no base rate to climb from.
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
