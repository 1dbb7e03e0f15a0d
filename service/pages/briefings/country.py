"""What a bulletin says of one country: its regions, what moved in them, and its neighbours."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from bulletins.form import DRIVERS_FILE, REGIONS_FILE
from features.language import Language
from features.words import DISPLAYED, DISTRIBUTIONS, Level, Target
from service.api.bodies import Mover
from service.api.change_routes import ScoreDrivers, movers_at, previous_of_scores
from service.api.queries import RegionFilter, ScoreFilter
from service.api.schemas import Region, Score
from service.api.scores import scores_at
from service.api.selection import regions_at, select_regions, select_scores
from service.reasons import reasons_of
from service.store.bulletins import Bulletin
from service.store.derived import unscored_because

LEVELS: tuple[Level, ...] = ("admin1", "priogrid", "country")
"""The levels of regions, in the order in which a country is shown by them."""

VISIBLE = 0.005
"""The least change of a probability that whole per cent show."""


class RegionRisk(NamedTuple):
    """The scores of a region at their nearest horizons: the leading one, and all by target."""

    leading: Score
    by_target: dict[Target, Score]


def level_of(bulletin: Bulletin, country: str) -> Level:
    """Return the level of regions by which a country is shown.

    Raises UnknownError when the bulletin does not score the country.
    """
    rows = select_scores(bulletin, ScoreFilter(country=[country])).rows
    scored = set(bulletin.scores.take(rows)["level"].to_pylist())
    return next(level for level in LEVELS if level in scored)


def places_of(bulletin: Bulletin, level: Level, country: str) -> list[Region]:
    """Return the regions of a level in a country, with scores or without."""
    return regions_at(
        bulletin, select_regions(bulletin, RegionFilter(level=level, country=[country]))
    )


def unscored_places(
    bulletin: Bulletin, places: Sequence[Region], language: Language
) -> dict[str, list[Region]]:
    """Return the regions without any score by the reason, in a language."""
    reasons: dict[str, list[Region]] = {}
    for place in places:
        reason = unscored_because(bulletin, place.id, language=language)
        if reason is not None:
            reasons.setdefault(reason, []).append(place)
    return reasons


def leading_target(bulletin: Bulletin) -> Target:
    """Return the target by which regions are ranked."""
    return next(target for target in DISPLAYED if target in bulletin.horizons)


def region_risks(bulletin: Bulletin, level: Level, country: str) -> list[RegionRisk]:
    """Return the risks of a country's regions of a level, the highest first; there may be none."""
    if level not in bulletin.manifest.levels:
        return []
    leading = leading_target(bulletin)
    by_region: dict[str, dict[Target, Score]] = {}
    for target in DISPLAYED:
        if target in bulletin.horizons:
            for score in _nearest(bulletin, target, level=level, country=[country]):
                by_region.setdefault(score.region, {})[target] = score
    risks = [RegionRisk(of[leading], of) for of in by_region.values() if leading in of]
    return sorted(risks, key=lambda risk: -risk.leading.probability)


def distributions_of(bulletin: Bulletin, regions: list[str]) -> list[Score]:
    """Return the distributions of deaths in some regions, by horizon; none for no regions."""
    scored = [target for target in DISTRIBUTIONS if target in bulletin.horizons]
    if not regions or not scored:
        return []
    query = ScoreFilter(region=regions, target=scored[0], sort="horizon")
    return scores_at(bulletin, select_scores(bulletin, query))


def country_moves(
    bulletin: Bulletin, level: Level, country: str, most: int, language: Language
) -> list[Mover]:
    """Return the largest visible changes since the bulletin before, with reasons in a language."""
    if bulletin.manifest.previous is None or DRIVERS_FILE not in bulletin.parts:
        return []
    target = leading_target(bulletin)
    horizon = min(bulletin.horizons[target])
    query = ScoreFilter(level=level, country=[country], target=target, horizon=[horizon])
    rows = select_scores(bulletin, query).rows
    before = previous_of_scores(bulletin)
    change = np.nan_to_num(np.abs(bulletin.scores.numbers("probability")[rows] - before[rows]))
    order = np.argsort(-change, kind="stable")[:most]
    moved = rows[order[change[order] >= VISIBLE]]
    return movers_at(bulletin, moved, before, ScoreDrivers(bulletin), language)


def country_reasons(
    bulletin: Bulletin, level: Level, country: str, most: int, language: Language
) -> list[tuple[str, str]]:
    """Return the regions with the highest leading scores, and how these differ from usual."""
    if DRIVERS_FILE not in bulletin.parts:
        return []
    target = leading_target(bulletin)
    horizon = min(bulletin.horizons[target])
    query = ScoreFilter(level=level, country=[country], target=target, horizon=[horizon])
    rows = select_scores(bulletin, query).rows[:most]
    names = bulletin.scores.take(rows)["name"].to_pylist()
    return [
        (name, reasons_of(drivers, None, bulletin.listed, language).usual)
        for name, drivers in zip(names, ScoreDrivers(bulletin).of_rows(rows), strict=True)
    ]


def neighbour_scores(bulletin: Bulletin, level: Level, country: str) -> list[Score]:
    """Return the leading scores next door, the highest first: of countries where they are scored.

    Elsewhere they are of the regions that touch the country.
    """
    by: Level = "country" if "country" in bulletin.manifest.levels else level
    if REGIONS_FILE not in bulletin.parts:
        return []
    table = bulletin.part(REGIONS_FILE).whole(["region", "country", "level", "neighbours"])
    near = {
        neighbour
        for row in table.to_pylist()
        if (row["level"], row["country"]) == (by, country)
        for neighbour in row["neighbours"]
    }
    if not near:
        return []
    scores = _nearest(bulletin, leading_target(bulletin), level=by, region=sorted(near))
    return [score for score in scores if score.country != country]


def _nearest(bulletin: Bulletin, target: Target, **filters: Any) -> list[Score]:
    """Return scores of a target at its nearest horizon, the highest first."""
    horizon = min(bulletin.horizons[target])
    query = ScoreFilter(target=target, horizon=[horizon], **filters)
    return scores_at(bulletin, select_scores(bulletin, query))
