"""What can be set about the simulated world, with units and bounds."""

import math
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from features.errors import ConfigurationError
from features.months import parse_month
from features.sources.simulation.names import MOST_GROUPS


class _Parameters(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Conduct(_Parameters):
    """How a group behaves while a mood lasts."""

    months: float = Field(ge=1, description="mean duration of the mood [months]")
    activity: float = Field(ge=0, description="factor on the background rate [1]")
    excitation: float = Field(
        ge=0, le=1, description="factor on what past events add [1]; at most 1, for stability"
    )
    mobility: float = Field(ge=0, description="factor on the hazard of entering a region [1]")


class Severity(_Parameters):
    """How deadly the events of one type of violence are."""

    no_deaths: float = Field(ge=0, le=1, description="probability that nobody dies [1]")
    scale: float = Field(gt=0, description="scale of the Lomax law [deaths/event]")
    shape: float = Field(
        ge=0.1, description="tail exponent of the Lomax law [1]; smaller is heavier"
    )


class SimulationParameters(_Parameters):
    """The simulated world's parameters; the defaults resemble the Sahel of the 2010s and 2020s.

    Raises pydantic.ValidationError when a field is out of its bounds or unknown, InputError when
    a month is not written YYYY-MM, and ConfigurationError when the fields contradict each other
    or the process is not subcritical.
    """

    first_month: str = Field(default="2008-01", description="first month of the world [YYYY-MM]")
    last_month: str = Field(default="2025-12", description="last month of the world [YYYY-MM]")
    warm_up: int = Field(
        default=120,
        ge=0,
        description="unrecorded months before the first, from all dormant [months]",
    )
    groups: int = Field(
        default=18, ge=1, le=MOST_GROUPS, description="armed groups, dormant ones too"
    )

    background: float = Field(
        default=0.08, ge=0, description="rate of an active group in a average region [events/month]"
    )
    susceptibility_spread: float = Field(
        default=0.5,
        ge=0,
        le=3,
        description="standard deviation of log susceptibility over regions [1]",
    )
    season_amplitude: float = Field(
        default=0.2, ge=0, le=1, description="swing of the background rate over the year [1]"
    )
    season_peak: int = Field(
        default=3, ge=1, le=12, description="calendar month of the season's peak"
    )

    self_excitation: float = Field(
        default=0.7,
        ge=0,
        description="events that one event brings about in its own region [events]",
    )
    neighbour_excitation: float = Field(
        default=0.15, ge=0, description="events it brings about in all neighbours together [events]"
    )
    memory_months: float = Field(
        default=2.5, gt=0, description="e-folding time of the excitation [months]"
    )

    mobility: float = Field(
        default=0.095,
        ge=0,
        description="hazard of entering, for each neighbour fought over hard [1/month]",
    )
    leaving: float = Field(
        default=0.2, ge=0, description="hazard of leaving a quiet region [1/month]"
    )

    dormant: Conduct = Field(
        default=Conduct(months=60, activity=0, excitation=0, mobility=0),
        description="withdrawn to its home; rises with an offensive",
    )
    active: Conduct = Field(
        default=Conduct(months=12, activity=1, excitation=1, mobility=1),
        description="the usual mood",
    )
    offensive: Conduct = Field(
        default=Conduct(months=5, activity=5, excitation=1, mobility=6),
        description="then active again",
    )
    lull: Conduct = Field(
        default=Conduct(months=3, activity=0.4, excitation=0.4, mobility=0.5),
        description="a pause of its own accord, then active again",
    )
    truce: Conduct = Field(
        default=Conduct(months=9, activity=0.05, excitation=0.05, mobility=0),
        description="an agreed pause, then active again",
    )
    after_active: tuple[float, float, float, float] = Field(
        default=(0.48, 0.3, 0.12, 0.1),
        description="shares of active spells that end in an offensive, a lull, a truce, dormancy",
    )

    shares: tuple[float, float, float] = Field(
        default=(0.5, 0.2, 0.3),
        description="state-based, non-state and one-sided events where all occur",
    )
    state_based: Severity = Field(
        default=Severity(no_deaths=0.25, scale=7, shape=1.7), description="of type of violence 1"
    )
    non_state: Severity = Field(
        default=Severity(no_deaths=0.15, scale=6, shape=1.8), description="of type of violence 2"
    )
    one_sided: Severity = Field(
        default=Severity(no_deaths=0.2, scale=6, shape=1.7), description="of type of violence 3"
    )
    most_deaths: int = Field(default=500, ge=1, description="cap [deaths/event]")

    towns: int = Field(default=5, ge=1, le=50, description="points a region at which events gather")

    @property
    def branching_ratio(self) -> float:
        """Most offspring one event can have over all time and regions [events]."""
        return self.self_excitation + self.neighbour_excitation

    @property
    def decay(self) -> float:
        """Factor by which the memory of events fades in a month [1]."""
        return math.exp(-1 / self.memory_months)

    @property
    def conducts(self) -> tuple[Conduct, ...]:
        """The conduct of every mood, in the order of `process.Mood`."""
        return self.dormant, self.active, self.offensive, self.lull, self.truce

    @property
    def severities(self) -> tuple[Severity, ...]:
        """The severity of types of violence 1, 2 and 3."""
        return self.state_based, self.non_state, self.one_sided

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.branching_ratio >= 1:
            raise ConfigurationError(
                f"the simulated world would explode: self_excitation + neighbour_excitation is "
                f"{self.branching_ratio:g} events an event; choose them so that the sum is below 1"
            )
        if parse_month(self.first_month) > parse_month(self.last_month):
            raise ConfigurationError(
                f"the simulated world ends before it begins: first_month {self.first_month} is "
                f"after last_month {self.last_month}; exchange them"
            )
        for name, shares in (("after_active", self.after_active), ("shares", self.shares)):
            if min(shares) < 0 or not math.isclose(sum(shares), 1, abs_tol=1e-9):
                raise ConfigurationError(
                    f"{name} is {shares}: these are shares of a whole; give numbers of at least 0 "
                    f"that sum to 1"
                )
        if self.shares[0] + self.shares[2] == 0:
            raise ConfigurationError(
                "shares leaves only non-state events, which need two groups in a region; give "
                "state-based or one-sided events a share"
            )
        return self
