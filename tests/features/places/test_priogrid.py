import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from features.places.priogrid import (
    areas,
    borders,
    boxes,
    cell_of,
    centres,
    neighbours,
    place_priogrid,
)
from tests.paths import DATA


def cell(latitude: float, longitude: float) -> int:
    return int(cell_of(np.array([latitude]), np.array([longitude]))[0])


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        (12.65, -8.0, 147945),
        (-90, -180, 1),
        (-89.5, -180, 721),
        (-90, -179.5, 2),
        (90, 179.9, 259200),
        (-90, 180, 1),
    ],
)
def test_cells_are_counted_by_rows_from_the_south_west(
    latitude: float, longitude: float, expected: int
) -> None:
    assert cell(latitude, longitude) == expected


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(90.1, 0), (0, -180.1), (np.nan, 0), (0, np.nan)]
)
def test_a_point_off_the_globe_has_no_cell(latitude: float, longitude: float) -> None:
    assert place_priogrid(np.array([latitude]), np.array([longitude])).tolist() == [None]


@given(st.integers(1, 259200))
def test_the_centre_of_a_cell_lies_in_it(number: int) -> None:
    latitude, longitude = centres(np.array([number]))
    assert cell(latitude[0], longitude[0]) == number


@given(st.floats(-90, 89.999), st.floats(-180, 179.999))
@example(-2.6e-15, -2.6e-15)
def test_a_point_is_at_most_a_quarter_degree_from_the_centre_of_its_cell(
    latitude: float, longitude: float
) -> None:
    south, west = centres(cell_of(np.array([latitude]), np.array([longitude])))
    assert abs(south[0] - latitude) <= 0.25
    assert abs(west[0] - longitude) <= 0.25


def test_the_box_of_bamako_is_half_a_degree_wide() -> None:
    assert boxes(np.array([147945]))[0].bounds == (-8.0, 12.5, -7.5, 13.0)


def test_a_cell_inland_has_eight_neighbours() -> None:
    cells = np.array([(row - 1) * 720 + column for row in (5, 6, 7) for column in (9, 10, 11)])
    assert neighbours(cells).sum(axis=0).tolist() == [3, 5, 3, 5, 8, 5, 3, 5, 3]


def test_the_grid_closes_at_the_antimeridian_and_not_at_the_poles() -> None:
    matrix = neighbours(np.array([1, 720, 721, 259200, 258481])).toarray()
    assert matrix[0].tolist() == [0, 1, 1, 0, 0]
    assert matrix[3].tolist() == [0, 0, 0, 0, 1]


@given(st.sets(st.integers(1, 259200), min_size=1, max_size=40))
def test_neighbours_are_mutual_and_never_oneself(numbers: set[int]) -> None:
    matrix = neighbours(np.array(sorted(numbers)))
    assert abs(matrix - matrix.T).sum() == 0
    assert matrix.diagonal().sum() == 0


def test_real_events_are_in_the_cell_that_ucdp_gives_them() -> None:
    path = DATA / "ucdp_ged" / "ged_events_16_countries_1989_2023.csv.gz"
    if not path.exists():
        pytest.skip(f"needs {path.name}: set TOCSIN_DATA to the directory of the real data")
    events = pd.read_csv(path, usecols=["latitude", "longitude", "priogrid_gid"])
    cells = cell_of(events["latitude"].to_numpy(), events["longitude"].to_numpy())
    differs = cells != events["priogrid_gid"].to_numpy()
    on_an_edge = events["latitude"].mod(0.5).eq(0) | events["longitude"].mod(0.5).eq(0)
    assert differs.mean() < 0.0002
    assert on_an_edge[differs].all()


def test_cells_share_a_side_with_four_others_and_only_a_corner_with_the_rest() -> None:
    here = cell(0.25, 10.25)
    around = np.array([here, here + 1, here - 1, here + 720, here - 720, here + 721])
    side = 0.5 * 111.195
    km = borders(around).toarray()
    assert km[0] == pytest.approx([0, side, side, side * np.cos(np.radians(0.5)), side, 0])
    assert neighbours(around).toarray()[0].tolist() == [0, 1, 1, 1, 1, 1]
    assert (km == km.T).all()


def test_a_cell_across_the_antimeridian_shares_a_side() -> None:
    ends = np.array([cell(60.25, 179.75), cell(60.25, -179.75)])
    assert borders(ends).toarray()[0] == pytest.approx([0, 0.5 * 111.195])


def test_the_cells_of_a_band_around_the_globe_have_its_area() -> None:
    band = areas(np.arange(cell(45.25, -179.75), cell(45.25, 179.75) + 1))
    assert len(band) == 720
    zone = 2 * np.pi * 6371.0088**2 * (np.sin(np.radians(45.5)) - np.sin(np.radians(45)))
    assert band.sum() == pytest.approx(zone, rel=1e-5)
