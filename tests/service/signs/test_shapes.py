import numpy as np
import pytest
import shapely

from features.indicators.encirclement import sector_of
from features.indicators.near import great_circle_km
from service.signs.shapes import _arc, _polygon

BAMAKO = (-8.0, 12.64)


@pytest.mark.parametrize("km", [50, 400])
def test_an_arc_is_as_far_from_its_centre_as_it_says(km: int) -> None:
    longitude, latitude = np.array(_arc(BAMAKO, km, 0, 360)).T
    distance = great_circle_km(np.array([12.64]), np.array([-8.0]), latitude, longitude)
    np.testing.assert_allclose(distance, km, atol=0.1)


def test_a_sector_lies_where_the_indicators_count_it() -> None:
    east = _arc(BAMAKO, 300, 68, 112)
    longitude, latitude = np.array(east).T
    sectors = sector_of(np.array([12.64]), np.array([-8.0]), latitude, longitude)
    assert set(sectors.tolist()) == {2}


def test_a_polygon_is_closed_valid_and_anticlockwise() -> None:
    corners = _arc(BAMAKO, 200, -22.5, 22.5) + _arc(BAMAKO, 100, 22.5, -22.5)
    shape = shapely.from_geojson(_polygon(corners).decode())
    assert shape.is_valid
    assert shapely.is_ccw(shape.exterior)
