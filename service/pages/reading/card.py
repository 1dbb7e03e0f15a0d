"""`/models/{of}`: the model card of a level or of coups, as its training wrote it."""

from collections.abc import Iterator
from functools import lru_cache
from html import escape
from itertools import zip_longest
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from bulletins.form import CARD_FILES, REPORT_FILES
from bulletins.manifest import CoupsUsed, ModelUsed
from features.language import message
from features.words import ModelOf
from service.api.current import reader_language, used_bulletin
from service.api.queries import BulletinChoice, LanguageChoice, NoParameters
from service.api.routing import QueryRoute
from service.errors import UnknownError
from service.pages.environment import render
from service.pages.view import LEVEL_NAMES, LEVELS
from service.store.bulletins import LATEST, Bulletin

router = APIRouter(include_in_schema=False, route_class=QueryRoute)

_DEEPEST = 6

MODEL_NAMES: dict[ModelOf, str] = {
    **{level: LEVEL_NAMES[level] for level in LEVELS},
    "coups": message("Coups"),
}


class CardView(NoParameters):
    """Of which bulletin, and in which language what stands around the card."""

    bulletin: BulletinChoice = LATEST
    lang: LanguageChoice = None


@router.get("/models/{of}")
def show_card(request: Request, of: str, query: Annotated[CardView, Query()]) -> HTMLResponse:
    """Show what scores are made by. Raises UnknownError where no card is kept."""
    bulletin = used_bulletin(request, query.bulletin)
    cards = models_with_cards(bulletin)
    chosen = next((one for one in cards if one == of), None)
    if chosen is None:
        there = ", ".join(cards) or "none"
        raise UnknownError(
            f"bulletin {bulletin.manifest.id} has no model card of '{of}': it has {there}"
        )
    asked = query.model_dump(exclude_defaults=True)
    return render(
        request,
        "card.html",
        reader_language(request, query.lang),
        bulletin=bulletin.manifest,
        of=chosen,
        models={one: f"{one}?{urlencode(asked)}" if asked else one for one in cards},
        model_names=MODEL_NAMES,
        model=_model(bulletin, chosen),
        card=Markup(as_html(bulletin.documents[CARD_FILES[chosen]])),  # noqa: S704, made here
        files={
            "card": CARD_FILES[chosen],
            "report": name if (name := REPORT_FILES[chosen]) in bulletin.documents else None,
        },
    )


def _model(bulletin: Bulletin, of: ModelOf) -> ModelUsed | CoupsUsed | None:
    levels = (model for model in bulletin.manifest.models if model.level == of)
    return bulletin.manifest.coups if of == "coups" else next(levels)


def models_with_cards(bulletin: Bulletin) -> list[ModelOf]:
    """Return the levels of which a bulletin has a model card, and coups, as people choose them."""
    return [of for of in MODEL_NAMES if CARD_FILES[of] in bulletin.documents]


@lru_cache(maxsize=8)
def as_html(content: bytes) -> str:
    """Return a card's Markdown as HTML: no markup, picture or style of its own comes through.

    Headings are one lower, because the page has its own first one; tables scroll by themselves.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = list(_adapted(parser.parse(content.decode("utf-8", errors="replace"))))
    return str(parser.renderer.render(tokens, parser.options, {}))


def _adapted(tokens: list[Token]) -> Iterator[Token]:
    heading = ""
    for token, following in zip_longest(tokens, tokens[1:]):
        if token.type == "heading_open" and following is not None:
            heading = following.content
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(_DEEPEST, int(token.tag[1:]) + 1)}"
        elif token.type in ("th_open", "td_open"):
            is_number = "right" in str(token.attrs.pop("style", ""))
            token.attrs |= {"class": "number"} if is_number else {}
            token.attrs |= {"scope": "col"} if token.tag == "th" else {}
        if token.type == "table_open":
            region = f'<div class="wide" role="region" tabindex="0" aria-label="{escape(heading)}">'
            yield Token("html_block", "", 0, content=region)
        yield token
        if token.type == "table_close":
            yield Token("html_block", "", 0, content="</div>\n")
