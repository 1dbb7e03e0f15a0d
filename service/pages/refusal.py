"""What people read in place of a page that cannot be shown: programs get a problem document."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response

from service.api.current import listing_of
from service.api.problems import HANDLERS
from service.api.schemas import Problem
from service.asgi import by_preference
from service.pages.environment import chosen_language, render

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


def for_people(answer: Handler) -> Handler:
    """Return what answers an error of a page as a page, and any other as `answer` does."""

    async def shown(request: Request, error: Any) -> Response:
        response = await answer(request, error)
        accepted = by_preference(request.headers.get("accept", ""))
        if request.url.path.startswith("/v1/") or accepted[:1] != ["text/html"]:
            return response
        page = render(
            request,
            "refusal.html",
            chosen_language(request),
            detail=Problem.model_validate_json(bytes(response.body)).detail,
            has_map=listing_of(request).newest is not None,
        )
        page.status_code = response.status_code
        page.headers.add_vary_header("Accept")
        return page

    return shown


HANDLERS_FOR_PEOPLE: dict[int | type[Exception], Handler] = {
    # a fault of the service is answered by as little code as can be
    kind: answer if kind is Exception else for_people(answer)
    for kind, answer in HANDLERS.items()
}
