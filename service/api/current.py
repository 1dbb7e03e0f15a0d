"""The bulletin that a request is answered from: chosen once, at its start."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from bulletins.manifest import Manifest
from features.language import ENGLISH, Language, choose_language
from service.api.queries import BulletinQuery
from service.api.schemas import BulletinSummary
from service.asgi import RawHeaders, by_preference, raw
from service.freshness import Fault, Freshness, over_until
from service.store.bulletins import LATEST, Bulletin, BulletinStore, Listing
from service.store.record import Record

MARK_HEADERS = ("Tocsin-Bulletin", "Tocsin-Simulated", "Tocsin-Stale")
ID_HEADER = "X-Request-ID"


def with_bulletin(
    app: ASGIApp, store: BulletinStore, freshness: Freshness, now: Callable[[], datetime]
) -> ASGIApp:
    """Return a layer that gives every request the current bulletin, and whether it is fresh.

    It sets the state of the request: `listing` are the bulletins of this moment, for the whole
    request; `manifest` is that of the bulletin that the answer comes from, to begin with the
    newest, None while there is none; `now` is the time, and `stale` why the newest is too old, None
    if it is not.
    """

    async def informed(scope: Scope, receive: Receive, send: Send) -> None:
        state = scope.setdefault("state", {})
        listing = state["listing"] = store.listing
        manifest = state["manifest"] = listing.newest and listing.newest.manifest
        state["now"] = now()
        state["stale"] = manifest and freshness.fault(manifest, state["now"])
        await app(scope, receive, send)

    return informed


def marks_of(state: Mapping[str, Any]) -> RawHeaders:
    """Return the headers that say which bulletin a request was answered from; none without one."""
    manifest: Manifest | None = state.get("manifest")
    if manifest is None:
        return []
    stale = state["stale"] is not None
    return _marks(manifest.id, simulated=manifest.simulated, stale=stale)


@lru_cache(maxsize=64)
def _marks(bulletin: str, *, simulated: bool, stale: bool) -> RawHeaders:
    values = (bulletin, "true" if simulated else None, "true" if stale else None)
    marks = zip(MARK_HEADERS, values, strict=True)
    return raw({name: value for name, value in marks if value is not None})


def listing_of(request: Request) -> Listing:
    """Return the bulletins that there were when the request began."""
    listing: Listing = request.state.listing
    return listing


def used_bulletin(request: Request, name: str = LATEST) -> Bulletin:
    """Return the bulletin that a request is answered from, by its id or `latest`.

    The response is marked as that bulletin is. Raises what BulletinStore.get does.
    """
    store: BulletinStore = request.app.state.store
    bulletin = store.get(name, listing_of(request))
    request.state.manifest = bulletin.manifest
    return bulletin


def root_of(request: Request) -> str:
    """Return the address that people reach the service at, without a slash at its end."""
    public_url: str = request.app.state.public_url
    return (public_url or str(request.base_url)).rstrip("/")


def address_of(request: Request, path: str) -> str:
    """Return where a header leads to: a path of this host, a whole address below `public_url`."""
    public_url: str = request.app.state.public_url
    return public_url.rstrip("/") + path


def chosen_bulletin(request: Request, query: BulletinQuery) -> Bulletin:
    """Return the newest bulletin that a query allows; raises what `used_bulletin` does."""
    name = query.bulletin
    if query.origin is not None or query.as_of is not None:
        used_bulletin(request)
        manifest = listing_of(request).choose(name, origin=query.origin, issued_by=query.as_of)
        name = manifest.id
    return used_bulletin(request, name)


def record_of(request: Request, edition: int | None = None) -> Record | None:
    """Return an edition of the track record, by default the newest; None while there is none.

    Raises NoBulletinError when the newest is damaged, UnknownError when there is no such.
    """
    store: BulletinStore = request.app.state.store
    return store.records.get(listing_of(request).record, edition)


def is_simulated(request: Request) -> bool | None:
    """Return whether the bulletin of an answer is simulated; None while there is none."""
    manifest: Manifest | None = getattr(request.state, "manifest", None)
    return None if manifest is None else manifest.simulated


def stale_because(request: Request, language: Language = ENGLISH) -> str | None:
    """Return why the current bulletin is older than it should be, None if it is not."""
    fault: Fault | None = getattr(request.state, "stale", None)
    return None if fault is None else fault.text(language)


def reader_language(request: Request, asked: str | None) -> Language:
    """Return the language that is asked for, or else the best that the reader's browser names."""
    accepted = request.headers.get("accept-language", "")
    return choose_language(by_preference(accepted) if asked is None else [asked])


def summary_of(request: Request, bulletin: Bulletin) -> BulletinSummary:
    """Return what an answer says of the bulletin that it comes from."""
    manifest, reason = bulletin.manifest, stale_because(request)
    return BulletinSummary(
        id=manifest.id,
        origin=manifest.origin,
        issued_at=manifest.issued_at,
        as_of=manifest.vintage.as_of,
        issued_late=manifest.is_late,
        simulated=manifest.simulated,
        stale=reason is not None,
        stale_because=reason,
        over_until=over_until(manifest, request.state.now),
        shortfalls=manifest.shortfalls,
        licence=manifest.licence,
        citation=manifest.citation,
    )
