"""`/`: what a bulletin says, as a map and a list.

The server writes all that can be read; `static/page.js` fetches the same address again when
something is changed, and puts the new parts in the place of the old.
"""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from bulletins.manifest import CoupsUsed, Manifest, ModelUsed
from features.language import Language
from features.targets import any_of
from service.api.current import listing_of, root_of
from service.api.routing import QueryRoute
from service.pages.environment import POLICY, chosen_language, render
from service.pages.maps import atlas_of, layers_address, shapes_address
from service.pages.ranking import Ranking, countries_in, ranking_of
from service.pages.region import panel_of
from service.pages.shading import Shade
from service.pages.siege.layers import LAYER_NAMES, layers_in, legend_of
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
    shade, manifest = Shade(view, language), view.bulletin.manifest
    ranking = ranking_of(shade, language)
    return {
        **panel_of(request, shade, view.query.region, language),
        "manifest": manifest,
        "models": _models(manifest, view),
        "question": view.question(language),
        "bulletins": list(listing_of(request).manifests.values()),
        "countries": countries_in(view, language),
        "level_names": LEVEL_NAMES,
        "ranking": ranking,
        "nowhere": len(ranking.unscored),
        "any_of_matches": _any_of(view, ranking),
        "picture": f"{root_of(request)}/map.png{view.address(lang=language.code)}",
        "legend": shade.legend(shade.styles(shade.now)),
        "layers": [(one, LAYER_NAMES[one]) for one in layers_in(view.bulletin)],
        "layer_legend": legend_of(language) if view.layers else [],
        "state": _state(shade, language)
        | {"focus": [place.region for place in ranking.matches] if _is_narrow(view) else []},
    }


def _models(manifest: Manifest, view: View) -> list[ModelUsed] | list[CoupsUsed]:
    """Return the models behind the scores that are shown."""
    if view.spec.counts == "coups":
        return [] if manifest.coups is None else [manifest.coups]
    return [model for model in manifest.models if model.level == view.level]


def _any_of(view: View, ranking: Ranking) -> float | None:
    """Return how likely a coup is in any of the countries that match; None of anything else."""
    if view.spec.counts != "coups" or view.is_change or len(ranking.matches) <= 1:
        return None
    return any_of(np.array([place.figure.probability for place in ranking.matches]))


def _is_narrow(view: View) -> bool:
    return bool(view.query.country or (view.query.search or "").strip())


def _state(shade: Shade, language: Language) -> dict[str, Any]:
    """Return what the map is coloured from: for each map, by region in the order of the shapes."""
    view = shade.view
    atlas = atlas_of(view.bulletin, view.level)
    if atlas is None:
        return {"shapes": None, "maps": [], "layers": {}}
    shades = [shade]
    if view.other is not None and not view.is_change:
        shades.append(shade.of_bulletin(view.other))
    ids = atlas.shapes.ids
    maps = [{"styles": " ".join(one.styles(ids)), "words": one.words(ids)} for one in shades]
    titles = [one.manifest.origin for one in (view.bulletin, view.other) if one is not None]
    return {
        "shapes": shapes_address(view, language),
        "maps": maps,
        "layers": layers_address(view, language),
        "titles": [language.month(origin) for origin in titles] if len(maps) > 1 else [],
    }
