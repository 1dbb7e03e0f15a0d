"""Filters of scores and regions: one for the API, the page and the terminal."""

import unicodedata
from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import Any, NamedTuple

import numpy as np

from bulletins.tables import Frame, Rows
from features.arrays import BoolArray, FloatArray
from features.words import DISTRIBUTIONS, RISK_LEVELS, Target
from service.api.queries import PlaceFilter, RegionFilter, ScoreFilter
from service.api.schemas import Region
from service.errors import UnknownError
from service.store.bulletins import Bulletin
from service.store.derived import (
    exceedance_of_scores,
    regions_in,
    regions_of,
    risk_of_scores,
    unscored_because,
)


class Selection(NamedTuple):
    """The row numbers of some scores, in order, and their exceedances, NaN for none; both (n,)."""

    rows: Rows
    exceedance: FloatArray | None = None

    def page(self, here: slice) -> "Selection":
        """Return a slice of the scores."""
        return Selection(
            self.rows[here], None if self.exceedance is None else self.exceedance[here]
        )


def select_scores(bulletin: Bulletin, query: ScoreFilter) -> Selection:
    """Return the scores that pass a query, in its order; there may be none.

    Raises UnknownError when the query names something that the bulletin does not score.
    """
    scores = bulletin.scores
    _refuse_unknown_places(bulletin, query, scores)
    _refuse_unknown(bulletin, "region", query.region, scores)
    _refuse_unscored(bulletin, query)
    target = query.target or (None if query.threshold is None else DISTRIBUTIONS[0])
    values = _places(query) | {
        "region": query.region,
        "target": [target] if target else [],
        "horizon": query.horizon,
    }
    conditions = _conditions(scores, values)
    exceedance = None
    if query.threshold is not None:
        exceedance = exceedance_of_scores(bulletin, query.threshold)
    if query.min_probability is not None:
        probability = scores.numbers("probability") if exceedance is None else exceedance
        conditions.append(probability >= query.min_probability)
    if query.risk_level:
        codes = np.isin(RISK_LEVELS, query.risk_level).nonzero()[0]
        conditions.append(np.isin(risk_of_scores(bulletin), codes))
    if query.bbox is not None:
        conditions.append(scores.among("region", regions_in(bulletin, query.bbox)))
    mask = reduce(and_, conditions) if conditions else None
    rows = _in_order(scores, mask, query.sort, exceedance)
    return Selection(rows, None if exceedance is None else exceedance[rows])


def _in_order(
    scores: Frame, mask: BoolArray | None, sort: str, exceedance: FloatArray | None
) -> Rows:
    if not sort.endswith("exceedance"):
        return scores.order(sort, mask)
    value = np.full(len(scores), np.nan) if exceedance is None else exceedance
    order: Rows = np.argsort(-value if sort.startswith("-") else value, kind="stable")
    return order if mask is None else order[mask[order]]


def select_regions(bulletin: Bulletin, query: RegionFilter) -> Rows:
    """Return the rows of the regions that pass; raises UnknownError for what is not there."""
    regions = regions_of(bulletin)
    _refuse_unknown_places(bulletin, query, regions)
    conditions = _conditions(regions, _places(query))
    if query.bbox is not None:
        conditions.append(regions.among("region", regions_in(bulletin, query.bbox)))
    if query.name is not None:
        part, names = plain(query.name), regions.table["name"].to_pylist()
        conditions.append(np.array([part in plain(name) for name in names], np.bool_))
    return regions.rows[reduce(and_, conditions)] if conditions else regions.rows


def regions_at(bulletin: Bulletin, rows: Rows, target: Target | None = None) -> list[Region]:
    """Return the regions in some rows of a bulletin's regions, and why one has no score."""
    regions = []
    for row in regions_of(bulletin).take(rows).to_pylist():
        region = row.pop("region")
        reason = unscored_because(bulletin, region, target)
        regions.append(Region(id=region, **row, unscored_because=reason))
    return regions


def find_region(bulletin: Bulletin, name: str) -> Region:
    """Return a region by its id, with scores or without; raises UnknownError for another."""
    regions = regions_of(bulletin)
    _refuse_unknown(bulletin, "region", [name], regions)
    return regions_at(bulletin, regions.rows[regions.among("region", [name])])[0]


def find_scored_region(bulletin: Bulletin, name: str) -> Region:
    """Return a scored region by its id; raises UnknownError, with the reason, for another."""
    _refuse_unknown(bulletin, "region", [name], bulletin.scores)
    return find_region(bulletin, name)


def plain(text: str) -> str:
    """Return a text without case and accents."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    decomposed = unicodedata.normalize("NFKD", folded)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def _places(query: PlaceFilter) -> dict[str, Sequence[Any]]:
    return {"level": [query.level] if query.level else [], "country": query.country}


def _conditions(frame: Frame, values: dict[str, Sequence[Any]]) -> list[BoolArray]:
    """Return a condition for each column that is restricted to some values."""
    return [frame.among(column, of_column) for column, of_column in values.items() if of_column]


def _refuse_unknown_places(bulletin: Bulletin, query: PlaceFilter, frame: Frame) -> None:
    _refuse_unknown(bulletin, "country", query.country, frame)
    levels = frame.values("level")
    if query.level is not None and query.level not in levels:
        remedy = "; ".join([f"it has {', '.join(sorted(levels))}", *bulletin.manifest.left_out])
        _refuse(bulletin, f"level '{query.level}'", remedy)


def _refuse_unscored(bulletin: Bulletin, query: ScoreFilter) -> None:
    """Refuse a target, or a horizon of it, that no region is scored for."""
    scored = bulletin.horizons
    if query.target is not None and query.target not in scored:
        _refuse(bulletin, f"target '{query.target}'", f"it has {', '.join(sorted(scored))}")
    horizons = scored[query.target] if query.target else set().union(*scored.values())
    for horizon in query.horizon:
        if horizon not in horizons:
            remedy = f"it has {', '.join(map(str, sorted(horizons)))}"
            _refuse(bulletin, f"horizon {horizon} of {query.target or 'any target'}", remedy)


def _refuse_unknown(bulletin: Bulletin, kind: str, names: list[str], frame: Frame) -> None:
    for name in names:
        if name not in frame.values(kind):
            reason = _reason(bulletin, kind, name) or "see its list of regions"
            _refuse(bulletin, f"{kind} '{name}'", reason)


def _reason(bulletin: Bulletin, kind: str, name: str) -> str | None:
    """Return why a region, or the first of a country's, has no score; None if not known."""
    regions = regions_of(bulletin)
    ids = regions.take(regions.rows[regions.among(kind, [name])])["region"].to_pylist()
    return next((unscored_because(bulletin, region) for region in ids), None)


def _refuse(bulletin: Bulletin, what: str, remedy: str) -> None:
    raise UnknownError(f"bulletin {bulletin.manifest.id} does not score {what}: {remedy}")
