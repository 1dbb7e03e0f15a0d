"""Filters of scores and regions: one for the API, the page and the terminal."""

import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from functools import reduce
from operator import and_
from typing import Any, NamedTuple, NoReturn

import numpy as np

from bulletins.tables import Frame, Rows
from features.arrays import BoolArray, FloatArray
from features.places.countries import country_name, meant_country, similar_countries
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

_FEW = 20  # countries that a refusal lists
_SEE_LIST = "see its list of regions"
_ALIKE = 0.7  # how much a misspelt id is like the one that is meant


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
    places = _places(bulletin, query, scores)
    _refuse_unknown_regions(bulletin, query.region, scores)
    _refuse_unscored(bulletin, query)
    target = query.target or (None if query.threshold is None else DISTRIBUTIONS[0])
    values = places | {
        "region": query.region,
        "target": [target] if target else [],
        "horizon": query.horizon,
        "target_month": query.target_month,
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
    conditions = _conditions(regions, _places(bulletin, query, regions))
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
    _refuse_unknown_regions(bulletin, [name], regions)
    return regions_at(bulletin, regions.rows[regions.among("region", [name])])[0]


def find_scored_region(bulletin: Bulletin, name: str) -> Region:
    """Return a scored region by its id; raises UnknownError, with the reason, for another."""
    _refuse_unknown_regions(bulletin, [name], bulletin.scores)
    return find_region(bulletin, name)


def plain(text: str) -> str:
    """Return a text without case and accents."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    decomposed = unicodedata.normalize("NFKD", folded)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def _places(bulletin: Bulletin, query: PlaceFilter, frame: Frame) -> dict[str, Sequence[Any]]:
    """Return the level and countries (alpha-3) that are asked for, as a frame has them.

    Raises UnknownError for those that it does not have.
    """
    levels = frame.values("level")
    if query.level is not None and query.level not in levels:
        remedy = "; ".join([f"it has {', '.join(sorted(levels))}", *bulletin.manifest.left_out])
        _refuse(bulletin, f"level '{query.level}'", remedy)
    codes = [find_country(bulletin, name, frame) for name in query.country]
    return {"level": [query.level] if query.level else [], "country": codes}


def find_country(bulletin: Bulletin, name: str, frame: Frame) -> str:
    """Return the code of a country in a table, by a code or a name; raises UnknownError."""
    there = frame.values("country")
    code = name if name in there else meant_country(name)
    if code in there:
        return str(code)
    what, similar = f"country '{name}'", []
    if code is None:
        similar = [f"{country_name(one)} ({one})" for one in similar_countries(name, there)]
    elif code != name:
        what += f" ({code})"
    list_of = f"it has {', '.join(sorted(there))}" if len(there) <= _FEW else _SEE_LIST
    meant = f"did you mean {' or '.join(similar)}?" if similar else list_of
    return _refuse(bulletin, what, _reason(bulletin, "country", code or name) or meant)


def _conditions(frame: Frame, values: dict[str, Sequence[Any]]) -> list[BoolArray]:
    """Return a condition for each column that is restricted to some values."""
    return [frame.among(column, of_column) for column, of_column in values.items() if of_column]


def _refuse_unscored(bulletin: Bulletin, query: ScoreFilter) -> None:
    """Refuse a target, a horizon of it or a month that no region is scored for."""
    scored = bulletin.horizons
    if query.target is not None and query.target not in scored:
        _refuse(bulletin, f"target '{query.target}'", f"it has {', '.join(sorted(scored))}")
    months = sorted(bulletin.scores.values("target_month"))
    for month in query.target_month:
        if month not in months:
            _refuse(bulletin, f"month {month}", f"it has {months[0]} to {months[-1]}")
    horizons = scored[query.target] if query.target else set().union(*scored.values())
    for horizon in query.horizon:
        if horizon not in horizons:
            remedy = f"it has {', '.join(map(str, sorted(horizons)))}"
            _refuse(bulletin, f"horizon {horizon} of {query.target or 'any target'}", remedy)


def _refuse_unknown_regions(bulletin: Bulletin, names: Sequence[str], frame: Frame) -> None:
    there = frame.values("region")
    for name in names:
        if name not in there:
            by_plain = {plain(one): one for one in there}
            near = get_close_matches(plain(name), by_plain, n=3, cutoff=_ALIKE)
            meant = " or ".join(by_plain[one] for one in near)
            remedy = f"did you mean {meant}?" if near else _SEE_LIST
            _refuse(bulletin, f"region '{name}'", _reason(bulletin, "region", name) or remedy)


def _reason(bulletin: Bulletin, kind: str, name: str) -> str | None:
    """Return why a region, or the first of a country's, has no score; None if not known."""
    regions = regions_of(bulletin)
    ids = regions.take(regions.rows[regions.among(kind, [name])])["region"].to_pylist()
    return next((unscored_because(bulletin, region) for region in ids), None)


def _refuse(bulletin: Bulletin, what: str, remedy: str) -> NoReturn:
    raise UnknownError(f"bulletin {bulletin.manifest.id} does not score {what}: {remedy}")
