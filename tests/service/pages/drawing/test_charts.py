from collections.abc import Sequence
from xml.etree import ElementTree as ET

import pytest

from service.pages.drawing.charts import (
    HEIGHT,
    Chance,
    Drawing,
    Fan,
    Month,
    chances_chart,
    deaths_chart,
)

FAN = Fan("", (0.0, 1.0, 2.0, 4.0, 10.0), "ahead")


def drawn(past: Sequence[float | None], ahead: list[Fan]) -> tuple[ET.Element, Drawing]:
    months = [Month("2024" if n == 0 else "", deaths, f"m{n}") for n, deaths in enumerate(past)]
    drawing = deaths_chart(months, ahead, str, "Deaths <so far>")
    return ET.fromstring(drawing.svg), drawing


def height_of(root: ET.Element, title: str, style: str) -> float:
    group = next(g for g in root.iter("g") if g.findtext("title") == title)
    return float(next(r for r in group.iter("rect") if r.get("class") == style).get("height", "0"))


def test_bars_are_as_high_as_their_deaths() -> None:
    root, drawing = drawn([5.0, 10.0, None, 0.0], [FAN])
    ten = height_of(root, "m1", "past")
    assert ten == pytest.approx(2 * height_of(root, "m0", "past"), rel=0.01)
    assert height_of(root, "m2", "gap") > 0
    assert height_of(root, "m3", "past") == 0
    assert height_of(root, "ahead", "wide") == pytest.approx(ten, rel=0.01)
    assert drawing.cut is None
    assert root.get("aria-label") == "Deaths <so far>"


def test_a_past_peak_is_cut_off_and_told() -> None:
    root, drawing = drawn([1.0] * 20 + [500.0], [FAN])
    assert drawing.cut == 500.0
    assert height_of(root, "ahead", "wide") > HEIGHT / 5


@pytest.mark.parametrize("past", [[], [0.0], [1e6, 3.0]])
def test_any_history_can_be_drawn(past: list[float | None]) -> None:
    root, _ = drawn(past, [])
    assert root.tag == "svg"


def test_the_chosen_month_stands_out() -> None:
    chances = [
        Chance("Jan", 0.5, "50%", "b3", "January: 50%", is_chosen=False),
        Chance("Feb", 0.25, "25%", "b2", "February: 25%", is_chosen=True),
    ]
    root = ET.fromstring(chances_chart(chances, "Risk"))
    bars = {r.get("class"): float(r.get("height", "0")) for r in root.iter("rect")}
    assert bars["b3"] == pytest.approx(2 * bars["b2 chosen"])
    assert "25%" in "".join(root.itertext())
