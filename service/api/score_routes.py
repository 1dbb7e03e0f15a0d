"""`/v1/scores`: scores by filter, and all scores of one region."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from service.api.current import used_bulletin
from service.api.examples import problems_of
from service.api.paging import Place, next_address, read_cursor
from service.api.queries import BulletinQuery, ScoreFilter, ScoreQuery
from service.api.schemas import BulletinSummary, RegionProfile, ScoreList
from service.api.selection import find_region, scores_at, select_scores

router = APIRouter(prefix="/v1/scores", tags=["scores"])


@router.get("", responses=problems_of("/v1/scores"))
def list_scores(request: Request, query: Annotated[ScoreQuery, Query()]) -> ScoreList:
    """Scores that pass every filter, highest probability first.

    A country, region, level, target or horizon that the bulletin does not score is a 404; an
    empty list means that what you asked about is scored, and that no score passes.
    """
    place = read_cursor(request) or Place(query.bulletin, 0)
    bulletin = used_bulletin(request, place.bulletin)
    rows = select_scores(bulletin, query)
    end = Place(bulletin.manifest.id, place.position + query.limit)
    return ScoreList(
        bulletin=BulletinSummary.of(bulletin),
        items=scores_at(bulletin, rows[place.position : end.position]),
        next=next_address(request, end) if end.position < len(rows) else None,
    )


@router.get("/{region}", responses=problems_of("/v1/scores/{region}"))
def profile_region(
    request: Request, region: str, query: Annotated[BulletinQuery, Query()]
) -> RegionProfile:
    """Everything that a bulletin says about one region: all targets and horizons."""
    bulletin = used_bulletin(request, query.bulletin)
    described = find_region(bulletin, region)
    rows = select_scores(bulletin, ScoreFilter(region=[region], sort="region"))
    return RegionProfile(
        bulletin=BulletinSummary.of(bulletin),
        region=described,
        scores=scores_at(bulletin, rows),
    )
