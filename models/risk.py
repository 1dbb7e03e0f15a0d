"""Risk levels: words for a probability, which a level has to have earned in the backtest."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from features.arrays import FloatArray, IntArray
from features.words import RISK_LEVELS, RiskName
from models.bootstrap import BLOCK_MONTHS

_NORMAL_95 = 1.959964
"""The standard normal's 97.5 % quantile."""


class RiskBand(NamedTuple):
    """One level: its least probability, its scores in the backtest, and what came of them.

    `came_true` is the share of `scores`, None without any; `independent` the number of independent
    scores that would say as much.
    """

    name: RiskName
    lowest: float
    scores: int
    came_true: float | None
    independent: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share; everything without a score."""
        if self.came_true is None:
            return 0.0, 1.0
        return _wilson(self.came_true, self.independent)

    def plus(self, above: "RiskBand") -> "RiskBand":
        """Return this level with the scores of another too."""
        scores, came_true = self.scores + above.scores, None
        if scores:
            came = self.scores * (self.came_true or 0) + above.scores * (above.came_true or 0)
            came_true = came / scores
        independent = self.independent + above.independent
        return self._replace(scores=scores, came_true=came_true, independent=independent)

    def is_earned_over(self, below: "RiskBand") -> bool | None:
        """Whether its scores came true more often than those below, and as often as it says.

        None where it had no score.
        """
        if self.came_true is None:
            return None
        is_as_said = self.interval[1] >= self.lowest
        return is_as_said and (below.came_true is None or self.came_true > below.came_true)


def risk_bands(
    bounds: Sequence[float], probability: FloatArray, outcome: FloatArray, origin: IntArray
) -> tuple[RiskBand, ...]:
    """Return all risk levels, upwards, for the scores of a backtest.

    `bounds` are the least probabilities of the levels above the first; `probability`, `outcome` (0
    or 1) and `origin` [months] are (n,).
    """
    lowest = (0.0, *bounds)
    level = np.searchsorted(lowest, probability, side="right") - 1
    bands = []
    for number, (name, least) in enumerate(zip(RISK_LEVELS, lowest, strict=True)):
        here = level == number
        share = float(outcome[here].mean()) if here.any() else None
        independent = independent_number(outcome[here], origin[here])
        bands.append(RiskBand(name, least, int(here.sum()), share, independent))
    return tuple(bands)


def share_interval(outcome: FloatArray, origin: IntArray) -> tuple[float, float]:
    """Return the 95 % interval of the share of outcomes (0 or 1) that are 1.

    `outcome` and `origin` [months] are (n,), n > 0; they count as their `independent_number`.
    """
    return _wilson(float(outcome.mean()), independent_number(outcome, origin))


def _wilson(share: float, number: float) -> tuple[float, float]:
    """Return the 95 % interval of a share of so many independent outcomes.

    Source: Wilson (1927), JASA 22(158), with the effective number of Korn & Graubard (1998), Survey
    Methodology 24(2).
    """
    spread = _NORMAL_95**2 / number
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt((share * (1 - share) + spread / 4) * spread) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def independent_number(outcome: FloatArray, origin: IntArray) -> float:
    """Return how many independent outcomes would tell their share as well as these n; at most n.

    The variance of the share is that of circular blocks of origins (see `models.bootstrap`), which
    hold what the regions of a month and the months of a war have in common.
    """
    count = len(outcome)
    share = outcome.mean() if count else 0.0
    if count == 0 or share in (0.0, 1.0):
        return float(count)
    first, months = origin.min(), int(np.ptp(origin)) + 1
    surplus = np.bincount(origin - first, weights=outcome - share, minlength=months) / count
    length = max(1, min(BLOCK_MONTHS, months // 2))
    ring = np.cumsum(np.concatenate([[0.0], surplus, surplus[: length - 1]]))
    blocks = ring[length:] - ring[:-length]
    variance = (blocks**2).mean() * months / length
    return float(min(count, share * (1 - share) / variance)) if variance > 0 else float(count)


def earned_levels(scales: Sequence[Sequence[RiskBand]]) -> list[tuple[RiskBand, ...]]:
    """Return the scales of one target at several levels of regions without what is not earned.

    A level of risk joins the one below where, at any level of regions, its scores did not come true
    more often or fell short of it, or where it had none at all: its scores then have the lower
    word, everywhere, so that of two probabilities the higher never has the lower word.
    """
    merged = [list(scale) for scale in scales]
    number = 1
    while number < len(merged[0]):
        verdicts = [scale[number].is_earned_over(scale[number - 1]) for scale in merged]
        if all(verdict is None for verdict in verdicts) or False in verdicts:
            for scale in merged:
                above = scale.pop(number)
                scale[number - 1] = scale[number - 1].plus(above)
            number = max(1, number - 1)
        else:
            number += 1
    return [tuple(scale) for scale in merged]
