"""Charts of one region as SVG: deaths so far with the forecast, and the risk month by month."""

from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

import numpy as np

WIDTH, HEIGHT = 560, 200
"""Size of a chart in its own units; on the page it is as wide as there is room."""

_LOW = 150
"""Height of the chart of probabilities."""

_TOP, _BOTTOM, _LEFT = 22, 22, 40
_PARTS = (0.25, 0.5, 1, 2, 2.5)
_MOST_LINES = 4

_FAR_ABOVE = 5.0
"""How many times higher than the forecast a past peak must be to be cut off."""


class Month(NamedTuple):
    """A month so far; `deaths` is None where it was not observed. `title` says it in words."""

    label: str
    deaths: float | None
    title: str


class Fan(NamedTuple):
    """A month ahead: quantiles of deaths, 5, 25, 50, 75 and 95 %. `title` says it in words."""

    label: str
    quantiles: tuple[float, float, float, float, float]
    title: str


class Chance(NamedTuple):
    """The probability of a month: in words, and the class of its colour."""

    label: str
    probability: float
    text: str
    style: str
    title: str
    is_chosen: bool


class Drawing(NamedTuple):
    """A chart as SVG, and the highest value where a peak is cut off, else None."""

    svg: str
    cut: float | None


def deaths_chart(
    past: Sequence[Month], ahead: Sequence[Fan], number: Callable[[float], str], name: str
) -> Drawing:
    """Draw deaths a month: bars so far, and what is to come in nine and in five of ten cases."""
    top, cut = _ceiling(past, ahead)
    step = (WIDTH - _LEFT) / max(1, len(past) + len(ahead))
    wide = max(1.0, step * 0.72)

    def y(deaths: float) -> float:
        return HEIGHT - _BOTTOM - min(deaths, top) / top * (HEIGHT - _TOP - _BOTTOM)

    def bar(place: int, low: float, high: float, style: str) -> str:
        x = _LEFT + step * place + (step - wide) / 2
        tall = max(y(low) - y(high), 0.8 if high > 0 else 0)
        return (
            f'<rect class="{style}" x="{x:.1f}" y="{y(high):.1f}" width="{wide:.1f}" '
            f'height="{tall:.1f}"/>'
        )

    marks = []
    for place, month in enumerate(past):
        shown = '<rect class="gap"' if month.deaths is None else ""
        x = _LEFT + step * place
        drawn = (
            f'{shown} x="{x:.1f}" y="{_TOP}" width="{step:.1f}" height="{y(0) - _TOP:.1f}"/>'
            if month.deaths is None
            else bar(place, 0, month.deaths, "past")
        )
        marks.append(_titled(month.title, drawn))
    for place, fan in enumerate(ahead, start=len(past)):
        q05, q25, q50, q75, q95 = fan.quantiles
        x = _LEFT + step * place + (step - wide) / 2
        middle = f'<path class="median" d="M{x:.1f} {y(q50):.1f}h{wide:.1f}"/>'
        bars = bar(place, q05, q95, "wide") + bar(place, q25, q75, "half")
        marks.append(_titled(fan.title, bars + middle))
    labels = [month.label for month in past] + [fan.label for fan in ahead]
    now = _LEFT + step * len(past)
    body = (
        _grid(top, y, number)
        + "".join(marks)
        + f'<path class="now" d="M{now:.1f} {_TOP - 8}V{HEIGHT - _BOTTOM}"/>'
        + _ticks(labels, step)
    )
    return Drawing(_chart(body, name), cut)


def chances_chart(chances: Sequence[Chance], name: str) -> str:
    """Draw a probability for each month, the chosen one ringed."""
    step = WIDTH / max(1, len(chances))
    wide, floor = min(46.0, step * 0.74), _LOW - 2 * _BOTTOM
    marks = []
    for place, chance in enumerate(chances):
        x, tall = step * (place + 0.5), chance.probability * (floor - _TOP)
        chosen = " chosen" if chance.is_chosen else ""
        marks.append(
            _titled(
                chance.title,
                f'<rect class="whole" x="{x - wide / 2:.1f}" y="{_TOP}" width="{wide:.1f}" '
                f'height="{floor - _TOP}"/>'
                f'<rect class="{chance.style}{chosen}" x="{x - wide / 2:.1f}" '
                f'y="{floor - tall:.1f}" width="{wide:.1f}" height="{max(tall, 1):.1f}"/>'
                f'<text x="{x:.1f}" y="{floor - tall - 5:.1f}">{escape(chance.text)}</text>'
                f'<text class="tick{chosen}" x="{x:.1f}" y="{floor + 16}">'
                f"{escape(chance.label)}</text>",
            )
        )
    return _chart("".join(marks), name, height=_LOW - 16)


def _ceiling(past: Sequence[Month], ahead: Sequence[Fan]) -> tuple[float, float | None]:
    """Return the top of the scale, and the highest past month if it is above: it is cut off."""
    so_far = [month.deaths for month in past if month.deaths is not None]
    most, far = max(so_far, default=0.0), max((fan.quantiles[-1] for fan in ahead), default=0.0)
    top = max(most, far, 1.0)
    if far > 0 and most > _FAR_ABOVE * far:
        cut = max(2 * far, float(np.quantile(so_far, 0.9)))
        if cut < most:
            return cut, most
    return top, None


def _grid(top: float, y: Callable[[float], float], number: Callable[[float], str]) -> str:
    step = 10 ** np.floor(np.log10(top))
    size = next(step * part for part in _PARTS if top / (step * part) <= _MOST_LINES)
    return "".join(
        f'<path class="line" d="M{_LEFT} {y(value):.1f}H{WIDTH}"/>'
        f'<text class="axis" x="{_LEFT - 6}" y="{y(value) + 4:.1f}">'
        f"{escape(number(value))}</text>"
        for value in np.arange(0, top * 1.0001, size).tolist()
    )


def _ticks(labels: Sequence[str], step: float) -> str:
    """Return the labels below; an empty one has no tick."""
    return "".join(
        f'<text class="tick" x="{_LEFT + step * (place + 0.5):.1f}" y="{HEIGHT - 6}">'
        f"{escape(label)}</text>"
        for place, label in enumerate(labels)
        if label
    )


def _titled(title: str, drawn: str) -> str:
    return f"<g><title>{escape(title)}</title>{drawn}</g>"


def _chart(body: str, name: str, height: float = HEIGHT) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-label="{escape(name)}">{body}</svg>'
    )
