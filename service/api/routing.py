"""A route: how its query is read, and what the OpenAPI document says of it.

FastAPI's own reading of a query takes longer than finding and writing a page of scores, and takes
the last of several values where one is expected. `examples.json` holds answers by path, status and
address; they are recorded from the service, and tested to be still true.
"""

import inspect
import json
from collections.abc import Callable, Coroutine, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_origin
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from service.api.problems import MEDIA_TYPE, TITLES
from service.api.queries import NoParameters
from service.api.schemas import Problem
from service.errors import ParameterError

QUERY = "query"

Document = dict[str, Any]

_EXAMPLES: dict[str, dict[str, dict[str, Any]]] = json.loads(
    Path(__file__).with_name("examples.json").read_text(encoding="utf-8")
)
_EVERYWHERE = (401, 429, 431, 500)


class QueryRoute(APIRoute):
    """A route whose endpoint takes the request, the parts of the path, and maybe a `query`.

    Without a `query` it refuses every parameter, unless it is not in the schema. An endpoint that
    is no coroutine runs in a thread, as with FastAPI. Its errors are added to its description.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        responses: dict[int | str, Document] | None = None,
        **options: Any,
    ) -> None:
        own = responses or {}
        problems = _problems_of(path, [*own])
        super().__init__(path, endpoint, responses=problems | own | problems, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function that answers a request of this route."""
        endpoint, parameters = self.endpoint, inspect.signature(self.endpoint).parameters
        takes_query = QUERY in parameters
        if not takes_query and not self.include_in_schema:
            return super().get_route_handler()
        query = parameters[QUERY].annotation.__origin__ if takes_query else NoParameters
        is_coroutine = inspect.iscoroutinefunction(endpoint)

        async def answer(request: Request) -> Response:
            arguments = dict(request.path_params)
            values = read_query(query, request)
            if takes_query:
                arguments[QUERY] = values
            if is_coroutine:
                response: Response = await endpoint(request=request, **arguments)
                return response
            return await run_in_threadpool(endpoint, request=request, **arguments)

        return answer


def read_query(query: type[BaseModel], request: Request) -> BaseModel:
    """Return the parameters of a request as a model.

    Raises RequestValidationError for a value, ParameterError for a name or a repetition.
    """
    values: dict[str, Any] = {}
    text = request.scope["query_string"].decode("latin-1")
    for name, value in parse_qsl(text, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    fields = {field.alias or name: field for name, field in query.model_fields.items()}
    for name, of_name in values.items():
        if name not in fields:
            raise ParameterError(f"unknown parameter '{name}': {_hint(name, list(fields))}")
        if get_origin(fields[name].annotation) is not list:
            if len(of_name) > 1:
                raise ParameterError(f"{name}: takes one value, {len(of_name)} were given")
            values[name] = of_name[0]
    try:
        return query.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        raise RequestValidationError(
            [fault | {"loc": (QUERY, *fault["loc"])} for fault in faults]
        ) from error


def _hint(name: str, names: list[str]) -> str:
    if not names:
        return "this address takes none"
    holding = [known for known in names if name in known.split("_")]
    near = holding or get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else f"it takes {', '.join(names)}"


def _problems_of(path: str, more: Sequence[int | str]) -> dict[int | str, Document]:
    """Return the descriptions of a path's errors: of its examples, `more`, and those of all."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": TITLES[status], "content": content}
        for status in map(int, [*_EXAMPLES.get(path, ()), *more, *_EVERYWHERE])
        if status in TITLES
    }


def complete(document: Document, *, needs_key: bool) -> Document:
    """Return an OpenAPI document with examples, the form of problems and how keys are given.

    FastAPI would drop every null from an example, which without its nulls is not true.
    """
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
    for path, statuses in _EXAMPLES.items():
        for status, bodies in statuses.items():
            content = document["paths"][path]["get"]["responses"][status]["content"]
            body = content.get("application/json") or content[MEDIA_TYPE]
            body["examples"] = {f"GET {where}": {"value": value} for where, value in bodies.items()}
    return with_keys(document, needs_key=needs_key)


def with_keys(document: Document, *, needs_key: bool) -> Document:
    """Return an OpenAPI document that says how keys are given, and whether they must be."""
    schemes = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key of this service."},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "password": {"type": "http", "scheme": "basic", "description": "A key as password."},
    }
    ways: list[Document] = [{name: []} for name in schemes]
    components = document.get("components", {}) | {"securitySchemes": schemes}
    return document | {"components": components, "security": ways if needs_key else [{}, *ways]}
