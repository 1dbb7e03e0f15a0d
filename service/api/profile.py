"""`/v1/scores/{region}`: all that a bulletin says of one region."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from bulletins.early_signs import in_words
from bulletins.form import DISTRIBUTIONS_FILE, DRIVERS_FILE
from bulletins.manifest import Manifest
from features.language import ENGLISH
from features.months import format_month, parse_month
from features.targets import came_true
from features.words import OF_VIOLENCE, SPECS
from service.api import bodies
from service.api.current import chosen_bulletin, listing_of, summary_of, used_bulletin
from service.api.drivers import Row, drivers_of
from service.api.lists import json_response
from service.api.queries import BulletinQuery, ScoreFilter
from service.api.routing import QueryRoute
from service.api.schemas import Score
from service.api.scores import scores_at
from service.api.selection import find_scored_region, select_scores
from service.store.bulletins import Bulletin
from service.store.derived import neighbours_of
from service.store.past import PastScores, observed_deaths
from service.store.series import signs_of

router = APIRouter(prefix="/v1/scores", tags=["scores"], route_class=QueryRoute)


@router.get("/{region}", response_model=bodies.RegionProfile)
def profile_region(
    request: Request, region: str, query: Annotated[BulletinQuery, Query()]
) -> Response:
    """Everything that a bulletin says about one region.

    All scores with the distributions of deaths behind them, why they are what they are and what
    changed, early signs, the neighbours' scores, and what earlier bulletins said beside what came.
    """
    deaths = observed_deaths(used_bulletin(request), region)
    return json_response(profile_of(request, chosen_bulletin(request, query), region, deaths))


def profile_of(
    request: Request, bulletin: Bulletin, region: str, deaths: dict[str, float]
) -> bodies.RegionProfile:
    """Return all that a bulletin says of a region, beside the deaths that are known by now."""
    return bodies.RegionProfile(
        bulletin=summary_of(request, bulletin),
        region=find_scored_region(bulletin, region),
        scores=_scores(bulletin, [region]),
        distributions=_distributions(bulletin, region),
        drivers=_drivers(bulletin, region),
        signs=_signs(bulletin, region),
        neighbours=_neighbours(bulletin, region),
        earlier=_earlier_scores(request, bulletin, region, deaths),
    )


def _scores(bulletin: Bulletin, regions: list[str]) -> list[Score]:
    """Return all scores of some regions, by region, target and horizon."""
    query = ScoreFilter(region=regions, sort="region")
    return scores_at(bulletin, select_scores(bulletin, query))


def _distributions(bulletin: Bulletin, region: str) -> list[bodies.Distribution]:
    """Return the distributions of deaths in a region, by horizon; none in older bulletins."""
    origin = parse_month(bulletin.manifest.origin)
    columns = ("horizon", "deaths", "exceedance")
    return [
        bodies.Distribution(target_month=format_month(origin + row["horizon"]), **row)
        for row in bulletin.rows_of_region(DISTRIBUTIONS_FILE, region, columns)
    ]


def _drivers(bulletin: Bulletin, region: str) -> list[bodies.Drivers]:
    """Return what is behind the scores of a region, by target and horizon."""
    rows = bulletin.rows_of_region(DRIVERS_FILE, region)
    cells = groupby(rows, key=lambda row: (row["target"], row["horizon"]))
    return [drivers_of(bulletin, list(of_cell)) for _, of_cell in cells]


def _signs(bulletin: Bulletin, region: str) -> list[bodies.Sign] | None:
    signs = signs_of(bulletin, region)
    if signs is None:
        return None
    return [
        bodies.Sign(
            name=sign.indicator.name,
            meaning=sign.indicator.meaning,
            unit=sign.indicator.unit,
            family=sign.indicator.family,
            value=sign.value,
            own_percentile=sign.own_percentile,
            all_percentile=sign.all_percentile,
            since=sign.since,
            alike=sign.alike,
            sentence=in_words(sign, ENGLISH),
        )
        for sign in signs
    ]


def _neighbours(bulletin: Bulletin, region: str) -> list[bodies.Neighbour]:
    """Return the neighbours of a region with their scores; none in older bulletins."""
    ids = neighbours_of(bulletin, region)
    by_region = groupby(_scores(bulletin, ids) if ids else [], key=lambda score: score.region)
    return [_neighbour(list(scores)) for _, scores in by_region]


def _earlier_scores(
    request: Request, bulletin: Bulletin, region: str, deaths: dict[str, float]
) -> list[bodies.EarlierScore]:
    """Return what older bulletins said of a bulletin's months, or of months that have passed."""
    past: PastScores = request.app.state.past
    longest = max(map(max, bulletin.horizons.values()))
    last = format_month(parse_month(bulletin.manifest.origin) + longest)
    return [
        score
        for manifest, table in past.of_region(listing_of(request), bulletin.manifest.id, region)
        for score in _earlier(manifest, table.to_pylist(), deaths)
        if score.target_month <= last
    ]


def _earlier(
    manifest: Manifest, rows: Iterable[Row], deaths: dict[str, float]
) -> Iterator[bodies.EarlierScore]:
    origin = parse_month(manifest.origin)
    for row in rows:
        first = 1 if SPECS[row["target"]].is_window else row["horizon"]
        months = [format_month(origin + ahead) for ahead in range(first, row["horizon"] + 1)]
        mean, outcome = None, None
        if row["target"] in OF_VIOLENCE and all(month in deaths for month in months):
            mean = sum(deaths[month] for month in months) / len(months)
            outcome = bool(came_true(row["target"], np.array(mean), np.array(row["threshold"])))
        row.pop("region")
        yield bodies.EarlierScore(
            bulletin=manifest.id,
            origin=manifest.origin,
            issued_at=manifest.issued_at,
            deaths=mean,
            outcome=outcome,
            **row,
        )


def _neighbour(scores: list[Score]) -> bodies.Neighbour:
    members = set(bodies.NeighbourScore.model_fields)
    return bodies.Neighbour(
        **scores[0].model_dump(include=set(bodies.Place.model_fields)),
        scores=[bodies.NeighbourScore(**score.model_dump(include=members)) for score in scores],
    )
