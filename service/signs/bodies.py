"""The bodies about capitals, corridors and armed groups.

A quarter is three months; the newest ends at the origin. What is usual is the mean of a quarter of
the three years before.
"""

from typing import Literal

from pydantic import Field

from features.strict import Strict
from features.words import Level
from service.api.schemas import BulletinSummary, Iso31662, ListBody, Number, PCode

Direction = Literal["N", "NE", "E", "SE", "S", "SW", "W", "NW"]
Presence = Literal["new_3", "new_12", "active", "ceased"]
OpponentKind = Literal["group", "state", "civilians", "unknown"]

_COUNTRY = "ISO 3166-1 alpha-3."
_PERCENTILE = (
    "Where that stands among all earlier quarters: the per cent of them that are lower, equal ones "
    "by half; null if too few were observed."
)
_EVENTS, _DEATHS = "Events of the newest quarter.", "Deaths of the newest quarter."
_EVENTS_BEFORE, _DEATHS_BEFORE = "Events of a usual quarter.", "Deaths of a usual quarter."
_EVENTS_12 = "Events of the last 12 months; null if not all are observed."
_DEATHS_12 = "Deaths of the last 12 months."
_RUN = (
    "The month, YYYY-MM, in which the unbroken run of months with violence in their last three "
    "began; null if there was none in the newest quarter."
)


class Ring(Strict):
    """How far a ring of violence around a capital is closed, within a radius."""

    id: str = Field(description="Country and radius.")
    country: str = Field(description=_COUNTRY)
    capital: str
    latitude: Number
    longitude: Number
    radius_km: int = Field(description="[km]")
    closed: int = Field(
        ge=0,
        le=8,
        description="Directions, of 8, with violence within the radius, outside the city, in the "
        "newest quarter.",
    )
    closed_12: int = Field(ge=0, le=8, description="Those of the last 12 months.")
    unobserved: int = Field(
        ge=0, le=8, description="The others of which less than half of the land is observed."
    )
    closed_before: Number | None = Field(description="Directions of a usual quarter.")
    closed_most: int | None = Field(description="Most directions of a quarter of the three years.")
    percentile: int | None = Field(description=f"Of `closed`. {_PERCENTILE}")
    since: str | None = Field(
        description="The month, YYYY-MM, from which it has been as closed as now; null if open."
    )
    events: int = Field(description=f"{_EVENTS} Outside the city.")
    deaths: int = Field(description=f"{_DEATHS} Outside the city.")
    events_before: Number | None = Field(description=_EVENTS_BEFORE)
    deaths_before: Number | None = Field(description=_DEATHS_BEFORE)
    events_12: int | None = Field(description=_EVENTS_12)
    deaths_12: int | None = Field(description=_DEATHS_12)


class Sector(Strict):
    """Violence around a capital in one direction and band of distance."""

    id: str = Field(description="Country, direction and outer distance.")
    country: str = Field(description=_COUNTRY)
    direction: Direction | None = Field(description="Null for the city itself.")
    from_km: int = Field(description="Inner distance from the capital [km].")
    to_km: int = Field(description="Outer distance [km].")
    observed: Number | None = Field(
        description="The share of its land that is observed in the newest quarter; null at sea."
    )
    events: int | None = Field(description=f"{_EVENTS} Null if nothing is observed.")
    deaths: int | None = Field(description=_DEATHS)
    events_before: Number | None = Field(description=_EVENTS_BEFORE)
    deaths_before: Number | None = Field(description=_DEATHS_BEFORE)
    percentile: int | None = Field(description=f"Of `events`. {_PERCENTILE}")
    since: str | None = Field(description=_RUN)


class RingList(ListBody[Ring]):
    """One page of rings, by country and radius."""


class CapitalAnswer(Strict):
    """All around one capital."""

    bulletin: BulletinSummary
    country: str = Field(description=_COUNTRY)
    capital: str
    latitude: Number
    longitude: Number
    rings: list[Ring]
    sectors: list[Sector] = Field(description="The city first, then outwards, from the north.")


class Corridor(Strict):
    """The pressure on a road by which a country is supplied."""

    id: str
    name: str = Field(description="From the capital to the port or crossing.")
    country: str = Field(description=f"The country that is supplied. {_COUNTRY}")
    km: Number = Field(description="Its length [km].")
    observed: Number = Field(
        description="The share of its length that is observed in the newest quarter; the figures "
        "are of that part."
    )
    events: int | None = Field(description=f"{_EVENTS} Within 25 km of it.")
    deaths: int | None = Field(description=_DEATHS)
    reports: int | None = Field(
        description="Those of the events whose text tells of convoys, fuel or roadblocks; null "
        "where the source gives no texts."
    )
    events_before: Number | None = Field(description=_EVENTS_BEFORE)
    deaths_before: Number | None = Field(description=_DEATHS_BEFORE)
    events_12: int | None = Field(description=_EVENTS_12)
    deaths_12: int | None = Field(description=_DEATHS_12)
    percentile: int | None = Field(description=f"Of `events`. {_PERCENTILE}")
    since: str | None = Field(description=_RUN)
    attacked_leg: str | None = Field(
        description="The part of it, from one place to the next, with most events; null if none."
    )


class CorridorList(ListBody[Corridor]):
    """One page of corridors, those highest above their past first."""


class Place(Strict):
    """A place on a corridor."""

    name: str
    kind: str = Field(description="`capital`, `waypoint`, `crossing` or `port`.")
    latitude: Number
    longitude: Number


class CorridorQuarter(Strict):
    """What happened along a corridor, or a leg of it, in a quarter."""

    first_month: str = Field(description="Its first month, YYYY-MM.")
    events: int | None = Field(description="Null where nothing is observed.")
    deaths: int | None
    reports: int | None = Field(
        description="Events whose text tells of convoys, fuel or roadblocks; null without texts."
    )


class Leg(Strict):
    """A part of a corridor, from one place to the next; an event counts on its nearest leg."""

    leg: int = Field(description="From 1, from the capital outwards.")
    start: str
    end: str
    quarters: list[CorridorQuarter] = Field(description="The oldest first.")


class CorridorAnswer(Strict):
    """All along one corridor."""

    bulletin: BulletinSummary
    corridor: Corridor
    places: list[Place] = Field(description="From the capital outwards.")
    quarters: list[CorridorQuarter] = Field(
        description="Of the legs observed in each quarter, the oldest first: ten years."
    )
    legs: list[Leg]


class _Figures(Strict):
    """What an armed group took part in."""

    first_month: str = Field(description="When it was first seen there, YYYY-MM.")
    last_month: str = Field(description="When it was last seen there, YYYY-MM.")
    events: int = Field(description="All to the origin.")
    deaths: int = Field(description="All to the origin.")
    events_3: int = Field(description="Those of the last 3 months.")
    deaths_3: int
    events_12: int = Field(description="Those of the last 12 months.")
    deaths_12: int


class _GroupInRegion(Strict):
    """An armed group, and how it is in a region."""

    id: str = Field(description="Of the group.")
    name: str = Field(description="As the source has it.")
    level: Level
    region: str
    region_name: str
    country: str = Field(description=_COUNTRY)
    iso_3166_2: Iso31662
    pcode: PCode
    presence: Presence = Field(
        description="`new_3`: first seen in the region in the last 3 months; `new_12`: in the last "
        "12; `active`: seen before and in the last 12; `ceased`: not seen in the last 12."
    )
    began: str = Field(description="When the group was first seen anywhere, YYYY-MM.")


class Actor(_Figures, _GroupInRegion):
    """An armed group in a region."""


class ActorList(ListBody[Actor]):
    """One page of armed groups by region, the most active in the last 12 months first."""


class _OpponentInRegion(Strict):
    """Whom a group fights, and where."""

    id: str | None = Field(description="Of an armed group; null for any other.")
    name: str | None = Field(description="As the source has it; null if it names none.")
    kind: OpponentKind
    level: Level
    region: str


class Opponent(_Figures, _OpponentInRegion):
    """Whom an armed group fights in a region."""


class ActorAnswer(Strict):
    """All of one armed group."""

    bulletin: BulletinSummary
    id: str
    name: str = Field(description="As the source has it.")
    aliases: list[str] = Field(description="Other names, as far as they are documented.")
    predecessors: list[str] = Field(
        description="Groups that it came out of, as far as they are documented: it may be new in a "
        "region where they were before."
    )
    began: str = Field(description="When it was first seen anywhere, YYYY-MM.")
    regions: list[Actor]
    opponents: list[Opponent] = Field(description="The most fought in the last 12 months first.")
