"""`/healthz` and `/readyz`: for whoever keeps the service running."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from service.api.current import is_simulated, used_bulletin
from service.api.examples import problems_of
from service.api.queries import NoParameters
from service.api.schemas import Health, Readiness

router = APIRouter(tags=["health"])


@router.get("/healthz", responses=problems_of("/healthz"))
def check_health(request: Request, _query: Annotated[NoParameters, Query()]) -> Health:
    """The service is running."""
    return Health(status="alive", simulated=is_simulated(request))


@router.get("/readyz", responses=problems_of("/readyz"))
def check_readiness(request: Request, _query: Annotated[NoParameters, Query()]) -> Readiness:
    """The service has a bulletin to serve; until then a 503."""
    manifest = used_bulletin(request).manifest
    return Readiness(status="ready", simulated=manifest.simulated, bulletin=manifest.id)
