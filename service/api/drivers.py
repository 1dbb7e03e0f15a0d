"""Why a score is what it is, in points of probability.

A bulletin has contributions in log-odds, which add up. Here each has its share of the difference
between two probabilities: so they add up too, in the unit of the score.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bulletins.reasons import reasons_of
from features.arrays import FloatArray
from features.language import ENGLISH
from service.api import bodies
from service.store.bulletins import Bulletin

Row = dict[str, Any]


def probability_of(log_odds: FloatArray) -> FloatArray:
    """Return the probabilities (n,) that log-odds (n,) stand for."""
    odds = np.exp(-np.abs(log_odds))
    return np.where(log_odds > 0, 1.0, odds) / (1.0 + odds)


def points_per_log_odds(now: float, then: float) -> float:
    """Return the points of probability that a unit of log-odds is worth between two scores."""
    p, q = probability_of(np.array([now, -then])).tolist()
    step = now - then
    # (p - (1 - q)) / step, without the difference of two numbers that are nearly the same.
    return float(p * q * (-math.expm1(-step) / step if step else 1.0))


def drivers_of(bulletin: Bulletin, rows: Sequence[Row]) -> bodies.Drivers:
    """Return what is behind a score from its rows in `drivers.parquet`."""
    by_kind = {row["kind"]: row for row in rows}
    score, revision = by_kind["score"], by_kind.get("revision")
    worth, worth_of_change = _worths(rows)
    before = _previous_probability(score)
    return bodies.Drivers(
        target=score["target"],
        horizon=score["horizon"],
        probability=score["value"],
        usual_probability=score["baseline_value"],
        baseline=by_kind["baseline"]["name"],
        sentence=reasons_of(rows, before, bulletin.listed, ENGLISH).sentence,
        previous_probability=before,
        change=None if before is None else score["value"] - before,
        revision=None if revision is None else _times(revision["change"], worth_of_change),
        families=family_parts(rows, "contribution"),
        indicators=[_indicator(bulletin, row, worth) for row in rows if row["kind"] == "indicator"],
    )


def family_parts(rows: Sequence[Row], by: str) -> list[bodies.FamilyPart]:
    """Return the families among the drivers of a score, the strongest by a column first."""
    worth, worth_of_change = _worths(rows)
    parts = [
        bodies.FamilyPart(
            name=row["name"],
            contribution=row["contribution"] * worth,
            change=_times(row["change"], worth_of_change),
        )
        for row in rows
        if row["kind"] == "family"
    ]
    return sorted(parts, key=lambda part: -abs(getattr(part, by) or 0.0))


def _worths(rows: Sequence[Row]) -> tuple[float, float]:
    """Return what log-odds are worth against what is usual, and against the bulletin before."""
    by_kind = {row["kind"]: row for row in rows}
    now, usual = by_kind["score"]["contribution"], by_kind["baseline"]["contribution"]
    before = now - (by_kind["score"]["change"] or 0.0)
    return points_per_log_odds(now, usual), points_per_log_odds(now, before)


def _times(change: float | None, worth: float) -> float | None:
    return None if change is None else change * worth


def _previous_probability(score: Row) -> float | None:
    """Return the probability before the change of a score, None where there was none."""
    if not score["change"]:
        return None if score["change"] is None else float(score["value"])
    return float(probability_of(np.array(score["contribution"] - score["change"])))


def _indicator(bulletin: Bulletin, row: Row, worth: float) -> bodies.IndicatorPart:
    return bodies.IndicatorPart(
        **bulletin.words_of_indicator(row["name"]),
        contribution=row["contribution"] * worth,
        value=_finite(row["value"]),
        usual=_finite(row["baseline_value"]),
    )


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value
