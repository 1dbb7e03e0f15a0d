"""What changed in a score and why, in one plain sentence. Numbers have two decimals."""

import math
from dataclasses import dataclass

from experiments.publishing.phrases import family_phrase, indicator_phrase
from features.indicators.indicator import Indicator

_MEASURED = {"km", "km2", "degrees"}
"""Units that are shown; of all that is counted the meaning of an indicator says what it is."""

_TECHNICAL = "1"
"""Unit of values that tell a reader nothing: logarithms, decays and angles."""


@dataclass(frozen=True)
class Cause:
    """What moved a score most: a family (or REVISION), and its strongest single indicator.

    `value` and `before` are the indicator's own, now and at what it is set beside. `is_most` tells
    whether the family makes at least half of everything that moved the score the same way.
    """

    family: str
    is_most: bool
    indicator: Indicator | None = None
    value: float = math.nan
    before: float = math.nan


@dataclass(frozen=True)
class Usual:
    """The probability that is usual for a region, from its own past or from other regions'."""

    probability: float
    is_own: bool
    cause: Cause


@dataclass(frozen=True)
class Earlier:
    """The probability of the previous bulletin, and what moved the score since.

    Without a cause another model gave it: what such a change comes from lies not in the events.
    """

    probability: float
    cause: Cause | None


def sentence(probability: float, usual: Usual, earlier: Earlier | None) -> str:
    """Return the sentence for a score.

    Where another model gave the earlier score, or two decimals show no change, it says why the
    score is not what it usually is.
    """
    told = _number(probability)
    if earlier is None:
        return f"{told}; {_beside_usual(told, usual)}."
    before = _number(earlier.probability)
    model = ", by another model" if earlier.cause is None else ""
    if not is_shown(earlier.probability, probability):
        return f"Unchanged at {told}{model}; {_beside_usual(told, usual)}."
    way = "Up" if probability > earlier.probability else "Down"
    change = f"{way} from {before} to {told}{model}"
    if earlier.cause is None:
        return f"{change}; {_beside_usual(told, usual)}."
    return f"{change}, {_because(earlier.cause, 'before')}."


def is_shown(before: float, now: float) -> bool:
    """Tell whether two decimals show that a probability changed."""
    return _number(before) != _number(now)


def _beside_usual(told: str, usual: Usual) -> str:
    level = _number(usual.probability)
    if told == level:
        return "as usual for the region" if usual.is_own else "as usual elsewhere"
    way = "above" if float(told) > float(level) else "below"
    whose = f"its own usual {level}" if usual.is_own else f"the {level} that is usual elsewhere"
    return f"{way} {whose}, {_because(usual.cause, 'usually' if usual.is_own else 'elsewhere')}"


def _because(cause: Cause, when: str) -> str:
    part = "mostly" if cause.is_most else "partly"
    indicator = cause.indicator
    if indicator is None or math.isnan(cause.value) or math.isnan(cause.before):
        return f"{part} because {family_phrase(cause.family)}"
    phrase = indicator_phrase(indicator, rose=cause.value > cause.before)
    now, then = _amount(cause.value), _amount(cause.before)
    if now == then or indicator.unit == _TECHNICAL:
        return f"{part} because {phrase}"
    unit = f" {indicator.unit}" if indicator.unit in _MEASURED else ""
    meaning = indicator.meaning[0].lower() + indicator.meaning[1:]
    return f"{part} because {phrase} ({meaning}: {now}{unit}, {when} {then})"


def _number(probability: float) -> str:
    return f"{probability:.2f}"


def _amount(value: float) -> str:
    """Return a value with two decimals at most, and none from 10 on; never -0."""
    return f"{value:,.0f}" if abs(value) >= 10 else f"{round(value, 2) + 0.0:g}"  # noqa: PLR2004
