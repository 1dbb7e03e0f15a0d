"""The parameters of the addresses of signs."""

from typing import Annotated, Literal

from pydantic import Field

from service.api.queries import (
    BulletinQuery,
    CountryFilter,
    MapForms,
    PageQuery,
    PlaceFilter,
    RegionNames,
)
from service.signs.bodies import Presence


class CapitalQuery(MapForms, PageQuery, BulletinQuery):
    """Rings around capitals, page by page."""

    country: CountryFilter = Field(default=[])
    radius_km: list[Literal["50", "100", "200", "400"]] = Field(
        default=[], description="Only rings of this radius [km]. May be repeated."
    )


class CapitalDetailQuery(MapForms, BulletinQuery):
    """One capital."""


class CorridorQuery(MapForms, PageQuery, BulletinQuery):
    """Corridors, page by page."""

    country: CountryFilter = Field(default=[])


class CorridorDetailQuery(BulletinQuery):
    """One corridor."""


class ActorQuery(MapForms, PageQuery, PlaceFilter):
    """Armed groups by region, page by page."""

    region: RegionNames = Field(default=[])
    presence: list[Presence] = Field(
        default=[],
        description="Only groups that are there so: `new_3`, `new_12` (first seen there 4 to 12 "
        "months ago), `active` or `ceased`. May be repeated.",
    )
    name: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None,
        description="Only groups with this in their name or another name of theirs, whatever the "
        "case and accents.",
    )


class ActorDetailQuery(PlaceFilter):
    """One armed group."""
