"""`/regions/{id}`: one region, as a page of its own and as the panel beside the map."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from bulletins.early_signs import EarlySign, in_words
from bulletins.form import HISTORY_FILE
from bulletins.reasons import Reasons
from features.language import Language, message
from features.words import SPECS
from service.api import bodies
from service.api.current import used_bulletin
from service.api.profile import profile_of
from service.api.routing import QueryRoute
from service.api.schemas import Score
from service.api.selection import find_region
from service.pages.deaths import deaths_of, months_ahead, months_so_far
from service.pages.drawing.charts import Chance, Month, chances_chart, deaths_chart
from service.pages.environment import chosen_language, render
from service.pages.ranking import PlaceWithoutScore, reasons_in
from service.pages.reading.glossary import GLOSSARY
from service.pages.shading import Figure, Shade
from service.pages.view import PageView, View, view_of
from service.store.derived import regions_of
from service.store.past import observed_deaths
from service.store.series import signs_of

EARLIER = 24
"""The earlier forecasts that are listed."""

FIRST_SIGNS = 5
"""The early signs that are listed before the reader asks for more."""

FAMILIES = {
    "history": message("violence in the region itself"),
    "neighbourhood": message("violence around the region"),
    "contagion": message("violence next door"),
    "actors": message("armed groups"),
    "civilians": message("violence against civilians"),
    "encirclement": message("where violence lies around"),
    "supply": message("supply routes"),
    "state": message("the state"),
    "season": message("time of the year"),
    "place": message("place"),
    "revision": message("revised records"),
}
"""What the families of indicators are called where they stand in a table."""

router = APIRouter(include_in_schema=False, route_class=QueryRoute)


@router.get("/regions/{region}")
def show_region(request: Request, region: str, query: Annotated[PageView, Query()]) -> HTMLResponse:
    """Show all that a bulletin says of one region. Raises UnknownError when it has none."""
    level = find_region(used_bulletin(request, query.bulletin), region).level
    view = view_of(request, query.model_copy(update={"level": level}))
    language = chosen_language(request)
    values = panel_of(request, Shade(view, language), region, language)
    return render(request, "region.html", language, **values)


def panel_of(
    request: Request, shade: Shade, region: str | None, language: Language
) -> dict[str, Any]:
    """Return what the template of a region needs; `page` and `unscored` are None without one."""
    view, values = shade.view, dict[str, Any](page=None, unscored=None)
    values |= {"view": view, "shade": shade, "specs": SPECS, "families": FAMILIES}
    values |= {"glossary": GLOSSARY, "first_signs": FIRST_SIGNS}
    if region is None:
        return values
    deaths = observed_deaths(used_bulletin(request), region)
    request.state.manifest = view.bulletin.manifest
    if region not in view.bulletin.scores.values("region"):
        regions = regions_of(view.bulletin)
        known = regions.take(regions.rows[regions.among("region", [region])]).to_pylist()
        return values | {"unscored": _unscored(shade, region, known)}
    profile = profile_of(request, view.bulletin, region, deaths)
    return values | {"page": RegionPage(view, profile, language, shade)}


def _unscored(shade: Shade, region: str, known: list[dict[str, Any]]) -> PlaceWithoutScore:
    """Return what is known of a region that has no scores; it may not be one at all."""
    row = known[0] if known else {"name": region, "country": ""}
    return PlaceWithoutScore(region, row["name"], row["country"], shade.reason(region))


@dataclass(frozen=True, eq=False)
class RegionPage:
    """What a region's template shows, of all that its bulletin says."""

    view: View
    profile: bodies.RegionProfile
    language: Language
    shade: Shade

    @property
    def score(self) -> Score | None:
        """The score that is asked for; the region may have none."""
        return next((s for s in self.scores if s.horizon == self.view.horizon), None)

    @property
    def scores(self) -> list[Score]:
        """The scores of the target, by horizon."""
        return [score for score in self.profile.scores if score.target == self.view.target]

    @property
    def reached(self) -> str:
        """What the probability is of."""
        score = self.score
        threshold = self.view.threshold if score is None else score.threshold
        number = self.language.number(threshold)
        return self.language.gettext(self.view.spec.reached).format(threshold=number)

    @property
    def drivers(self) -> bodies.Drivers | None:
        """What moves the score; None in bulletins that give no reasons."""
        target, horizon = self.view.spec.shares, self.view.horizon
        of_target = (one for one in self.profile.drivers if one.target == target)
        return next((one for one in of_target if one.horizon == horizon), None)

    @property
    def reasons(self) -> Reasons | None:
        """Why the score is what it is, in sentences."""
        drivers = self.drivers
        if drivers is None:
            return None
        before = drivers.previous_probability
        return reasons_in(self.view, self.profile.region.id, before, self.language)

    @property
    def signs(self) -> list[tuple[EarlySign, str]] | None:
        """The early signs in words, the worst first; None in bulletins that cannot tell."""
        signs = signs_of(self.view.bulletin, self.profile.region.id)
        if signs is None:
            return None
        return [(sign, in_words(sign, self.language)) for sign in signs]

    @property
    def neighbours(self) -> list[tuple[bodies.Neighbour, bodies.NeighbourScore | None]]:
        """The neighbours with their scores, the highest first."""
        key = self.view.target, self.view.horizon
        pairs = [
            (one, next((s for s in one.scores if (s.target, s.horizon) == key), None))
            for one in self.profile.neighbours
        ]
        return sorted(pairs, key=lambda pair: -(pair[1].probability if pair[1] else -1))

    @property
    def earlier(self) -> list[bodies.EarlierScore]:
        """What earlier bulletins said: of months that have passed, or as far ahead."""
        said = [
            one
            for one in self.profile.earlier
            if one.target == self.view.target
            and (one.outcome is not None or one.horizon == self.view.horizon)
        ]
        return sorted(said, key=lambda one: (one.target_month, -one.horizon), reverse=True)[
            :EARLIER
        ]

    def deaths_chart(self) -> tuple[Markup, str]:
        """Return the chart of deaths, and in words what it shows; empty if nothing is known."""
        columns = ("month", "deaths")
        region = self.profile.region.id
        rows = self.view.bulletin.rows_of_region(HISTORY_FILE, region, columns)
        past = months_so_far({row["month"]: row["deaths"] for row in rows}, self.language)
        ahead = months_ahead(self.profile.scores, self.language)
        if not past and not ahead:
            return Markup(), ""
        words = self._in_words(past)
        chart = deaths_chart(past, ahead, self.language.number, words)
        if chart.cut is not None:
            cut = self.language.gettext(message("The highest month, {most}, is cut off."))
            words = f"{words} {cut.format(most=self.language.deaths(chart.cut))}"
        return Markup(chart.svg), words  # noqa: S704

    def _in_words(self, past: list[Month]) -> str:
        _, language = self.language.gettext, self.language
        known = [month.deaths for month in past if month.deaths is not None]
        so_far = _(message("{deaths} deaths in the last {months} observed months.")).format(
            deaths=language.deaths(sum(known)), months=len(known)
        )
        fans = [score for score in self.profile.scores if score.quantiles is not None]
        if not fans:
            return so_far
        month, deaths = language.month(fans[0].target_month), deaths_of(fans[0], language)
        then = _(message("For {month}: {deaths}.")).format(month=month, deaths=deaths)
        return f"{so_far} {then}"

    def chances_chart(self) -> Markup:
        """Return the chart of the probability month by month."""
        month, percent = self.language.month, self.language.percent
        chances = [
            Chance(
                label=self.language.month_alone(score.target_month),
                probability=score.probability,
                text=percent(score.probability),
                style=f"b{self.shade.risk_place(_figure(score))}",
                title=f"{month(score.target_month)}: {percent(score.probability)}",
                is_chosen=score.horizon == self.view.horizon,
            )
            for score in self.scores
        ]
        words = "; ".join(chance.title for chance in chances)
        return Markup(chances_chart(chances, words))  # noqa: S704

    def figure(self) -> Figure | None:
        """Return the figures of the score; None if there is none."""
        return None if self.score is None else _figure(self.score)


def _figure(score: Score) -> Figure:
    quantiles = score.quantiles or {}
    return Figure(score.probability, score.mean, quantiles.get("q05"), quantiles.get("q95"))
