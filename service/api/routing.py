"""A route that reads its query by a model of ours, and nothing else."""

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, get_origin
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from service.api.queries import names_of
from service.errors import ParameterError

QUERY = "query"

Query = TypeVar("Query", bound=BaseModel)


class QueryRoute(APIRoute):
    """A route whose endpoint takes the request, a `query` and the parts of the path.

    It is described like any other; but its query is read here. FastAPI's own way takes longer than
    finding and writing a page of scores.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request of this route."""
        endpoint: Callable[..., Awaitable[Response]] = self.endpoint
        query: type[BaseModel] = inspect.signature(endpoint).parameters[QUERY].annotation.__origin__

        async def answer(request: Request) -> Response:
            return await endpoint(
                request=request, **{QUERY: read_query(query, request)}, **request.path_params
            )

        return answer


def read_query(query: type[Query], request: Request) -> Query:
    """Return the parameters of a request as a model of a query.

    Raises RequestValidationError for a name or value that it does not know, and ParameterError for
    several values where it takes one: frameworks take the last, which is not what was asked.
    """
    given: dict[str, Any] = {}
    asked = request.scope["query_string"].decode("latin-1")
    for name, value in parse_qsl(asked, keep_blank_values=True):
        given.setdefault(name, []).append(value)
    known = names_of(query)
    for name, values in given.items():
        field = known.get(name)
        if field is None or get_origin(field.annotation) is not list:
            if len(values) > 1:
                raise ParameterError(f"{name}: takes one value, {len(values)} were given")
            given[name] = values[0]
    try:
        return query.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        raise RequestValidationError(
            [fault | {"loc": (QUERY, *fault["loc"])} for fault in faults]
        ) from error
