"""What can be set about the simulated world, with units and bounds, and the names in it."""

import math
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from features.errors import ConfigurationError
from features.months import parse_month
from features.strict import Strict

_FORMS = ("Front", "Army", "Brigade", "Movement")
# fmt: off
_EMBLEMS = (
    "Copper Heron", "Paper Moon", "Glass River", "Seventh Kite", "Salt Lantern", "Blue Anvil",
    "Wandering Drum", "Tin Baobab", "Silver Gourd", "Upside-down Umbrella", "Amber Compass",
    "Hollow Bell", "Striped Teapot", "Iron Dragonfly", "Midnight Acacia", "Chalk Pelican",
    "Velvet Scorpion", "Broken Sundial", "Yellow Ladder", "Cork Elephant",
)
# fmt: on
MOST_GROUPS = len(_FORMS) * len(_EMBLEMS)

CIVILIANS = "Simulated civilians"
FORCES = "Simulated forces of {}"  # the government side of a country

WESTERN_AFRICA = (
    *("BEN", "BFA", "CIV", "CPV", "GHA", "GIN", "GMB", "GNB"),
    *("LBR", "MLI", "MRT", "NER", "NGA", "SEN", "SLE", "TGO"),
)
"""UN M49 Western Africa without Saint Helena [ISO 3166-1 alpha-3]."""


def group_names(number: int) -> list[str]:
    """Return the names of the first groups, at most MOST_GROUPS of them."""
    places = (divmod(n, len(_EMBLEMS)) for n in range(number))
    return [
        f"Simulated {_FORMS[(form + n) % len(_FORMS)]} of the {_EMBLEMS[n]}" for form, n in places
    ]


class _Parameters(Strict):
    model_config = ConfigDict(allow_inf_nan=False)


NotNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Conduct(_Parameters):
    """How a group behaves while a mood lasts."""

    months: Annotated[float, Field(ge=1)]  # mean duration of the mood [months]
    activity: NotNegative  # factor on the background rate [1]
    excitation: Share  # factor on what past events add [1]; at most 1, for stability
    mobility: NotNegative  # factor on the hazard of entering a region [1]


class Severity(_Parameters):
    """How deadly the events of one type of violence are."""

    no_deaths: Share  # probability that nobody dies [1]
    scale: Positive  # of the Lomax law [deaths/event]
    shape: Annotated[float, Field(ge=0.1)]  # tail exponent of the law [1]; smaller is heavier


class PoliticalParameters(_Parameters):
    """What can be set about the states of the simulated world; see `politics.py` for the law."""

    first_month: str = "1990-01"  # of the lists of coups [YYYY-MM]
    base: float = -5.6  # log odds of an attempt in a month, long after any, without soldiers [1]
    trap: NotNegative = 1.6  # what a coup just before adds to them [1]
    trap_months: Positive = 30  # e-folding time of that [months]
    rule: NotNegative = 0.8  # what soldiers who rule add [1]
    poverty: NotNegative = 0.5  # what a standard deviation of poverty adds [1]
    success: Share = 0.45  # probability that an attempt succeeds [1]
    plot: Share = 0.002  # probability of a plot that comes out [1/month]
    seizure: Share = 0.001  # probability that rebels seize power [1/month]
    role_months: Positive = 48  # e-folding time of the military's role under civilians [months]
    term_months: Annotated[int, Field(ge=13)] = 60  # between votes, announced a year ahead
    transition_months: Annotated[int, Field(ge=4)] = 24  # from a coup to the vote after it


class SimulationParameters(_Parameters):
    """The simulated world's parameters; the defaults resemble the Sahel of the 2010s and 2020s.

    Raises pydantic.ValidationError for a field that is out of its bounds or unknown, InputError for
    a month that is not YYYY-MM, and ConfigurationError when the fields contradict each other or the
    process is not subcritical.
    """

    first_month: str = "2008-01"  # of the world [YYYY-MM]
    last_month: str = "2025-12"
    warm_up: Annotated[int, Field(ge=0)] = 120  # unrecorded months before, from all dormant
    groups: Annotated[int, Field(ge=1, le=MOST_GROUPS)] = 18  # armed groups, dormant ones too

    background: NotNegative = 0.08  # rate of an active group in an average region [events/month]
    susceptibility_spread: Annotated[float, Field(ge=0, le=3)] = 0.5
    """Standard deviation of log susceptibility over regions [1]."""
    season_amplitude: Share = 0.2  # swing of the background rate over the year [1]
    season_peak: Annotated[int, Field(ge=1, le=12)] = 3  # calendar month

    self_excitation: NotNegative = 0.7  # events that one brings about in its own region [events]
    neighbour_excitation: NotNegative = 0.15  # and in all neighbours together [events]
    memory_months: Positive = 2.5  # e-folding time of the excitation [months]

    mobility: NotNegative = 0.095  # hazard of entering, a neighbour fought over hard [1/month]
    leaving: NotNegative = 0.2  # hazard of leaving a quiet region [1/month]

    # Dormant groups have withdrawn to their homes, and rise with an offensive. Offensives, lulls (a
    # pause of its own accord) and truces (an agreed pause) end in being active again.
    dormant: Conduct = Conduct(months=60, activity=0, excitation=0, mobility=0)
    active: Conduct = Conduct(months=12, activity=1, excitation=1, mobility=1)
    offensive: Conduct = Conduct(months=5, activity=5, excitation=1, mobility=6)
    lull: Conduct = Conduct(months=3, activity=0.4, excitation=0.4, mobility=0.5)
    truce: Conduct = Conduct(months=9, activity=0.05, excitation=0.05, mobility=0)
    after_active: tuple[float, float, float, float] = (0.48, 0.3, 0.12, 0.1)
    """Shares of active spells that end in an offensive, a lull, a truce, dormancy."""

    shares: tuple[float, float, float] = (0.5, 0.2, 0.3)
    """State-based, non-state and one-sided events where all occur."""
    state_based: Severity = Severity(no_deaths=0.25, scale=7, shape=1.7)
    non_state: Severity = Severity(no_deaths=0.15, scale=6, shape=1.8)
    one_sided: Severity = Severity(no_deaths=0.2, scale=6, shape=1.7)
    most_deaths: Annotated[int, Field(ge=1)] = 500  # cap [deaths/event]

    towns: Annotated[int, Field(ge=1, le=50)] = 5  # points a region at which events gather

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
