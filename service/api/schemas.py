"""The bodies of lists, of problems and of health; `bodies.py` has those of one region."""

from datetime import date
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AwareDatetime, Field, FiniteFloat, PlainSerializer

from bulletins.manifest import ListedIndicator, Manifest, Shortfall
from features.strict import Strict
from features.words import Level, RiskName, Target
from service.forms.rows import shorten

Item = TypeVar("Item")

Number = Annotated[
    FiniteFloat, PlainSerializer(shorten, return_type=float, when_used="json-unless-none")
]
"""A number that JSON gives with six significant digits."""

Iso31662 = Annotated[
    str | None, Field(description="ISO 3166-2 of a first-order region; null if it has none.")
]
PCode = Annotated[
    str | None,
    Field(description="The region's P-code, from the operator's table; null where that has none."),
]

SIMULATED = "True if the events are invented: no news, no warning."
STALE = "True if the current bulletin, or the newest event in it, is older than it should be."


class BulletinSummary(Strict):
    """The bulletin that an answer comes from."""

    id: str
    origin: str = Field(description="The last observed month used, YYYY-MM.")
    issued_at: AwareDatetime
    as_of: date = Field(description="Only events that were public by this day were used.")
    issued_late: bool = Field(
        description="True if it was issued after the day as of which it speaks: nobody could read "
        "it then."
    )
    simulated: bool = Field(description=SIMULATED)
    stale: bool = Field(description=STALE)
    stale_because: str | None = Field(description="Why; null if it is not stale.")
    over_until: str | None = Field(
        description="Forecasts of months up to this one, YYYY-MM, are of months that are over by "
        "now; null if there are none, or if the events are invented."
    )
    shortfalls: tuple[Shortfall, ...] = Field(
        description="Where scores issued before it have been worse than conflictology, by the "
        "track record of its day."
    )
    licence: str = Field(description="Of the scores; the manifest has those of the sources.")
    citation: str = Field(description="How to cite the bulletin; empty if it is an older one.")


class Region(Strict):
    """A place that the events observe, with scores or without."""

    id: str
    name: str
    country: str = Field(description="ISO 3166-1 alpha-3.")
    level: Level
    latitude: Number | None = Field(description="Of a point inside [degrees]; null if unknown.")
    longitude: Number | None = Field(description="Of the same point [degrees].")
    unscored_because: str | None = Field(
        description="Why it has no score (with the filter `target`: none of that target); null if "
        "it has."
    )
    country_alpha_2: str | None = Field(description="ISO 3166-1 alpha-2; null if it has none.")
    country_un_name: str | None = Field(
        description="The country in the English of the UN (M49); null if it is not listed there."
    )
    iso_3166_2: Iso31662
    pcode: PCode


class Score(Strict):
    """The calibrated probability of a target for a region, origin and horizon."""

    region: str = Field(description="The region's id.")
    name: str = Field(description="The region's name.")
    country: str = Field(description="ISO 3166-1 alpha-3.")
    level: Level
    iso_3166_2: Iso31662
    pcode: PCode
    target: Target
    horizon: int = Field(
        description="Months ahead; for `escalation` and `onset` the length of the window."
    )
    target_month: str = Field(description="Origin + horizon, YYYY-MM.")
    origin: str = Field(description="The last observed month used, YYYY-MM.")
    issued_at: AwareDatetime
    threshold: Number = Field(description="What the forecast must reach [deaths/month].")
    probability: Number = Field(ge=0, le=1, description="That the threshold is reached.")
    risk_level: RiskName | None = Field(
        description="What `/v1/targets` explains; null in bulletins without risk levels."
    )
    mean: Number | None = Field(
        description="Expected deaths [deaths/month]; for `fatalities` only."
    )
    quantiles: dict[str, Number] | None = Field(
        description="Quantiles of deaths [deaths/month], `q05` to `q95`; for `fatalities` only."
    )
    exceedance: Number | None = Field(
        ge=0,
        le=1,
        description="The probability that the deaths of the target month reach the `threshold` "
        "that was asked for; null without one, and for other targets than `fatalities`.",
    )
    model_version: str
    unreported: Number | None = Field(
        description="Deaths of the last twelve months that are expected to be reported yet, and "
        "that the score counts; null where late reporting is not corrected."
    )
    bulletin: str = Field(description="The id of the bulletin.")


class ListBody(Strict, Generic[Item]):
    """One page of a list from one bulletin."""

    bulletin: BulletinSummary
    total: int = Field(ge=0, description="The number of items on all pages together.")
    items: list[Item]
    next: str | None = Field(description="The address of the next page; null on the last.")


class ScoreList(ListBody[Score]):
    """One page of scores."""


class RegionList(ListBody[Region]):
    """One page of scored regions, by level and id."""


class IndicatorList(ListBody[ListedIndicator]):
    """One page of indicators, in the order of the catalogue."""


class BulletinList(Strict):
    """One page of bulletins, newest first."""

    simulated: bool = Field(description=f"Of the newest bulletin. {SIMULATED}")
    total: int = Field(ge=0, description="The number of bulletins on all pages together.")
    items: list[Manifest]
    next: str | None = Field(description="The address of the next page; null on the last.")


class Health(Strict):
    """The service is running."""

    status: Literal["alive"]
    version: str = Field(description="Of Tocsin.")
    simulated: bool | None = Field(description=f"{SIMULATED} Null while there is no bulletin.")


class PassedOver(Strict):
    """A bulletin that is there and cannot be served."""

    bulletin: str
    reason: str


class SharedAddress(Strict):
    """Where the service has its bulletins from, if it shares them with others."""

    answers: bool = Field(description="If not, the copies that the service has are served.")
    reason: str | None = Field(description="Why it does not answer; null if it does.")


class Readiness(Strict):
    """What the service serves, and what it cannot."""

    status: Literal["ready"]
    simulated: bool = Field(description=SIMULATED)
    bulletin: str = Field(description="The id of the newest bulletin that can be served.")
    age_days: float = Field(description="Time since it was issued [days].")
    passed_over: list[PassedOver]
    shared: SharedAddress | None = Field(description="Null where bulletins are not shared.")


class Problem(Strict):
    """What went wrong, as RFC 9457 has it."""

    type: str = Field(description="`about:blank`: the status says what kind of problem it is.")
    title: str = Field(description="The name of the status.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What was wrong, where, and what to do.")
    instance: str = Field(description="The path that was asked for.")
    simulated: bool | None = Field(description=f"{SIMULATED} Null while there is no bulletin.")
    request_id: str | None = Field(description="The service's log has more under this id.")
