"""`/v1/coups`: how likely an attempt is in at least one of some countries."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from features.places.countries import country_name, meant_country
from features.strict import Strict
from features.targets import INDEPENDENT_ATTEMPTS, any_of
from features.words import OF_COUPS
from service.api.current import chosen_bulletin
from service.api.lists import form_responses, in_form, model_page
from service.api.queries import (
    BulletinQuery,
    CountryFilter,
    HorizonFilter,
    PageQuery,
    ScoreFilter,
    TableForms,
)
from service.api.routing import QueryRoute
from service.api.schemas import ListBody, Number
from service.api.selection import find_country, select_scores
from service.errors import UnknownError
from service.store.bulletins import Bulletin
from service.store.derived import regions_of, unscored_because

router = APIRouter(prefix="/v1/coups", tags=["scores"], route_class=QueryRoute)


class CoupQuery(TableForms, PageQuery, BulletinQuery):
    """A group of countries; all that are scored by default."""

    country: CountryFilter = Field(default=[])
    horizon: HorizonFilter = Field(default=[])


class UnscoredCountry(Strict):
    """A country that was asked for and has no score."""

    country: str = Field(description="ISO 3166-1 alpha-3.")
    name: str
    because: str = Field(description="Why it has none.")


class CoupGroup(Strict):
    """How likely an attempt of a coup is in at least one of some countries."""

    horizon: int = Field(description="Length of the window [months].")
    target_month: str = Field(description="Its last month, YYYY-MM.")
    probability: Number = Field(
        ge=0, le=1, description="Of an attempt in any of `countries`; bulletins give no interval."
    )
    countries: list[str] = Field(description="The countries of the group, ISO 3166-1 alpha-3.")
    unscored: list[UnscoredCountry] = Field(
        description="Those that were asked for and have no score, which are not in it."
    )
    rule: str = Field(description="By which rule the scores of countries make one.")
    assumption: str = Field(description="What the rule takes for granted.")


class CoupGroupList(ListBody[CoupGroup]):
    """The probabilities of a group, by horizon."""


@router.get("", response_model=CoupGroupList, responses=form_responses(CoupGroupList))
def score_group(request: Request, query: Annotated[CoupQuery, Query()]) -> Response:
    """The probability that at least one of some countries sees an attempt of a coup, by horizon.

    Without a country it is of all that are scored. A country that is asked for and has no score is
    named with the reason, and left out; where none has one, the answer is a 404.
    """
    bulletin = chosen_bulletin(request, query)
    groups = _groups(bulletin, query)
    return in_form(request, query, model_page(request, bulletin, CoupGroup, groups, key=()))


def _groups(bulletin: Bulletin, query: CoupQuery) -> list[CoupGroup]:
    """Return a group at each horizon; raises UnknownError where nothing of it is scored."""
    target = OF_COUPS[0]
    every = select_scores(bulletin, ScoreFilter(target=target, horizon=query.horizon)).rows
    scores = bulletin.scores.take(every).to_pylist()
    scored = {row["country"] for row in scores}
    asked = dict.fromkeys(_code_of(bulletin, name, scored) for name in query.country)
    chosen = scored & asked.keys() if asked else scored
    unscored = [_unscored(bulletin, code) for code in asked if code not in scored]
    if not chosen:
        reasons = "; ".join(f"{one.name} ({one.country}): {one.because}" for one in unscored)
        raise UnknownError(f"bulletin {bulletin.manifest.id} has no such score of coups: {reasons}")
    months = {row["horizon"]: row["target_month"] for row in scores}
    groups = []
    for horizon, month in sorted(months.items()):
        own = {row["country"]: row["probability"] for row in scores if row["horizon"] == horizon}
        countries = sorted(own.keys() & chosen)
        groups.append(
            CoupGroup(
                horizon=horizon,
                target_month=month,
                probability=any_of(np.array([own[country] for country in countries])),
                countries=countries,
                unscored=unscored,
                rule=INDEPENDENT_ATTEMPTS.name,
                assumption=INDEPENDENT_ATTEMPTS.assumption,
            )
        )
    return groups


def _code_of(bulletin: Bulletin, name: str, scored: set[str]) -> str:
    """Return the code of a country, scored or not; raises UnknownError for what is none."""
    code = name if name in scored else meant_country(name)
    return code or find_country(bulletin, name, regions_of(bulletin))


def _unscored(bulletin: Bulletin, code: str) -> UnscoredCountry:
    reason = unscored_because(bulletin, code, OF_COUPS[0])
    if reason is None and code in regions_of(bulletin).values("region"):
        reason = "no list of coups observes it at the origin"
    return UnscoredCountry(
        country=code, name=country_name(code), because=reason or "not among the observed countries"
    )
