"""A map as PNG: what a link shows where it is shared. It has no words that need a font of ours."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO

import shapely
from PIL import Image, ImageDraw, ImageFont

from service.pages.drawing.shapes import Shapes

SIZE = (1200, 630)
"""Width and height [pixels]: what services that show previews ask for."""

_FINER = 2
"""How many times larger it is drawn, so that its edges are smooth."""

_AIR = 0.05
_VARIABLE = re.compile(r"--([\w-]+): (#[0-9a-f]{6})")


@cache
def palette_of(style: str) -> Mapping[str, str]:
    """Return the light colours of a style sheet by name: those of its first rule."""
    return dict(_VARIABLE.findall(style.split("}", maxsplit=1)[0]))


def picture_of(
    shapes: Shapes, styles: Sequence[str], palette: Mapping[str, str], mark: str
) -> bytes:
    """Return a map as PNG, coloured by the classes of its regions (n,), with a mark in a corner."""
    width, height = (edge * _FINER for edge in SIZE)
    image = Image.new("RGB", (width, height), palette["sea"])
    draw = ImageDraw.Draw(image)
    left, top, wide, tall = shapes.box
    zoom = min(width / wide, height / tall) * (1 - 2 * _AIR)
    x, y = width / 2 - (left + wide / 2) * zoom, height / 2 - (top + tall / 2) * zoom

    def paint(shape: shapely.Geometry, fill: str | None, line: str, thick: int) -> None:
        for ring in shapely.get_rings(shapely.get_parts(shape)):
            corners = shapely.get_coordinates(ring) * zoom + (x, y)
            draw.polygon([*map(tuple, corners.tolist())], fill=fill, outline=line, width=thick)

    for shape in shapes.land.values():
        paint(shape, palette["beyond"], palette["edge"], 1)
    for shape, style in zip(shapes.outlines, styles, strict=True):
        paint(shape, palette.get(style, palette["none"]), palette["edge"], 1)
    for shape in shapes.borders.values():
        paint(shape, None, palette["border"], 2)
    font = ImageFont.load_default(24 * _FINER)
    edge = 20 * _FINER
    corner = draw.textbbox((edge, height - edge), mark, font=font, anchor="lb")
    draw.rectangle([corner[0] - 16, corner[1] - 12, corner[2] + 16, corner[3] + 12], fill="#1c1e23")
    draw.text((edge, height - edge), mark, fill="#ffffff", font=font, anchor="lb")
    content = BytesIO()
    image.resize(SIZE, Image.Resampling.LANCZOS).quantize(128).save(content, "PNG", optimize=True)
    return content.getvalue()
