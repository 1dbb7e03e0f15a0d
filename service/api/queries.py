"""The parameters of the endpoints. Others are refused, so that a misspelt one is never ignored."""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from features.language import LANGUAGES
from features.words import Level, RiskName, Target
from service.store.bulletins import LATEST

_MONTH_AHEAD = r"(1[0-2]|[1-9])"
_SPAN = rf"{_MONTH_AHEAD}(-{_MONTH_AHEAD})?"
HORIZONS_PATTERN = rf"^{_SPAN}(,{_SPAN})*$"


def _spread(texts: object) -> object:
    """Return the numbers that texts like `1`, `1-6` and `1,3,6` stand for, ascending."""
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return texts
    numbers: set[int] = set()
    for text in texts:
        if not re.fullmatch(HORIZONS_PATTERN, text):
            raise PydanticCustomError(
                "horizon", "write months ahead, 1 to 12, as in 3, 1-6 or 1,3,6"
            )
        for span in text.split(","):
            ends = sorted(map(int, span.split("-")))
            numbers.update(range(ends[0], ends[-1] + 1))
    return sorted(numbers)


Sort = Literal[
    "probability", "exceedance", "mean", "q05", "q10", "q25", "q50", "q75", "q90", "q95",
    "threshold", "horizon", "region", "name",
    "-probability", "-exceedance", "-mean", "-q05", "-q10", "-q25", "-q50", "-q75", "-q90", "-q95",
    "-threshold", "-horizon", "-region", "-name",
]  # fmt: skip


def _day(text: object) -> object:
    """Refuse all but a full date: pydantic would take seconds since 1970 too."""
    if isinstance(text, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise PydanticCustomError("day", "write a day as YYYY-MM-DD")
    return text


Day = Annotated[date, BeforeValidator(_day)]


def _known(code: str | None) -> str | None:
    if code is not None and code not in LANGUAGES:
        raise PydanticCustomError("language", f"write one of {', '.join(LANGUAGES)}")
    return code


LanguageChoice = Annotated[str | None, AfterValidator(_known)]

TableFormat = Literal["json", "ndjson", "csv", "parquet"]
Format = Literal[TableFormat, "geojson", "geoparquet"]

_DEGREES = r"-?\d{1,3}(\.\d{1,9})?"
Box = Annotated[
    str | None,
    Field(
        pattern=rf"^{_DEGREES}(,{_DEGREES}){{3}}$",
        description="Only regions that touch this box: west, south, east and north edge [degrees], "
        "with commas between. A western edge east of the eastern one goes across 180 degrees; the "
        "southern and the northern may change places.",
        examples=["-12.5,10,4.5,25"],
    ),
]
_FORMAT = Field(description="The form of the answer; without it the `Accept` header decides.")

LevelFilter = Annotated[Level | None, Field(description="Only regions of this level.")]
CountryFilter = Annotated[
    list[Annotated[str, Field(pattern=r"^[A-Z]{3}$")]],
    Field(description="Only regions in this country, ISO 3166-1 alpha-3. May be repeated."),
]
MONTH_PATTERN = r"^\d{4}-(0[1-9]|1[0-2])$"
ID_PATTERN = r"^\d{4}-\d{2}-[0-9a-f]{12}$"
_NAME_PATTERN = r"^(latest|\d{4}-\d{2}-[0-9a-f]{12})$"
BulletinChoice = Annotated[
    str, Field(pattern=_NAME_PATTERN, description="The id of a bulletin, or `latest`.")
]
RegionNames = Annotated[
    list[str], Field(description="Only this region, by its id. May be repeated.")
]
TargetFilter = Annotated[Target | None, Field(description="Only this target.")]
HorizonFilter = Annotated[
    list[Annotated[int, Field(ge=1, le=12)]],
    BeforeValidator(_spread),
    WithJsonSchema({"type": "array", "items": {"type": "string", "pattern": HORIZONS_PATTERN}}),
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
    origin: str | None = Field(
        default=None,
        pattern=MONTH_PATTERN,
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
        description="Of CSV only: as Excel reads it well, with a byte order mark, and an "
        "apostrophe before text that it would take for a formula.",
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
    bbox: Box = None


class ScoreFilter(PlaceFilter):
    """Which scores, and in what order. All filters must hold at once."""

    region: RegionNames = []
    target: TargetFilter = None
    horizon: HorizonFilter = []
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
    bbox: Box = None
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

    first: str | None = Field(
        default=None, alias="from", pattern=MONTH_PATTERN, description="First month, YYYY-MM."
    )
    last: str | None = Field(
        default=None, alias="to", pattern=MONTH_PATTERN, description="Last month, YYYY-MM."
    )
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


class TrackRecordQuery(TableForms, PageQuery, BulletinQuery):
    """How forecasts came out, page by page."""

    level: LevelFilter = None
    target: TargetFilter = None
    horizon: HorizonFilter = []
    of: str | None = Field(
        default=None, pattern=ID_PATTERN, description="Only how this bulletin came out."
    )


class BulletinListQuery(TableForms):
    """Bulletins, page by page."""

    limit: Limit = None
    after: str | None = Field(
        default=None, pattern=ID_PATTERN, description="Only those that follow this one."
    )

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
