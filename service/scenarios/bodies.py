"""The bodies about scenarios; each says that it is hypothetical."""

from typing import Literal

from pydantic import Field

from features.scenarios.statements import Scenario
from features.strict import Strict
from features.words import Level, Target
from service.api.schemas import SIMULATED, BulletinSummary, Iso31662, ListBody, Number, PCode

_HYPOTHETICAL = "Always true: what the model associates with such events, not what would happen."
_POINTS = "[points of probability]"
_DEATHS = "[deaths/month]"


class ScenarioSummary(Strict):
    """A scenario, in short."""

    id: str
    hypothetical: Literal[True] = Field(default=True, description=_HYPOTHETICAL)
    simulated: bool = Field(description=SIMULATED)
    name: str
    text: str
    bulletin: str = Field(description="The bulletin whose events and models it has.")
    origin: str = Field(description="The last observed month, YYYY-MM.")
    last_month: str = Field(description="The last supposed month, YYYY-MM; horizons follow it.")
    levels: list[Level] = Field(description="Those that are scored; statements are of the first.")
    coups: str | None = Field(
        description="What the model of coups reads of other countries; null without coups."
    )
    beyond: int = Field(description="Number of regions beyond all that history has seen.")
    assumption: str = Field(description="How the world goes on where nothing is supposed.")
    caution: str = Field(description="What an answer means.")


class ScenarioList(ListBody[ScenarioSummary]):
    """One page of scenarios."""

    bulletin: BulletinSummary
    hypothetical: Literal[True] = Field(default=True, description=_HYPOTHETICAL)


class SupposedMonth(Strict):
    """What the statements put into a region and month, beside the continuation."""

    region: str
    level: Level
    month: str = Field(description="YYYY-MM.")
    events: Number | None = Field(description="[events/month]; null where they are not known.")
    continuation_events: Number | None
    deaths: Number = Field(description=_DEATHS)
    continuation_deaths: Number = Field(description=_DEATHS)


class Extrapolation(Strict):
    """An indicator that statements move beyond all that any region ever had."""

    region: str
    level: Level
    indicator: str
    value: Number
    lowest: Number = Field(description="Of all regions up to the origin.")
    highest: Number


class ScenarioAnswer(Strict):
    """A scenario, what it supposes, and where it goes beyond history."""

    bulletin: BulletinSummary
    hypothetical: Literal[True] = Field(default=True, description=_HYPOTHETICAL)
    scenario: ScenarioSummary
    statements: Scenario
    violence: list[SupposedMonth]
    support: list[Extrapolation]


class FamilyMove(Strict):
    """What moved a score, by a family of indicators."""

    name: str
    change: Number = Field(description="[log-odds]; those of a score add up to its change.")


class ScenarioScore(Strict):
    """A score with the statements and without."""

    scenario: str
    hypothetical: Literal[True] = Field(default=True, description=_HYPOTHETICAL)
    region: str
    name: str
    country: str = Field(description="ISO 3166-1 alpha-3.")
    level: Level
    iso_3166_2: Iso31662
    pcode: PCode
    target: Target
    horizon: int = Field(description="Months after the last supposed one.")
    target_month: str = Field(description="YYYY-MM.")
    probability: Number | None = Field(
        description="With the statements; null where the target is not scored, as onset once there "
        "are deaths."
    )
    continuation: Number | None = Field(description="Without them.")
    change: Number | None = Field(description=f"The one less the other {_POINTS}.")
    bulletin_probability: Number | None = Field(
        description="What the bulletin says of the same month or, of a window, of one as long that "
        "begins after the origin; null beyond its horizons."
    )
    mean: Number | None = Field(description=f"{_DEATHS}; for `fatalities` only.")
    continuation_mean: Number | None = Field(description=_DEATHS)
    mean_change: Number | None = Field(description=_DEATHS)
    bulletin_mean: Number | None = Field(description=_DEATHS)
    threshold: Number | None = Field(description=_DEATHS)
    continuation_threshold: Number | None = Field(description=_DEATHS)
    beyond: bool = Field(description="Whether the region is beyond all that history has seen.")
    model_version: str
    families: list[FamilyMove] = Field(description="What moved it most, first.")


class ScenarioScoreList(ListBody[ScenarioScore]):
    """One page of the scores of a scenario."""

    bulletin: BulletinSummary
    hypothetical: Literal[True] = Field(default=True, description=_HYPOTHETICAL)
    scenario: ScenarioSummary
