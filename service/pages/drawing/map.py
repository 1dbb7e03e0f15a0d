"""A map as SVG: shapes once for a bulletin, and their colours by class for what is shown."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby
from typing import NamedTuple

import numpy as np
import shapely

from features.arrays import ObjectArray
from service.pages.drawing.labels import STEPS, Label
from service.pages.drawing.shapes import Shapes, is_grid

_LEAST_CORNERS = 3

_LINE = "&#10;"
"""What parts the cells of a path: a line break that XML keeps in an attribute."""


class _Place(NamedTuple):
    """A region as it is written: its texts are escaped, `style` is empty without colours."""

    country: str
    region: str
    name: str
    style: str
    path: str


# Regions without a class have it: there is no score.
_HATCH = (
    '<pattern id="hatch" class="hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="scale(12) rotate(45)"><rect width="5" height="5"/>'
    '<path d="M0 0V5"/></pattern>'
)


def path_of(shape: shapely.Geometry) -> str:
    """Return a shape as the `d` of an SVG path: whole numbers, each from the one before."""
    return paths_of(np.array([shape]))[0]


def paths_of(shapes: ObjectArray) -> list[str]:
    """Return shapes (n,) as `path_of` does, at once: most of a grid's time is in single cells."""
    parts, shape_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    places, ring_of_corner = shapely.get_coordinates(rings, return_index=True)
    corners = np.rint(places).astype(np.int64)
    steps = np.diff(corners, axis=0)
    is_step = (ring_of_corner[1:] == ring_of_corner[:-1]) & steps.any(axis=1)
    ends = np.searchsorted(ring_of_corner[1:][is_step], np.arange(len(rings)), side="right")
    firsts = corners[np.searchsorted(ring_of_corner, np.arange(len(rings)))]
    numbers, begin = steps[is_step].ravel().tolist(), 0
    paths = [""] * len(shapes)
    owners = shape_of_part[part_of_ring]
    for owner, (x, y), end in zip(owners.tolist(), firsts.tolist(), ends.tolist(), strict=True):
        if end - begin >= _LEAST_CORNERS:
            paths[owner] += f"M{x} {y}l{_numbers(numbers[2 * begin : 2 * (end - 1)])}z"
        begin = end
    return paths


def map_of(
    shapes: Shapes,
    names: Sequence[str],
    labels: Iterable[Label],
    *,
    country_names: dict[str, str],
    classes: Sequence[str] | None = None,
    layers: str = "",
) -> str:
    """Return the body of a map: sea, land, regions with their `names` (n,), borders and labels.

    With `classes` (n,), which the style has the colours of, it is coloured; `layers` lie below the
    names. Cells of a grid share a path by country and colour: a browser draws few paths quickly.
    """
    land = "".join(path_of(shape) for shape in shapes.land.values())
    regions = _regions(shapes, names, country_names, classes)
    borders = "".join(path_of(shape) for shape in shapes.borders.values())
    return (
        f'{_HATCH}<path class="land" d="{land}"/>'
        f'<g class="regions{" cells" if is_grid(shapes) else ""}" fill="url(#hatch)">{regions}</g>'
        f'<path class="borders" d="{borders}"/>'
        f'<g class="layers">{layers}</g><g class="ring"/><g class="labels">{_labels(labels)}</g>'
    )


def _regions(
    shapes: Shapes,
    names: Sequence[str],
    country_names: dict[str, str],
    classes: Sequence[str] | None,
) -> str:
    drawings_of = _merged if is_grid(shapes) else _apart
    colours = classes or [""] * len(shapes.ids)
    texts = (map(escape, column) for column in (shapes.ids, names, colours))
    paths = paths_of(shapes.outlines)
    places = map(_Place._make, zip(shapes.countries, *texts, paths, strict=True))
    groups = []
    for country, of_country in groupby(places, key=lambda place: place.country):
        known_as = escape(country_names[country])
        drawn = "".join(drawings_of(of_country))
        groups.append(f'<g data-country="{country}" data-name="{known_as}">{drawn}</g>')
    return "".join(groups)


def _apart(places: Iterable[_Place]) -> Iterator[str]:
    """Yield a path for each of some regions."""
    for place in places:
        of_class = f' class="{place.style}"' if place.style else ""
        name = f' data-name="{place.name}"' if place.name != place.region else ""
        yield f'<path data-id="{place.region}"{name}{of_class} d="{place.path}"/>'


def _merged(places: Iterable[_Place]) -> Iterator[str]:
    """Yield a path for each colour, or one for all cells if they have none, a cell a line."""
    by_style: dict[str, list[_Place]] = {}
    for place in places:
        by_style.setdefault(place.style, []).append(place)
    for style, cells in by_style.items():
        of_class = f' class="{style}"' if style else ""
        ids, names, paths = (
            _LINE.join(texts)
            for texts in zip(*((one.region, one.name, one.path) for one in cells), strict=True)
        )
        who = "" if style else f' data-ids="{ids}" data-names="{names}"'
        yield f'<path{who}{of_class} d="{paths}"/>'


def _labels(labels: Iterable[Label]) -> str:
    """Return the names, in a group for each step of zoom."""
    by_step: dict[int, list[str]] = {step: [] for step in range(STEPS)}
    for label in labels:
        by_step[label.step].append(_label(label))
    return "".join(
        f'<g data-step="{step}">{"".join(texts)}</g>' for step, texts in by_step.items() if texts
    )


def _label(label: Label) -> str:
    """Return a name; all measures are in em, so that one size of letters sets them."""
    x, y, text = round(label.x), round(label.y), escape(label.text)
    if label.kind in {"country", "beyond"}:
        return f'<text class="{label.kind}" x="{x}" y="{y}" dy=".35em">{text}</text>'
    return (
        f'<g class="{label.kind}"><circle cx="{x}" cy="{y}" r=".22em"/>'
        f'<text x="{x}" y="{y}" dx=".5em" dy=".35em">{text}</text></g>'
    )


def _numbers(numbers: Sequence[int]) -> str:
    return " ".join(map(str, numbers)).replace(" -", "-")
