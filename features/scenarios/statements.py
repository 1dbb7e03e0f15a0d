"""What a scenario says: the form of its TOML file."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from features.errors import InputError
from features.months import parse_month
from features.strict import Strict
from features.toml import read_toml
from features.words import Level, Violence

MOST_MONTHS = 12
"""The most coming months: what is usual for a region lies before them."""

QUARTER = 3
"""The months of the worst quarter of a corridor."""


def _month(text: str) -> str:
    try:
        parse_month(text)
    except InputError as error:
        raise ValueError(str(error)) from error
    return text


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("write a line of letters")
    return text.strip()


Month = Annotated[str, AfterValidator(_month)]
Name = Annotated[str, Field(max_length=100), AfterValidator(_line)]


class Pattern(Strict):
    """Another region in some months of its past, first and last."""

    region: str
    period: tuple[Month, Month]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.period[1] < self.period[0]:
            raise ValueError("period: the last month lies before the first")
        return self


def _kind(value: Any) -> str:
    return "quarter" if isinstance(value, str) else "pattern"


Likeness = Annotated[
    Annotated[Pattern, Tag("pattern")] | Annotated[Literal["worst quarter"], Tag("quarter")],
    Discriminator(_kind),
]


class ViolenceStatement(Strict):
    """How much violence there is in a place in all coming months.

    `times` is a multiple of what the continuation has there; `as` (`likeness`) puts in its place
    what a region, or the corridor itself, has seen. `since` leaves out earlier quarters.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    regions: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    corridor: str | None = None
    times: Annotated[float, Field(ge=0, le=100)] | None = None
    likeness: Likeness | None = Field(default=None, alias="as")
    since: Month | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        where = [bool(self.regions), bool(self.countries), self.corridor is not None]
        if sum(where) != 1:
            raise ValueError("name regions, countries or a corridor: one of the three")
        if (self.times is None) == (self.likeness is None):
            raise ValueError("say times or as: one of the two")
        if isinstance(self.likeness, Pattern) and not self.regions:
            raise ValueError("as another region: name the regions that are to be as it was")
        if self.likeness == "worst quarter" and self.corridor is None:
            raise ValueError('as = "worst quarter": name a corridor')
        if self.since is not None and self.likeness != "worst quarter":
            raise ValueError('since: it goes with as = "worst quarter"')
        return self


class EventStatement(Strict):
    """Hypothetical events of one month in one place; `deaths` are those of each of `count`."""

    region: str | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    month: Annotated[int, Field(ge=1, le=MOST_MONTHS)]
    deaths: Annotated[int, Field(ge=0, le=100_000)]
    violence: Violence = "state-based"
    count: Annotated[int, Field(ge=1, le=1_000)] = 1
    actors: Annotated[tuple[Name, ...], Field(max_length=2)] = ()

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        point = (self.latitude is not None, self.longitude is not None)
        if point not in {(False, False), (True, True)} or all(point) == (self.region is not None):
            raise ValueError("name a region, or latitude and longitude: one of the two")
        if self.violence == "one-sided" and len(self.actors) > 1:
            raise ValueError("actors: one-sided violence has one, the other side are civilians")
        return self


class CoupStatement(Strict):
    """An attempt of a coup in a coming month, by the military or other state elites."""

    country: str
    month: Annotated[int, Field(ge=1, le=MOST_MONTHS)]
    outcome: Literal["success", "failed"]


class Scenario(Strict):
    """What is supposed of the `months` after the origin of a bulletin.

    Statements hold in the order of the file, `violence` before `events`, each on top of those
    before it; `coups` touch no violence. Without `bulletin` it is the newest one; without `level`
    the bulletin's finest, and countries through it.
    """

    name: Name
    text: Annotated[str, Field(max_length=2_000)] = ""
    bulletin: str | None = None
    level: Level | None = None
    months: Annotated[int, Field(ge=1, le=MOST_MONTHS)]
    violence: tuple[ViolenceStatement, ...] = ()
    events: tuple[EventStatement, ...] = ()
    coups: tuple[CoupStatement, ...] = ()

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.coups and self.level not in {None, "country"}:
            raise ValueError("coups: they are of countries; leave level out")
        dated = [("an event", event.month) for event in self.events]
        dated += [("a coup", coup.month) for coup in self.coups]
        late = [(what, month) for what, month in dated if month > self.months]
        if late:
            what, month = late[0]
            raise ValueError(f"{what} is in month {month} of months = {self.months}")
        return self


def read_scenario(path: Path) -> Scenario:
    """Return the scenario of a TOML file; raises ConfigurationError with all that is wrong."""
    return read_toml(path, Scenario, "a scenario")
