import pytest
from siege_view import figures_at, group_picture, ring_picture, road_picture

from features.panel.panel import Panel
from tests.features.signs.test_corridors import road_world

RING = "ring within 400 km, of 8 directions (usually; in the year)"
ROAD = "events on the road to {} (usually; percentile; in the year)"


@pytest.fixture(scope="module")
def past() -> Panel:
    """Five years of Mali to 2023-12, with attacks at Kayes and one at Sikasso."""
    return road_world(["MLI", "SEN"])


def test_figures_are_those_of_the_newest_quarter_and_year(past: Panel) -> None:
    figures = figures_at(past)
    assert figures[ROAD.format("Dakar")] == "2 (0.2; 100; 3)"
    assert figures[ROAD.format("Abidjan")] == "1 (0.0; 100; 1)"
    assert figures[RING] == "1 (0.0; 1)"  # Kayes is farther away
    assert figures["groups new in a region within 12 months"] == "none"


def test_pictures_have_a_rose_an_origin_a_strip_a_road_and_a_bar_a_group(past: Panel) -> None:
    roses = ring_picture({"2022-12": past.until(int(past.months[-13])), "2023-12": past})
    assert len(roses.axes) == 2
    assert "1 of 8 within 400 km" in roses.axes[1].get_title()
    assert len(road_picture({"2023-12": past}).axes) == 3
    assert len(group_picture(past).axes[0].patches) == 0  # none fought often enough
