"""The templates of the pages, in the language of a reader, and how a page is answered."""

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bulletins.manifest import Manifest
from features.language import LANGUAGES, Language, message
from features.words import RISK_LEVELS
from service.api.current import listing_of, reader_language, stale_because
from service.freshness import over_until
from service.pages.assets import assets_version
from service.pages.shortfalls import shortfall_lines

NAVIGATION = (
    ("", message("Map")),
    ("bulletins", message("Bulletins")),
    ("track-record", message("Track record")),
    ("accuracy", message("Accuracy")),
    ("scenarios", message("What if?")),
    ("about", message("About")),
    ("docs", message("API")),
)
"""The pages that every page links to: address from the root, and name."""

COLON = message(": ")

_UNKNOWN = "\N{EN DASH}"

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""The browser loads nothing from another host, and runs no script or style but from files."""


@cache
def environment_for(language: Language) -> Environment:
    """Return the environment whose templates speak a language.

    `{{ _("Observed to %(month)s", month=origin | month) }}`, with a per cent sign written twice.
    Texts that do not stand in the template (a target's title) go through the filter `translated`;
    `colon` stands between a title and what it says.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        language.gettext, language.ngettext, newstyle=True
    )
    environment.globals.update(
        language=language, colon=language.gettext(COLON), risk_levels=RISK_LEVELS
    )
    environment.filters.update(
        percent=language.percent,
        share=language.share,
        month=language.month,
        month_alone=language.month_alone,
        day=language.day,
        number=language.number,
        known=lambda value: _UNKNOWN if value is None else language.number(value),
        deaths=language.deaths,
        country=language.country,
        translated=language.gettext,
    )
    return environment


def render(request: Request, template: str, language: Language, **values: Any) -> HTMLResponse:
    """Answer with a page: a template that extends `base.html`, with these values.

    Templates also have `root` (where addresses begin: `{{ root }}docs{{ spoken }}`), `spoken` (the
    query that keeps the reader's choice of a language, or nothing), `assets`, `languages`,
    `navigation`, `hypothetical`, and of the bulletin of the answer `simulated`, `stale`,
    `over_until` and `shortfalls`.
    """
    html = (
        environment_for(language)
        .get_template(template)
        .render(_of_all_pages(request, language) | values)
    )
    headers = {
        "Content-Security-Policy": POLICY,
        "Content-Language": language.code,
        "Vary": "Accept-Language",
        "Cache-Control": "no-cache",
    }
    return HTMLResponse(html, headers=headers)


def chosen_language(request: Request) -> Language:
    """Return the language of a page: what its address asks for, or what the browser prefers."""
    return reader_language(request, request.query_params.get("lang"))


def _of_all_pages(request: Request, language: Language) -> dict[str, Any]:
    manifest: Manifest | None = request.state.manifest
    newest = listing_of(request).newest
    is_newest = manifest is not None and newest is not None and manifest is newest.manifest
    path: str = request.scope["path"]
    root = "../" * (path.count("/") - 1) or "./"
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return {
        "root": root,
        "assets": f"{root}assets/{assets_version()}",
        "spoken": f"?lang={language.code}" if "lang" in request.query_params else "",
        "languages": [
            (one, "?" + urlencode([*asked, ("lang", one.code)])) for one in LANGUAGES.values()
        ],
        "navigation": [
            (f"{root}{address}", title, f"/{address}" == path) for address, title in NAVIGATION
        ],
        "simulated": manifest is not None and manifest.simulated,
        "hypothetical": False,
        "stale": stale_because(request, language) if is_newest else None,
        "over_until": manifest and over_until(manifest, request.state.now),
        "shortfalls": [] if manifest is None else shortfall_lines(manifest, language),
    }
