"""What a map is made of: the regions of a bulletin, simplified together, and the land around."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import shapely

import features.places
from features.arrays import FloatArray, ObjectArray
from service.pages.drawing.projection import Projection

SPAN = 10_000
"""The longer side of what is mapped, in units of the map: a tenth of a pixel on a large screen."""

_FINEST = 4e-4
"""Tolerance of outlines, as a share of the longer side."""

_SMALLEST = 150.0
"""Area of the smallest island of the land around: one pixel and a half on a large screen."""

_COARSER = 3
"""How much coarser the land around is."""

MOST_REGIONS = 3000
"""More regions than this are cells of a grid: their edges are no borders."""

_CORNERS_OF_CELL = 5
"""With the first again, which closes the ring."""

_COUNTRIES = Path(features.places.__path__[0]) / "geography" / "countries.parquet"

Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Shapes:
    """The shapes of a map, in units of the map.

    `ids` (n,), `countries` (n,) and `outlines` (n,) are of the regions, by country; `land` (m,) is
    of all countries near by their codes, `borders` the outlines of the mapped countries. `box` is
    west, north, width and height of the regions that the map is fitted to.
    """

    ids: tuple[str, ...]
    countries: tuple[str, ...]
    outlines: ObjectArray
    land: dict[str, shapely.Geometry]
    borders: dict[str, shapely.Geometry]
    box: Box
    projection: Projection
    scale: float

    def place(self, degrees: FloatArray) -> FloatArray:
        """Return places (n, 2) in units of the map, of longitudes and latitudes (n, 2)."""
        return self.projection.place(degrees) * self.scale


def shapes_of(
    ids: Sequence[str],
    countries: Sequence[str],
    outlines: Sequence[str],
    shown: Collection[str] = (),
) -> Shapes:
    """Return the shapes of n regions with outlines as GeoJSON geometries; there is one at least.

    The map is fitted to the regions `shown`, or to all if none of them is here. Others are drawn
    where they are near.
    """
    order = np.array(sorted(range(len(ids)), key=lambda row: (countries[row], ids[row])))
    geometries = shapely.from_geojson(np.array(outlines, np.object_)[order])
    is_shown = np.isin(np.array(ids)[order], list(shown))
    is_shown |= not is_shown.any()
    west, south, east, north = shapely.total_bounds(geometries[is_shown])
    projection = Projection.of(west, south, east, north)
    width, height = east - west, north - south
    around = projection.box_around(width, height)
    is_near = is_shown | shapely.intersects(geometries, shapely.box(*around))
    order, is_shown = order[is_near], is_shown[is_near]
    fine = _FINEST * max(width, height)
    geometries = _simplified(geometries[is_near], fine)
    drawn = _projected(geometries, projection, 1.0)
    left, top, right, bottom = shapely.total_bounds(drawn[is_shown])
    scale = SPAN / max(right - left, bottom - top)
    drawn = _projected(geometries, projection, scale)
    of_regions = [countries[row] for row in order.tolist()]
    land = _land_around(projection, around, _COARSER * fine, scale)
    return Shapes(
        ids=tuple(ids[row] for row in order.tolist()),
        countries=tuple(of_regions),
        outlines=drawn,
        land=land,
        borders=_borders(drawn, np.array(of_regions), land),
        box=(left * scale, top * scale, (right - left) * scale, (bottom - top) * scale),
        projection=projection,
        scale=scale,
    )


def _simplified(geometries: ObjectArray, tolerance: float) -> ObjectArray:
    """Return outlines simplified together; cells have no corner to spare."""
    if shapely.get_num_coordinates(geometries).max() <= _CORNERS_OF_CELL:
        return geometries
    simplified: ObjectArray = shapely.coverage_simplify(geometries, tolerance)
    return simplified


def is_grid(shapes: Shapes) -> bool:
    """Return whether regions are so many that they are drawn as the cells of a grid."""
    return len(shapes.ids) > MOST_REGIONS


def _borders(
    drawn: ObjectArray, countries: ObjectArray, land: dict[str, shapely.Geometry]
) -> dict[str, shapely.Geometry]:
    """Return the outlines of the countries that are mapped."""
    names = sorted(set(countries.tolist()))
    if len(drawn) > MOST_REGIONS:
        return {name: land[name] for name in names if name in land}
    return {name: shapely.coverage_union_all(drawn[countries == name]) for name in names}


def _land_around(
    projection: Projection, box: Box, tolerance: float, scale: float
) -> dict[str, shapely.Geometry]:
    """Return the countries that lie in a box [degrees], by their codes."""
    codes, outlines = _countries()
    clipped = shapely.clip_by_rect(outlines, *box)
    near = ~shapely.is_empty(clipped)
    simplified = shapely.coverage_simplify(clipped[near], tolerance)
    drawn = _projected(simplified, projection, scale)
    return {
        code: shape
        for code, shape in zip(
            np.array(codes)[near].tolist(), map(_without_islets, drawn), strict=True
        )
        if not shapely.is_empty(shape)
    }


def _without_islets(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a country without islands that are too small to be seen; all of one that is small."""
    parts = shapely.get_parts(shape)
    seen = parts[shapely.area(parts) >= _SMALLEST]
    return shape if len(seen) == 0 else shapely.multipolygons(seen)


def _projected(degrees: ObjectArray, projection: Projection, scale: float) -> ObjectArray:
    drawn: ObjectArray = shapely.transform(degrees, lambda at: projection.place(at) * scale)
    return drawn


@cache
def _countries() -> tuple[list[str], ObjectArray]:
    table = pq.ParquetFile(_COUNTRIES).read(columns=["id", "geometry"])
    return table["id"].to_pylist(), shapely.from_wkb(table["geometry"].to_pylist())
