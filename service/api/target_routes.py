"""`/v1/targets`: what is forecast, and what the risk levels mean."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from bulletins.form import Manifest, RiskScale
from features.words import SPECS, TARGETS, Target
from service.api.bodies import ExplainedRisk, TargetDescription, TargetList, TargetScale
from service.api.examples import problems_of
from service.api.listing import json_list, next_page, start_of
from service.api.queries import TargetQuery
from service.api.risk import scale_of
from service.api.routing import QueryRoute

router = APIRouter(prefix="/v1/targets", tags=["scores"], route_class=QueryRoute)


@router.get("", response_model=TargetList, responses=problems_of("/v1/targets"))
async def list_targets(request: Request, query: Annotated[TargetQuery, Query()]) -> Response:
    """What the bulletin forecasts, at which horizons, and what each risk level has meant.

    The levels are defined once for a target and a level of regions: each begins where the odds are
    1, 3, 9 and 27 times those of the base rate in the backtest.
    """
    bulletin, start = start_of(request, query)
    found = [
        _describe(bulletin.manifest, target, sorted(bulletin.horizons[target]))
        for target in TARGETS
        if target in bulletin.horizons
    ]
    return json_list(
        request,
        bulletin,
        found[start : start + query.limit],
        total=len(found),
        following=next_page(request, bulletin, start, query.limit, len(found)),
    )


def _describe(manifest: Manifest, target: Target, horizons: list[int]) -> TargetDescription:
    scales = [scale_of(manifest, level, target) for level in manifest.levels]
    return TargetDescription(
        target=target,
        meaning=SPECS[target].meaning,
        unit=SPECS[target].unit,
        horizons=horizons,
        thresholds=manifest.thresholds,
        scales=[_explained(scale) for scale in scales if scale is not None],
    )


def _explained(scale: RiskScale) -> TargetScale:
    return TargetScale(
        level=scale.level,
        base_rate=scale.base_rate,
        levels=[
            ExplainedRisk(**risk.model_dump(), meaning=_meaning(risk.scores, risk.came_true))
            for risk in scale.levels
        ],
    )


def _meaning(scores: int, came_true: float | None) -> str:
    if came_true is None:
        return "No score was so high in the backtest."
    return f"Of {scores:,} such scores in the backtest {came_true:.1%} came true."
