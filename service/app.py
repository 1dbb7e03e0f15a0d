"""Put the application together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from prometheus_client import CollectorRegistry
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette_compress import CompressMiddleware

from service.access.bounds import Deadline, NoBodies
from service.access.gauges import BulletinGauges
from service.access.guard import Guard
from service.access.keys import KeyRing
from service.access.requests import Requests
from service.api import (
    bulletin_routes,
    compare_routes,
    health_routes,
    indicator_routes,
    mover_routes,
    profile_routes,
    record_routes,
    region_routes,
    score_routes,
    target_routes,
)
from service.api.answers import Answers
from service.api.current import (
    BULLETIN_HEADER,
    ID_HEADER,
    SIMULATED_HEADER,
    STALE_HEADER,
    CurrentBulletin,
)
from service.api.examples import add_examples
from service.api.problems import HANDLERS
from service.api.score_text import score_text
from service.pages import page
from service.settings import Settings
from service.store.bulletins import BulletinStore
from service.store.past import PastScores

DESCRIPTION = """
Monthly, calibrated risk scores for regions: the probability that a **target** comes true.

| target | what is forecast | horizon |
|---|---|---|
| `fatalities` | deaths in the target month: mean, quantiles, and reaching the threshold | 1 to 12 |
| `instability` | deaths in the target month reach the threshold | 1 to 12 |
| `escalation` | mean deaths a month over the window reach twice those of the last year | 3, 6, 12 |
| `onset` | any death in the window, where there was none for two years | 3, 6, 12 |

All scores of one **bulletin** were computed at once, from what was known at its **origin**; a
bulletin never changes. Every response says whether it is **simulated** (invented events: no news,
no warning), in its body and by the header `Tocsin-Simulated: true`. Lists come in pages: follow
`next` as it is. Every error is a problem document (RFC 9457); a misspelt parameter is one too.
"""

ANSWERS_MAX_AGE_S = 60
"""So long may an answer be used without asking whether it is still the one [s]."""

THREADS = 4
"""So many of the longer answers are made at once; more would only take turns, and more memory."""

EXPOSED_HEADERS = (
    *("ETag", "Link", "Retry-After", ID_HEADER, BULLETIN_HEADER, SIMULATED_HEADER, STALE_HEADER),
    *("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"),
)
"""What scripts on pages of other origins may read beside the content."""

_ROUTES = (
    score_routes,
    profile_routes,
    mover_routes,
    target_routes,
    region_routes,
    indicator_routes,
    bulletin_routes,
    compare_routes,
    record_routes,
    health_routes,
    page,
)


def current_time() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def create_app(
    home: Path,
    settings: Settings | None = None,
    *,
    needs_key: bool = False,
    now: Callable[[], datetime] = current_time,
) -> FastAPI:
    """Return the application that serves the bulletins of a home directory.

    A bulletin that appears later is picked up; none needs to be there yet. `needs_key` tells
    whether requests without an API key are refused, `now` what time it is.
    """
    settings = settings or Settings()
    store, registry = BulletinStore(home), CollectorRegistry()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = THREADS
        await run_in_threadpool(_warm, store)  # so that the first request does not wait for it
        yield

    telemetry = dict.fromkeys(("tracing", "metrics", "logs"), settings.telemetry)
    app = FastAPIOffline(
        docs_url=None,  # page.py serves it, with the banner
        redoc_url=None,
        static_url="/static",
        title="Tocsin",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        redirect_slashes=False,
        exception_handlers=HANDLERS,
        telemetry=telemetry,
    )
    app.state.store, app.state.registry = store, registry
    app.state.past = PastScores(home)
    registry.register(BulletinGauges(store, timedelta(days=settings.max_age_days), now))
    for routes in _ROUTES:
        app.include_router(routes.router)
    app.include_router(health_routes.unlisted)
    plain = app.openapi
    app.openapi = lambda: add_examples(plain())  # type: ignore[method-assign]
    stack = app.build_middleware_stack()
    for layer in _layers(home, settings, store, registry, needs_key=needs_key, now=now):
        stack = layer.cls(stack, *layer.args, **layer.kwargs)
    app.middleware_stack = stack
    return app


def _layers(
    home: Path,
    settings: Settings,
    store: BulletinStore,
    registry: CollectorRegistry,
    *,
    needs_key: bool,
    now: Callable[[], datetime],
) -> list[Middleware]:
    """Return what stands around the application, from the inside out: requests meet the last first.

    It is around FastAPI's handling of errors too, which `add_middleware` would not be: so a fault
    is answered with the headers of any other answer, and what is kept passes none of it.
    """
    layers = [
        Middleware(CompressMiddleware),  # inside, so that what is kept is compressed already
        Middleware(Deadline, answer_seconds=settings.answer_seconds),
        Middleware(
            Answers,
            most_bytes=settings.answers_megabytes * 1_000_000,
            max_age_s=ANSWERS_MAX_AGE_S,
        ),
        Middleware(Guard, settings=settings, keys=KeyRing(home), needs_key=needs_key),
        Middleware(NoBodies, body_bytes=settings.body_bytes),
        Middleware(
            CurrentBulletin, store=store, max_age=timedelta(days=settings.max_age_days), now=now
        ),
        Middleware(Requests, registry=registry, log_all=settings.log_requests == "all"),
    ]
    if settings.cors_origins:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_methods=["GET", "HEAD"],
                allow_headers=["Authorization", "X-API-Key", "If-None-Match", ID_HEADER],
                expose_headers=EXPOSED_HEADERS,
            )
        )
    return layers


def _warm(store: BulletinStore) -> None:
    newest = store.current()
    if newest is not None:
        score_text(newest)
