"""Why a score is what it is: additive contributions of groups of indicators to its log-odds.

Shapley values divide the difference from the score of usual indicators. Any model that gives a
probability for each row of indicators can be explained.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from features.arrays import BoolArray, FloatArray, IntArray, Matrix

Probability = Callable[[Matrix], FloatArray]
"""Indicators (n, K) -> probabilities (n,)."""

EDGE = 1e-9
"""Probabilities are clipped this far from 0 and 1, so that log-odds are finite."""

LONGEST_PAST = 60
LATEST_MONTHS = 12
FEWEST_MONTHS = 24

_BATCH = 2**12
"""The most rows of indicators at a time: trees are twice as fast in a processor's cache."""


@dataclass(frozen=True, eq=False)
class Contributions:
    """Log-odds: `baseline` (n,) + the sum over `groups` (n, G) = `score` (n,)."""

    baseline: FloatArray
    groups: FloatArray
    score: FloatArray


def log_odds(probability: FloatArray) -> FloatArray:
    """Return log(p / (1 - p)), with p clipped EDGE away from 0 and 1."""
    return np.asarray(logit(np.clip(probability, EDGE, 1 - EDGE)), dtype=np.float64)


def usual_indicators(indicators: Matrix, eligible: BoolArray) -> tuple[Matrix, BoolArray]:
    """Return each region's usual indicators, (R, K), and whether they are its own, (R,).

    From (T, R, K) indicators and (T, R) eligibility, T ending at the origin: the lower median, a
    value that did occur, over eligible months of the last LONGEST_PAST without the last
    LATEST_MONTHS. A region with fewer than FEWEST_MONTHS of them has the median of all regions'
    medians or, where there is none, of the eligible regions at the origin.
    """
    past = slice(max(0, len(indicators) - LONGEST_PAST), max(0, len(indicators) - LATEST_MONTHS))
    own = _median(np.where(eligible[past, :, None], indicators[past], np.float32(np.nan)))
    has_own = eligible[past].sum(axis=0) >= FEWEST_MONTHS
    if not eligible[past].any():
        own = np.where(eligible[-1][:, None], indicators[-1], np.float32(np.nan))
    return np.where(has_own[:, None], own, _median(own)[None, :]), has_own


def explain(
    probability: Probability, present: Matrix, baseline: Matrix, groups: IntArray
) -> Contributions:
    """Divide the difference of log-odds from baseline to present among groups of columns.

    `present` and `baseline` are (n, K); `groups` (K,) numbers the group of each column, 0 to G - 1.
    A contribution is the exact Shapley value: the change of log-odds when the group goes from
    baseline to present, averaged over all orders of groups. A group at its baseline contributes
    exactly 0. Source: Shapley (1953); with a baseline Sundararajan & Najmi (2020), ICML; of groups
    Jullum, Redelmeier & Aas (2021), arXiv:2106.12228.
    """
    count = int(groups.max(initial=-1)) + 1
    rows = max(1, _BATCH >> count)
    parts = [
        _coalitions(probability, present[i : i + rows], baseline[i : i + rows], groups, count)
        for i in range(0, len(present), rows)
    ]
    values = np.concatenate([np.empty((0, 1 << count)), *parts])
    return Contributions(values[:, 0], _shapley(values, count), values[:, -1])


def single_effects(
    probability: Probability, present: Matrix, other: Matrix, mask: BoolArray, score: FloatArray
) -> FloatArray:
    """Return what single indicators do to the log-odds of scores, (n, K).

    An effect is `score` (n,) less the log-odds of the `present` (n, K) indicators with one at its
    value in `other` (n, K); 0 outside `mask` (n, K). Effects do not add up.
    """
    row, column = np.nonzero(mask & differs(present, other))
    effects = np.zeros(present.shape)
    for i in range(0, len(row), _BATCH):
        r, c = row[i : i + _BATCH], column[i : i + _BATCH]
        matrix = present[r]
        matrix[np.arange(len(r)), c] = other[r, c]
        effects[r, c] = score[r] - log_odds(probability(matrix))
    return effects


def differs(a: Matrix, b: Matrix) -> BoolArray:
    """Return where two arrays differ; NaN equals NaN."""
    return np.asarray((a != b) & ~(np.isnan(a) & np.isnan(b)))


def _coalitions(
    probability: Probability, present: Matrix, baseline: Matrix, groups: IntArray, count: int
) -> FloatArray:
    """Return the log-odds of every coalition, (n, 2**G): bit g says that group g is present."""
    coalitions = np.arange(1 << count)
    moved = np.zeros(len(present), dtype=np.int64)
    for group in range(count):
        own = groups == group
        moved |= differs(present[:, own], baseline[:, own]).any(axis=1).astype(np.int64) << group
    distinct = (coalitions[None, :] & ~moved[:, None]) == 0
    row, coalition = np.nonzero(distinct)
    is_present = ((coalitions[:, None] >> groups[None, :]) & 1).astype(bool)
    matrix = np.where(is_present[coalition], present[row], baseline[row])
    values = np.empty(distinct.shape)
    values[distinct] = log_odds(probability(matrix))
    return np.take_along_axis(values, coalitions[None, :] & moved[:, None], axis=1)


def _shapley(values: FloatArray, count: int) -> FloatArray:
    """Return the Shapley values (n, G) of the games with (n, 2**G) values."""
    coalitions = np.arange(1 << count)
    size = np.array([int(coalition).bit_count() for coalition in coalitions])
    weight = np.array([1 / (count * math.comb(count - 1, s)) for s in range(count)])
    shares = np.zeros((len(values), count))
    for group in range(count):
        without = coalitions[(coalitions >> group) & 1 == 0]
        added = values[:, without | (1 << group)] - values[:, without]
        # Contiguous, so that the number of rows does not change the order of a row's sum.
        shares[:, group] = np.ascontiguousarray(added * weight[size[without]]).sum(axis=1)
    return shares


def _median(values: Matrix) -> Matrix:
    """Return the lower median over the first axis, without NaN."""
    ordered = np.sort(values, axis=0)  # NaN goes last
    count = (~np.isnan(values)).sum(axis=0)
    if len(values) == 0:
        return np.full(values.shape[1:], np.nan, dtype=np.float32)
    middle = np.maximum(count - 1, 0) // 2
    return np.asarray(np.take_along_axis(ordered, middle[None], axis=0)[0])
