"""Pictures of calibration: of scores, and of forecast deaths."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from experiments.report.picture import INK, Picture, Plot, colour_of, horizon_axis
from features.arrays import FloatArray

TENTHS = np.linspace(0, 1, 11)
RATIO_BAR = (0.8, 1.25)
"""The good range of forecast / observed deaths."""

_FEWEST = 10
"""A bin with fewer forecasts has no frequency."""
_PARTS = {"all": "all forecasts", "expected": "deaths expected"}
_MOST_COUNTRIES = 25


def reliability(probabilities: pd.DataFrame, learner: str, *, is_whole: bool = True) -> Picture:
    """Draw the share that came true of the scores in each tenth, and their number.

    Of what is rare, not `is_whole`, axes end at the first twentieth above all scores of a target.
    """
    plots = []
    for target, part in probabilities.groupby("target", observed=True):
        outcome, score = part["outcome"].to_numpy(), part[learner].to_numpy()
        top = 1.0 if is_whole else float(np.ceil(20 * score.max()) / 20)
        draw = partial(_draw_reliability, outcome=outcome, score=score, learner=learner, top=top)
        plots.append(Plot(f"{target} (n = {len(part):,})", draw))
    return Picture(
        "reliability",
        "Of all scores of p, a share of p should come true; bars: how many, log scale",
        plots,
    )


def _draw_reliability(
    axes: Axes, outcome: FloatArray, score: FloatArray, learner: str, top: float
) -> None:
    edges, colour = TENTHS * top, colour_of(learner)
    place = np.clip(np.digitize(score, edges) - 1, 0, len(edges) - 2)
    size = np.bincount(place, minlength=len(edges) - 1)
    counts = axes.twinx()
    counts.bar(edges[:-1], size, edges[1], align="edge", color=colour, alpha=0.18, log=True)
    # The bars stay in the lower third, below the points.
    counts.set_ylim(1, max(10.0, float(size.max())) ** 3)
    counts.set_axis_off()
    for left, number in zip(edges[:-1], size, strict=True):
        if number:
            counts.text(
                left + edges[1] / 2, number, _short(number), ha="center", va="bottom", fontsize=6
            )
    with np.errstate(invalid="ignore"):
        mean, share = (np.bincount(place, v, len(size)) / size for v in (score, outcome))
    shown = size >= _FEWEST
    axes.plot([0, 1], [0, 1], color=INK, lw=1)
    axes.plot(mean[shown], share[shown], "o-", color=colour, ms=6, lw=1.8)
    axes.set(xlabel="score", ylabel="share that came true", xlim=(0, top), ylim=(0, top))


def _short(number: int) -> str:
    return f"{number:,}" if number < 10_000 else f"{number / 1000:.0f}k"  # noqa: PLR2004


def pit(table: pd.DataFrame, forecasts: Sequence[str]) -> Picture:
    """Draw histograms of `Verification.pit`, the first forecast filled, the others outlined."""
    plots = []
    for part, rows in table.groupby("part"):
        own = {name: rows[rows["forecast"] == name] for name in forecasts}
        shown = {name: one for name, one in own.items() if not one.empty}
        number = int(next(iter(shown.values()))["n"].iloc[0])
        title = f"{_PARTS[str(part)]} (n = {number:,})"
        plots.append(Plot(title, partial(_draw_pit, shown=shown)))
    return Picture(
        "pit",
        "Where outcomes fell in the distribution of deaths (flat at 1: calibrated)",
        plots,
        {name: colour_of(name) for name in forecasts},
    )


def _draw_pit(axes: Axes, shown: dict[str, pd.DataFrame]) -> None:
    for number, (name, rows) in enumerate(shown.items()):
        bins = len(rows)
        edges = np.linspace(0, 1, bins + 1)
        axes.stairs(
            bins * rows["share"].to_numpy(), edges, color=colour_of(name), fill=number == 0,
            alpha=0.55 if number == 0 else 1, lw=2,
        )  # fmt: skip
    axes.axhline(1, color=INK, lw=1)
    axes.set(xlabel="probability of no more deaths than came (PIT)", ylabel="density", xlim=(0, 1))
    axes.set_ylim(bottom=0)


def countries(by_country: pd.DataFrame, learner: str, target: str) -> Picture:
    """Draw mean score and frequency of the _MOST_COUNTRIES with most cases, as in `by_country`."""
    is_own = (by_country["target"] == target) & (by_country["forecast"] == learner)
    rows = by_country[is_own].sort_values("observed", ascending=False).head(_MOST_COUNTRIES)[::-1]

    def draw(axes: Axes) -> None:
        place = np.arange(len(rows))
        axes.hlines(place, rows["mean_forecast"], rows["observed"], color=INK, lw=1)
        axes.plot(rows["mean_forecast"], place, "o", color=colour_of(learner), ms=7)
        axes.plot(rows["observed"], place, "|", color=INK, ms=13, mew=2.5)
        axes.set_yticks(place, rows["country"])
        axes.grid(visible=True, axis="x")
        axes.set(xlabel="mean score, and share that came true", ylim=(-0.7, len(rows) - 0.3))
        axes.set_xlim(left=-0.005)

    return Picture(
        "countries",
        "Mean score and what came true, by country",
        [Plot(f"{target} (n = {int(rows['n'].sum()):,})", draw)],
        {"mean score": colour_of(learner), "came true": INK},
        (6.4, 0.22 * len(rows) + 1.1),
    )


def deaths_ratio(deaths: pd.DataFrame, learner: str) -> Picture:
    """Draw forecast / observed deaths by horizon; `deaths` as in `Skill.deaths`."""
    rows = deaths[deaths["forecast"] == learner].sort_values("horizon")

    def draw(axes: Axes) -> None:
        axes.axhspan(*RATIO_BAR, color=colour_of(learner), alpha=0.12, lw=0)
        axes.axhline(1, color=INK, lw=1)
        axes.plot(rows["horizon"], rows["mean_ratio"], "o-", color=colour_of(learner), ms=5)
        top = max(1.5, 1.05 * rows["mean_ratio"].fillna(0).max())
        axes.set(ylabel="forecast / observed deaths", ylim=(0, top))
        horizon_axis(axes, int(rows["horizon"].max()), 0.5)

    return Picture(
        "deaths_ratio",
        "Do the forecast deaths add up? (band: 0.8 to 1.25)",
        [Plot(f"deaths (n = {int(rows['n'].sum()):,})", draw)],
    )
