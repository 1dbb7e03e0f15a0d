"""The examples in the OpenAPI document: recorded from the service, and tested to be still true.

`examples.json` holds the answers by path, status and address.
"""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

from service.api.problems import MEDIA_TYPE, TITLES
from service.api.schemas import Problem

Document = dict[str, Any]

_RECORDED: dict[str, dict[str, dict[str, Any]]] = json.loads(
    Path(__file__).with_name("examples.json").read_text(encoding="utf-8")
)


def problems_of(path: str, *more: int) -> dict[int | str, Document]:
    """Return the OpenAPI description of every error status that a path answers with.

    Those of the examples, `more`, and what every path may answer: 401, 429 and 500.
    """
    statuses = [*(int(status) for status in _RECORDED[path]), *more, *_EVERYWHERE]
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {
        status: {"description": TITLES[status], "content": content}
        for status in statuses
        if status in TITLES
    }


_EVERYWHERE = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
)


def add_examples(document: Document) -> Document:
    """Add the examples to an OpenAPI document, and return it.

    FastAPI would drop every null from them, and an example without its nulls is not true.
    """
    for path, statuses in _RECORDED.items():
        for status, bodies in statuses.items():
            response = document["paths"][path]["get"]["responses"][status]
            kinds = response["content"]
            body = kinds.get("application/json") or kinds[MEDIA_TYPE]
            body["examples"] = {f"GET {where}": {"value": value} for where, value in bodies.items()}
    return document
