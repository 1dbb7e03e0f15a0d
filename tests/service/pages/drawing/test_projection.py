import numpy as np
import pytest
import shapely

from service.pages.drawing.projection import Projection

SAHEL = Projection.of(-18, 2, 39, 25)
WORLD = Projection.of(-118, -47, 141, 80)


def area_on(projection: Projection, west: float, south: float, side: float = 1.0) -> float:
    """Area of a square of degrees on a map, as a share of its area on a sphere of radius 1."""
    box = shapely.segmentize(shapely.box(west, south, west + side, south + side), 0.02)
    latitudes = np.radians([south, south + side])
    on_sphere = np.radians(side) * np.diff(np.sin(latitudes))[0]
    return float(shapely.area(shapely.transform(box, projection.place)) / on_sphere)


@pytest.mark.parametrize("projection", [SAHEL, WORLD])
@pytest.mark.parametrize(("west", "south"), [(-15.0, 4.0), (10.0, 13.0), (35.0, 60.0)])
def test_areas_are_as_on_the_sphere(projection: Projection, west: float, south: float) -> None:
    assert area_on(projection, west, south) == pytest.approx(1.0, rel=1e-3)


def test_the_middle_is_the_origin_and_north_is_up() -> None:
    middle, north, east = SAHEL.place(np.array([[10.5, 13.5], [10.5, 14.5], [11.5, 13.5]]))
    assert middle == pytest.approx([0, 0], abs=1e-12)
    assert north[1] < 0
    assert east[0] > 0


def test_equal_earth_has_its_known_width_and_the_antimeridian_on_both_sides() -> None:
    # Savric, Patterson & Jenny 2019: half the equator is 2.70663 radii.
    west, east = WORLD.place(np.array([[-180.0, 0.0], [180.0, 0.0]]))
    assert east[0] == pytest.approx(2.70663, abs=1e-4)
    assert west[0] == pytest.approx(-east[0])


def test_a_part_that_crosses_the_antimeridian_is_not_torn() -> None:
    pacific = Projection(175.0, -15.0, is_whole=False)
    before, after = pacific.place(np.array([[179.0, -15.0], [-179.0, -15.0]]))
    assert 0 < after[0] - before[0] < 0.04
