"""Layers over the map: rings around capitals and supply corridors, off until asked for."""

from html import escape
from typing import Literal, NamedTuple

import numpy as np
import shapely

from bulletins.signs import CAPITAL_RINGS_FILE, CORRIDORS_FILE
from features.language import Language, message
from service.errors import UnknownError
from service.pages.drawing.map import path_of
from service.pages.drawing.shapes import Shapes
from service.pages.siege.drawings import intensity, sector_words, style_of
from service.signs.bodies import Corridor
from service.signs.shapes import corridor_shapes, ring_shapes, sector_shapes
from service.signs.tables import corridors_of, rings_of, sectors_of
from service.store.bulletins import Bulletin
from service.store.derived import derived

Layer = Literal["capitals", "corridors"]

LAYER_NAMES: dict[Layer, str] = {
    "capitals": message("Rings around capitals"),
    "corridors": message("Roads of supply"),
}
_FILES: dict[Layer, str] = {"capitals": CAPITAL_RINGS_FILE, "corridors": CORRIDORS_FILE}


class Swatch(NamedTuple):
    """A line of the legend of a layer: the class of its colour, and what it means."""

    style: str
    text: str


def layers_in(bulletin: Bulletin) -> list[Layer]:
    """Return the layers that a bulletin has."""
    return [one for one, name in _FILES.items() if name in bulletin.parts and _has(bulletin, one)]


@derived
def _has(bulletin: Bulletin, layer: Layer) -> bool:
    try:
        return bool(rings_of(bulletin) if layer == "capitals" else corridors_of(bulletin))
    except UnknownError:  # a history of counts
        return False


def legend_of(language: Language) -> list[Swatch]:
    """Return what the colours of both layers mean."""
    _ = language.gettext
    return [
        Swatch("v1", _(message("1 event"))),
        Swatch("v2", _(message("2 to 4"))),
        Swatch("v3", _(message("5 or more"))),
        Swatch("none", _(message("not observed"))),
    ]


@derived
def layer_text(bulletin: Bulletin, layer: Layer, shapes: Shapes, language: Language) -> str:
    """Return a layer over a map, in whose units it is drawn, as a group of SVG."""
    draw = _capitals if layer == "capitals" else _corridors
    return f'<g class="{layer}">{draw(bulletin, shapes, language)}</g>'


def _capitals(bulletin: Bulletin, shapes: Shapes, language: Language) -> str:
    outlines, circles = sector_shapes(bulletin), ring_shapes(bulletin)
    by_country: dict[str, list[str]] = {}
    for country, sectors in sectors_of(bulletin).items():
        by_country[country] = [
            _path(outlines[sector.id], shapes, style_of(sector), sector_words(sector, language))
            for sector in sectors
            if style_of(sector) != "v0"
        ]
    for ring in rings_of(bulletin):
        by_country[ring.country].append(_path(circles[ring.id], shapes, "rim"))
    return _groups(by_country)


def _corridors(bulletin: Bulletin, shapes: Shapes, language: Language) -> str:
    lines = corridor_shapes(bulletin)
    by_country: dict[str, list[str]] = {}
    for one in sorted(corridors_of(bulletin).values(), key=lambda one: one.events or 0):
        path = _path(lines[one.id], shapes, _style(one), corridor_words(one, language))
        by_country.setdefault(one.country, []).append(path)
    return _groups(by_country)


def _groups(by_country: dict[str, list[str]]) -> str:
    """Return paths in a group a country, so that a page may show those of one alone."""
    return "".join(
        f'<g data-country="{country}">{"".join(paths)}</g>' for country, paths in by_country.items()
    )


def _style(corridor: Corridor) -> str:
    return "dark" if corridor.events is None else intensity(corridor.events)


def corridor_words(corridor: Corridor, language: Language) -> str:
    """Return what a corridor says: its name, its events, and their place in its past."""
    _ = language.gettext
    if corridor.events is None:
        return f"{corridor.name}: {_(message('not observed'))}"
    text = language.ngettext("{n} event", "{n} events", corridor.events).format(
        n=language.number(corridor.events)
    )
    if corridor.percentile is not None:
        place = _(message("percentile {percentile} of its own past"))
        text += f", {place.format(percentile=corridor.percentile)}"
    return f"{corridor.name}: {text}"


def _path(geometry: bytes, shapes: Shapes, style: str, words: str = "") -> str:
    """Return a GeoJSON geometry [degrees] as a path in units of the map."""
    shape = shapely.from_geojson(geometry.decode())
    drawn = shapely.transform(shape, shapes.place)
    line = _line_of(drawn) if shape.geom_type == "LineString" else path_of(drawn)
    said = f' data-words="{escape(words)}"' if words else ""
    return f'<path class="{style}"{said} d="{line}"/>'


def _line_of(line: shapely.Geometry) -> str:
    corners = np.rint(shapely.get_coordinates(line)).astype(np.int64).tolist()
    return "M" + "L".join(f"{x} {y}" for x, y in corners)
