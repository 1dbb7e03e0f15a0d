"""The bodies of OGC API - Features, with its names (OGC 17-069r4, clause 7)."""

from pydantic import Field

from features.strict import Strict
from service.api.schemas import BulletinSummary

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
"""Longitude and latitude [degrees], as GeoJSON has them."""

GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"


class Link(Strict):
    """A link to another address, which is whole."""

    href: str
    rel: str
    type: str
    title: str


class Landing(Strict):
    """What there is, and where."""

    title: str
    description: str
    links: list[Link]


class Conformance(Strict):
    """The classes of the standard that hold."""

    conformsTo: list[str]  # noqa: N815  # the standard's name


class SpatialExtent(Strict):
    """Boxes around all features: west, south, east and north edge [degrees]."""

    bbox: list[list[float]]
    crs: str = CRS84


class TemporalExtent(Strict):
    """The first and the last moment that the features speak of."""

    interval: list[list[str]]
    trs: str = GREGORIAN


class Extent(Strict):
    """Where and of when the features are."""

    spatial: SpatialExtent
    temporal: TemporalExtent


class Collection(Strict):
    """A layer: the regions of a level."""

    id: str
    title: str
    description: str
    attribution: str = Field(description="Whom it is owed to, and what its boundaries do not mean.")
    links: list[Link]
    extent: Extent
    itemType: str = "feature"  # noqa: N815  # the standard's name
    crs: tuple[str, ...] = (CRS84,)


class Collections(Strict):
    """The layers of a bulletin."""

    bulletin: BulletinSummary
    links: list[Link]
    collections: list[Collection]
