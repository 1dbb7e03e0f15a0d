"""The pages for people: `/`, what a bulletin says, and `/docs`, how to ask for more.

The server writes what can be read without a script; scripts add the map, the search and regions.
Files have a version in their address, so that browsers may keep them for good.
"""

import hashlib
from dataclasses import asdict
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse
from pydantic import Field

from features.language import ENGLISH
from features.words import DISPLAYED, RISK_LEVELS, SPECS, Level, Target
from service.api.current import is_simulated, reader_language, stale_because, used_bulletin
from service.api.queries import (
    BulletinChoice,
    LanguageChoice,
    LevelFilter,
    NoParameters,
    ScoreFilter,
)
from service.api.routing import QueryRoute
from service.api.scores import scores_at
from service.api.selection import select_scores
from service.errors import UnknownError
from service.freshness import over_until
from service.pages.environment import environment_for
from service.store.bulletins import LATEST, Bulletin

ROWS = 50
PLOTLY = "plotly.min.js"

_STATIC = Path(__file__).with_name("static")
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_FOR_GOOD = "public, max-age=31536000, immutable"

_LEVELS: tuple[Level, ...] = ("admin1", "priogrid", "country")
_LEVEL_NAMES = {"country": "countries", "admin1": "regions", "priogrid": "grid cells"}

# The browser is to load nothing from another host. Plotly and Swagger write styles; only the page
# of the API, which is FastAPI's, has a script in it.
_COMMON = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; script-src 'self'"
)
_HEADERS = {"Content-Security-Policy": _COMMON}
_DOCS_HEADERS = {"Content-Security-Policy": f"{_COMMON} 'unsafe-inline'"}

router = APIRouter(include_in_schema=False, route_class=QueryRoute)


class PageView(NoParameters):
    """What the page shows. An address can be sent to a colleague, who then sees the same."""

    level: LevelFilter = None
    target: Target | None = None
    horizon: Annotated[int | None, Field(ge=1, le=12)] = None
    bulletin: BulletinChoice = LATEST
    region: Annotated[str | None, Field(max_length=200)] = None
    search: Annotated[str | None, Field(max_length=200)] = None
    tab: Annotated[str | None, Field(max_length=20)] = None
    lang: LanguageChoice = None


@router.get("/")
def show_page(request: Request, query: Annotated[PageView, Query()]) -> HTMLResponse:
    """Show a bulletin: what it is, a map of it, and its highest scores."""
    bulletin = used_bulletin(request, query.bulletin)
    manifest = bulletin.manifest
    levels = [name for name in _LEVELS if name in manifest.levels]
    level = query.level or levels[0]
    target, horizon = _chosen(bulletin, query)
    view = {"level": level, "target": target, "horizon": horizon}
    top = ScoreFilter(level=level, target=target, horizon=[horizon])
    language = reader_language(request, query.lang)
    html = (
        environment_for(language)
        .get_template("page.html")
        .render(
            simulated=manifest.simulated,
            stale=stale_because(request) if query.bulletin == LATEST else None,
            over_until=over_until(manifest, request.state.now),
            bulletin=manifest,
            pinned=query.bulletin != LATEST,
            view=view,
            scores=scores_at(bulletin, select_scores(bulletin, top).page(slice(ROWS))),
            levels=levels,
            level_names=_LEVEL_NAMES,
            targets=[name for name in DISPLAYED if name in bulletin.horizons],
            target_names={name: spec.title for name, spec in SPECS.items()},
            horizons=bulletin.horizons,
            models=[model for model in manifest.models if model.level == level],
            assets=f"assets/{assets_version()}",
            plotly=PLOTLY,
            state=_state(bulletin, view),
        )
    )
    spoken = {"Content-Language": language.code, "Vary": "Accept-Language"}
    return HTMLResponse(html, headers=_HEADERS | spoken | {"Cache-Control": "no-cache"})


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
    banner = environment_for(ENGLISH).get_template("banner.html")
    said = banner.render(simulated=is_simulated(request))
    html = bytes(page.body).decode().replace("<body>", f'<body style="margin: 0">{said}', 1)
    return HTMLResponse(html, headers=_DOCS_HEADERS)


@router.get("/assets/{version}/{name}")
def show_asset(version: str, name: str) -> FileResponse:
    """Return a file that the page loads. Raises UnknownError for any other name."""
    path = _files().get(name)
    if path is None:
        raise UnknownError(f"the page has no file '{name}'")
    caching = _FOR_GOOD if version == assets_version() else "no-cache"
    return FileResponse(path, media_type=_TYPES[path.suffix], headers={"Cache-Control": caching})


@cache
def assets_version() -> str:
    """Return a hash of all files."""
    content = hashlib.sha256(metadata.version("plotly").encode())
    for name, path in sorted(_files().items()):
        if name != PLOTLY:
            content.update(name.encode() + path.read_bytes())
    return content.hexdigest()[:16]


@cache
def _files() -> dict[str, Path]:
    own = {path.name: path for path in _STATIC.iterdir() if path.suffix in _TYPES}
    # Found, not imported: importing plotly takes longer than starting the service.
    spec = find_spec("plotly")
    places = [] if spec is None else spec.submodule_search_locations or []
    return own | {PLOTLY: Path(place) / "package_data" / PLOTLY for place in places}  # noqa: B035


def _state(bulletin: Bulletin, view: dict[str, Any]) -> dict[str, Any]:
    """Return what the scripts start from."""
    manifest = bulletin.manifest
    return {
        "bulletin": manifest.id,
        "origin": manifest.origin,
        "simulated": manifest.simulated,
        "thresholds": manifest.thresholds,
        "horizons": {target: sorted(bulletin.horizons[target]) for target in bulletin.horizons},
        "targets": {target: asdict(SPECS[target]) for target in bulletin.horizons},
        "places": _LEVEL_NAMES,
        "risk_levels": RISK_LEVELS,
        "models": {
            level: [
                {"name": f"{model.name} v{model.version}", "learner": model.learner}
                for model in manifest.models
                if model.level == level
            ]
            for level in manifest.levels
        },
        "view": view,
    }


def _chosen(bulletin: Bulletin, query: PageView) -> tuple[Target, int]:
    """Return the target and horizon to show: those of the query, or the nearest that exist."""
    scored = [target for target in DISPLAYED if target in bulletin.horizons]
    target = query.target or scored[0]
    horizons = sorted(bulletin.horizons.get(target, ())) or [1]
    near = query.horizon or horizons[0]
    return target, min(horizons, key=lambda horizon: abs(horizon - near))
