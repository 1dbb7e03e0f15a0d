"""Put the application together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import Depends, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool

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
from service.api.current import CurrentBulletin
from service.api.examples import add_examples
from service.api.problems import HANDLERS
from service.api.queries import refuse_repeats
from service.pages import page
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

ANSWERS_BYTES = 32_000_000
"""What answers that were given before may take up [bytes]."""

ANSWERS_MAX_AGE_S = 60
"""So long may an answer be used without asking whether it is still the one [s]."""

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


def create_app(home: Path) -> FastAPI:
    """Return the application that serves the bulletins of a home directory.

    A bulletin that appears later is picked up; none needs to be there yet.
    """
    store = BulletinStore(home)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(store.current)  # so that the first request does not wait for it
        yield

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
        dependencies=[Depends(refuse_repeats)],
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.store = store
    app.state.past = PastScores(home)
    app.add_middleware(Answers, most_bytes=ANSWERS_BYTES, max_age_s=ANSWERS_MAX_AGE_S)
    app.add_middleware(CurrentBulletin, store=store)
    for routes in _ROUTES:
        app.include_router(routes.router)
    plain = app.openapi
    app.openapi = lambda: add_examples(plain())  # type: ignore[method-assign]
    return app
