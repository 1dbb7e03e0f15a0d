"""A map as SVG: shapes once for a bulletin, and their colours by class for what is shown."""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

import numpy as np
import shapely

from service.pages.drawing.labels import STEPS, Label
from service.pages.drawing.shapes import MOST_CELLS, Shapes

_LEAST_CORNERS = 3

# Regions without a class have it: there is no score.
_HATCH = (
    '<pattern id="hatch" class="hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="scale(12) rotate(45)"><rect width="5" height="5"/>'
    '<path d="M0 0V5"/></pattern>'
)


def path_of(shape: shapely.Geometry) -> str:
    """Return a shape as the `d` of an SVG path: whole numbers, each from the one before."""
    rings = []
    for ring in shapely.get_rings(shapely.get_parts(shape)):
        corners = np.rint(shapely.get_coordinates(ring)).astype(np.int64)
        steps = np.diff(corners, axis=0)
        steps = steps[steps.any(axis=1)]
        if len(steps) >= _LEAST_CORNERS:
            x, y = corners[0].tolist()
            rings.append(f"M{x} {y}l{_numbers(steps[:-1].ravel().tolist())}z")
    return "".join(rings)


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
    names.
    """
    is_grid = len(shapes.ids) > MOST_CELLS
    land = "".join(path_of(shape) for shape in shapes.land.values())
    regions = _regions(shapes, names, country_names, classes)
    borders = "".join(path_of(shape) for shape in shapes.borders.values())
    return (
        f'{_HATCH}<path class="land" d="{land}"/>'
        f'<g class="regions{" cells" if is_grid else ""}" fill="url(#hatch)">{regions}</g>'
        f'<path class="borders" d="{borders}"/>'
        f'<g class="layers">{layers}</g><g class="ring"/><g class="labels">{_labels(labels)}</g>'
    )


def _regions(
    shapes: Shapes,
    names: Sequence[str],
    country_names: dict[str, str],
    classes: Sequence[str] | None,
) -> str:
    places = zip(shapes.countries, shapes.ids, names, shapes.outlines, strict=True)
    groups, number = [], 0
    for country, of_country in groupby(places, key=lambda place: place[0]):
        paths = []
        for _, region, name, outline in of_country:
            of_class = f' class="{classes[number]}"' if classes else ""
            who = f'data-id="{escape(region)}"'
            if name != region:
                who += f' data-name="{escape(name)}"'
            paths.append(f'<path {who}{of_class} d="{path_of(outline)}"/>')
            number += 1
        known_as = escape(country_names[country])
        groups.append(f'<g data-country="{country}" data-name="{known_as}">{"".join(paths)}</g>')
    return "".join(groups)


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
