"""The names on a map: of countries, capitals and towns, each from the zoom at which it has room."""

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import shapely

import features.places
from service.pages.drawing.shapes import Shapes

Kind = Literal["country", "beyond", "capital", "town"]

FIRST_ZOOM = 0.03
"""Pixels a unit of the map at the first step of zoom; each step is larger by STEP."""

STEP = 2**0.5
STEPS = 14

SIZES: dict[Kind, float] = {"country": 13, "beyond": 11, "capital": 11.5, "town": 10.5}
"""Size of letters [pixels]."""

_LETTER = 0.62
"""Width of a letter, as a share of its size."""

_OVERHANG: dict[Kind, float] = {"country": 2.6, "beyond": 1.6}
"""How far a country's name may reach beyond the largest circle in it."""

_FROM: dict[Kind, float] = {"capital": 0.05, "town": 0.2}
"""Pixels a unit from which on places have names."""

_MOST_TOWNS = 300
_FOLDER = Path(features.places.__path__[0]) / "geography"

_Box = tuple[float, float, float, float]
_Place = tuple[str, str, float, float]  # country, name, longitude and latitude [degrees]


@dataclass(frozen=True)
class Label:
    """A name on the map at x, y, shown from a step of zoom on."""

    kind: Kind
    text: str
    x: float
    y: float
    step: int


@dataclass(frozen=True)
class _Wish:
    """A name that wants a place; `radius` is of the room that there is for it, in units."""

    kind: Kind
    text: str
    x: float
    y: float
    radius: float = 0.0

    def box(self, zoom: float) -> _Box:
        """Return what the name covers at a zoom [pixels]: left, top, right and bottom."""
        size = SIZES[self.kind]
        width, x, y = _LETTER * size * len(self.text), self.x * zoom, self.y * zoom
        if self.kind in {"country", "beyond"}:
            return x - width / 2, y - 0.6 * size, x + width / 2, y + 0.6 * size
        return x - 0.4 * size, y - 0.6 * size, x + 0.8 * size + width, y + 0.6 * size

    def has_room(self, zoom: float) -> bool:
        """Return whether a country is large enough for its name, or the zoom for a town."""
        if self.kind in _FROM:
            return zoom >= _FROM[self.kind]
        reach = 2 * _OVERHANG[self.kind] * self.radius * zoom
        return _LETTER * SIZES[self.kind] * len(self.text) <= reach


def labels_of(shapes: Shapes, name_of: Callable[[str], str]) -> list[Label]:
    """Return the names on a map, the most important first; `name_of` gives that of a country.

    A name is shown from the first zoom at which none before it is in its way.
    """
    wishes = _wishes(shapes, name_of)
    steps: dict[_Wish, int] = {}
    for step in range(STEPS):
        zoom = FIRST_ZOOM * STEP**step
        taken = [wish.box(zoom) for wish in steps]
        for wish in wishes:
            if wish in steps or not wish.has_room(zoom):
                continue
            box = wish.box(zoom)
            if not any(_overlap(box, other) for other in taken):
                steps[wish] = step
                taken.append(box)
    return [Label(w.kind, w.text, w.x, w.y, steps[w]) for w in wishes if w in steps]


def _wishes(shapes: Shapes, name_of: Callable[[str], str]) -> list[_Wish]:
    mapped = set(shapes.borders)
    codes = [*shapes.borders, *(code for code in shapes.land if code not in mapped)]
    outlines = np.array([*shapes.borders.values(), *(shapes.land[c] for c in codes[len(mapped) :])])
    circles = shapely.get_coordinates(shapely.maximum_inscribed_circle(outlines)).reshape(-1, 2, 2)
    radii = np.hypot(*(circles[:, 1] - circles[:, 0]).T)
    own: list[_Wish] = []
    beyond: list[_Wish] = []
    for code, (x, y), radius in zip(codes, circles[:, 0].tolist(), radii.tolist(), strict=True):
        (own if code in mapped else beyond).append(
            _Wish("country" if code in mapped else "beyond", name_of(code), x, y, radius)
        )
    capitals, towns = _capitals(), [row for row in _towns() if row[0] in mapped][:_MOST_TOWNS]
    return [
        *sorted(own, key=lambda wish: -wish.radius),
        *_at(shapes, "capital", [row for row in capitals if row[0] in mapped]),
        *sorted(beyond, key=lambda wish: -wish.radius),
        *_at(shapes, "capital", [row for row in capitals if row[0] in shapes.land.keys() - mapped]),
        *_at(shapes, "town", towns),
    ]


def _at(shapes: Shapes, kind: Kind, rows: list[_Place]) -> list[_Wish]:
    """Return the names of places."""
    if not rows:
        return []
    placed = shapes.place(np.array([row[2:] for row in rows])).tolist()
    return [_Wish(kind, row[1], x, y) for row, (x, y) in zip(rows, placed, strict=True)]


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@cache
def _capitals() -> list[_Place]:
    return [_place(row) for row in _rows("capitals.csv")]


@cache
def _towns() -> list[_Place]:
    """Return the towns on supply corridors, those on the most first."""
    rows = [row for row in _rows("corridors.csv") if row["kind"] != "capital"]
    towns = Counter(_place(row, "place_country", "place") for row in rows)
    return [town for town, _ in towns.most_common()]


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _place(row: dict[str, str], country: str = "country", name: str = "name") -> _Place:
    return row[country], row[name], float(row["longitude"]), float(row["latitude"])
