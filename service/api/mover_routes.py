"""`/v1/movers`: what changed most since the bulletin before."""

from itertools import pairwise
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from bulletins.columns import as_numbers
from bulletins.form import DRIVERS_FILE
from bulletins.frame import Frame, Rows
from features.arrays import FloatArray
from features.words import PROBABILITIES
from service.api.bodies import Mover, MoverList
from service.api.examples import problems_of
from service.api.forms import as_text
from service.api.listing import json_list, next_page, start_of
from service.api.profile import family_parts, probability_of
from service.api.queries import MoverQuery, ScoreFilter
from service.api.routing import QueryRoute
from service.api.selection import Selected, scores_at, select_scores
from service.store.bulletins import Bulletin
from service.store.derived import derived

router = APIRouter(prefix="/v1/movers", tags=["scores"], route_class=QueryRoute)


@router.get("", response_model=MoverList, responses=problems_of("/v1/movers"))
async def list_movers(request: Request, query: Annotated[MoverQuery, Query()]) -> Response:
    """Scores beside those of the bulletin before, the largest difference first, with reasons.

    A score is set beside that of the same horizon: the same question, asked a month later.
    """
    return await run_in_threadpool(_list, request, query)


def _list(request: Request, query: MoverQuery) -> Response:
    bulletin, start = start_of(request, query)
    before = previous_of_scores(bulletin)
    asked = ScoreFilter(
        level=query.level, country=query.country, target=query.target, horizon=query.horizon
    )
    rows = select_scores(bulletin, asked).rows
    difference = bulletin.scores.numbers("probability")[rows] - before[rows]
    moved = np.nan_to_num(difference) != 0
    if query.direction is not None:
        moved &= difference > 0 if query.direction == "up" else difference < 0
    rows, difference = rows[moved], difference[moved]
    order = np.argsort(-np.abs(difference), kind="stable")[start : start + query.limit]
    return json_list(
        request,
        bulletin,
        _movers(bulletin, rows[order], before),
        total=len(rows),
        following=next_page(request, bulletin, start, query.limit, len(rows)),
        more=b'"previous":%b,' % as_text(bulletin.manifest.previous),
    )


@derived
def previous_of_scores(bulletin: Bulletin) -> FloatArray:
    """Return the probability before of every score (n,), NaN where there was none.

    `fatalities` have none: theirs is that of `instability`. Raises UnknownError where the bulletin
    tells no drivers.
    """
    scores = bulletin.scores
    columns = ["kind", "contribution", "change"]
    drivers = Frame(bulletin.part(DRIVERS_FILE).whole(columns))
    told = drivers.take(drivers.rows[drivers.among("kind", ["score"])])
    change = as_numbers(told["change"])
    # Both are in the order of the scores, of which only distributions have no drivers of their own.
    is_explained = scores.among("target", PROBABILITIES)
    before = np.full(len(scores), np.nan)
    before[is_explained] = np.where(
        change == 0,  # the log-odds of 0 and 1 are cut off, these probabilities are not
        scores.numbers("probability")[is_explained],
        probability_of(as_numbers(told["contribution"]) - change),
    )
    return before


def _movers(bulletin: Bulletin, rows: Rows, before: FloatArray) -> list[Mover]:
    scores = scores_at(bulletin, Selected(rows, None))
    return [
        Mover(
            **score.model_dump(include=_SHARED),
            previous_probability=previous,
            difference=score.probability - previous,
            sentence=drivers[0]["sentence"],
            families=family_parts(drivers, "change"),
        )
        for score, previous, drivers in zip(
            scores, before[rows].tolist(), _drivers_of(bulletin, rows), strict=True
        )
    ]


def _drivers_of(bulletin: Bulletin, rows: Rows) -> list[list[dict[str, Any]]]:
    """Return the drivers of the scores in some rows, none of them of fatalities; `score` first."""
    columns = ["kind", "name", "contribution", "change", "sentence"]
    told = Frame(bulletin.part(DRIVERS_FILE).whole(columns))
    # Drivers stand in the order of the scores, each block of them begins with the score itself.
    begin = np.append(np.flatnonzero(told.among("kind", ["score"])), len(told))
    is_explained = bulletin.scores.among("target", PROBABILITIES)
    block = (np.cumsum(is_explained) - 1)[rows]
    places = [np.arange(begin[number], begin[number + 1]) for number in block]
    taken = told.take(np.concatenate([np.empty(0, np.int64), *places])).to_pylist()
    ends = np.cumsum([0, *map(len, places)])
    return [taken[start:end] for start, end in pairwise(ends.tolist())]


_SHARED = {
    "region", "name", "country", "level", "target", "horizon", "target_month", "probability",
    "risk_level",
}  # fmt: skip
