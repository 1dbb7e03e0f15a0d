"""Pictures: plots under one title, as a figure or as SVG for a page."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.typing import RcKeyType

INK, GRID = "#1b1f24", "#c9ced6"
COLOURS = {
    "model": "#0072b2",
    "served": "#0072b2",
    "months_since": "#d55e00",
    "base_rate": "#e69f00",
    "own_rate": "#cc79a7",
    "logistic": "#0072b2",
    "boosting": "#009e73",
    "ensemble": "#56b4e9",
    "climatology": "#e69f00",
    "conflictology": "#d55e00",
    "persistence": "#cc79a7",
    "decaying_record": "#000000",
}
"""By forecast, safe for the colour-blind: Okabe & Ito (2008), Color Universal Design."""
OTHER_COLOUR = "#999999"
PAGE_COLOURS = {INK: "currentColor", GRID: "var(--grid)", OTHER_COLOUR: "var(--other)"} | {
    colour: f"var(--{name})" for name, colour in COLOURS.items()
}
"""Their names on a page that is light or dark."""
MARKERS = {
    "climatology": "s",
    "conflictology": "^",
    "persistence": "D",
    "decaying_record": "v",
    "base_rate": "s",
    "months_since": "^",
    "own_rate": "D",
}

_STYLE: dict[RcKeyType, Any] = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titley": 1.0,  # no search for free height: it takes a third of the time of drawing
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
_DPI = 110
_TICKS = (1, 3, 6, 9, 12, 18, 24, 30, 36)


def horizon_axis(axes: Axes, farthest: int, margin: float) -> None:
    """Let the x-axis be the horizon [months], from 1 to a year or, if that is more, `farthest`."""
    last = max(12, farthest)
    ticks = [tick for tick in _TICKS if tick <= last]
    axes.set(xlabel="horizon [months]", xlim=(1 - margin, last + margin), xticks=ticks)


@dataclass(frozen=True)
class Plot:
    """A plot: its title and a function that draws it on axes."""

    title: str
    draw: Callable[[Axes], None]


@dataclass(frozen=True)
class Picture:
    """Plots with one title and legend (colours by name); `size` is that of a plot [inches]."""

    name: str
    title: str
    plots: Sequence[Plot]
    legend: Mapping[str, str] = field(default_factory=dict)
    size: tuple[float, float] = (4.0, 3.2)

    def as_figure(self, heading: str) -> Figure:
        """Return all plots in a row under a heading."""
        width, height = self.size
        with rc_context(_STYLE):
            figure = Figure(
                figsize=(max(width * len(self.plots), 6), height + 0.9), layout="constrained"
            )
            columns = figure.subplots(1, len(self.plots), squeeze=False)[0]
            for plot, axes in zip(self.plots, columns, strict=True):
                _draw(plot, axes)
            figure.suptitle(f"{heading}\n{self.title}", fontsize=11)
            if self.legend:
                handles = [Line2D([], [], color=c, label=n, lw=2.5) for n, c in self.legend.items()]
                figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        return figure

    def as_svgs(self) -> list[str]:
        """Return every plot as an SVG element in the colours of a light or dark page."""
        return [
            _as_svg(plot, self.size, f"{self.name}-{number}")
            for number, plot in enumerate(self.plots)
        ]


def colour_of(forecast: str) -> str:
    """Return the colour of a learner or reference."""
    return COLOURS.get(forecast, OTHER_COLOUR)


def marker_of(forecast: str) -> str:
    """Return the marker of a learner or reference."""
    return MARKERS.get(forecast, "o")


def _draw(plot: Plot, axes: Axes) -> None:
    axes.set_title(plot.title, loc="left", fontweight="bold")
    plot.draw(axes)


def _as_svg(plot: Plot, size: tuple[float, float], salt: str) -> str:
    # The salt makes ids unique among the pictures of a page.
    with rc_context(_STYLE | {"svg.hashsalt": salt}):
        figure = Figure(figsize=size, layout="constrained")
        _draw(plot, figure.subplots())
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, dpi=2 * _DPI, metadata=_NO_METADATA)
    return _for_page(file.getvalue(), plot.title)


_NO_METADATA = dict.fromkeys(["Creator", "Date", "Format", "Type"])
_DROPPED = re.compile(r"<metadata>.*?</metadata>|<!--.*?-->|(?<=<g) id=\"[^\"]*\"", re.DOTALL)
_FONT = re.compile(r"(font: *(?:\w+ )?[\d.]+px) [^;\"]*")


def _for_page(svg: str, title: str) -> str:
    """Return an SVG file as an element of a self-contained HTML page."""
    element = _DROPPED.sub("", svg[svg.index("<svg") :]).replace("xlink:href", "href")
    box = re.search(r'viewBox="[^"]*"', element)
    head = f'<svg {box[0] if box else ""} role="img" aria-label="{title}">'
    element = head + element[element.index(">") + 1 :]
    for colour, name in PAGE_COLOURS.items():
        element = element.replace(colour, name)
    return _FONT.sub(r"\1 inherit", element).strip()
