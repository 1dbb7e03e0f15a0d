"""`/v1/scores/{region}`: all that a bulletin says of one region."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from service.api import profile
from service.api.bodies import RegionProfile
from service.api.current import chosen_bulletin, current_bulletin, is_stale, past_of, store_of
from service.api.examples import problems_of
from service.api.listing import json_response
from service.api.queries import BulletinQuery
from service.api.routing import QueryRoute
from service.api.schemas import BulletinSummary
from service.api.selection import find_region
from service.store.history import Deaths

router = APIRouter(prefix="/v1/scores", tags=["scores"], route_class=QueryRoute)


@router.get("/{region}", response_model=RegionProfile, responses=problems_of("/v1/scores/{region}"))
async def profile_region(
    request: Request, region: str, query: Annotated[BulletinQuery, Query()]
) -> Response:
    """Everything that a bulletin says about one region.

    All scores with the distributions of deaths behind them, why they are what they are and what
    changed, the neighbours' scores, and what earlier bulletins said beside what came.
    """
    return await run_in_threadpool(_answer, request, region, query)


def _answer(request: Request, region: str, query: BulletinQuery) -> Response:
    newest = current_bulletin(request)
    bulletin = chosen_bulletin(request, query)
    body = RegionProfile(
        bulletin=BulletinSummary.of(bulletin, stale=is_stale(request)),
        region=find_region(bulletin, region),
        scores=profile.scores_of(bulletin, region),
        distributions=profile.distributions_of(bulletin, region),
        drivers=profile.drivers_of(bulletin, region),
        neighbours=profile.neighbours(bulletin, region),
        earlier=profile.earlier_scores(
            past_of(request),
            store_of(request).manifests(),
            Deaths(newest, region),
            bulletin,
            region,
        ),
    )
    return json_response(body.model_dump_json().encode())
