"""Every error as `application/problem+json` (RFC 9457)."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from features.errors import BulletinError
from service.api.current import is_simulated
from service.api.schemas import Problem
from service.errors import RefusalError

MEDIA_TYPE = "application/problem+json"

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    413: "Content Too Large",
    411: "Length Required",
    416: "Range Not Satisfiable",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""The names of the statuses in RFC 9110; Python's differ between versions."""


def problem(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a problem as a response, marked as simulated or not like any other."""
    body = Problem(
        type="about:blank",
        title=TITLES.get(status, "Error"),
        status=status,
        detail=detail,
        instance=request.url.path,
        simulated=is_simulated(request),
        request_id=getattr(request.state, "request_id", None),
    )
    return Response(body.model_dump_json(), status, headers, MEDIA_TYPE)


def describe(error: ErrorDetails) -> str:
    """Return one plain sentence for one refused parameter."""
    name = next((str(part) for part in error["loc"] if part not in {"query", "path"}), "")
    if error["type"] == "missing":
        return f"{name}: has to be given"
    value = error["input"]
    text = ",".join(map(str, value)) if isinstance(value, list) else value
    return f"{name}: '{text}' is refused: {error['msg']}"


async def on_refusal(request: Request, error: RefusalError) -> Response:
    """Answer a refusal of the service's own."""
    return problem(request, error.status, str(error))


async def on_damage(request: Request, error: BulletinError) -> Response:
    """Answer that a bulletin was damaged after it was loaded; a moment later it is passed over."""
    return problem(request, 503, f"a bulletin is damaged: {error}; ask again in a moment")


async def on_parameters(request: Request, error: RequestValidationError) -> Response:
    """Answer parameters that do not have the documented names or values."""
    return problem(request, 422, "; ".join(map(describe, error.errors())))


async def on_http(request: Request, error: HTTPException) -> Response:
    """Answer an address that does not exist, or a method that it does not take."""
    details = {
        404: f"there is nothing at {request.url.path}: /docs lists every address",
        405: f"{request.method} is not allowed here: everything is read only, use GET",
    }
    detail = details.get(error.status_code, str(error.detail))
    return problem(request, error.status_code, detail, error.headers)


async def on_fault(request: Request, _error: Exception) -> Response:
    """Answer a fault of the service, and end the connection; the log alone has the cause."""
    detail = "the service failed to answer; its log says why"
    return problem(request, 500, detail, {"Connection": "close"})


HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    RefusalError: on_refusal,
    BulletinError: on_damage,
    RequestValidationError: on_parameters,
    HTTPException: on_http,
    Exception: on_fault,
}
