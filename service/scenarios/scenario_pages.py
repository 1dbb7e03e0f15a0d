"""`/scenarios`: what is supposed, a map of what it moves, and the same in words."""

from functools import partial
from typing import Annotated, NamedTuple
from urllib.parse import urlencode

import numpy as np
import shapely
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import Field

from features.language import Language, message
from features.months import format_month, parse_month
from features.words import DISPLAYED, SPECS, Level, Target
from service.api.current import listing_of, used_bulletin
from service.api.queries import LanguageChoice, LevelFilter, NoParameters
from service.api.routing import QueryRoute
from service.pages.drawing.labels import FIRST_ZOOM, STEP, labels_of
from service.pages.drawing.map import map_of
from service.pages.drawing.poster import frame_of
from service.pages.environment import chosen_language, render
from service.pages.maps import Atlas, atlas_of
from service.pages.shading import NO_SCORE, Figure, Shade
from service.pages.view import LEVEL_NAMES, PageView, View
from service.scenarios.bodies import ScenarioScore
from service.scenarios.scenarios import MARK, families_of, scores_at, used_scenario
from service.scenarios.wording import statement_lines, words_on_coups
from service.store.bulletins import Bulletin
from service.store.scenarios import StoredScenario

router = APIRouter(include_in_schema=False, route_class=QueryRoute)

FAMILY_NAMES = {
    "history": message("its own past"),
    "neighbourhood": message("its neighbours"),
    "actors": message("armed groups"),
    "civilians": message("violence against civilians"),
    "encirclement": message("encirclement"),
    "supply": message("supply roads"),
    "contagion": message("unrest next door"),
    "season": message("the season"),
    "place": message("the place"),
    "state": message("the state"),
}
"""What a score moves through, in words."""

_SAME = "d3"  # the class of about the same
_WIDTH = 1_000  # pixels, about as wide as the map is shown
_EM = 10  # pixels, by which lines and letters of a map are measured
_LEAST = 0.25  # of the whole map, that is shown at least


class ScenariosView(NoParameters):
    """The list of scenarios."""

    lang: LanguageChoice = None


class ScenarioView(NoParameters):
    """What is shown of a scenario."""

    level: LevelFilter = None
    target: Target | None = None
    horizon: Annotated[int | None, Field(ge=1, le=12)] = None
    lang: LanguageChoice = None


class MovedPlace(NamedTuple):
    """A region of the table: its score, the class of its change, and what moved it most."""

    score: ScenarioScore
    style: str
    family: str | None


class Picture(NamedTuple):
    """A map of changes: `box` is its view, `letter` an em in units of the map."""

    box: str
    letter: int
    body: Markup


@router.get("/scenarios")
def show_scenarios(request: Request, query: Annotated[ScenariosView, Query()]) -> HTMLResponse:  # noqa: ARG001
    """Show which scenarios there are."""
    used_bulletin(request)
    response = render(
        request,
        "scenarios.html",
        chosen_language(request),
        hypothetical=True,
        scenarios=listing_of(request).scenarios,
        level_names=LEVEL_NAMES,
    )
    response.headers.update(MARK)
    return response


@router.get("/scenarios/{scenario}")
def show_scenario(
    request: Request, scenario: str, query: Annotated[ScenarioView, Query()]
) -> HTMLResponse:
    """Show what a scenario supposes, and which scores move, on a map and in a table.

    Raises UnknownError when there is no such scenario, UnknownBulletinError when its bulletin is
    gone.
    """
    stored, bulletin = used_scenario(request, scenario)
    language = chosen_language(request)
    level = _level(stored, query)
    horizons = horizons_of(stored, level)
    target = query.target if query.target in horizons else next(iter(horizons))
    usual = horizons[target][-1 if SPECS[target].counts == "coups" else 0]
    horizon = min(horizons[target], key=lambda one: abs(one - (query.horizon or usual)))
    view = View(PageView(show="change"), bulletin, bulletin, level, target, horizon)
    shade, scores = Shade(view, language), scores_of(stored, bulletin, level, target, horizon)
    styles = {score.region: _style(shade, score) for score in scores}
    response = render(
        request,
        "scenario.html",
        language,
        hypothetical=True,
        scenario=stored.manifest,
        statements=list(statement_lines(stored, bulletin, language)),
        spec=SPECS[target],
        horizon=horizon,
        address=partial(_address, query),
        asked=query.horizon,
        level=level,
        levels=[] if len(stored.manifest.levels) == 1 else stored.manifest.levels,
        level_names=LEVEL_NAMES,
        coups=words_on_coups(stored, bulletin, language),
        targets=[SPECS[name] for name in horizons],
        months={one: _month(stored, one) for one in horizons[target]},
        picture=picture_of(bulletin, level, styles, language),
        legend=shade.legend(list(styles.values())),
        places=moved_most(scores, styles),
        others=list(styles.values()).count(_SAME),
        support=[row for row in stored.support.table.to_pylist() if row["level"] == level],
        words=bulletin.words_of_indicator,
        family_names=FAMILY_NAMES,
    )
    response.headers.update(MARK)
    return response


def _level(stored: StoredScenario, query: ScenarioView) -> Level:
    """Return the level that is shown: of statements on coups alone that of countries."""
    levels = stored.manifest.levels
    if query.level in levels:
        return query.level
    return levels[-1 if _is_of_coups(stored) else 0]


def _is_of_coups(stored: StoredScenario) -> bool:
    """Return whether coups are all that is supposed."""
    supposed = stored.manifest.statements
    return bool(supposed.coups) and not (supposed.violence or supposed.events)


def _address(query: ScenarioView, level: Level, target: Target, horizon: int | None) -> str:
    """Return the query of another view, in the language that was asked for."""
    asked = {"level": level, "target": target, "horizon": horizon, "lang": query.lang}
    return "?" + urlencode({name: value for name, value in asked.items() if value is not None})


def horizons_of(stored: StoredScenario, level: Level) -> dict[Target, list[int]]:
    """Return the horizons of each target that a level has, in the order in which people see them.

    Coups come first where nothing else is supposed.
    """
    scores = stored.scores
    rows = scores.rows[scores.among("level", [level])]
    pairs = {(row["target"], row["horizon"]) for row in scores.take(rows).to_pylist()}
    order = sorted(DISPLAYED, key=lambda name: SPECS[name].counts != "coups")
    of_target = {
        name: sorted(horizon for target, horizon in pairs if target == name)
        for name in (order if _is_of_coups(stored) else DISPLAYED)
    }
    return {name: horizons for name, horizons in of_target.items() if horizons}


def scores_of(
    stored: StoredScenario, bulletin: Bulletin, level: Level, target: Target, horizon: int
) -> list[ScenarioScore]:
    """Return the scores of a level, target and horizon, by region."""
    scores = stored.scores
    filters = {"level": level, "target": target, "horizon": horizon}
    masks = [scores.among(name, [value]) for name, value in filters.items()]
    rows = scores.rows[np.logical_and.reduce(masks)]
    return scores_at(stored, bulletin, rows, families_of(stored))


def moved_most(scores: list[ScenarioScore], styles: dict[str, str]) -> list[MovedPlace]:
    """Return the regions that do not stay about the same, those that move most first."""

    def size(score: ScenarioScore) -> float:
        change = score.change if score.mean_change is None else score.mean_change
        return np.inf if change is None else abs(change)

    moved = [score for score in scores if styles[score.region] != _SAME]
    return [
        MovedPlace(score, styles[score.region], score.families[0].name if score.families else None)
        for score in sorted(moved, key=lambda one: -size(one))
    ]


def picture_of(
    bulletin: Bulletin, level: Level, styles: dict[str, str], language: Language
) -> Picture | None:
    """Return the map of a level in some styles, around what moves; None without outlines."""
    atlas = atlas_of(bulletin, level)
    if atlas is None:
        return None
    shapes = atlas.shapes
    classes = [styles.get(region, NO_SCORE) for region in shapes.ids]
    left, top, width, height = _frame(atlas, classes)
    unit = max(width, height) / _WIDTH
    finest = np.log(1 / (unit * FIRST_ZOOM)) / np.log(STEP)
    body = map_of(
        shapes,
        atlas.names,
        [label for label in labels_of(shapes, language.country) if label.step <= finest],
        country_names={code: language.country(code) for code in set(shapes.countries)},
        classes=classes,
    )
    box = f"{left:.0f} {top:.0f} {width:.0f} {height:.0f}"
    # `map_of` escapes names.
    return Picture(box, round(_EM * unit), Markup(body))  # noqa: S704


def _frame(atlas: Atlas, classes: list[str]) -> tuple[float, float, float, float]:
    """Return west, north, width and height of what moves, or of all, with some air."""
    whole = atlas.shapes.box
    is_moved = np.array([style not in {_SAME, NO_SCORE} for style in classes], dtype=np.bool_)
    if not is_moved.any():
        return frame_of(whole)
    west, north, east, south = shapely.total_bounds(atlas.shapes.outlines[is_moved])
    width = max(east - west, _LEAST * whole[2])
    height = max(south - north, _LEAST * whole[3])
    middle = (west + east) / 2, (north + south) / 2
    return frame_of((middle[0] - width / 2, middle[1] - height / 2, width, height))


def _style(shade: Shade, score: ScenarioScore) -> str:
    figures = [
        None if probability is None else Figure(probability, mean, None, None)
        for probability, mean in (
            (score.continuation, score.continuation_mean),
            (score.probability, score.mean),
        )
    ]
    return shade.style_of_change(*figures)


def _month(stored: StoredScenario, horizon: int) -> str:
    return format_month(parse_month(stored.manifest.last_month) + horizon)
