"""Scores for a terminal: from the bulletins at hand, or from a running service."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import requests
from pydantic import BaseModel, ValidationError

from bulletins.manifest import Manifest
from features.errors import InputError
from features.language import round_deaths
from service.api.bodies import TargetList
from service.api.problems import describe
from service.api.queries import BulletinQuery, ScoreQuery
from service.api.schemas import BulletinSummary, Problem, Score, ScoreList
from service.api.scores import scores_at
from service.api.selection import select_scores
from service.errors import NoBulletinError, ParameterError
from service.store.bulletins import BulletinStore, log_passed_over

Body = TypeVar("Body", bound=BaseModel)

_TIMEOUT_S = 30


def top_scores(home: Path, **parameters: Any) -> tuple[Manifest, list[Score]]:
    """Return the manifest of a bulletin, by default the newest, and its scores that pass.

    `parameters` are those of `/v1/scores`; of a target without a horizon or month its nearest.
    Raises ParameterError for a value that cannot be used, UnknownError for what is not scored,
    UnknownBulletinError where no bulletin passes, NoBulletinError when none can be served.
    """
    try:
        query = ScoreQuery.model_validate(parameters)
    except ValidationError as error:
        raise ParameterError("; ".join(map(describe, error.errors()))) from error
    store = BulletinStore(home)
    if not store.listing.stamps and not store.listing.trouble:
        raise NoBulletinError(
            f"there is no bulletin in '{home}': run `tocsin publish`, or name another --home"
        )
    if store.listing.newest is None:
        raise NoBulletinError(store.listing.none_because)
    chosen = store.listing.choose(query.bulletin, origin=query.origin, issued_by=query.as_of)
    bulletin = store.get(chosen.id)
    log_passed_over(store.listing)
    if query.target in bulletin.horizons and not (query.horizon or query.target_month):
        query = query.model_copy(update={"horizon": [min(bulletin.horizons[query.target])]})
    selection = select_scores(bulletin, query).page(query.page())
    return bulletin.manifest, scores_at(bulletin, selection)


def remote_scores(
    address: str, key: str | None = None, **parameters: Any
) -> tuple[BulletinSummary, list[Score]]:
    """Return the bulletin of the service at an address, and the first page of its scores.

    `parameters` are as above. Raises InputError when the service cannot be reached, refuses, or
    answers otherwise than this version reads.
    """
    if parameters.get("target") and not (
        parameters.get("horizon") or parameters.get("target_month")
    ):
        of_bulletin = {name: parameters.get(name) for name in BulletinQuery.model_fields}
        targets = _ask(f"{address.rstrip('/')}/v1/targets", key, of_bulletin, TargetList).items
        horizons = [min(t.horizons) for t in targets if t.target == parameters["target"]]
        parameters |= {"horizon": horizons}
    page = _ask(f"{address.rstrip('/')}/v1/scores", key, parameters, ScoreList)
    return page.bulletin, page.items


def score_rows(scores: Sequence[Score]) -> list[dict[str, object]]:
    """Return a row a score for a terminal: of deaths how many, of others how likely."""
    return [
        {
            "region": score.region,
            "name": score.name,
            "target": score.target,
            "to": score.target_month,
        }
        | _figures(score)
        for score in scores
    ]


def _figures(score: Score) -> dict[str, object]:
    if score.quantiles is None:
        return {
            "deaths_to_reach": score.threshold if score.threshold % 1 else int(score.threshold),
            "probability": round(score.probability, 3),
            "risk": score.risk_level,
        }
    figures: dict[str, object] = {
        "deaths": None if score.mean is None else round_deaths(score.mean),
        "90_percent": " to ".join(f"{round_deaths(score.quantiles[q]):g}" for q in ("q05", "q95")),
    }
    if score.exceedance is not None:  # of so many as were asked for
        figures["exceedance"] = round(score.exceedance, 3)
    return figures


def _ask(url: str, key: str | None, parameters: dict[str, Any], body: type[Body]) -> Body:
    credentials = {} if key is None else {"Authorization": f"Bearer {key}"}
    headers = {"Accept": "application/json", **credentials}
    try:
        response = requests.get(url, params=parameters, headers=headers, timeout=_TIMEOUT_S)
    except requests.RequestException as error:
        raise InputError(
            f"{url} cannot be reached ({type(error).__name__}): is a service running there?"
        ) from error
    try:
        if not response.ok:
            raise InputError(Problem.model_validate_json(response.content).detail)
        return body.model_validate_json(response.content)
    except ValidationError as error:
        raise InputError(
            f"{url} answers otherwise than this version reads (status {response.status_code}): "
            "is it a service of the same version?"
        ) from error
