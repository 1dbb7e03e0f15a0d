"""`/`: what a bulletin says, as a map and a list.

The server writes all that can be read; `static/page.js` fetches the same address again when
something is changed, and puts the new parts in the place of the old.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from features.language import Language
from features.words import SPECS
from service.api.current import listing_of
from service.api.routing import QueryRoute
from service.pages.environment import POLICY, chosen_language, render
from service.pages.maps import atlas_of, shapes_address
from service.pages.ranking import countries_in, ranking_of
from service.pages.reading.glossary import GLOSSARY
from service.pages.region import FAMILIES, panel_of
from service.pages.shading import Figures, Shade, figures_in
from service.pages.view import LEVEL_NAMES, PageView, View, view_of

router = APIRouter(include_in_schema=False, route_class=QueryRoute)


@router.get("/")
def show_page(request: Request, query: Annotated[PageView, Query()]) -> HTMLResponse:
    """Show a bulletin: what it is, a map of it, and its highest scores."""
    language = chosen_language(request)
    return render(request, "page.html", language, **_contents(request, query, language))


@router.get("/embed")
def show_embed(request: Request, query: Annotated[PageView, Query()]) -> HTMLResponse:
    """Show the map alone, for the frame of another page: its origin has to be in the settings."""
    language = chosen_language(request)
    response = render(request, "embed.html", language, **_contents(request, query, language))
    origins = " ".join(request.app.state.embed_origins) or "'none'"
    policy = POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {origins}")
    response.headers["Content-Security-Policy"] = policy
    return response


def _contents(request: Request, query: PageView, language: Language) -> dict[str, Any]:
    """Return what the templates of the page and of the map alone are filled with."""
    view = view_of(request, query)
    figures, shade = figures_in(view), Shade(view, language)
    manifest = view.bulletin.manifest
    ranking = ranking_of(view, figures, shade, language)
    return {
        **_panel(request, view, language),
        "glossary": GLOSSARY,
        "manifest": manifest,
        "models": [model for model in manifest.models if model.level == view.level],
        "question": view.question(language),
        "bulletins": list(listing_of(request).manifests.values()),
        "countries": countries_in(view, language),
        "level_names": LEVEL_NAMES,
        "ranking": ranking,
        "nowhere": len(ranking.unscored),
        "picture": f"{request.base_url}map.png{view.address(lang=language.code)}",
        "legend": shade.legend(shade.styles(figures, figures.now)),
        "state": _state(view, figures, shade, language)
        | {"focus": [place.region for place in ranking.matches] if _is_narrow(view) else []},
    }


def _panel(request: Request, view: View, language: Language) -> dict[str, Any]:
    """Return what the panel of the region that is open needs; `page` is None without one."""
    if view.query.region is None:
        nothing = dict.fromkeys(("page", "unscored"))
        common = {"view": view, "shade": Shade(view, language), "specs": SPECS}
        return nothing | common | {"families": FAMILIES}
    return panel_of(request, view, view.query.region, language)


def _is_narrow(view: View) -> bool:
    return bool(view.query.country or (view.query.search or "").strip())


def _state(view: View, figures: Figures, shade: Shade, language: Language) -> dict[str, Any]:
    """Return what the map is coloured from: for each map, by region in the order of the shapes."""
    atlas = atlas_of(view.bulletin, view.level)
    if atlas is None:
        return {"shapes": None, "maps": []}
    ids = atlas.shapes.ids
    maps = [{"styles": " ".join(shade.styles(figures, ids)), "words": shade.words(figures, ids)}]
    if view.other is not None and not view.is_change:
        of_other = Figures(figures.before, {})
        maps.append(
            {"styles": " ".join(shade.styles(of_other, ids)), "words": shade.words(of_other, ids)}
        )
    titles = [one.manifest.origin for one in (view.bulletin, view.other) if one is not None]
    return {
        "shapes": shapes_address(view, language),
        "maps": maps,
        "titles": [language.month(origin) for origin in titles] if len(maps) > 1 else [],
    }
