"""The bodies about one region, about changes, and about how forecasts came out."""

from pydantic import AwareDatetime, Field, JsonValue

from features.strict import Strict
from features.words import Level, RiskName, Target
from service.api.schemas import (
    BulletinSummary,
    Iso31662,
    ListBody,
    Number,
    PCode,
    Region,
    Score,
)

_POINTS = "[points of probability]"
_DEATHS = "[deaths/month]"
_MONTH = "YYYY-MM."


class Distribution(Strict):
    """How likely every number of deaths in one month is."""

    horizon: int
    target_month: str = Field(description=_MONTH)
    deaths: list[Number] = Field(description="What may come, ascending [deaths/month].")
    exceedance: list[Number] = Field(description="The probabilities of at least so many.")


class FamilyPart(Strict):
    """What the indicators of one family do to a score."""

    name: str
    contribution: Number = Field(description=f"By not being as usual {_POINTS}.")
    change: Number | None = Field(
        description=f"By having moved since the previous bulletin {_POINTS}; null if not known."
    )


class IndicatorPart(Strict):
    """What one indicator adds on top of all others; these do not add up."""

    name: str
    meaning: str | None
    unit: str | None
    contribution: Number = Field(description=_POINTS)
    value: Number | None = Field(description="Now, in its unit; null if missing.")
    usual: Number | None = Field(description="Usually, in its unit; null if missing.")


class Drivers(Strict):
    """Why a score is what it is.

    The usual probability and all contributions add up to it; so do the previous one, the changes of
    the families and the revision.
    """

    target: Target
    horizon: int
    probability: Number
    usual_probability: Number | None = Field(description="What is usual for the region.")
    baseline: str = Field(description="Whose months are usual: `own`, or `all regions`.")
    sentence: str = Field(description="What changed and why, in one sentence.")
    previous_probability: Number | None = Field(
        description="In the bulletin that changes are measured against; null if there was no score."
    )
    change: Number | None = Field(description=f"Since then {_POINTS}.")
    revision: Number | None = Field(
        description=f"The part of the change that is a revised record {_POINTS}."
    )
    families: list[FamilyPart] = Field(description="The strongest contribution first.")
    indicators: list[IndicatorPart] = Field(
        description="The strongest single ones, the sentence's first."
    )


class NeighbourScore(Strict):
    """A score of a neighbour, in short."""

    target: Target
    horizon: int
    probability: Number
    risk_level: RiskName | None


class Place(Strict):
    """A region, in short."""

    region: str
    name: str
    country: str
    iso_3166_2: Iso31662
    pcode: PCode


class Neighbour(Place):
    """A region of the same level that touches this one."""

    scores: list[NeighbourScore]


class EarlierScore(Strict):
    """What another, older bulletin said, and what came of it, as far as it is known now."""

    bulletin: str
    origin: str = Field(description=_MONTH)
    issued_at: AwareDatetime
    target: Target
    horizon: int
    target_month: str = Field(description=_MONTH)
    threshold: Number = Field(description="[deaths/month]")
    probability: Number
    mean: Number | None = Field(description="[deaths/month]; for `fatalities` only.")
    q05: Number | None = Field(description=_DEATHS)
    q50: Number | None = Field(description=_DEATHS)
    q95: Number | None = Field(description=_DEATHS)
    deaths: Number | None = Field(
        description="What came: the mean over its months; null until all are observed."
    )
    outcome: bool | None = Field(
        description="Whether it came true; null while that is not known, and of coups, which the "
        "history of violence does not tell."
    )


class Sign(Strict):
    """An indicator that stands beyond the 95th percentile of the region's own past."""

    name: str
    meaning: str
    unit: str
    family: str
    value: Number = Field(description="At the origin, in its unit.")
    own_percentile: int = Field(
        description="Among the values of all earlier months of the region [per cent]: at least 95, "
        "or below 5 where low values are alarming."
    )
    all_percentile: int | None = Field(
        description="Among the values of all other regions of the level at the origin [per cent]."
    )
    since: str = Field(description=f"The first month since which it has been so. {_MONTH}")
    alike: int = Field(description="Number of other indicators that say the same, and are beyond.")
    sentence: str = Field(description="All of it in words.")


class RegionProfile(Strict):
    """All that a bulletin says of one region."""

    bulletin: BulletinSummary
    region: Region
    scores: list[Score] = Field(description="By target and horizon.")
    distributions: list[Distribution] = Field(description="Of deaths, by horizon.")
    drivers: list[Drivers] = Field(description="By target and horizon.")
    signs: list[Sign] | None = Field(
        description="Early signs, the worst first; null in older bulletins, which cannot tell."
    )
    neighbours: list[Neighbour]
    earlier: list[EarlierScore] = Field(
        description="Of the 24 newest older origins, the newest first: forecasts of months that "
        "this bulletin forecasts too, or that have passed since."
    )


class RegionDetail(Region):
    """A region, its neighbours and its outline."""

    neighbours: list[str] = Field(description="Ids of scored regions of its level that touch it.")
    geometry: JsonValue = Field(
        description="Its outline as a GeoJSON geometry, simplified for a map; null if unknown, or "
        "not included."
    )


class RegionAnswer(Strict):
    """One region."""

    bulletin: BulletinSummary
    region: RegionDetail


class HistoryMonth(Strict):
    """What happened in a month; null in months that were not observed, and where it is unknown."""

    month: str = Field(description=_MONTH)
    observed: bool
    events: Number | None = Field(description="[events/month]")
    deaths: Number | None = Field(description="All that count [deaths/month].")
    state_based: Number | None = Field(description="[deaths/month]")
    non_state: Number | None = Field(description="[deaths/month]")
    one_sided: Number | None = Field(description="[deaths/month]")


class IndicatorMonth(Strict):
    """The value of an indicator in a month, and where it stands: 100 is above all others."""

    month: str = Field(description=_MONTH)
    value: Number | None = Field(description="In the indicator's unit; null if missing.")
    own_percentile: int | None = Field(
        description="Among the values of all earlier months of the region [per cent]; null if "
        "fewer than 24 are known, and in older bulletins."
    )
    all_percentile: int | None = Field(
        description="Among the values of all other regions of the level in the month [per cent]."
    )


class IndicatorSeries(Strict):
    """One indicator of a region, month by month."""

    name: str
    meaning: str | None
    unit: str | None
    values: list[IndicatorMonth]


class RegionHistory(Strict):
    """What happened in a region up to the origin, as it was known then."""

    bulletin: BulletinSummary
    region: Region
    months: list[HistoryMonth]
    indicators: list[IndicatorSeries]


class Mover(Place):
    """A score beside that of the bulletin before, at the same horizon."""

    level: Level
    target: Target
    horizon: int
    target_month: str = Field(description=_MONTH)
    probability: Number
    previous_probability: Number
    difference: Number = Field(description="Probability now minus before.")
    risk_level: RiskName | None
    sentence: str
    families: list[FamilyPart] = Field(description="What moved it, the strongest change first.")


class MoverList(ListBody[Mover]):
    """One page of the largest changes since the bulletin before."""

    previous: str | None = Field(description="The bulletin before; null if there was none.")


class ExplainedRisk(Strict):
    """What a risk level means."""

    name: RiskName
    lowest: Number = Field(description="The least probability of the level.")
    scores: int = Field(description="Number of such scores in the backtest.")
    came_true: Number | None = Field(description="The share of them that came true.")
    independent: Number | None = Field(
        description="How many independent scores would say as much; null in older bulletins."
    )
    low: Number | None = Field(
        description="Lower end of the 95 % interval of the share; null if unknown."
    )
    high: Number | None = Field(description="The upper end.")
    meaning: str


class TargetScale(Strict):
    """The risk levels of a target at one level of regions, upwards."""

    level: Level
    base_rate: Number = Field(description="The share of all that came true in the backtest.")
    levels: list[ExplainedRisk]


class TargetDescription(Strict):
    """What is forecast, at which horizons, and what its risk levels mean."""

    target: Target
    meaning: str
    unit: str
    horizons: list[int] = Field(description="[months]")
    thresholds: dict[Level, Number] = Field(description="tau by level [deaths/month].")
    scales: list[TargetScale]


class TargetList(ListBody[TargetDescription]):
    """All targets that the bulletin scores."""


class Difference(Place):
    """One score in two bulletins."""

    level: Level
    target: Target
    horizon_a: int
    horizon_b: int
    target_month_a: str
    target_month_b: str
    probability_a: Number
    probability_b: Number
    difference: Number = Field(description="Probability in b minus in a.")
    risk_level_a: RiskName | None
    risk_level_b: RiskName | None


class Comparison(Strict):
    """One page of the scores that two bulletins have in common, the largest difference first."""

    a: BulletinSummary
    b: BulletinSummary
    total: int
    items: list[Difference]
    next: str | None
