"""`/v1/scenarios`: scores under events that are supposed. Every answer says HYPOTHETICAL."""

from difflib import get_close_matches
from functools import reduce
from operator import and_
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from bulletins.scenarios import ScenarioManifest
from bulletins.tables import Rows, as_numbers
from features.words import SPECS
from service.api.current import listing_of, summary_of, used_bulletin
from service.api.lists import Page, form_responses, in_form, json_response, of_models
from service.api.queries import (
    BulletinChoice,
    CountryFilter,
    HorizonFilter,
    LevelFilter,
    MapForms,
    PageQuery,
    RegionNames,
    TableForms,
    TargetFilter,
)
from service.api.routing import QueryRoute
from service.api.selection import find_country
from service.errors import UnknownError
from service.scenarios.bodies import (
    Extrapolation,
    FamilyMove,
    ScenarioAnswer,
    ScenarioList,
    ScenarioScore,
    ScenarioScoreList,
    ScenarioSummary,
    SupposedMonth,
)
from service.store.bulletins import LATEST, Bulletin
from service.store.derived import codes_of_region
from service.store.scenarios import ScenarioStore, StoredScenario

router = APIRouter(prefix="/v1/scenarios", tags=["scenarios"], route_class=QueryRoute)

MARK = {"Tocsin-Hypothetical": "true"}
"""The header of every answer about a scenario."""


class ScenarioListQuery(TableForms, PageQuery):
    """Scenarios, page by page."""

    bulletin: BulletinChoice | None = Field(
        default=None, description="Only those of this bulletin: its id, or `latest`."
    )


class ScenarioScoreQuery(MapForms, PageQuery):
    """The scores of a scenario, page by page."""

    level: LevelFilter = None
    country: CountryFilter = Field(default=[])
    region: RegionNames = Field(default=[])
    target: TargetFilter = None
    horizon: HorizonFilter = Field(default=[])
    min_change: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Only scores that move by at least so much, up or down [probability].",
    )
    beyond: bool | None = Field(
        default=None,
        description="Only regions that are beyond all that history has seen, or only others.",
    )
    sort: Literal["-size", "change", "-change", "region"] = Field(
        default="-size",
        description="The order: by the size of the change, by the change, or by region; `-` is "
        "descending.",
    )


@router.get("", response_model=ScenarioList, responses=form_responses(ScenarioList))
def list_scenarios(request: Request, query: Annotated[ScenarioListQuery, Query()]) -> Response:
    """All scenarios, those of the newest origin first. HYPOTHETICAL: no forecasts."""
    bulletin = used_bulletin(request, query.bulletin or LATEST)
    scenarios = [
        summary_of_scenario(one)
        for one in listing_of(request).scenarios
        if query.bulletin is None or one.bulletin == bulletin.manifest.id
    ]
    page = Page(
        bulletin,
        len(scenarios),
        members={"bulletin": summary_of(request, bulletin), "hypothetical": True},
        **of_models(ScenarioSummary, scenarios.__getitem__),
        subject="#meta+id",
    )
    return _marked(in_form(request, query, page))


@router.get("/{scenario}", response_model=ScenarioAnswer)
def show_scenario(request: Request, scenario: str) -> Response:
    """One scenario: what it supposes, and where that goes beyond history. HYPOTHETICAL."""
    stored, bulletin = used_scenario(request, scenario)
    body = ScenarioAnswer(
        bulletin=summary_of(request, bulletin),
        scenario=summary_of_scenario(stored.manifest),
        statements=stored.manifest.statements,
        violence=[SupposedMonth(**row) for row in stored.violence.table.to_pylist()],
        support=[Extrapolation(**row) for row in stored.support.table.to_pylist()],
    )
    return _marked(json_response(body))


@router.get(
    "/{scenario}/scores",
    response_model=ScenarioScoreList,
    responses=form_responses(ScenarioScoreList, on_map=True),
)
def list_scenario_scores(
    request: Request, scenario: str, query: Annotated[ScenarioScoreQuery, Query()]
) -> Response:
    """The scores of a scenario beside those of its continuation. HYPOTHETICAL.

    Those that move most come first.
    """
    stored, bulletin = used_scenario(request, scenario)
    rows = _selected(stored, bulletin, query)
    families = families_of(stored)
    is_one_a_region = query.target is not None and len(query.horizon) == 1
    page = Page(
        bulletin,
        len(rows),
        members={
            "bulletin": summary_of(request, bulletin),
            "hypothetical": True,
            "scenario": summary_of_scenario(stored.manifest),
        },
        key=("region",) if is_one_a_region else ("region", "target", "horizon"),
        **of_models(ScenarioScore, lambda here: scores_at(stored, bulletin, rows[here], families)),
    )
    return _marked(in_form(request, query, page))


def _marked(response: Response) -> Response:
    response.headers.update(MARK)
    return response


def used_scenario(request: Request, name: str) -> tuple[StoredScenario, Bulletin]:
    """Return a scenario and the bulletin that it is set beside, which the answer is marked with.

    Raises UnknownError when there is no such scenario, UnknownBulletinError when its bulletin is
    gone.
    """
    used_bulletin(request)
    store: ScenarioStore = request.app.state.store.scenarios
    stored = store.get(listing_of(request).scenarios, name)
    return stored, used_bulletin(request, stored.manifest.bulletin)


def summary_of_scenario(manifest: ScenarioManifest) -> ScenarioSummary:
    """Return what an answer says of a scenario."""
    return ScenarioSummary(**manifest.model_dump(include=set(ScenarioSummary.model_fields)))


Families = dict[tuple[str, str, int], list[FamilyMove]]


def families_of(stored: StoredScenario) -> Families:
    """Return what moved each score, the strongest first, by region, target and horizon."""
    families: Families = {}
    for row in stored.families.table.to_pylist():
        move = FamilyMove(name=row["family"], change=row["change"])
        families.setdefault((row["region"], row["target"], row["horizon"]), []).append(move)
    for moves in families.values():
        moves.sort(key=lambda move: -abs(move.change))
    return families


def scores_at(
    stored: StoredScenario, bulletin: Bulletin, rows: Rows, families: Families
) -> list[ScenarioScore]:
    """Return some scores of a scenario; `fatalities` have the families of their target."""
    return [
        ScenarioScore(
            scenario=stored.manifest.id,
            families=families.get((row["region"], SPECS[row["target"]].shares, row["horizon"]), []),
            **codes_of_region(bulletin, row["region"]),
            **row,
        )
        for row in stored.scores.take(rows).to_pylist()
    ]


def _selected(stored: StoredScenario, bulletin: Bulletin, query: ScenarioScoreQuery) -> Rows:
    """Return the rows that pass, in order; raises UnknownError for a place that is not scored."""
    scores = stored.scores
    for region in query.region:
        there = scores.values("region")
        if region not in there:
            near = get_close_matches(region, there, n=3, cutoff=0.6)
            remedy = f"did you mean {' or '.join(near)}?" if near else "see its list of scores"
            what = f"scenario {stored.manifest.id} does not score region '{region}'"
            raise UnknownError(f"{what}: {remedy}")
    filters: dict[str, list[Any]] = {
        "level": [] if query.level is None else [query.level],
        "country": [find_country(bulletin, name, scores) for name in query.country],
        "region": query.region,
        "target": [] if query.target is None else [query.target],
        "horizon": query.horizon,
        "beyond": [] if query.beyond is None else [query.beyond],
    }
    change = as_numbers(scores.table["change"])
    masks = [scores.among(name, values) for name, values in filters.items() if values]
    if query.min_change is not None:
        masks.append(np.abs(change) >= query.min_change)
    rows = scores.rows[reduce(and_, masks)] if masks else scores.rows
    if query.sort == "region":
        return rows
    size = {"-size": -np.abs(change), "change": change, "-change": -change}[query.sort]
    return rows[np.argsort(size[rows], kind="stable")]  # NaN goes last
