"""`/bulletins`: what was issued, to be read, taken along and compared."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from features.language import Language
from service.api.bulletin_routes import manifests_after
from service.api.current import listing_of, reader_language, stale_because, used_bulletin
from service.api.queries import LanguageChoice, NoParameters
from service.api.routing import QueryRoute
from service.api.selection import plain
from service.pages.environment import render
from service.pages.reading.glossary import GLOSSARY
from service.store.bulletins import Bulletin
from service.values import BulletinId

MOST = 60
"""Bulletins on one page: five years of them."""

router = APIRouter(include_in_schema=False, route_class=QueryRoute)


class BulletinsView(NoParameters):
    """Which bulletins: those that follow one, the newest first."""

    after: BulletinId | None = None
    lang: LanguageChoice = None


@router.get("/bulletins")
def show_bulletins(request: Request, query: Annotated[BulletinsView, Query()]) -> HTMLResponse:
    """Show the bulletins, the newest first."""
    newest = used_bulletin(request)
    listing = listing_of(request)
    following = manifests_after(query.after, list(listing.manifests.values()))
    language = reader_language(request, query.lang)
    return render(
        request,
        "bulletins.html",
        language,
        newest=newest.manifest,
        newest_stale=stale_because(request, language),
        bulletins=following[:MOST],
        countries=countries_of(newest, language),
        last=following[MOST - 1].id if len(following) > MOST else None,
        passed_over=sorted(listing.passed_over.items()),
        glossary=GLOSSARY,
    )


def countries_of(bulletin: Bulletin, language: Language) -> list[tuple[str, str]]:
    """Return the countries that have scores, by their names in a language: code and name."""
    codes = bulletin.scores.values("country")
    names = [(code, language.country(code)) for code in codes]
    return sorted(names, key=lambda pair: plain(pair[1]))
