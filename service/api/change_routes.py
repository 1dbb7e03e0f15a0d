"""`/v1/movers` and `/v1/compare`: what changed from one bulletin to another."""

from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from bulletins.form import DRIVERS_FILE
from bulletins.reasons import reasons_of
from bulletins.tables import Frame, Rows, as_numbers
from features.arrays import FloatArray
from features.language import ENGLISH, Language
from features.words import PROBABILITIES
from service.api.bodies import Comparison, Difference, Mover, MoverList, Place
from service.api.current import chosen_bulletin, summary_of, used_bulletin
from service.api.drivers import family_parts, probability_of
from service.api.lists import (
    Page,
    form_responses,
    in_form,
    of_bulletin,
    of_models,
)
from service.api.queries import CompareQuery, MoverQuery, ScoreFilter
from service.api.routing import QueryRoute
from service.api.schemas import Score
from service.api.scores import scores_at, table_at
from service.api.selection import Selection, select_scores
from service.store.bulletins import Bulletin
from service.store.derived import derived

router = APIRouter(prefix="/v1", route_class=QueryRoute)

_COMPARED = ("horizon", "target_month", "probability", "risk_level")
_OF_SCORE = set(Mover.model_fields) & set(Score.model_fields)


@router.get(
    "/movers", response_model=MoverList, responses=form_responses(MoverList), tags=["scores"]
)
def list_movers(request: Request, query: Annotated[MoverQuery, Query()]) -> Response:
    """Scores beside those of the bulletin before, the largest difference first, with reasons.

    A score is set beside that of the same horizon: the same question, asked a month later.
    """
    bulletin = chosen_bulletin(request, query)
    before = previous_of_scores(bulletin)
    rows = moved_most(bulletin, select_scores(bulletin, _scores_of(query)).rows, query.direction)
    drivers = ScoreDrivers(bulletin)

    page = Page(
        bulletin,
        len(rows),
        **of_bulletin(request, bulletin, previous=bulletin.manifest.previous),
        **of_models(Mover, lambda here: movers_at(bulletin, rows[here], before, drivers)),
    )
    return in_form(request, query, page)


@router.get(
    "/compare",
    response_model=Comparison,
    responses=form_responses(Comparison),
    tags=["bulletins"],
)
def compare(request: Request, query: Annotated[CompareQuery, Query()]) -> Response:
    """The scores that two bulletins have in common, the largest difference first.

    Matched by horizon, or by the month that they are about: how the forecast of that month changed.
    """
    a, b = used_bulletin(request, query.a), used_bulletin(request, query.b)
    rows_a, rows_b = _pairs(a, b, query)
    before, after = a.scores.numbers("probability"), b.scores.numbers("probability")
    order = np.argsort(-np.abs(after[rows_b] - before[rows_a]), kind="stable")
    rows_a, rows_b = rows_a[order], rows_b[order]

    page = Page(
        b,
        len(order),
        members={"a": summary_of(request, a), "b": summary_of(request, b)},
        pinned={"a": a.manifest.id, "b": b.manifest.id},
        **of_models(Difference, lambda here: _differences(a, rows_a[here], b, rows_b[here])),
    )
    return in_form(request, query, page)


def _scores_of(query: MoverQuery | CompareQuery, **more: Any) -> ScoreFilter:
    """Return the filters of a query of changes as one of scores."""
    filters = query.model_dump(include={"level", "country", "region", "target", "horizon"})
    return ScoreFilter(**filters, **more)


@derived
def previous_of_scores(bulletin: Bulletin) -> FloatArray:
    """Return the previous probability of every score (n,), NaN where there was none.

    `fatalities` have none: theirs is that of `instability`. Raises UnknownError when the bulletin
    has no file of drivers.
    """
    scores = bulletin.scores
    columns = ["kind", "contribution", "change"]
    drivers = Frame(bulletin.part(DRIVERS_FILE).whole(columns))
    of_score = drivers.take(drivers.rows[drivers.among("kind", ["score"])])
    change = as_numbers(of_score["change"])
    # Both are in the order of the scores, of which only distributions have no drivers of their own.
    is_explained = scores.among("target", PROBABILITIES)
    before = np.full(len(scores), np.nan)
    before[is_explained] = np.where(
        change == 0,  # the log-odds of 0 and 1 are cut off, these probabilities are not
        scores.numbers("probability")[is_explained],
        probability_of(as_numbers(of_score["contribution"]) - change),
    )
    return before


def moved_most(
    bulletin: Bulletin, rows: Rows, direction: Literal["up", "down"] | None = None
) -> Rows:
    """Return those of some scores that moved (one way), the largest difference first."""
    difference = bulletin.scores.numbers("probability")[rows] - previous_of_scores(bulletin)[rows]
    has_moved = np.nan_to_num(difference) != 0
    if direction is not None:
        has_moved &= difference > 0 if direction == "up" else difference < 0
    rows, difference = rows[has_moved], difference[has_moved]
    moved: Rows = rows[np.argsort(-np.abs(difference), kind="stable")]
    return moved


class ScoreDrivers:
    """The drivers of a bulletin's scores, in the order of the scores, none of them of fatalities.

    Each block of them begins with the score itself.
    """

    def __init__(self, bulletin: Bulletin) -> None:
        columns = ["kind", "name", "contribution", "change", "value", "baseline_value"]
        self._drivers = Frame(bulletin.part(DRIVERS_FILE).whole(columns))
        is_first = self._drivers.among("kind", ["score"])
        self._begin = np.append(np.flatnonzero(is_first), len(self._drivers))
        self._block = np.cumsum(bulletin.scores.among("target", PROBABILITIES)) - 1

    def of_rows(self, rows: Rows) -> list[list[dict[str, Any]]]:
        """Return the drivers of the scores in some rows; `score` first."""
        ranges = [
            np.arange(self._begin[number], self._begin[number + 1]) for number in self._block[rows]
        ]
        every = np.concatenate([np.empty(0, np.int64), *ranges])
        drivers = self._drivers.take(every).to_pylist()
        ends = np.cumsum([0, *map(len, ranges)])
        return [drivers[start:end] for start, end in pairwise(ends.tolist())]


def movers_at(
    bulletin: Bulletin,
    rows: Rows,
    before: FloatArray,
    drivers: ScoreDrivers,
    language: Language = ENGLISH,
) -> list[Mover]:
    """Return the scores in some rows beside those of `before`, with reasons in a language."""
    scores = scores_at(bulletin, Selection(rows))
    return [
        Mover(
            **score.model_dump(include=_OF_SCORE),
            previous_probability=previous,
            difference=score.probability - previous,
            sentence=reasons_of(of_score, previous, bulletin.listed, language).sentence,
            families=family_parts(of_score, "change"),
        )
        for score, previous, of_score in zip(
            scores, before[rows].tolist(), drivers.of_rows(rows), strict=True
        )
    ]


def _pairs(a: Bulletin, b: Bulletin, query: CompareQuery) -> tuple[Rows, Rows]:
    """Return the rows (n,) of matching scores; raises UnknownError for what b does not score."""
    rows = select_scores(b, _scores_of(query, sort="region")).rows
    in_a = b.scores.matching(rows, a.scores, ("region", "target", query.match))
    return in_a[in_a >= 0], rows[in_a >= 0]


def _differences(a: Bulletin, rows_a: Rows, b: Bulletin, rows_b: Rows) -> list[Difference]:
    before = table_at(a, Selection(rows_a)).to_pylist()
    after = table_at(b, Selection(rows_b)).to_pylist()
    return [
        Difference(
            **{name: new[name] for name in (*Place.model_fields, "level", "target")},
            **{f"{name}_a": old[name] for name in _COMPARED},
            **{f"{name}_b": new[name] for name in _COMPARED},
            difference=new["probability"] - old["probability"],
        )
        for old, new in zip(before, after, strict=True)
    ]
