"""Why a score is what it is, in sentences and in the reader's language.

A sentence is composed of the drivers of one score (`drivers.parquet`): the family that moved it
most, and the indicator of that family that did.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bulletins.manifest import ListedIndicator
from bulletins.phrases import FAMILY_CLAUSES, REVISION, UNKNOWN_FAMILY, indicator_clause
from features.language import Language, message

Row = Mapping[str, Any]
Way = tuple[bool, bool]
"""Whether it is upwards, and whether one family makes at least half of all moves that way."""

_SINCE: dict[Way, str] = {
    (True, True): message("Up from {before} to {now}, mostly {because}."),
    (True, False): message("Up from {before} to {now}, partly {because}."),
    (False, True): message("Down from {before} to {now}, mostly {because}."),
    (False, False): message("Down from {before} to {now}, partly {because}."),
}
_OTHER_MODEL = {
    True: message("Up from {before} to {now}, by another model."),
    False: message("Down from {before} to {now}, by another model."),
}
_OWN: dict[Way, str] = {
    (True, True): message("Above what is usual here ({usual}), mostly {because}."),
    (True, False): message("Above what is usual here ({usual}), partly {because}."),
    (False, True): message("Below what is usual here ({usual}), mostly {because}."),
    (False, False): message("Below what is usual here ({usual}), partly {because}."),
}
_ELSEWHERE: dict[Way, str] = {
    (True, True): message("Above what is usual elsewhere ({usual}), mostly {because}."),
    (True, False): message("Above what is usual elsewhere ({usual}), partly {because}."),
    (False, True): message("Below what is usual elsewhere ({usual}), mostly {because}."),
    (False, False): message("Below what is usual elsewhere ({usual}), partly {because}."),
}
_BEFORE = message("{because} ({meaning}: {now}, before {then})")
_USUALLY = message("{because} ({meaning}: {now}, usually {then})")
_THERE = message("{because} ({meaning}: {now}, elsewhere {then})")

_MEASURED = {"km", "km2", "degrees"}
"""Units that are shown; for a count the meaning of the indicator is enough."""

_TECHNICAL = "1"
"""Unit of values that mean nothing to a reader: logarithms, decays and angles."""


@dataclass(frozen=True)
class Reasons:
    """What changed since the bulletin before (None without such a score), and what is unusual.

    `is_explained`: a cause is named for what changed.
    """

    since: str | None
    usual: str
    is_explained: bool

    @property
    def sentence(self) -> str:
        """What to say where there is room for little: the change, or else what is unusual."""
        if self.since is None or self.is_explained:
            return self.since or self.usual
        return f"{self.since} {self.usual}"


def reasons_of(
    drivers: Iterable[Row],
    previous: float | None,
    indicators: Mapping[str, ListedIndicator],
    language: Language,
) -> Reasons:
    """Return the reasons of a score from all of its drivers, and the probability before it."""
    rows = list(drivers)
    score = next(row for row in rows if row["kind"] == "score")
    speech = _Speech(indicators, language)
    since, is_explained = None, False
    if previous is not None:
        since, is_explained = speech.since(rows, previous, score["value"])
    return Reasons(since, speech.usual(rows, score), is_explained)


@dataclass(frozen=True)
class _Speech:
    indicators: Mapping[str, ListedIndicator]
    language: Language

    def since(self, rows: list[Row], previous: float, probability: float) -> tuple[str, bool]:
        """Return what changed, and whether a cause is named."""
        before, now = self.language.percent(previous), self.language.percent(probability)
        is_same_model = any(row["kind"] == REVISION for row in rows)
        if before == now:
            unchanged = message("Unchanged at {now}.")
            by_other = message("Unchanged at {now}, by another model.")
            return self._say(unchanged if is_same_model else by_other, now=now), False
        if not is_same_model:
            return self._say(_OTHER_MODEL[probability > previous], before=before, now=now), False
        family, way = _strongest(rows, "change")
        causes = [row for row in rows if row["kind"] == "cause"]
        because = self._because(family, causes[0] if causes else None, _BEFORE)
        return self._say(_SINCE[way], before=before, now=now, because=because), True

    def usual(self, rows: list[Row], score: Row) -> str:
        """Return how a score compares with what is usual, and why."""
        is_own = any(row["kind"] == "baseline" and row["name"] == "own" for row in rows)
        usual = self.language.percent(score["baseline_value"])
        if usual == self.language.percent(score["value"]):
            here, elsewhere = message("As is usual here."), message("As is usual elsewhere.")
            return self._say(here if is_own else elsewhere)
        family, way = _strongest(rows, "contribution")
        strongest = max(
            (
                row
                for row in rows
                if row["kind"] == "indicator" and self._is_cause(row, family, way)
            ),
            key=lambda row: abs(row["contribution"]),
            default=None,
        )
        because = self._because(family, strongest, _USUALLY if is_own else _THERE)
        return self._say((_OWN if is_own else _ELSEWHERE)[way], usual=usual, because=because)

    def _is_cause(self, row: Row, family: str, way: Way) -> bool:
        listed = self.indicators.get(row["name"])
        return (
            listed is not None and listed.family == family and (row["contribution"] > 0) == way[0]
        )

    def _because(self, family: str, cause: Row | None, form: str) -> str:
        """Return the clause for a family and its strongest indicator, with values that differ."""
        whole = self._say(FAMILY_CLAUSES.get(family, UNKNOWN_FAMILY), family=family)
        listed = None if cause is None else self.indicators.get(cause["name"])
        if cause is None or listed is None:
            return whole
        value, other = (_number(cause[name]) for name in ("value", "baseline_value"))
        if math.isnan(value) or math.isnan(other):
            return whole
        clause = indicator_clause(listed.name, family, rose=value > other)
        because = whole if clause is None else self._say(clause)
        now, then = (self.language.value(number, listed.unit) for number in (value, other))
        if now == then or listed.unit == _TECHNICAL:
            return because
        if listed.unit in _MEASURED:
            now = f"{now}\u00a0{self._say(listed.unit)}"
        meaning = self._say(listed.meaning)
        meaning = meaning[0].lower() + meaning[1:]
        return self._say(form, because=because, meaning=meaning, now=now, then=then)

    def _say(self, text: str, **values: str) -> str:
        said = self.language.gettext(text)
        return said.format(**values) if values else said


def _strongest(rows: list[Row], by: str) -> tuple[str, Way]:
    """Return the family that moved a score most the way that it went, and that way.

    `by` is the column of the moves. A revision counts as a family: it contributes to changes only.
    """
    parts = {
        row["name"] or REVISION: row[by] for row in rows if row["kind"] in {"family", REVISION}
    }
    is_up = sum(parts.values()) >= 0
    pushed = {name: max(part if is_up else -part, 0.0) for name, part in parts.items()}
    family = max(pushed, key=lambda name: pushed[name])
    return family, (is_up, pushed[family] >= sum(pushed.values()) / 2)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
