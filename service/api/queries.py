"""The parameters of the endpoints. Others are refused, so that a misspelt one is never ignored."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bulletins.record import Division, State
from features.words import Level, RiskName, Target
from service.store.bulletins import LATEST
from service.values import Box, BulletinId, BulletinName, Day, Horizons, LanguageCode, Month

Sort = Literal[
    "probability", "exceedance", "mean", "q05", "q10", "q25", "q50", "q75", "q90", "q95",
    "threshold", "horizon", "region", "name",
    "-probability", "-exceedance", "-mean", "-q05", "-q10", "-q25", "-q50", "-q75", "-q90", "-q95",
    "-threshold", "-horizon", "-region", "-name",
]  # fmt: skip


TableFormat = Literal["json", "ndjson", "csv", "hxl", "parquet"]
Format = Literal[TableFormat, "geojson", "geoparquet"]

BoxFilter = Annotated[
    Box | None,
    Field(
        description="Only regions that touch this box: west, south, east and north edge [degrees], "
        "with commas between. A western edge east of the eastern one goes across 180 degrees; the "
        "southern and the northern may change places.",
        examples=["-12.5,10,4.5,25"],
    ),
]
_FORMAT = Field(description="The form of the answer; without it the `Accept` header decides.")

LevelFilter = Annotated[Level | None, Field(description="Only regions of this level.")]
CountryFilter = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=100)]],
    Field(
        description="Only regions in this country: its ISO 3166-1 code of three or two letters, or "
        "a name in English or French, in any case. May be repeated.",
        examples=[["MLI"], ["ml"], ["Burkina Faso"]],
    ),
]
BulletinChoice = Annotated[BulletinName, Field(description="The id of a bulletin, or `latest`.")]
LanguageChoice = LanguageCode | None
RegionNames = Annotated[
    list[str], Field(description="Only this region, by its id. May be repeated.")
]
TargetFilter = Annotated[Target | None, Field(description="Only this target.")]
HorizonFilter = Annotated[
    Horizons,
    Field(
        description="Only these horizons [months]: `3`, `1-6` or `1,3,6`; for `escalation` and "
        "`onset` the length of the window. May be repeated."
    ),
]


PAGE = 100
"""Items on a page of JSON, if no other number is asked for."""

Limit = Annotated[
    Annotated[int, Field(ge=1, le=10_000)] | None,
    Field(
        description=f"At most so many items; by default {PAGE} of JSON, and all of any other form."
    ),
]


class NoParameters(BaseModel):
    """An endpoint without parameters; those with parameters build on it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BulletinQuery(NoParameters):
    """Which bulletin is read: the newest of those that pass."""

    bulletin: BulletinChoice = LATEST
    origin: Month | None = Field(
        default=None,
        description="Only a bulletin of this origin, YYYY-MM: the last one that was issued.",
    )
    as_of: Day | None = Field(
        default=None,
        description="Only a bulletin issued by this day [UTC]: the answer that was given then.",
    )


class FileQuery(NoParameters):
    """A list that is given as a file too, whole."""

    excel: bool = Field(
        default=False,
        description="CSV, whatever the `format` if it is not `hxl`, as Excel reads it well: with a "
        "byte order mark.",
    )

    def page(self, *, whole: bool = False) -> slice:
        """Return which items are asked for, the first PAGE of them, or all."""
        return slice(0, None if whole else PAGE)


class TableForms(FileQuery):
    """A list in the forms of tables."""

    format: Annotated[TableFormat | None, _FORMAT] = None


class MapForms(FileQuery):
    """A list in the forms of tables and of maps."""

    format: Annotated[Format | None, _FORMAT] = None


class PageQuery(FileQuery):
    """A list, page by page."""

    limit: Limit = None
    offset: int = Field(
        default=0,
        ge=0,
        le=10**9,
        description="Skip so many items. A page's `next` names its bulletin, which never changes.",
    )

    def page(self, *, whole: bool = False) -> slice:
        """Return which items are asked for, by default PAGE of them, or all."""
        return _page(self.offset, self.limit, whole=whole)


def _page(offset: int, limit: int | None, *, whole: bool) -> slice:
    most = limit or (None if whole else PAGE)
    return slice(offset, None if most is None else offset + most)


class PlaceFilter(BulletinQuery):
    """Where the regions lie."""

    level: LevelFilter = None
    country: CountryFilter = []


class RegionFilter(PlaceFilter):
    """Which regions."""

    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Only regions with this in their name, whatever the case and accents.",
    )
    bbox: BoxFilter = None


class ScoreFilter(PlaceFilter):
    """Which scores, and in what order. All filters must hold at once."""

    region: RegionNames = []
    target: TargetFilter = None
    horizon: HorizonFilter = []
    target_month: list[Month] = Field(
        default=[],
        description="Only scores of this month, YYYY-MM; of a window, the last. May be repeated.",
    )
    threshold: float | None = Field(
        default=None,
        gt=0,
        le=1e9,
        description="Deaths [deaths/month] that interest you: adds `exceedance`, the "
        "probability of at least so many, from the distribution. Gives `fatalities`, unless "
        "another target is asked for.",
    )
    min_probability: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Only scores of at least this probability; with a `threshold`, of at least "
        "this exceedance.",
    )
    risk_level: list[RiskName] = Field(
        default=[], description="Only scores of this risk level. May be repeated."
    )
    bbox: BoxFilter = None
    sort: Sort = Field(
        default="-probability",
        description="The order; `-` is descending. Ties are broken by level, region, target "
        "and horizon; scores without the number come last.",
    )


class RegionQuery(MapForms, PageQuery, RegionFilter):
    """Regions, page by page."""

    target: TargetFilter = None


class RegionDetailQuery(BulletinQuery):
    """One region."""

    geometry: bool = Field(default=False, description="Whether to include the outline.")


class HistoryQuery(TableForms, BulletinQuery):
    """What happened in one region."""

    first: Month | None = Field(default=None, alias="from", description="First month, YYYY-MM.")
    last: Month | None = Field(default=None, alias="to", description="Last month, YYYY-MM.")
    indicator: list[str] = Field(
        default=[],
        description="Only this indicator; all that are kept by default. May be repeated.",
    )


class MoverQuery(TableForms, PageQuery, PlaceFilter):
    """What changed most, page by page."""

    target: TargetFilter = None
    horizon: HorizonFilter = []
    direction: Literal["up", "down"] | None = Field(
        default=None, description="Only scores that went this way."
    )


class FeedQuery(NoParameters):
    """Alerts of the served bulletins, and what changed most in the newest."""

    level: LevelFilter = None
    country: CountryFilter = []
    target: TargetFilter = None
    horizon: HorizonFilter = []
    limit: int = Field(
        default=20, ge=0, le=100, description="At most so many changes, beside the alerts."
    )
    lang: LanguageChoice = Field(
        default=None,
        description="The language of the changes; English by default. Alerts are in their rule's.",
    )


class TrackRecordQuery(TableForms, PageQuery):
    """How forecasts came out, page by page."""

    edition: Annotated[int, Field(ge=1, le=10**6)] | None = Field(
        default=None, description="An edition of the track record; the newest by default."
    )
    state: State | None = Field(
        default=None, description="Only by outcomes as `first` known, or once they were `final`."
    )
    level: LevelFilter = None
    target: TargetFilter = None
    by: Division | None = Field(
        default=None,
        description="What the record is divided by; by default what is asked for below, or `all`.",
    )
    horizon: HorizonFilter = []
    country: CountryFilter = []
    bulletin: BulletinId | None = Field(
        default=None, description="Only how this bulletin came out."
    )


class BulletinListQuery(TableForms):
    """Bulletins, page by page."""

    limit: Limit = None
    after: BulletinId | None = Field(default=None, description="Only those that follow this one.")

    def page(self, *, whole: bool = False) -> slice:
        """Return how many of those that follow are asked for, by default PAGE of them, or all."""
        return _page(0, self.limit, whole=whole)


class CompareQuery(TableForms, PageQuery):
    """Two bulletins, side by side."""

    a: BulletinChoice
    b: BulletinChoice = LATEST
    match: Literal["horizon", "target_month"] = Field(
        default="horizon",
        description="Whether scores belong together that look equally far ahead, or those "
        "that are about the same month.",
    )
    level: LevelFilter = None
    country: CountryFilter = []
    region: RegionNames = []
    target: TargetFilter = None
    horizon: HorizonFilter = []


class ScoreQuery(MapForms, PageQuery, ScoreFilter):
    """Scores, page by page."""


class TargetQuery(TableForms, PageQuery, BulletinQuery):
    """Targets, page by page."""


class IndicatorQuery(TableForms, PageQuery, BulletinQuery):
    """Indicators, page by page."""

    family: list[str] = Field(
        default=[], description="Only indicators of this family. May be repeated."
    )
