"""The parameters of OGC API - Features; another than these is a 400."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from service.api.queries import BoxFilter, BulletinQuery, CountryFilter, NoParameters
from service.values import Spelling

MOST = 10_000
"""Features on a page, at most; who asks for more gets so many, as the standard has it."""

_USUAL = 1000
_LONGEST = 100
_WITH_HEIGHTS = 6
_DAY = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_MOMENT = rf"{_DAY}(T[\d:.]*(Z|[+-]\d\d:\d\d)?)?"
_END = rf"({_MOMENT}|\.\.)?"

Interval = Annotated[
    str,
    Spelling(
        rf"({_MOMENT}|{_END}/{_END})",
        "write a day or two, as in 2025-03-01, 2025-03-01/2025-05-31 or 2025-03-01/..",
    ),
]


def _flat(box: object) -> object:
    """Return a box without its heights, if it has any: everything here is on the ground."""
    edges = box.split(",") if isinstance(box, str) else []
    return ",".join([*edges[:2], *edges[3:5]]) if len(edges) == _WITH_HEIGHTS else box


_Text = Annotated[str | None, Field(min_length=1, max_length=_LONGEST)]


class FormQuery(NoParameters):
    """What many clients ask of every address."""

    f: Literal["json"] | None = Field(default=None, description="The form: JSON is the only one.")


class LayerQuery(FormQuery, BulletinQuery):
    """Which bulletin the layers are of."""


class FeatureQuery(LayerQuery):
    """The features of a layer, page by page. All filters must hold at once."""

    limit: int = Field(
        default=_USUAL,
        ge=1,
        le=10**9,
        description=f"At most so many features; beyond {MOST} it is {MOST}.",
    )
    offset: int = Field(default=0, ge=0, le=10**9, description="Skip so many features.")
    bbox: Annotated[BoxFilter, BeforeValidator(_flat)] = None
    datetime: Interval | None = Field(
        default=None,
        description="Only features with forecasts, `first_month` to `last_month`, of this time "
        "[UTC]: a day, or an interval of two, of which `..` is an open end.",
    )
    country: CountryFilter = Field(default=[])
    name: _Text = Field(default=None, description="Only regions of this name, in any case.")
    iso_3166_2: _Text = Field(default=None, description="Only the region with this ISO 3166-2.")
    pcode: _Text = Field(default=None, description="Only the region with this P-code.")

    def page(self) -> slice:
        """Return which features are asked for."""
        return slice(self.offset, self.offset + min(self.limit, MOST))


def interval_of(text: str) -> tuple[str, str]:
    """Return the first and the last day of an interval; an open end is before, or after, all."""
    first, _, last = text.partition("/") if "/" in text else (text, "", text)
    return _day(first, ""), _day(last, "9999-12-31")


def _day(moment: str, of_open_end: str) -> str:
    return of_open_end if moment in {"", ".."} else moment.partition("T")[0]
