"""Put the application together."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from prometheus_client import CollectorRegistry
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette_compress import CompressMiddleware, add_compress_type

from features.places.pcodes import read_pcodes
from features.words import SPECS
from service.access.answers import Answers
from service.access.connection import refusing, with_deadline
from service.access.guard import Guard, for_this_machine, unshared
from service.access.keys import KeyRing
from service.access.requests import BulletinGauges, Requests
from service.api import (
    bulletin_routes,
    change_routes,
    current,
    health_routes,
    profile,
    region_routes,
    scores,
    target_routes,
)
from service.api.lists import MEDIA_TYPES
from service.api.problems import on_fault
from service.api.routing import complete
from service.coups import groups
from service.forms.atom import ATOM_TYPE
from service.freshness import Freshness
from service.ogc import items, layers
from service.pages import assets, country, feed, maps, page, region, swagger
from service.pages.briefings import briefing
from service.pages.reading import about, accuracy, bulletin_list, card, track_record
from service.pages.refusal import HANDLERS_FOR_PEOPLE
from service.scenarios import scenario_pages, scenarios
from service.settings import Settings
from service.signs import actors, capitals, corridors
from service.store.bulletins import BulletinStore, log_passed_over
from service.store.mirror import Mirror
from service.store.past import PastScores

if TYPE_CHECKING:
    from bulletins.shared import SharedBulletins

_log = logging.getLogger(__name__)

# The library compresses all other text of its own accord.
for kind in (MEDIA_TYPES["csv"], MEDIA_TYPES["ndjson"], ATOM_TYPE):
    add_compress_type(kind.partition(";")[0])


_TARGETS = "\n".join(f"| `{spec.name}` | {spec.meaning} |" for spec in SPECS.values())

DESCRIPTION = f"""
Monthly, calibrated risk scores for regions: the probability that a **target** comes true.

| target | what is forecast |
|---|---|
{_TARGETS}

A bulletin has those that its experiment forecasts: `/v1/targets` lists them, with their horizons.

All scores of one **bulletin** were computed at once, from what was known at its **origin**; a
bulletin never changes. Every response says whether it is **simulated** (invented events: no news,
no warning), in its body and by the header `Tocsin-Simulated: true`. Lists come in pages: follow
`next` as it is; as CSV, NDJSON or Parquet they are whole. Every error is a problem document (RFC
9457); a misspelt parameter is one too.

`/ogc` has regions with their scores as layers of QGIS and ArcGIS; `/ogc/api` describes them.
"""

ANSWERS_MAX_AGE_S = 60
"""Time for which an answer may be reused without asking again [s]."""

LOOK_EVERY_S = 1.0
"""Time between two looks at the folder of bulletins [s]."""

THREADS = 2
"""Longer answers that are computed at once; more would only take turns, and more memory."""

EXPOSED_HEADERS = (
    *(
        "Accept-Ranges",
        "Content-Disposition",
        "Content-Range",
        "ETag",
        "Link",
        "Retry-After",
        "X-Total-Count",
        current.ID_HEADER,
        *current.MARK_HEADERS,
        *scenarios.MARK,
    ),
    *("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"),
)
"""The headers that scripts on pages of other origins may read."""

REQUEST_HEADERS = ("Authorization", "X-API-Key", "If-None-Match", "Range", current.ID_HEADER)
"""The headers that they may send."""

CURRENT_TIME = partial(datetime.now, UTC)

_ROUTES = (
    *(scores, profile, change_routes, target_routes, region_routes, bulletin_routes),
    *(capitals, corridors, actors, groups, scenarios, scenario_pages, layers, items),
    *(health_routes, feed, briefing, page, region, country, maps, about, accuracy),
    *(track_record, card, bulletin_list, assets, swagger),
)


def create_app(
    home: Path,
    settings: Settings | None = None,
    *,
    needs_key: bool = False,
    now: Callable[[], datetime] = CURRENT_TIME,
    look_every_s: float = LOOK_EVERY_S,
    shared: "SharedBulletins | None" = None,
) -> FastAPI:
    """Return the application that serves the bulletins of a home directory.

    Later bulletins are taken up within `look_every_s`, `shared` ones copied first. Requests without
    a key are refused if `needs_key`. `now` tells the time. Raises InputError for wrong P-codes.
    """
    settings = settings or Settings()
    pcodes = read_pcodes(Path(settings.pcodes)) if settings.pcodes else {}
    mirror = None if shared is None else Mirror(shared)
    store, registry = BulletinStore(home, pcodes=pcodes, mirror=mirror), CollectorRegistry()
    log_passed_over(store.listing)
    if (newest := store.listing.newest) is not None:
        scores.texts_of(newest, newest.scores.rows[:1])  # so that no request waits for the first
    app = FastAPIOffline(
        docs_url=None,  # page.py serves it, with the banner
        redoc_url=None,
        static_url="/static",
        title="Tocsin",
        version=version("tocsin"),
        description=DESCRIPTION,
        servers=[{"url": settings.public_url.rstrip("/")}] if settings.public_url else None,
        license_info={"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        contact={"name": "The Tocsin authors"},
        generate_unique_id_function=lambda route: route.name,
        lifespan=partial(_looking, store, mirror, look_every_s),
        redirect_slashes=False,
        exception_handlers=HANDLERS_FOR_PEOPLE,
        telemetry=dict.fromkeys(("tracing", "metrics", "logs"), settings.telemetry),
    )
    app.state.store, app.state.registry = store, registry
    app.state.past, app.state.embed_origins = PastScores(home), settings.embed_origins
    app.state.public_url = settings.public_url
    freshness = Freshness.of(settings)
    registry.register(BulletinGauges(store, freshness, now))
    for routes in _ROUTES:
        app.include_router(routes.router)
    plain = app.openapi
    app.openapi = lambda: complete(plain(), needs_key=needs_key)  # type: ignore[method-assign]
    keys = KeyRing(home)
    app.state.needed_keys = keys if needs_key else None
    _surround(app, settings, keys, needs_key=needs_key, freshness=freshness, now=now)
    return app


def _surround(
    app: FastAPI,
    settings: Settings,
    keys: KeyRing,
    *,
    needs_key: bool,
    freshness: Freshness,
    now: Callable[[], datetime],
) -> None:
    """Put layers around what the application answers, each around the ones before it.

    They stand around FastAPI's handling of errors too, where `add_middleware` would not put them:
    the answer to a fault has the headers of any other.
    """
    inner = app.build_middleware_stack()
    stack: ASGIApp = CompressMiddleware(inner)  # first, so that cached answers are compressed
    stack = with_deadline(stack, settings.answer_seconds)
    stack = Answers(stack, settings.answers_megabytes * 1_000_000, ANSWERS_MAX_AGE_S)
    stack = Guard(stack, settings, keys, needs_key=needs_key)
    if needs_key:
        stack = unshared(stack)
    elif not settings.trust_proxy:
        stack = for_this_machine(stack)
    stack = refusing(stack, settings.body_bytes)
    stack = current.with_bulletin(stack, app.state.store, freshness, now)
    stack = ServerErrorMiddleware(stack, on_fault)
    stack = Requests(stack, registry=app.state.registry, log_all=settings.log_requests == "all")
    if settings.cors_origins:
        stack = CORSMiddleware(
            stack,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "HEAD"],
            allow_headers=REQUEST_HEADERS,
            expose_headers=EXPOSED_HEADERS,
        )

    async def surrounded(scope: Scope, receive: Receive, send: Send) -> None:
        await (stack if scope["type"] == "http" else inner)(scope, receive, send)

    app.middleware_stack = surrounded


@asynccontextmanager
async def _looking(
    store: BulletinStore, mirror: Mirror | None, every_s: float, _app: FastAPI
) -> AsyncIterator[None]:
    """Look at the folder of bulletins, and at a shared address, while the application runs."""
    current_default_thread_limiter().total_tokens = THREADS
    looking = asyncio.create_task(_keep_looking(store, every_s))
    looking.add_done_callback(_report)
    if mirror is not None:
        mirror.start()
    yield
    looking.cancel()
    if mirror is not None:
        mirror.stop()


async def _keep_looking(store: BulletinStore, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        await asyncio.to_thread(store.look)


def _report(looking: asyncio.Task[None]) -> None:
    if not looking.cancelled():
        _log.error("new bulletins are not taken up any more", exc_info=looking.exception())
