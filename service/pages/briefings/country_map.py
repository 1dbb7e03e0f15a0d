"""The map of one country, for print: its regions by risk, the highest ones by number."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from bulletins.form import REGIONS_FILE
from features.language import Language
from service.api.schemas import Score
from service.pages.drawing.labels import FIRST_ZOOM, STEP, labels_of
from service.pages.drawing.map import map_of
from service.pages.drawing.shapes import Shapes, shapes_of
from service.store.bulletins import Bulletin
from service.store.derived import outlines_of, regions_of

WIDTH, LETTER = 350, 10
"""Of the map on paper, and of its letters [pixels]."""

_MARGIN = 0.06


class CountryMap(NamedTuple):
    """A map as SVG: its box, the size of its letters, its body, and numbers with their places."""

    box: str
    letter: float
    body: Markup
    ranks: list[tuple[int, float, float]]


def country_map(
    bulletin: Bulletin, scores: Sequence[Score], ranked: int, language: Language
) -> CountryMap | None:
    """Return the map of the regions of some scores, the highest first; None without outlines.

    The first `ranked` of them bear their number.
    """
    outlines = outlines_of(bulletin) if REGIONS_FILE in bulletin.parts else {}
    drawn = {score.region: score for score in scores if score.region in outlines}
    if not drawn:
        return None
    shapes = shapes_of(
        list(drawn),
        [score.country for score in drawn.values()],
        [outlines[region].decode() for region in drawn],
    )
    left, top, width, height = shapes.box
    margin = _MARGIN * max(width, height)
    left, top, width, height = left - margin, top - margin, width + 2 * margin, height + 2 * margin
    unit = max(width, height) / WIDTH
    last_step = np.log(1 / (unit * FIRST_ZOOM)) / np.log(STEP)
    body = map_of(
        shapes,
        [drawn[region].name for region in shapes.ids],
        [
            label
            for label in labels_of(shapes, language.country)
            if label.kind in {"capital", "beyond"} and label.step <= last_step
        ],
        country_names={score.country: score.country for score in scores},
        classes=[drawn[region].risk_level or "" for region in shapes.ids],
    )
    return CountryMap(
        box=f"{left:.0f} {top:.0f} {width:.0f} {height:.0f}",
        letter=round(LETTER * unit),
        body=Markup(body),  # noqa: S704  # `map_of` escapes names
        ranks=_ranks(bulletin, shapes, [score.region for score in scores[:ranked]]),
    )


def _ranks(
    bulletin: Bulletin, shapes: Shapes, regions: Sequence[str]
) -> list[tuple[int, float, float]]:
    """Return the rank of each region that lies somewhere, and its place on the map."""
    table = regions_of(bulletin)
    rows = table.take(table.rows[table.among("region", regions)]).to_pylist()
    points = {row["region"]: (row["longitude"], row["latitude"]) for row in rows}
    ranks = []
    for rank, region in enumerate(regions, start=1):
        if None not in points[region]:
            ((x, y),) = shapes.place(np.array([points[region]])).round().tolist()
            ranks.append((rank, x, y))
    return ranks
