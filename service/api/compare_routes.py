"""`/v1/compare`: two bulletins side by side."""

from typing import Annotated, NamedTuple

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool

from bulletins.frame import Rows
from service.api.bodies import Comparison, Difference
from service.api.current import is_stale, used_bulletin
from service.api.examples import problems_of
from service.api.listing import json_response, next_page
from service.api.paging import read_cursor
from service.api.queries import CompareQuery, ScoreFilter
from service.api.risk import risk_name, risk_of_scores
from service.api.routing import QueryRoute
from service.api.schemas import BulletinSummary
from service.api.selection import select_scores
from service.store.bulletins import Bulletin

router = APIRouter(prefix="/v1/compare", tags=["bulletins"], route_class=QueryRoute)


class Matched(NamedTuple):
    """Rows of scores that belong together in two bulletins, (n,) each."""

    a: Rows
    b: Rows


@router.get("", response_model=Comparison, responses=problems_of("/v1/compare"))
async def compare(request: Request, query: Annotated[CompareQuery, Query()]) -> Response:
    """The scores that two bulletins have in common, the largest difference first.

    Matched by horizon, or by the month that they are about: how the forecast of that month changed.
    """
    return await run_in_threadpool(_compare, request, query)


def _compare(request: Request, query: CompareQuery) -> Response:
    place = read_cursor(request)
    a = used_bulletin(request, query.a)
    b = used_bulletin(request, place.bulletin if place is not None else query.b)
    start = 0 if place is None else place.position
    matched = _matched(a, b, query)
    before, after = (
        bulletin.scores.numbers("probability")[rows]
        for bulletin, rows in zip((a, b), matched, strict=True)
    )
    order = np.argsort(-np.abs(after - before), kind="stable")
    here = order[start : start + query.limit]
    total = len(order)
    stale = is_stale(request)
    body = Comparison(
        a=BulletinSummary.of(a, stale=stale),
        b=BulletinSummary.of(b, stale=stale),
        total=total,
        items=_differences(a, b, Matched(matched.a[here], matched.b[here])),
        next=next_page(request, b, start, query.limit, total, a=a.manifest.id),
    )
    return json_response(body.model_dump_json().encode(), body.next)


def _matched(a: Bulletin, b: Bulletin, query: CompareQuery) -> Matched:
    """Return the scores of both that are asked for and belong together.

    A region, country, level, target or horizon must be scored in b; raises UnknownError if not.
    """
    asked = ScoreFilter(
        level=query.level,
        country=query.country,
        region=query.region,
        target=query.target,
        horizon=query.horizon,
        sort="region",
    )
    rows = select_scores(b, asked).rows
    in_a = b.scores.matching(rows, a.scores, ("region", "target", query.match))
    return Matched(in_a[in_a >= 0], rows[in_a >= 0])


def _differences(a: Bulletin, b: Bulletin, rows: Matched) -> list[Difference]:
    before, after = (
        bulletin.scores.take(places).to_pylist()
        for bulletin, places in zip((a, b), rows, strict=True)
    )
    risks: list[NDArray[np.int8]] = [
        risk_of_scores(bulletin)[places] for bulletin, places in zip((a, b), rows, strict=True)
    ]
    return [
        Difference(
            **{key: new[key] for key in ("region", "name", "country", "level", "target")},
            horizon_a=old["horizon"],
            horizon_b=new["horizon"],
            target_month_a=old["target_month"],
            target_month_b=new["target_month"],
            probability_a=old["probability"],
            probability_b=new["probability"],
            difference=new["probability"] - old["probability"],
            risk_level_a=risk_name(int(risk_a)),
            risk_level_b=risk_name(int(risk_b)),
        )
        for old, new, risk_a, risk_b in zip(before, after, *risks, strict=True)
    ]
