"""Scores for a terminal: from the same bulletins and the same filter as the API's."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from bulletins.form import Manifest
from service.api.problems import describe
from service.api.queries import ScoreQuery
from service.api.schemas import Score
from service.api.selection import scores_at, select_scores
from service.errors import ParameterError
from service.store.bulletins import LATEST, BulletinStore


def top_scores(
    home: Path,
    *,
    country: Sequence[str] = (),
    region: Sequence[str] = (),
    level: str | None = None,
    target: str | None = None,
    horizon: Sequence[int] = (),
    min_probability: float | None = None,
    limit: int = 25,
) -> tuple[Manifest, list[Score]]:
    """Return the newest bulletin's manifest and its highest scores among those asked for.

    Arguments mean what the parameters of `/v1/scores` mean. Raises TocsinError: ParameterError
    for a value that cannot be used, UnknownError for a region, country, level, target or horizon
    that is not scored, NoBulletinError when nothing is published.
    """
    asked = {
        "country": list(country),
        "region": list(region),
        "level": level,
        "target": target,
        "horizon": list(horizon),
        "min_probability": min_probability,
        "limit": limit,
    }
    try:
        query = ScoreQuery.model_validate(asked)
    except ValidationError as error:
        raise ParameterError("; ".join(map(describe, error.errors()))) from error
    bulletin = BulletinStore(home).get(LATEST)
    selected = select_scores(bulletin, query).at(0, query.limit)
    return bulletin.manifest, scores_at(bulletin, selected)
