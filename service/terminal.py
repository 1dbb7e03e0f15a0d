"""Scores for a terminal: from the bulletins at hand, or from a running service."""

from pathlib import Path
from typing import Any

import requests
from pydantic import ValidationError

from bulletins.form import Manifest
from features.errors import InputError
from service.api.problems import describe
from service.api.queries import ScoreQuery
from service.api.schemas import BulletinSummary, Problem, Score, ScoreList
from service.api.scores import scores_at
from service.api.selection import select_scores
from service.errors import NoBulletinError, ParameterError
from service.store.bulletins import LATEST, BulletinStore

_TIMEOUT_S = 30


def top_scores(home: Path, **parameters: Any) -> tuple[Manifest, list[Score]]:
    """Return the newest bulletin's manifest and its highest scores that pass the filters.

    `parameters` are those of `/v1/scores`. Raises ParameterError for a value that cannot be used,
    UnknownError for what is not scored, NoBulletinError when nothing is published.
    """
    try:
        query = ScoreQuery.model_validate(parameters)
    except ValidationError as error:
        raise ParameterError("; ".join(map(describe, error.errors()))) from error
    try:
        bulletin = BulletinStore(home).get(LATEST)
    except NoBulletinError as error:
        raise NoBulletinError(
            f"there is no bulletin in '{home}': run `tocsin publish`, or name another --home"
        ) from error
    selection = select_scores(bulletin, query).page(0, query.limit)
    return bulletin.manifest, scores_at(bulletin, selection)


def remote_scores(
    address: str, key: str | None = None, **parameters: Any
) -> tuple[BulletinSummary, list[Score]]:
    """Return the bulletin of the service at an address, and the first page of its scores.

    `parameters` are those of `/v1/scores`. Raises InputError when the service cannot be reached,
    refuses, or answers otherwise than this version reads.
    """
    url = f"{address.rstrip('/')}/v1/scores"
    credentials = {} if key is None else {"Authorization": f"Bearer {key}"}
    headers = {"Accept": "application/json", **credentials}
    try:
        response = requests.get(url, params=parameters, headers=headers, timeout=_TIMEOUT_S)
    except requests.RequestException as error:
        raise InputError(
            f"{address} cannot be reached ({type(error).__name__}): is a service running there?"
        ) from error
    try:
        if not response.ok:
            raise InputError(Problem.model_validate_json(response.content).detail)
        page = ScoreList.model_validate_json(response.content)
    except ValidationError as error:
        raise InputError(
            f"{url} answers otherwise than this version reads (status {response.status_code}): "
            "is it a service of the same version?"
        ) from error
    return page.bulletin, page.items
