"""The parameters of the endpoints: a closed set, so that a misspelt one is never ignored."""

from difflib import get_close_matches
from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from models.bulletin import Level, Target
from service.errors import ParameterError
from service.store.bulletins import LATEST

Country = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Horizon = Annotated[int, Field(ge=1, le=12)]
Sort = Literal[
    "probability", "-probability", "mean", "-mean", "region", "-region", "horizon", "-horizon"
]

LevelFilter = Annotated[Level | None, Field(description="Only regions of this level.")]
CountryFilter = Annotated[
    list[Country],
    Field(description="Only regions in this country, ISO 3166-1 alpha-3. May be repeated."),
]
BulletinChoice = Annotated[
    str,
    Field(
        pattern=r"^(latest|\d{4}-\d{2}-[0-9a-f]{12})$",
        description="The id of a bulletin, or `latest`.",
    ),
]
Limit = Annotated[int, Field(ge=1, le=1000, description="At most so many items a page.")]
Position = Annotated[
    str | None,
    Field(
        max_length=200,
        description="Where the page starts: opaque, as given in `next`. It holds on to the "
        "bulletin of the first page, and is valid only with the parameters it came with.",
    ),
]


class NoParameters(BaseModel):
    """An endpoint without parameters; those with parameters build on it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _know_every_name(cls, data: dict[str, Any]) -> dict[str, Any]:
        for name in data:
            if name not in cls.model_fields:
                raise PydanticCustomError(
                    "unknown_parameter", "{reason}", {"reason": _hint(cls, name)}
                )
        return data


class BulletinQuery(NoParameters):
    """One bulletin is asked."""

    bulletin: BulletinChoice = LATEST


class PageQuery(NoParameters):
    """A list is asked for, page by page."""

    limit: Limit = 100
    cursor: Position = None


class RegionFilter(BulletinQuery):
    """Which regions are asked for."""

    level: LevelFilter = None
    country: CountryFilter = []


class ScoreFilter(RegionFilter):
    """Which scores are asked for, and in what order. All filters must hold at once."""

    region: Annotated[
        list[str], Field(description="Only this region, by its id. May be repeated.")
    ] = []
    target: Annotated[Target | None, Field(description="Only this target.")] = None
    horizon: Annotated[
        list[Horizon],
        Field(
            description="Only this horizon [months]; for `escalation` and `onset` the length "
            "of the window. May be repeated."
        ),
    ] = []
    min_probability: Annotated[
        float | None, Field(ge=0, le=1, description="Only scores of at least this probability.")
    ] = None
    sort: Annotated[
        Sort,
        Field(
            description="The order; `-` is descending. Ties are broken by level, region, target "
            "and horizon; scores without a mean come last."
        ),
    ] = "-probability"


class RegionQuery(PageQuery, RegionFilter):
    """Regions, page by page."""


class ScoreQuery(PageQuery, ScoreFilter):
    """Scores, page by page."""


class IndicatorQuery(PageQuery, BulletinQuery):
    """Indicators, page by page."""

    family: Annotated[
        list[str], Field(description="Only indicators of this family. May be repeated.")
    ] = []


async def refuse_repeats(request: Request) -> None:
    """Raise ParameterError when a parameter that takes one value is given several.

    Frameworks silently take the last, which is not what was asked.
    """
    given = request.query_params
    for name in ScoreQuery.model_fields.keys() - {"country", "region", "horizon"}:
        if len(given.getlist(name)) > 1:
            raise ParameterError(f"{name}: takes one value, {len(given.getlist(name))} were given")


def _hint(query: type[BaseModel], name: str) -> str:
    known = list(query.model_fields)
    if not known:
        return f"unknown parameter '{name}': this address takes none"
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    remedy = f"did you mean '{near[0]}'?" if near else f"it takes {', '.join(known)}"
    return f"unknown parameter '{name}': {remedy}"
