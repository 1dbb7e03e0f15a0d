"""`/healthz`, `/readyz` and `/metrics`: for operators."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from service.api.current import is_simulated, listing_of, used_bulletin
from service.api.lists import json_response
from service.api.routing import QueryRoute
from service.api.schemas import Health, PassedOver, Readiness, SharedAddress
from service.errors import NoBulletinError, StaleError
from service.freshness import Fault

router = APIRouter(tags=["health"], route_class=QueryRoute)

_KEYLESS: dict[str, Any] = {"security": []}  # of what never needs a key


@router.get("/healthz", response_model=Health, openapi_extra=_KEYLESS)
async def check_health(request: Request) -> Response:
    """The service is running."""
    version = request.app.version
    return json_response(Health(status="alive", version=version, simulated=is_simulated(request)))


@router.get("/readyz", response_model=Readiness, openapi_extra=_KEYLESS)
async def check_readiness(request: Request) -> Response:
    """The service has a bulletin to serve that is not too old, and can check keys; else a 503.

    Bulletins that are there and cannot be served are named with the reason; the newest good one is
    served meanwhile. So it is while a shared address of bulletins does not answer.
    """
    if (keys := request.app.state.needed_keys) is not None:
        keys.names()  # raises KeysError when no key can be checked
    if (listing := listing_of(request)).newest is None:
        raise NoBulletinError(listing.none_because)
    manifest = used_bulletin(request).manifest
    age_days = (request.state.now - manifest.issued_at) / timedelta(days=1)
    fault: Fault | None = request.state.stale
    if fault is not None:
        reason = f"bulletin {manifest.id} is stale, because {fault.text()}"
        raise StaleError(f"{reason}: {fault.remedy}")
    body = Readiness(
        status="ready",
        simulated=manifest.simulated,
        bulletin=manifest.id,
        age_days=round(age_days, 2),
        passed_over=[
            PassedOver(bulletin=name, reason=reason)
            for name, reason in sorted(listing.unserved.items())
        ],
        shared=listing.address
        and SharedAddress(
            answers=not listing.address.trouble, reason=listing.address.trouble or None
        ),
    )
    return json_response(body)


@router.get("/metrics", include_in_schema=False)
async def show_metrics(request: Request) -> Response:
    """Counters and gauges, in Prometheus' text form."""
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)
