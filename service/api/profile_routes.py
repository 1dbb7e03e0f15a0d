"""`/v1/scores/{region}`: all that a bulletin says of one region."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from service.api.current import chosen_bulletin, is_stale
from service.api.examples import problems_of
from service.api.queries import BulletinQuery, ScoreFilter
from service.api.schemas import BulletinSummary, RegionProfile
from service.api.selection import find_region, scores_at, select_scores

router = APIRouter(prefix="/v1/scores", tags=["scores"])


@router.get("/{region}", responses=problems_of("/v1/scores/{region}"))
def profile_region(
    request: Request, region: str, query: Annotated[BulletinQuery, Query()]
) -> RegionProfile:
    """Everything that a bulletin says about one region: all targets and horizons."""
    bulletin = chosen_bulletin(request, query)
    described = find_region(bulletin, region)
    selected = select_scores(bulletin, ScoreFilter(region=[region], sort="region"))
    return RegionProfile(
        bulletin=BulletinSummary.of(bulletin, stale=is_stale(request)),
        region=described,
        scores=scores_at(bulletin, selected),
    )
