"""A route that reads its query by a pydantic model.

FastAPI describes such a route like any other. But its own reading of the query takes longer than
finding and writing a page of scores, and takes the last of several values where one is expected.
"""

import inspect
from collections.abc import Callable, Coroutine
from difflib import get_close_matches
from typing import Any, get_origin
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from service.errors import ParameterError

QUERY = "query"


class QueryRoute(APIRoute):
    """A route whose endpoint takes the request, a `query` and the parts of the path, or no query.

    An endpoint that is no coroutine runs in a thread, as with FastAPI.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function that answers a request of this route."""
        endpoint, parameters = self.endpoint, inspect.signature(self.endpoint).parameters
        if QUERY not in parameters:
            return super().get_route_handler()
        query: type[BaseModel] = parameters[QUERY].annotation.__origin__
        is_coroutine = inspect.iscoroutinefunction(endpoint)

        async def answer(request: Request) -> Response:
            arguments = {QUERY: read_query(query, request), **request.path_params}
            if is_coroutine:
                response: Response = await endpoint(request=request, **arguments)
                return response
            return await run_in_threadpool(endpoint, request=request, **arguments)

        return answer


def read_query(query: type[BaseModel], request: Request) -> BaseModel:
    """Return the parameters of a request as a model of a query.

    Raises RequestValidationError for a value that it does not take, and ParameterError for a name
    that it does not have, and for several values where it takes one.
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
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else f"it takes {', '.join(names)}"
