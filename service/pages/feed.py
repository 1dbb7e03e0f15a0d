"""`/v1/feed`: the alerts that rang, and what changed most, for whoever reads feeds."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import quote

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from alerts.record import id_of_alert
from bulletins.form import DRIVERS_FILE
from bulletins.wording import headline, mark_of, place_of, view_of_score
from features.hashes import sha256_of
from features.language import ENGLISH, LANGUAGES, Language, message
from features.words import SPECS
from service.api.change_routes import ScoreDrivers, moved_most, movers_at, previous_of_scores
from service.api.current import listing_of, used_bulletin
from service.api.queries import FeedQuery, ScoreFilter
from service.api.routing import QueryRoute
from service.api.selection import find_country, select_scores
from service.forms.atom import ATOM_TYPE, AtomEntry, AtomFeed, atom_of, iri_of
from service.store.bulletins import Bulletin
from service.store.derived import regions_of

router = APIRouter(prefix="/v1", tags=["scores"], route_class=QueryRoute)

_OF_QUERIES = "%&=+,;:@/?!$'()*~"
"""What stands in a query as it is (RFC 3986)."""

TITLE = message("Tocsin: alerts and changes")


@router.get(
    "/feed",
    response_class=Response,
    responses={200: {"content": {ATOM_TYPE: {}}, "description": "The feed."}},
)
def show_feed(request: Request, query: Annotated[FeedQuery, Query()]) -> Response:
    """An Atom feed (RFC 4287) of the alerts that rang, and of what changed most.

    Alerts are those of the bulletins that are served, the newest first; changes are those of the
    newest bulletin, of each target at its nearest horizon if no other is asked for.
    """
    bulletin = used_bulletin(request)
    language = ENGLISH if query.lang is None else LANGUAGES[query.lang]
    # Not the Host of the request: answers are cached by path and query alone.
    public_url: str = request.app.state.public_url.rstrip("/")
    root = f"{public_url}/" if public_url else "../"
    entries = [
        *_alert_entries(request, bulletin, query, root),
        *_change_entries(bulletin, query, root, language),
    ]
    asked = quote(request.scope["query_string"], safe=_OF_QUERIES)
    address = f"{root}v1/feed?{asked}".rstrip("?")
    feed = AtomFeed(
        id=address if public_url else iri_of(sha256_of(address.encode())[:32]),
        address=address,
        page=root,
        title=_marked(language.gettext(TITLE), bulletin, language),
        updated=max([bulletin.manifest.issued_at, *(entry.updated for entry in entries)]),
        author="Tocsin",
        rights=bulletin.manifest.licence,
        language=language.code,
        entries=entries,
    )
    return Response(
        atom_of(feed), headers={"Content-Language": language.code}, media_type=ATOM_TYPE
    )


def _alert_entries(
    request: Request, bulletin: Bulletin, query: FeedQuery, root: str
) -> Iterator[AtomEntry]:
    """Yield the alerts of served bulletins that pass a query, the newest first."""
    listing = listing_of(request)
    countries = {find_country(bulletin, name, regions_of(bulletin)) for name in query.country}
    for alert in listing.alerts:
        is_asked = (
            query.level in (None, alert.level)
            and query.target in (None, alert.target)
            and (not query.horizon or alert.horizon in query.horizon)
            and (not countries or alert.country in countries)
        )
        if is_asked and alert.bulletin in listing.manifests:
            score = alert.level, alert.target, alert.horizon, alert.bulletin, alert.region
            yield AtomEntry(
                id=iri_of(alert.id),
                title=alert.title,
                text=alert.text,
                updated=alert.raised_at,
                link=f"{root}{view_of_score(*score, alert.language)}",
                language=alert.language,
                categories=("alert", alert.country, alert.target),
            )


def _change_entries(
    bulletin: Bulletin, query: FeedQuery, root: str, language: Language
) -> Iterator[AtomEntry]:
    """Yield what changed most, none in older bulletins; raises what `select_scores` does."""
    filters = query.model_dump(include={"level", "country", "target", "horizon"})
    rows, scores = select_scores(bulletin, ScoreFilter(**filters)).rows, bulletin.scores
    if DRIVERS_FILE not in bulletin.parts or query.limit == 0:
        return
    if not query.horizon:
        is_nearest = np.zeros(len(scores), np.bool_)
        for target, horizons in bulletin.horizons.items():
            is_nearest |= scores.among("target", [target]) & scores.among(
                "horizon", [min(horizons)]
            )
        rows = rows[is_nearest[rows]]
    rows, manifest = moved_most(bulletin, rows)[: query.limit], bulletin.manifest
    before, drivers = previous_of_scores(bulletin), ScoreDrivers(bulletin)
    for mover in movers_at(bulletin, rows, before, drivers, language):
        shares = language.percent(mover.previous_probability), language.percent(mover.probability)
        place = place_of(mover.region, mover.name, mover.country, language)
        spec, value = SPECS[mover.target], " \N{RIGHTWARDS ARROW} ".join(shares)
        title = headline(place, spec, mover.target_month, value, language)
        score = mover.level, mover.target, mover.horizon, manifest.id, mover.region
        yield AtomEntry(
            id=iri_of(id_of_alert("", manifest.id, mover.region, mover.target, mover.horizon)),
            title=_marked(title, bulletin, language),
            text=mover.sentence,
            updated=manifest.issued_at,
            link=f"{root}{view_of_score(*score, language.code)}",
            language=language.code,
            categories=("change", mover.country, mover.target),
        )


def _marked(title: str, bulletin: Bulletin, language: Language) -> str:
    mark = mark_of(bulletin.manifest, language)
    return f"{mark}: {title}" if mark else title
