"""What changed in a score and why, in one sentence. Numbers have two decimals."""

import math
from dataclasses import dataclass

from experiments.publishing.phrases import family_phrase, indicator_phrase
from features.indicators.indicator import Indicator

_MEASURED = {"km", "km2", "degrees"}
"""Units that are shown; for a count the meaning of the indicator is enough."""

_TECHNICAL = "1"
"""Unit of values that mean nothing to a reader: logarithms, decays and angles."""


@dataclass(frozen=True)
class Cause:
    """What moved a score most: a family (or REVISION), and its strongest single indicator.

    `value` and `before` are the indicator's, now and in the comparison. `is_most`: the family makes
    at least half of all moves in the score's direction.
    """

    family: str
    is_most: bool
    indicator: Indicator | None = None
    value: float = math.nan
    before: float = math.nan


@dataclass(frozen=True)
class UsualScore:
    """The probability that is usual for a region, from its own past or that of all regions."""

    probability: float
    is_own: bool
    cause: Cause


@dataclass(frozen=True)
class PreviousScore:
    """The previous bulletin's probability, and what moved the score since (None: another model)."""

    probability: float
    cause: Cause | None


def sentence(probability: float, usual: UsualScore, earlier: PreviousScore | None) -> str:
    """Return the sentence for a score: against the earlier score, or against what is usual."""
    text = _number(probability)
    if earlier is None:
        return f"{text}; {_against_usual(text, usual)}."
    before = _number(earlier.probability)
    model = ", by another model" if earlier.cause is None else ""
    if not is_shown(earlier.probability, probability):
        return f"Unchanged at {text}{model}; {_against_usual(text, usual)}."
    way = "Up" if probability > earlier.probability else "Down"
    change = f"{way} from {before} to {text}{model}"
    if earlier.cause is None:
        return f"{change}; {_against_usual(text, usual)}."
    return f"{change}, {_because(earlier.cause, 'before')}."


def is_shown(before: float, now: float) -> bool:
    """Return whether two decimals show a change of probability."""
    return _number(before) != _number(now)


def _against_usual(text: str, usual: UsualScore) -> str:
    level = _number(usual.probability)
    if text == level:
        return "as usual for the region" if usual.is_own else "as usual elsewhere"
    way = "above" if float(text) > float(level) else "below"
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
