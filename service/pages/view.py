"""What the page shows: read from its address, completed with what the bulletin has."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Request
from pydantic import Field, model_validator

from bulletins.wording import question_of
from features.language import Language, message
from features.months import format_month, parse_month
from features.words import SPECS, Level, ModelOf, Target, TargetSpec
from service.api.current import listing_of, used_bulletin
from service.api.queries import (
    BulletinChoice,
    LanguageChoice,
    LevelFilter,
    NoParameters,
    RegionFilter,
)
from service.api.selection import find_country, select_regions
from service.errors import UnknownBulletinError
from service.pages.siege.layers import Layer, layers_in
from service.store.bulletins import LATEST, Bulletin, BulletinStore
from service.store.derived import regions_of

ROWS = 50
"""Places in the list, if no other number is asked for."""

LEVELS: tuple[Level, ...] = ("admin1", "priogrid", "country")
"""In the order in which people choose them."""

LEVEL_NAMES = {
    "country": message("Countries"),
    "admin1": message("Regions"),
    "priogrid": message("Grid cells"),
}

Text = Annotated[str | None, Field(max_length=200)]


class PageView(NoParameters):
    """What the page shows. An address can be sent to a colleague, who then sees the same."""

    level: LevelFilter = None
    target: Target | None = None
    horizon: Annotated[int | None, Field(ge=1, le=12)] = None
    bulletin: BulletinChoice = LATEST
    compare: BulletinChoice | None = None
    show: Literal["now", "change"] = "now"
    country: Text = None
    region: Text = None
    search: Text = None
    capitals: Literal["on"] | None = None
    corridors: Literal["on"] | None = None
    rows: Annotated[int, Field(ge=1, le=100_000)] = ROWS
    lang: LanguageChoice = None

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take what a form sends empty as not asked for."""
        return {name: value for name, value in values.items() if value != ""}


@dataclass(frozen=True, eq=False)
class View:
    """What is shown of which bulletin; `other` is the one that it is set beside, if there is one.

    `horizon` is the one asked for, or the nearest that the target has.
    """

    query: PageView
    bulletin: Bulletin
    other: Bulletin | None
    level: Level
    target: Target
    horizon: int

    @property
    def spec(self) -> TargetSpec:
        """The words of the target."""
        return SPECS[self.target]

    @property
    def model(self) -> ModelOf:
        """What the model behind the scores is of."""
        return "coups" if self.spec.counts == "coups" else self.level

    @property
    def levels(self) -> list[Level]:
        """The levels that the bulletin has."""
        return levels_of(self.bulletin)

    @property
    def layers(self) -> list[Layer]:
        """The layers that are switched on, of those that the bulletin has."""
        asked = {"capitals": self.query.capitals, "corridors": self.query.corridors}
        return [layer for layer in layers_in(self.bulletin) if asked[layer]]

    @property
    def is_change(self) -> bool:
        """Whether the map is of what changed since the other bulletin."""
        return self.query.show == "change" and self.other is not None

    @cached_property
    def months(self) -> list[tuple[int, str]]:
        """The horizons that the target has, with their months (YYYY-MM)."""
        origin = parse_month(self.bulletin.manifest.origin)
        horizons = sorted(self.bulletin.horizons.get(self.target, ()))
        return [(horizon, format_month(origin + horizon)) for horizon in horizons]

    @property
    def month(self) -> str:
        """The month that the forecast is of, or the last of its window, YYYY-MM."""
        return format_month(parse_month(self.bulletin.manifest.origin) + self.horizon)

    @property
    def threshold(self) -> float:
        """What the deaths of a month must reach at the level [deaths/month]."""
        return self.bulletin.manifest.thresholds.get(self.level, 1.0)

    def question(self, language: Language) -> str:
        """Return what the map answers, in a language."""
        _ = language.gettext
        if self.is_change and self.other is not None:
            return _(
                message("{title}: what changed from the bulletin of {before} to {now}")
            ).format(
                title=_(self.spec.title),
                before=language.month(self.other.manifest.origin),
                now=language.month(self.bulletin.manifest.origin),
            )
        return question_of(self.spec, self.horizon, self.month, self.threshold, language)

    def address(self, **changes: Any) -> str:
        """Return the query of this view with some changes; None takes a parameter away."""
        return _query_of(self.query.model_dump(exclude_defaults=True) | changes)

    def scores_address(self, **more: Any) -> str:
        """Return the query of the API for the scores that are shown."""
        asked = {
            "level": self.level,
            "target": self.target,
            "horizon": self.horizon,
            "country": self.query.country,
            "bulletin": self.bulletin.manifest.id,
            "sort": "-mean" if self.spec.is_distribution else None,
        }
        return _query_of(asked | more)


def _query_of(values: dict[str, Any]) -> str:
    return "?" + urlencode({name: value for name, value in values.items() if value is not None})


def levels_of(bulletin: Bulletin) -> list[Level]:
    """Return the levels that a bulletin has, in the order in which people choose them."""
    return [level for level in LEVELS if level in bulletin.manifest.levels]


def level_of(bulletin: Bulletin, asked: Level | None) -> Level:
    """Return the level that is asked for, or else the first; raises UnknownError for another."""
    select_regions(bulletin, RegionFilter(level=asked))
    return asked or levels_of(bulletin)[0]


def view_of(request: Request, query: PageView) -> View:
    """Return what a request shows; its country is then a code.

    Raises what `used_bulletin` does, UnknownError for a level or a country that is not there.
    """
    bulletin = used_bulletin(request, query.bulletin)
    target = query.target or bulletin.targets[0]
    horizons = sorted(bulletin.horizons.get(target, ())) or [1]
    near = query.horizon or horizons[0]
    if query.country is not None:
        code = find_country(bulletin, query.country, regions_of(bulletin))
        query = query.model_copy(update={"country": code})
    return View(
        query=query,
        bulletin=bulletin,
        other=_other(request, query, bulletin),
        level=level_of(bulletin, query.level),
        target=target,
        horizon=min(horizons, key=lambda horizon: abs(horizon - near)),
    )


def _other(request: Request, query: PageView, bulletin: Bulletin) -> Bulletin | None:
    """Return the bulletin to compare with: the one that is asked for, or the one before.

    The one before may have been withdrawn; one that is asked for may not.
    """
    store: BulletinStore = request.app.state.store
    if query.compare is not None:
        return store.get(query.compare, listing_of(request))
    if query.show != "change" or bulletin.manifest.previous is None:
        return None
    try:
        return store.get(bulletin.manifest.previous, listing_of(request))
    except UnknownBulletinError:
        return None
