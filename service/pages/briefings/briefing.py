"""`/v1/briefings/{country}`: what a bulletin says of a country, to be printed on two pages."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from features.language import ENGLISH, LANGUAGES, Language
from features.words import DISPLAYED, SPECS, Target
from service.api.current import chosen_bulletin, record_of, stale_because
from service.api.queries import BulletinQuery, LanguageChoice
from service.api.routing import QueryRoute
from service.api.schemas import Score
from service.freshness import over_until
from service.pages.briefings.country import Country, RegionRisk
from service.pages.briefings.country_map import country_map
from service.pages.briefings.signs import signs_of
from service.pages.environment import environment_for
from service.pages.reading.accuracy import accuracy_of
from service.pages.reading.track_record import overall_of
from service.pages.shortfalls import shortfall_lines
from service.store.bulletins import LATEST
from service.store.record import Record

MOST_REGIONS, MOST_MOVES, MOST_REASONS, MOST_NEIGHBOURS, MOST_RARE = 10, 5, 3, 6, 4
"""How many of each fit on two pages."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

CountryName = Annotated[
    str,
    Path(
        description="Its ISO 3166-1 code of three or two letters, or its name.",
        examples=["MLI", "ml", "Mali"],
    ),
]

router = APIRouter(prefix="/v1", tags=["bulletins"], route_class=QueryRoute)


class BriefingQuery(BulletinQuery):
    """Which bulletin, and in which language: English, if none is asked for.

    Answers are cached by their address, so the browser's preference does not count.
    """

    lang: LanguageChoice = None


@router.get(
    "/briefings/{country}",
    response_class=HTMLResponse,
    responses={200: {"content": {"text/html": {}}, "description": "The page."}},
)
def show_briefing(
    request: Request, country: CountryName, query: Annotated[BriefingQuery, Query()]
) -> HTMLResponse:
    """A bulletin on one country, as a page of HTML that prints on two sheets of A4.

    A map, the highest risks, what moved and why, the capital and its roads where the bulletin has
    them, the countries next door, and how far it can be trusted.
    """
    bulletin = chosen_bulletin(request, query)
    language = ENGLISH if query.lang is None else LANGUAGES[query.lang]
    html = (
        environment_for(language)
        .get_template("briefing.html")
        .render(
            manifest=bulletin.manifest,
            simulated=bulletin.manifest.simulated,
            stale=stale_because(request, language) if query.bulletin == LATEST else None,
            over_until=over_until(bulletin.manifest, request.state.now),
            shortfalls=shortfall_lines(bulletin.manifest, language),
            **briefing_of(Country.of(bulletin, country), language, record_of(request)),
        )
    )
    return HTMLResponse(html, headers=_HEADERS | {"Content-Language": language.code})


def briefing_of(country: Country, language: Language, record: Record | None) -> dict[str, Any]:
    """Return what the template of a briefing says of a country, and of the track record."""
    bulletin, whole = country.bulletin, country.whole
    shown, scores = country.risks[:MOST_REGIONS], [risk.leading for risk in country.risks]
    accuracy = {one.target: one for one in accuracy_of(bulletin, country.level)}
    columns, rare = columns_of(country.risks, shown)
    return {
        "name": language.country(country.code),
        "leading": country.leading,
        "specs": SPECS,
        "risks": shown,
        "count": len(scores),
        "columns": columns,
        "rare": rare,
        "whole": None if country.level == "country" else whole,
        "chart": country.deaths_chart(language),
        "drawing": country_map(bulletin, country.places, scores, MOST_REGIONS, language),
        "unscored": country.unscored(language),
        "accuracy": accuracy.get(country.leading),
        "record": record and overall_of(record, country.level, country.leading),
        "moves": country.moves(MOST_MOVES, language),
        "reasons": country.reasons(MOST_REASONS, language),
        "signs": signs_of(bulletin, scores[0].region),
        "neighbours": country.neighbours(MOST_NEIGHBOURS),
    }


def columns_of(
    risks: list[RegionRisk], shown: list[RegionRisk]
) -> tuple[dict[Target, Score], dict[Target, list[Score]]]:
    """Return a score of each target that most regions shown have, for the heads of columns.

    Of the other targets return the highest scores, wherever they are.
    """
    columns: dict[Target, Score] = {}
    rare: dict[Target, list[Score]] = {}
    for target in DISPLAYED:
        scores = [risk.by_target[target] for risk in risks if target in risk.by_target]
        if 2 * sum(target in risk.by_target for risk in shown) > len(shown):
            columns[target] = scores[0]
        elif scores:
            scores.sort(key=lambda score: -score.probability)
            rare[target] = scores[:MOST_RARE]
    return columns, rare
