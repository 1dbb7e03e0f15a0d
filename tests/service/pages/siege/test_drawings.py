import re

import pytest

from features.language import LANGUAGES
from service.pages.siege.drawings import bars, intensity, rose
from service.signs.bodies import CorridorQuarter, Sector

ENGLISH = LANGUAGES["en"]


def sector(direction: str | None, near: int, far: int, events: int | None, land: float) -> Sector:
    return Sector.model_validate(
        {
            "id": "X",
            "country": "MLI",
            "direction": direction,
            "from_km": near,
            "to_km": far,
            "observed": land,
            "events": events,
            "deaths": events,
            "events_before": None,
            "deaths_before": None,
            "percentile": None,
            "since": None,
        }
    )


@pytest.mark.parametrize(
    ("events", "style"), [(0, "v0"), (1, "v1"), (2, "v2"), (4, "v2"), (5, "v3"), (900, "v3")]
)
def test_colours_are_of_the_number_of_events(events: int, style: str) -> None:
    assert intensity(events) == style


def test_a_rose_has_north_up_and_says_what_each_sector_has() -> None:
    drawing = rose(
        [
            sector(None, 0, 5, 1, 1.0),
            sector("N", 5, 50, 6, 1.0),
            sector("E", 200, 400, None, 0.0),
            sector("S", 200, 400, 2, 0.1),
        ],
        "Bamako",
        ENGLISH,
    )
    paths = re.findall(r'<path class="(\w+)" d="([^"]+)"><title>([^<]+)</title>', drawing)
    assert [(style, title) for style, _, title in paths] == [
        ("v1", "in the city: 1 event"),
        ("v3", "north, 5 to 50 km: 6 events"),
        ("dark", "east, 200 to 400 km: not observed"),
        ("v2", "south, 200 to 400 km: 2 events"),
    ]
    north, east = paths[1][1], paths[2][1]
    assert all(float(y) < 0 for _, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", north))
    assert all(float(x) > 0 for x, _ in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", east))


def test_bars_are_as_high_as_their_share_of_the_most_and_unknown_ones_are_gaps() -> None:
    events = [4, 2, None]
    quarters = [
        CorridorQuarter(first_month=f"2024-0{n * 3 + 1}", events=n_events, deaths=0, reports=None)
        for n, n_events in enumerate(events)
    ]
    drawing = bars(quarters, "Bamako", ENGLISH)
    assert re.findall(r'class="(\w+)"[^>]* height="([\d.]+)"', drawing) == [
        ("past", "26.0"),
        ("past", "13.0"),
        ("gap", "26.0"),
    ]
    assert "since January 2024, at most 4" in drawing
