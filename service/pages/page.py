"""The pages for people: `/`, what the current bulletin says, and `/docs`, how to ask for more."""

from datetime import date
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.bulletin import Level, Manifest, Target
from service.api.current import is_simulated, used_bulletin
from service.api.queries import LevelFilter, NoParameters, ScoreFilter
from service.api.schemas import Score
from service.api.selection import scores_at, select_scores
from service.store.bulletins import Bulletin

INSTABILITY_ROWS = 25
ESCALATION_ROWS = 10

_SMALL = 0.01
_PREFERENCE: tuple[Level, ...] = ("admin1", "priogrid", "country")
_LEVEL_NAMES = {"country": "countries", "admin1": "regions", "priogrid": "grid cells"}

# Nothing is ever loaded from another host, and the browser is told to hold us to it.
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": _POLICY}

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


class PageLevel(NoParameters):
    """The level that the page shows."""

    level: LevelFilter = None


@router.get("/")
def show_page(request: Request, query: Annotated[PageLevel, Query()]) -> HTMLResponse:
    """Show the current bulletin: what it is, and its highest scores at one level."""
    bulletin = used_bulletin(request)
    manifest = bulletin.manifest
    level = query.level or _preferred(manifest)
    html = _templates.get_template("page.html").render(
        simulated=manifest.simulated,
        bulletin=manifest,
        level=level,
        level_names=_LEVEL_NAMES,
        models=[model for model in manifest.models if model.level == level],
        instability=_top(bulletin, level, "instability", INSTABILITY_ROWS),
        escalation=_top(bulletin, level, "escalation", ESCALATION_ROWS),
    )
    return HTMLResponse(html, headers=_HEADERS)


@router.get("/docs")
def show_docs(request: Request) -> HTMLResponse:
    """Show the interactive description of the API, from files of our own."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Tocsin: the API",
        swagger_js_url="static/swagger-ui-bundle.js",
        swagger_css_url="static/swagger-ui.css",
        swagger_favicon_url="static/favicon.png",
        swagger_ui_parameters={"validatorUrl": "none", "tryItOutEnabled": True},
    )
    banner = _templates.get_template("banner.html").render(simulated=is_simulated(request))
    html = bytes(page.body).decode().replace("<body>", f'<body style="margin: 0">{banner}', 1)
    return HTMLResponse(html, headers=_HEADERS)


def _top(bulletin: Bulletin, level: Level, target: Target, limit: int) -> list[Score]:
    """Return the highest scores of a target at its nearest horizon; none if it is not scored."""
    horizons = bulletin.horizons.get(target)
    if not horizons:
        return []
    query = ScoreFilter(level=level, target=target, horizon=[min(horizons)])
    return scores_at(bulletin, select_scores(bulletin, query).at(0, limit))


def _preferred(manifest: Manifest) -> Level:
    return next(level for level in _PREFERENCE if level in manifest.levels)


def _percent(probability: float) -> str:
    """Write a probability as people do, without ever rounding to certainty."""
    if probability < _SMALL:
        return "<1%"
    return ">99%" if probability > 1 - _SMALL else f"{probability:.0%}"


def _month(text: str) -> str:
    """Write `2025-01` as January 2025."""
    return f"{date.fromisoformat(f'{text}-01'):%B %Y}"


_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters.update(percent=_percent, month=_month)
