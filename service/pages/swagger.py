"""`/docs`: the interactive description of the API, from files of our own."""

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from features.language import ENGLISH
from service.api.current import is_simulated
from service.api.routing import QueryRoute
from service.pages.environment import POLICY, environment_for

# Only this page, which is FastAPI's, has a script in it, and styles.
_POLICY = f"{POLICY}; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"

router = APIRouter(include_in_schema=False, route_class=QueryRoute)


@router.get("/docs")
def show_docs(request: Request) -> HTMLResponse:
    """Show the interactive description of the API, below a mark if the events are invented."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Tocsin: the API",
        swagger_js_url="static/swagger-ui-bundle.js",
        swagger_css_url="static/swagger-ui.css",
        swagger_favicon_url="static/favicon.png",
        swagger_ui_parameters={"validatorUrl": "none", "tryItOutEnabled": True},
    )
    banner = environment_for(ENGLISH).get_template("banner.html")
    mark = banner.render(simulated=is_simulated(request))
    html = bytes(page.body).decode().replace("<body>", f'<body style="margin: 0">{mark}', 1)
    return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})
