"""Scores of a running service, for a terminal."""

from collections.abc import Sequence

import requests
from pydantic import ValidationError

from features.errors import InputError
from service.api.schemas import Problem, ScoreList

_TIMEOUT_S = 30


def remote_scores(
    address: str, asked: Sequence[tuple[str, str]], key: str | None = None
) -> ScoreList:
    """Return the first page of scores that a service at an address answers with.

    `asked` are parameters of `/v1/scores`, `key` an API key if it needs one. Raises InputError when
    the service cannot be reached, refuses, or answers otherwise than this version reads.
    """
    place = f"{address.rstrip('/')}/v1/scores"
    headers = {"Accept": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    try:
        response = requests.get(place, params=list(asked), headers=headers, timeout=_TIMEOUT_S)
    except requests.RequestException as error:
        raise InputError(
            f"{address} cannot be reached ({type(error).__name__}): is a service running there?"
        ) from error
    try:
        if not response.ok:
            raise InputError(Problem.model_validate_json(response.content).detail)
        return ScoreList.model_validate_json(response.content)
    except ValidationError as error:
        raise InputError(
            f"{place} answers otherwise than this version reads (status {response.status_code}): "
            "is it a service of the same version?"
        ) from error
