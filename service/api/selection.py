"""Choose what a query asks of a bulletin: one filter for the API, the page and the terminal."""

import unicodedata
from collections.abc import Collection, Sequence
from functools import reduce
from operator import and_
from typing import Any, NamedTuple

import numpy as np

from bulletins.form import RISK_LEVELS
from bulletins.frame import Frame, Rows
from features.arrays import BoolArray, FloatArray
from features.words import DISTRIBUTIONS
from service.api.queries import PlaceFilter, RegionFilter, ScoreFilter
from service.api.risk import risk_of_scores
from service.api.schemas import Region, Score
from service.api.score_text import score_text
from service.errors import UnknownError
from service.store.bulletins import Bulletin
from service.store.distributions import exceedance_of_scores
from service.store.places import regions_in, regions_of


class Selected(NamedTuple):
    """The row numbers of some scores, in order, and their exceedances, NaN for none; both (n,)."""

    rows: Rows
    exceedance: FloatArray | None

    def at(self, start: int, end: int) -> "Selected":
        """Return those from one place to another."""
        told = None if self.exceedance is None else self.exceedance[start:end]
        return Selected(self.rows[start:end], told)


def select_scores(bulletin: Bulletin, query: ScoreFilter) -> Selected:
    """Return the scores that a query asks for, in its order.

    A query of known things that no score satisfies gives none: that is a true answer.
    Raises UnknownError when the query names something that the bulletin does not score.
    """
    scores = bulletin.scores
    _refuse_unknown_places(bulletin, query)
    _refuse_unknown(bulletin, "region", query.region, scores.values("region"))
    _refuse_unscored(bulletin, query)
    target = query.target or (None if query.threshold is None else DISTRIBUTIONS[0])
    wanted: dict[str, Sequence[Any]] = {
        **_places(query),
        "region": query.region,
        "target": _listed(target),
        "horizon": query.horizon,
    }
    conditions = _conditions(scores, wanted)
    exceedance = None
    if query.threshold is not None:
        exceedance = exceedance_of_scores(bulletin, query.threshold)
    if query.min_probability is not None:
        judged = scores.numbers("probability") if exceedance is None else exceedance
        conditions.append(judged >= query.min_probability)
    if query.risk_level:
        wanted_levels = np.isin(RISK_LEVELS, query.risk_level).nonzero()[0]
        conditions.append(np.isin(risk_of_scores(bulletin), wanted_levels))
    if query.bbox is not None:
        conditions.append(scores.among("region", regions_in(bulletin, query.bbox)))
    rows = _in_order(scores, conditions, query.sort, exceedance)
    return Selected(rows, None if exceedance is None else exceedance[rows])


def _in_order(
    scores: Frame, conditions: list[BoolArray], sort: str, exceedance: FloatArray | None
) -> Rows:
    if sort.endswith("exceedance"):
        value = np.full(len(scores), np.nan) if exceedance is None else exceedance
        order: Rows = np.argsort(-value if sort.startswith("-") else value, kind="stable")
        return order[reduce(and_, conditions)[order]] if conditions else order
    return scores.in_order(sort, reduce(and_, conditions)) if conditions else scores.order(sort)


def select_regions(bulletin: Bulletin, query: RegionFilter) -> Rows:
    """Return the row numbers of the regions that a query asks for, by level and id.

    Raises UnknownError when the query names something that the bulletin does not score.
    """
    _refuse_unknown_places(bulletin, query)
    regions = regions_of(bulletin)
    conditions = _conditions(regions, _places(query))
    if query.bbox is not None:
        conditions.append(regions.among("region", regions_in(bulletin, query.bbox)))
    if query.name is not None:
        conditions.append(_named_like(bulletin, query.name))
    return regions.rows[reduce(and_, conditions)] if conditions else regions.rows


def scores_at(bulletin: Bulletin, selected: Selected) -> list[Score]:
    """Return scores of a bulletin as they are answered."""
    texts = score_text(bulletin).of(*selected)
    return [Score.model_validate_json(text) for text in texts]


def regions_at(bulletin: Bulletin, rows: Rows) -> list[Region]:
    """Return the regions in some rows of a bulletin's regions."""
    taken = regions_of(bulletin).take(rows).to_pylist()
    return [Region(id=row.pop("region"), **row) for row in taken]


def find_region(bulletin: Bulletin, name: str) -> Region:
    """Return a scored region by its id. Raises UnknownError when it is not scored."""
    regions = regions_of(bulletin)
    _refuse_unknown(bulletin, "region", [name], regions.values("region"))
    return regions_at(bulletin, regions.rows[regions.among("region", [name])])[0]


def _named_like(bulletin: Bulletin, part: str) -> BoolArray:
    """Tell which regions have a part in their name, whatever the case and accents."""
    names = regions_of(bulletin).table["name"].to_pylist()
    wanted = plain(part)
    return np.array([wanted in plain(name) for name in names], np.bool_)


def plain(text: str) -> str:
    """Return a text without case and accents."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    apart = unicodedata.normalize("NFKD", folded)
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()


def _listed(value: str | None) -> list[str]:
    return [] if value is None else [value]


def _places(query: PlaceFilter) -> dict[str, Sequence[Any]]:
    return {"level": _listed(query.level), "country": query.country}


def _conditions(frame: Frame, wanted: dict[str, Sequence[Any]]) -> list[BoolArray]:
    """Return one condition for each column of which only some values are wanted."""
    return [frame.among(column, values) for column, values in wanted.items() if values]


def _refuse_unknown_places(bulletin: Bulletin, query: PlaceFilter) -> None:
    _refuse_unknown(bulletin, "country", query.country, regions_of(bulletin).values("country"))
    levels = regions_of(bulletin).values("level")
    if query.level is not None and query.level not in levels:
        _refuse(bulletin, f"level '{query.level}'", f"it has {', '.join(sorted(levels))}")


def _refuse_unscored(bulletin: Bulletin, query: ScoreFilter) -> None:
    """Refuse a target, or a horizon of it, that no region is scored for."""
    scored = bulletin.horizons
    if query.target is not None and query.target not in scored:
        _refuse(bulletin, f"target '{query.target}'", f"it has {', '.join(sorted(scored))}")
    horizons = scored[query.target] if query.target else set().union(*scored.values())
    for horizon in query.horizon:
        if horizon not in horizons:
            known = f"it has {', '.join(map(str, sorted(horizons)))}"
            _refuse(bulletin, f"horizon {horizon} of {query.target or 'any target'}", known)


def _refuse_unknown(
    bulletin: Bulletin, kind: str, wanted: list[str], known: Collection[str]
) -> None:
    for name in wanted:
        if name not in known:
            _refuse(bulletin, f"{kind} '{name}'", "see its list of regions")


def _refuse(bulletin: Bulletin, what: str, remedy: str) -> None:
    raise UnknownError(f"bulletin {bulletin.manifest.id} does not score {what}: {remedy}")
