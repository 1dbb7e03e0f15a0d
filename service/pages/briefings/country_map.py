"""The map of one country, for print: its regions by risk, the highest ones by number."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from bulletins.form import REGIONS_FILE
from features.language import Language
from service.api.schemas import Region, Score
from service.pages.drawing.labels import FIRST_ZOOM, STEP, STEPS, labels_of
from service.pages.drawing.map import map_of
from service.pages.drawing.shapes import Shapes, shapes_of
from service.store.bulletins import Bulletin
from service.store.derived import outlines_of

WIDTH, LETTER = 350, 10
"""Of the map on paper, and of its letters [pixels]."""

_MARGIN = 0.06

_KINDS = {"beyond": 0, "capital": 2}
"""The kinds of names that stand on it, and how many steps of zoom earlier than on the page."""

_LEAST_DRAWN = 0.2
"""The share of regions with an outline without which a map would mislead."""


class CountryMap(NamedTuple):
    """A map as SVG: its box, the size of its letters, its body, numbers with their places.

    `undrawn` of `total` regions have no outline.
    """

    box: str
    letter: float
    body: Markup
    ranks: list[tuple[int, float, float]]
    undrawn: int
    total: int


def country_map(
    bulletin: Bulletin,
    places: Sequence[Region],
    scores: Sequence[Score],
    ranked: int,
    language: Language,
) -> CountryMap | None:
    """Return the map of some regions, coloured by their scores; None with too few outlines.

    The first `ranked` scores, which are the highest, bear their number.
    """
    outlines = outlines_of(bulletin) if REGIONS_FILE in bulletin.parts else {}
    drawn = {place.id: place for place in places if place.id in outlines}
    if not drawn or len(drawn) < _LEAST_DRAWN * len(places):
        return None
    shapes = shapes_of(
        list(drawn),
        [place.country for place in drawn.values()],
        [outlines[region].decode() for region in drawn],
    )
    left, top, width, height = shapes.box
    margin = _MARGIN * max(width, height)
    left, top, width, height = left - margin, top - margin, width + 2 * margin, height + 2 * margin
    unit = max(width, height) / WIDTH
    last_step = np.log(1 / (unit * FIRST_ZOOM)) / np.log(STEP)
    levels = {score.region: score.risk_level or "" for score in scores}
    body = map_of(
        shapes,
        [drawn[region].name for region in shapes.ids],
        [
            label
            for label in labels_of(shapes, language.country)
            if label.step <= last_step + _KINDS.get(label.kind, -STEPS)
        ],
        country_names={place.country: place.country for place in places},
        classes=[levels.get(region, "unscored") for region in shapes.ids],
    )
    return CountryMap(
        box=f"{left:.0f} {top:.0f} {width:.0f} {height:.0f}",
        letter=round(LETTER * unit),
        body=Markup(body),  # noqa: S704  # `map_of` escapes names
        ranks=_ranks(shapes, places, [score.region for score in scores[:ranked]]),
        undrawn=len(places) - len(drawn),
        total=len(places),
    )


def _ranks(
    shapes: Shapes, places: Sequence[Region], regions: Sequence[str]
) -> list[tuple[int, float, float]]:
    """Return the rank of each region that lies somewhere, and its place on the map."""
    points = {place.id: (place.longitude, place.latitude) for place in places}
    ranks = []
    for rank, region in enumerate(regions, start=1):
        if None not in points[region]:
            ((x, y),) = shapes.place(np.array([points[region]])).round().tolist()
            ranks.append((rank, x, y))
    return ranks
