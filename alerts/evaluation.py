"""When a rule rings. Pure: from scores, those of the bulletin before, and earlier alerts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from alerts.record import Alert
from alerts.rules import Rule
from bulletins.manifest import Manifest
from bulletins.risk import risk_places, scale_of
from bulletins.tables import Frame, Rows
from features.months import parse_month
from features.words import RISK_LEVELS, SPECS, RiskName

_ROUNDING = 1e-9
"""What a difference of two numbers may fall short of a rise by: 0.5 - 0.4 is less than 0.1."""

MATCHED = ("region", "target", "horizon")
"""What two scores of different bulletins have in common that are set beside each other."""


@dataclass(frozen=True)
class Reading:
    """What one bulletin says of a region: the rule's value, the probability and the risk level.

    `value` is the mean [deaths/month] where a distribution is forecast, else the probability.
    """

    value: float
    probability: float
    risk_level: RiskName | None


@dataclass(frozen=True)
class Move:
    """A score now, and what it was in the bulletin before; None where it had none."""

    region: str
    name: str
    country: str
    target_month: str
    threshold: float
    now: Reading
    before: Reading | None
    low: float | None
    high: float | None


def rings(rule: Rule, move: Move, *, has_rung: bool = False) -> bool:
    """Return whether a rule rings for a score; `has_rung`: it did for this region ever before."""
    now, before = move.now, move.before
    if rule.threshold is not None:
        return now.value >= rule.threshold
    if rule.rise is not None:
        return before is not None and now.value - before.value >= rule.rise - _ROUNDING
    if rule.first is not None:
        was_there = before is not None and _is_at(before, rule.first)
        return _is_at(now, rule.first) and not was_there and not has_rung
    if before is None or None in (now.risk_level, before.risk_level):
        return False
    steps = _place(now.risk_level) - _place(before.risk_level)
    return {"up": steps > 0, "down": steps < 0, "any": steps != 0}[rule.change or "any"]


def is_quiet(rule: Rule, manifest: Manifest, earlier: Iterable[Alert]) -> bool:
    """Return whether one of the rule's alerts of other bulletins keeps it quiet at this one.

    Months count from origin to origin, days from issue to issue; later bulletins keep none quiet.
    Another bulletin of the same origin always does.
    """
    for alert in earlier:
        age = manifest.issued_at - alert.issued_at
        months = parse_month(manifest.origin) - parse_month(alert.origin)
        if rule.quiet_days is not None and timedelta() <= age < timedelta(rule.quiet_days):
            return True
        if 0 <= months < (rule.quiet_months or 1):
            return True
    return False


def moves_of(
    rule: Rule, manifest: Manifest, scores: Frame, previous: tuple[Manifest, Frame] | None
) -> list[Move]:
    """Return the scores that a rule looks at, beside those of the bulletin before."""
    wanted: dict[str, Sequence[object]] = {
        "level": [rule.level],
        "target": [rule.target],
        "horizon": [rule.horizon],
    }
    wanted |= {"region": list(rule.regions)} if rule.regions is not None else {}
    wanted |= {"country": list(rule.countries)} if rule.countries is not None else {}
    rows = np.flatnonzero(
        np.logical_and.reduce([scores.among(name, values) for name, values in wanted.items()])
    )
    earlier: Sequence[Reading | None] = [None] * len(rows)
    if previous is not None:
        before_manifest, before = previous
        matches = scores.matching(rows, before, MATCHED)
        there = iter(_readings(rule, before_manifest, before, matches[matches >= 0]))
        earlier = [next(there) if match >= 0 else None for match in matches.tolist()]
    columns = ["region", "name", "country", "target_month", "threshold", "q05", "q95"]
    table = scores.take(rows).select(columns).to_pylist()
    readings = zip(_readings(rule, manifest, scores, rows), earlier, strict=True)
    return [
        Move(now=now, before=then, low=row.pop("q05"), high=row.pop("q95"), **row)
        for row, (now, then) in zip(table, readings, strict=True)
    ]


def _readings(rule: Rule, manifest: Manifest, scores: Frame, rows: Rows) -> list[Reading]:
    table = scores.take(rows).select(["probability", "mean"]).to_pylist()
    scale = scale_of(manifest, rule.level, rule.target)
    names: Collection[RiskName | None] = [None] * len(rows)
    if scale is not None:
        places = risk_places(scale, np.array([row["probability"] for row in table], np.float64))
        names = [RISK_LEVELS[place] for place in places.tolist()]
    column = "mean" if SPECS[rule.target].is_distribution else "probability"
    return [
        Reading(row[column], row["probability"], name)
        for row, name in zip(table, names, strict=True)
    ]


def _is_at(reading: Reading, limit: float | str) -> bool:
    """Return whether a reading is at or above a value or a risk level."""
    if isinstance(limit, str):
        return _place(reading.risk_level) >= _place(limit)
    return reading.value >= limit


def _place(risk_level: str | None) -> int:
    return -1 if risk_level is None else RISK_LEVELS.index(risk_level)
