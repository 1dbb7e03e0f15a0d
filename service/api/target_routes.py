"""`/v1/targets` and `/v1/indicators`: what is forecast, and from what."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from bulletins.manifest import ListedIndicator, Manifest, RiskLevel
from bulletins.risk import scale_of
from features.words import SPECS, TARGETS, Target
from service.api.bodies import ExplainedRisk, TargetDescription, TargetList, TargetScale
from service.api.current import chosen_bulletin
from service.api.lists import form_responses, in_form, model_page
from service.api.queries import IndicatorQuery, TargetQuery
from service.api.routing import QueryRoute
from service.api.schemas import IndicatorList
from service.errors import UnknownError
from service.store.bulletins import Bulletin

router = APIRouter(prefix="/v1", route_class=QueryRoute)


@router.get(
    "/targets", response_model=TargetList, responses=form_responses(TargetList), tags=["scores"]
)
async def list_targets(request: Request, query: Annotated[TargetQuery, Query()]) -> Response:
    """What the bulletin forecasts, at which horizons, and what each risk level has meant.

    A level of risk begins at the same probability at every level of regions. One whose scores did
    not come true more often in the backtest than those below is not there: its scores have the
    word below.
    """
    bulletin = chosen_bulletin(request, query)
    targets = [
        _describe(bulletin.manifest, target, sorted(bulletin.horizons[target]))
        for target in TARGETS
        if target in bulletin.horizons
    ]
    page = model_page(request, bulletin, TargetDescription, targets)
    return in_form(request, query, page)


@router.get(
    "/indicators",
    response_model=IndicatorList,
    responses=form_responses(IndicatorList),
    tags=["indicators"],
)
async def list_indicators(request: Request, query: Annotated[IndicatorQuery, Query()]) -> Response:
    """All indicators, by family: the catalogue as it was when the bulletin was issued.

    A family that the catalogue does not have is a 404, and so is a bulletin from before the
    indicators were listed.
    """
    bulletin = chosen_bulletin(request, query)
    indicators = _of_families(bulletin, query.family)
    page = model_page(request, bulletin, ListedIndicator, indicators, subject="#indicator")
    return in_form(request, query, page)


def _of_families(bulletin: Bulletin, families: list[str]) -> list[ListedIndicator]:
    """Return the indicators of some families, or of all; raises UnknownError for another."""
    name = f"bulletin {bulletin.manifest.id}"
    catalogue = list(dict.fromkeys(indicator.family for indicator in bulletin.indicators))
    if not catalogue:
        raise UnknownError(f"{name} was issued before indicators were listed: ask a newer one")
    unknown = [family for family in families if family not in catalogue]
    if unknown:
        what = f"no family '{unknown[0]}' of indicators"
        raise UnknownError(f"{name} has {what}: it has {', '.join(catalogue)}")
    return [i for i in bulletin.indicators if not families or i.family in families]


def _describe(manifest: Manifest, target: Target, horizons: list[int]) -> TargetDescription:
    scales = [scale_of(manifest, level, target) for level in manifest.levels]
    return TargetDescription(
        target=target,
        meaning=SPECS[target].meaning,
        unit=SPECS[target].unit,
        horizons=horizons,
        thresholds=manifest.thresholds,
        scales=[
            TargetScale(
                level=scale.level,
                base_rate=scale.base_rate,
                levels=[
                    ExplainedRisk(**risk.model_dump(), meaning=_meaning(risk))
                    for risk in scale.levels
                ],
            )
            for scale in scales
            if scale is not None
        ],
    )


def _meaning(risk: RiskLevel) -> str:
    if risk.came_true is None:
        return "No score was so high in the backtest."
    text = f"Of {risk.scores:,} such scores in the backtest {100 * risk.came_true:.1f} % came true"
    if risk.low is None or risk.high is None:
        return f"{text}."
    return f"{text} (95 % interval {100 * risk.low:.1f} to {100 * risk.high:.1f} %)."
