"""`/about`: what Tocsin is, how its scores are made, what its words mean, whose data it reads."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from features.words import SPECS
from service.api.current import reader_language, used_bulletin
from service.api.queries import LanguageChoice, NoParameters
from service.api.routing import QueryRoute
from service.pages.environment import render
from service.pages.reading.card import MODEL_NAMES, models_with_cards
from service.pages.reading.glossary import GLOSSARY
from service.pages.view import LEVEL_NAMES

router = APIRouter(include_in_schema=False, route_class=QueryRoute)


class AboutView(NoParameters):
    """In which language."""

    lang: LanguageChoice = None


@router.get("/about")
def show_about(request: Request, query: Annotated[AboutView, Query()]) -> HTMLResponse:
    """Show what Tocsin is."""
    bulletin = used_bulletin(request)
    return render(
        request,
        "about.html",
        reader_language(request, query.lang),
        manifest=bulletin.manifest,
        targets=[
            (SPECS[target], _in_short(sorted(bulletin.horizons[target])))
            for target in bulletin.targets
        ],
        cards=models_with_cards(bulletin),
        level_names=LEVEL_NAMES,
        model_names=MODEL_NAMES,
        glossary=GLOSSARY,
    )


def _in_short(months: list[int]) -> str:
    """Return months ahead as `1-12` or `3, 6, 12`."""
    first, last = months[0], months[-1]
    is_span = len(months) > 2 and months == list(range(first, last + 1))  # noqa: PLR2004
    return f"{first}-{last}" if is_span else ", ".join(map(str, months))
