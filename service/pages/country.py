"""`/countries/{country}`: what a bulletin says of one country, panel by panel.

To add a panel, add a template to `templates/parts/`, a section with its heading, and a line to
PANELS with the function that fills it. A panel of which nothing is known is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from bulletins.early_signs import EarlySign, in_words
from features.language import Language
from features.words import Level
from service.api.current import used_bulletin
from service.api.routing import QueryRoute
from service.api.selection import find_country
from service.pages.environment import chosen_language, render
from service.pages.ranking import ranking_of
from service.pages.shading import Shade
from service.pages.siege.panels import capital_panel, corridors_panel, groups_panel
from service.pages.view import LEVELS, PageView, View, view_of
from service.store.bulletins import Bulletin
from service.store.derived import regions_of
from service.store.series import signs_of

router = APIRouter(include_in_schema=False, route_class=QueryRoute)

Values = dict[str, Any]

ALL_ROWS = 100_000
"""Regions that are shown: no country has so many."""


@dataclass(frozen=True, eq=False)
class CountryPage:
    """A country (ISO 3166-1 alpha-3) in a view, which shows its regions of one level."""

    code: str
    view: View
    language: Language

    @property
    def bulletin(self) -> Bulletin:
        """The bulletin that is shown."""
        return self.view.bulletin

    @cached_property
    def shared_signs(self) -> list[EarlySign]:
        """The early signs that all scored regions share; none where there is one region."""
        scores, level = self.bulletin.scores, self.view.level
        here = scores.among("country", [self.code]) & scores.among("level", [level])
        regions = dict.fromkeys(scores.take(scores.rows[here])["region"].to_pylist())
        first, *others = [signs_of(self.bulletin, region) or [] for region in regions] or [[]]
        return [sign for sign in first if others and all(sign in other for other in others)]

    @property
    def has_scores(self) -> bool:
        """Whether any region of the country has a score."""
        return self.code in self.bulletin.scores.values("country")


class Panel(NamedTuple):
    """A section of the page: its template, and what fills it; None where nothing is known."""

    template: str
    values_of: Callable[[CountryPage], Values | None]


def signs_everywhere(page: CountryPage) -> Values | None:
    """Return the early signs that are the same in all regions, such as those of the capital."""
    sentences = [in_words(sign, page.language) for sign in page.shared_signs]
    return {"signs": sentences} if sentences else None


def regions_in(page: CountryPage) -> Values:
    """Return the regions of the country, the highest score first, and their own early signs."""
    shade = Shade(page.view, page.language)
    ranking = ranking_of(shade, page.language)
    return {
        "shade": shade,
        "ranking": ranking,
        "signs": {place.region: _signs(page, place.region) for place in ranking.places},
    }


def _signs(page: CountryPage, region: str) -> list[str] | None:
    """Return the region's own early signs in words; None in bulletins that cannot tell."""
    signs = signs_of(page.bulletin, region)
    if signs is None:
        return None
    return [in_words(sign, page.language) for sign in signs if sign not in page.shared_signs]


PANELS: tuple[Panel, ...] = (
    Panel("parts/country_signs.html", signs_everywhere),
    Panel(
        "parts/country_capital.html",
        lambda page: capital_panel(page.bulletin, page.code, page.language),
    ),
    Panel(
        "parts/country_corridors.html",
        lambda page: corridors_panel(page.bulletin, page.code, page.language),
    ),
    Panel(
        "parts/country_groups.html",
        lambda page: groups_panel(page.bulletin, page.code, page.view.level),
    ),
    Panel("parts/country_regions.html", regions_in),
)
"""In the order in which they stand on the page."""


@router.get("/countries/{country}")
def show_country(
    request: Request, country: str, query: Annotated[PageView, Query()]
) -> HTMLResponse:
    """Show what a bulletin says of a country, by a code or a name.

    Raises UnknownError when the bulletin has no region in it.
    """
    bulletin = used_bulletin(request, query.bulletin)
    code = find_country(bulletin, country, regions_of(bulletin))
    level = _level(bulletin, code, query.level)
    here = query.model_copy(update={"country": code, "level": level, "rows": ALL_ROWS})
    page = CountryPage(code, view_of(request, here), chosen_language(request))
    filled = [(panel.template, panel.values_of(page)) for panel in PANELS]
    return render(
        request,
        "country.html",
        page.language,
        page=page,
        view=page.view,
        manifest=bulletin.manifest,
        panels=[(template, values) for template, values in filled if values is not None],
    )


def _level(bulletin: Bulletin, code: str, asked: Level | None) -> Level:
    """Return the level that is asked for if it divides the country, or else the first of LEVELS."""
    regions = regions_of(bulletin)
    rows = regions.take(regions.rows[regions.among("country", [code])])
    levels = sorted(set(rows["level"].to_pylist()), key=LEVELS.index)
    divided: Level = levels[0]
    return divided if asked is None or asked == "country" or asked not in levels else asked
