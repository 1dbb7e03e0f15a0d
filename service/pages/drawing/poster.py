"""A map with its title, legend and sources: one SVG that stands alone, to keep or to print."""

from collections.abc import Sequence
from html import escape
from textwrap import wrap
from typing import NamedTuple

from service.pages.drawing.labels import FIRST_ZOOM, STEP, STEPS
from service.pages.drawing.shapes import Box, Shapes

WIDTH = 1200
"""Width of a poster [pixels]."""

_MARGIN = 28
_AIR = 0.04
_LETTERS = 88
"""Letters in a line of the title."""

_TALLEST = 900
_EM = 10
"""Pixels of an em, by which lines and letters of the map are measured."""


class Poster(NamedTuple):
    """What stands around a map: title, legend as class and text of each colour, and small print."""

    title: str
    legend: Sequence[tuple[str, str]]
    notes: Sequence[str]
    mark: str | None = None


def poster_of(shapes: Shapes, body: str, poster: Poster, style: str) -> str:
    """Return a map with what stands around it; `style` is a sheet with the colours of its classes.

    Labels are those that have room at this size.
    """
    left, top, width, height = frame_of(shapes.box)
    inner = WIDTH - 2 * _MARGIN
    zoom = inner / width
    tall = min(_TALLEST, height * zoom)
    zoom = min(zoom, tall / height)
    view = f"{left + width / 2 - inner / zoom / 2:.0f} {top:.0f} {inner / zoom:.0f} {height:.0f}"
    title, below = _title(poster)
    legend = _legend(poster.legend, below + tall + 30)
    notes = "".join(
        f'<text class="note" x="{_MARGIN}" y="{below + tall + 66 + 18 * line:.0f}">'
        f"{escape(text)}</text>"
        for line, text in enumerate(poster.notes)
    )
    full = below + tall + 66 + 18 * len(poster.notes)
    hidden = "".join(
        f'.labels [data-step="{step}"]{{display:none}}'
        for step in range(STEPS)
        if FIRST_ZOOM * STEP**step > zoom
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="poster" viewBox="0 0 {WIDTH} {full:.0f}" '
        f'width="{WIDTH}" height="{full:.0f}"><style>{style}{hidden}'
        f".map{{font-size:{_EM / zoom:.0f}px}}</style>"
        f'<rect class="paper" width="100%" height="100%"/>{title}'
        f'<svg class="map" x="{_MARGIN}" y="{below}" width="{inner}" height="{tall:.0f}" '
        f'viewBox="{view}">'
        f'<rect class="sea" x="-99999" y="-99999" width="199999" height="199999"/>{body}</svg>'
        f"{legend}{notes}</svg>"
    )


def frame_of(box: Box) -> Box:
    """Return a box with some air around it."""
    left, top, width, height = box
    air = _AIR * max(width, height)
    return left - air, top - air, width + 2 * air, height + 2 * air


def _title(poster: Poster) -> tuple[str, int]:
    """Return the lines of the title, and where the map begins below them."""
    mark = f'<tspan class="simulated">{escape(poster.mark)} </tspan>' if poster.mark else ""
    lines = wrap(f"{poster.mark or ''} {poster.title}".strip(), _LETTERS)
    lines[0] = lines[0].removeprefix(poster.mark or "").strip()
    texts = "".join(
        f'<text class="title" x="{_MARGIN}" y="{44 + 30 * line}">{mark if line == 0 else ""}'
        f"{escape(text)}</text>"
        for line, text in enumerate(lines)
    )
    return texts, 30 * len(lines) + 34


def _legend(bands: Sequence[tuple[str, str]], y: float) -> str:
    step = (WIDTH - 2 * _MARGIN) / max(1, len(bands))
    keys = []
    for place, (style, text) in enumerate(bands):
        x = _MARGIN + step * place
        keys.append(
            f'<rect class="{style} swatch" x="{x:.0f}" y="{y - 13:.0f}" width="16" height="16" '
            f'rx="3"/><text class="key" x="{x + 24:.0f}" y="{y:.0f}">{escape(text)}</text>'
        )
    return "".join(keys)
