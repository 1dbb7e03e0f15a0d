"""`/maps`: the shapes of a bulletin's regions, which never change, and the coloured map."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Request, Response

from bulletins.form import REGIONS_FILE
from bulletins.manifest import Manifest
from features.language import Language, message
from features.words import LEVELS, Level
from service.api.current import used_bulletin
from service.api.queries import LanguageChoice, NoParameters
from service.api.routing import QueryRoute
from service.errors import UnknownError
from service.pages.assets import FOR_GOOD, asset_text, assets_version
from service.pages.drawing.labels import labels_of
from service.pages.drawing.map import map_of
from service.pages.drawing.picture import palette_of, picture_of
from service.pages.drawing.poster import Poster, poster_of
from service.pages.drawing.shapes import Shapes, shapes_of
from service.pages.environment import chosen_language
from service.pages.shading import Shade
from service.pages.siege.layers import layer_text, layers_in
from service.pages.view import PageView, View, view_of
from service.store.bulletins import Bulletin
from service.store.derived import derived

_STANDS_ALONE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-cache",
}

router = APIRouter(include_in_schema=False, route_class=QueryRoute)


class Atlas(NamedTuple):
    """The shapes of a level's regions, and the regions' names in their order."""

    shapes: Shapes
    names: list[str]


@derived
def atlas_of(bulletin: Bulletin, level: Level) -> Atlas | None:
    """Return the shapes of a level; None where it has no outlines."""
    if REGIONS_FILE not in bulletin.parts:
        return None
    table = bulletin.part(REGIONS_FILE).whole(["region", "name", "country", "level", "outline"])
    rows = [row for row in table.to_pylist() if row["level"] == level and row["outline"]]
    if not rows:
        return None
    ids, countries, outlines = zip(
        *((row["region"], row["country"], row["outline"]) for row in rows), strict=True
    )
    shapes = shapes_of(ids, countries, outlines, bulletin.scores.values("region"))
    names = {row["region"]: row["name"] for row in rows}
    return Atlas(shapes, [names[region] for region in shapes.ids])


class ShapesQuery(NoParameters):
    """Which names stand on the map, and the version of what writes it."""

    lang: LanguageChoice = None
    v: str = ""


@router.get("/maps/{bulletin}/{level}.svg")
def show_shapes(
    request: Request, bulletin: str, level: str, query: Annotated[ShapesQuery, Query()]
) -> Response:
    """Return the shapes of a level in a bulletin, without colours; they never change.

    Raises UnknownError when there are none.
    """
    known = next((one for one in LEVELS if one == level), None)
    used = used_bulletin(request, bulletin)
    text = known and shapes_text(used, known, chosen_language(request))
    if not text:
        raise UnknownError(f"bulletin {bulletin} has no outlines of a level '{level}'")
    is_current = query.v == assets_version() and query.lang is not None
    headers = {"Cache-Control": FOR_GOOD if is_current else "no-cache"}
    return Response(text, media_type="image/svg+xml", headers=headers)


@derived
def shapes_text(bulletin: Bulletin, level: Level, language: Language) -> str:
    """Return the shapes of a level as SVG, without colours; empty where there are none."""
    atlas = atlas_of(bulletin, level)
    if atlas is None:
        return ""
    left, top, width, height = (round(edge) for edge in atlas.shapes.box)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" data-box="{left} {top} {width} {height}">'
        f"{body_of(atlas, language)}</svg>"
    )


@router.get("/maps/{bulletin}/{level}/{layer}.svg")
def show_layer(
    request: Request, bulletin: str, level: str, layer: str, query: Annotated[ShapesQuery, Query()]
) -> Response:
    """Return a layer over the map of a level in a bulletin; it never changes.

    Raises UnknownError when there is none.
    """
    used, language = used_bulletin(request, bulletin), chosen_language(request)
    known = next((one for one in LEVELS if one == level), None)
    named = next((one for one in layers_in(used) if one == layer), None)
    atlas = atlas_of(used, known) if known else None
    if atlas is None or named is None:
        raise UnknownError(f"bulletin {bulletin} has no layer '{layer}' of a level '{level}'")
    group = layer_text(used, named, atlas.shapes, language)
    text = f'<svg xmlns="http://www.w3.org/2000/svg">{group}</svg>'
    is_current = query.v == assets_version() and query.lang is not None
    headers = {"Cache-Control": FOR_GOOD if is_current else "no-cache"}
    return Response(text, media_type="image/svg+xml", headers=headers)


def layers_address(view: View, language: Language) -> dict[str, str]:
    """Return where each layer of a view is that is switched on, from the root."""
    where = f"maps/{view.bulletin.manifest.id}/{view.level}"
    asked = f"?lang={language.code}&v={assets_version()}"
    return {layer: f"{where}/{layer}.svg{asked}" for layer in view.layers}


def shapes_address(view: View, language: Language) -> str:
    """Return where the shapes of a view are, from the root; browsers keep what is there."""
    where = f"maps/{view.bulletin.manifest.id}/{view.level}.svg"
    return f"{where}?lang={language.code}&v={assets_version()}"


def body_of(
    atlas: Atlas, language: Language, styles: list[str] | None = None, layers: str = ""
) -> str:
    """Return a map as SVG with names in a language; coloured, if it is given styles (n,)."""
    shapes = atlas.shapes
    return map_of(
        shapes,
        atlas.names,
        labels_of(shapes, language.country),
        country_names={code: language.country(code) for code in set(shapes.countries)},
        classes=styles,
        layers=layers,
    )


def sources_of(manifest: Manifest) -> str:
    """Return whom a bulletin is owed to, in short."""
    titles = [source.title for source in manifest.sources]
    return "; ".join(titles or sorted({used.source for used in manifest.vintage.releases}))


def _drawn_atlas(bulletin: Bulletin, level: Level) -> Atlas:
    """Return the shapes of a level; raises UnknownError when there is no outline."""
    atlas = atlas_of(bulletin, level)
    if atlas is None:
        raise UnknownError(f"bulletin {bulletin.manifest.id} has no outlines to draw")
    return atlas


@router.get("/map.svg")
def show_map(request: Request, query: Annotated[PageView, Query()]) -> Response:
    """Return the map of a view with title, legend and sources, to be kept or printed."""
    language = chosen_language(request)
    view = view_of(request, query)
    _, manifest = language.gettext, view.bulletin.manifest
    atlas, shade = _drawn_atlas(view.bulletin, view.level), Shade(view, language)
    styles = shade.styles(atlas.shapes.ids)
    poster = Poster(
        title=view.question(language),
        legend=[(band.style, f"{band.text} {band.range}") for band in shade.legend(styles)],
        notes=[
            _(message("Tocsin, observed to {month}, issued on {day}, bulletin {id}")).format(
                month=language.month(manifest.origin),
                day=language.day(manifest.issued_at.date()),
                id=manifest.id,
            ),
            f"{_(message('Licence of the scores'))}: {manifest.licence}. {sources_of(manifest)}",
            _(manifest.boundaries),
        ],
        mark=_(message("SIMULATED")) if manifest.simulated else None,
    )
    layers = [layer_text(view.bulletin, one, atlas.shapes, language) for one in view.layers]
    body = body_of(atlas, language, styles, "".join(layers))
    text = poster_of(atlas.shapes, body, poster, asset_text("map.css"))
    return Response(text, media_type="image/svg+xml", headers=_STANDS_ALONE)


@router.get("/map.png")
def show_picture(request: Request, query: Annotated[PageView, Query()]) -> Response:
    """Return the map of a view as a picture, for where a link to it is shared."""
    view = view_of(request, query)
    shapes = _drawn_atlas(view.bulletin, view.level).shapes
    styles = Shade(view, chosen_language(request)).styles(shapes.ids)
    mark = "Tocsin SIMULATED" if view.bulletin.manifest.simulated else "Tocsin"
    content = picture_of(shapes, styles, palette_of(asset_text("map.css")), mark)
    return Response(content, media_type="image/png", headers={"Cache-Control": "no-cache"})
