"""Pictures of skill: by horizon, by year and on the map, and precision against recall."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from sklearn.metrics import precision_recall_curve

from experiments.judging.verification import MAPPED
from experiments.report.model_figures import bounds, draw_map
from experiments.report.picture import GRID, INK, Picture, Plot, colour_of, horizon_axis, marker_of
from features.places.regions import Regions
from features.words import DISPLAYED, LOSS_NAMES, SPECS
from models.references import REFERENCES

DrawRows = Callable[[Axes, pd.DataFrame], None]

_LIMIT = 0.5
"""The map clips skill at this: regions with few cases have extreme values."""


def skill_by_horizon(
    gains: pd.DataFrame,
    learner: str,
    references: Sequence[str] = REFERENCES,
    loss: str | None = None,
) -> Picture:
    """Draw skill over each reference by horizon, with intervals; `gains` as in `Verification`.

    `loss` is what is saved, by default that of the target.
    """
    title = "Skill over each reference by months ahead, 95 % intervals (above 0: better)"
    draw = partial(_draw_horizons, references=references)
    return _skill_by("horizon", title, gains, learner, draw, references, loss)


def skill_by_year(by_year: pd.DataFrame, learner: str) -> Picture:
    """Draw skill over each reference by year of the origin; `by_year` as in `Verification`."""
    title = "Skill over each reference by year of the origin, all horizons (above 0: better)"
    return _skill_by("year", title, by_year, learner, _draw_years)


def _skill_by(
    by: str,
    title: str,
    table: pd.DataFrame,
    learner: str,
    draw: DrawRows,
    references: Sequence[str] = REFERENCES,
    loss: str | None = None,
) -> Picture:
    plots = []
    for target in DISPLAYED:
        rows = table[(table["target"] == target) & (table["learner"] == learner)]
        if not rows.empty:
            total = int(rows.drop_duplicates(by)["n"].sum())
            unit = f"{loss or LOSS_NAMES[SPECS[target].loss]} saved [%]"
            drawn = partial(_draw_with_zero, draw=draw, rows=rows, unit=unit)
            plots.append(Plot(f"{target} (n = {total:,})", drawn))
    return Picture(f"skill_by_{by}", title, plots, {name: colour_of(name) for name in references})


def _draw_with_zero(axes: Axes, draw: DrawRows, rows: pd.DataFrame, unit: str) -> None:
    axes.axhline(0, color=INK, lw=1)
    axes.grid(visible=True, axis="y")
    axes.set_ylabel(unit)
    draw(axes, rows)


def _draw_horizons(axes: Axes, rows: pd.DataFrame, references: Sequence[str]) -> None:
    # Shifted, so that one interval does not hide another.
    for shift, reference in zip(np.linspace(-0.3, 0.3, len(references)), references, strict=True):
        own = rows[rows["reference"] == reference].sort_values("horizon")
        value = 100 * own["gain"].to_numpy()
        error = np.abs(100 * own[["low", "high"]].to_numpy().T - value)
        axes.errorbar(
            own["horizon"] + shift, value, yerr=error, fmt=marker_of(reference), ms=4.5,
            color=colour_of(reference), lw=1.4, capsize=0,
        )  # fmt: skip
    horizon_axis(axes, int(rows["horizon"].max()), 0.7)


def _draw_years(axes: Axes, rows: pd.DataFrame) -> None:
    for reference in REFERENCES:
        own = rows[rows["reference"] == reference].sort_values("year")
        colour, marker = colour_of(reference), marker_of(reference)
        axes.plot(own["year"], 100 * own["gain"], color=colour, marker=marker, ms=5, lw=1.6)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    axes.set(xlabel="year of the origin")


def precision_recall(
    probabilities: pd.DataFrame, learner: str, references: Sequence[str] = REFERENCES
) -> Picture:
    """Draw precision against recall of a learner and the references, all horizons together."""
    plots = []
    for target, part in probabilities.groupby("target", observed=True):
        if part["outcome"].any():
            cases = int(part["outcome"].sum())
            title = f"{target} ({cases:,} cases of {len(part):,})"
            plots.append(
                Plot(title, partial(_draw_precision, part=part, names=(*references, learner)))
            )
    return Picture(
        "precision_recall",
        "Precision (alarms that were right) by recall (cases that were caught)",
        plots,
        {name: colour_of(name) for name in (learner, *references)},
    )


def _draw_precision(axes: Axes, part: pd.DataFrame, names: Sequence[str]) -> None:
    outcome = part["outcome"].to_numpy()
    for name in names:
        precision, recall, _ = precision_recall_curve(outcome, part[name].to_numpy())
        width = 2.6 if name == names[-1] else 1.3
        axes.plot(recall, precision, color=colour_of(name), lw=width)
    axes.axhline(outcome.mean(), color=INK, ls=":", lw=1)
    axes.grid(visible=True)
    axes.set(xlabel="recall", ylabel="precision")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))


_WIDTH, _ROOM = 8.0, 1.3
"""The width of the map, and the height of title and scale [inches]."""


def skill_map(regions: Regions, by_region: pd.DataFrame, learner: str, reference: str) -> Picture:
    """Draw a learner's skill at MAPPED by region; `by_region` as in `Verification`."""
    values = np.full(len(regions), np.nan)
    values[by_region["region"]] = by_region[learner]
    count = int(by_region[learner].notna().sum())

    west, south, east, north = bounds(regions)
    height = min(_WIDTH * (north - south) / (east - west), _WIDTH) + _ROOM

    def draw(axes: Axes) -> None:
        shown = draw_map(axes, regions, np.clip(values, -_LIMIT, _LIMIT), "PuOr", GRID)
        shown.set_clim(-_LIMIT, _LIMIT)
        bar = axes.figure.colorbar(shown, ax=axes, shrink=0.6, aspect=40, orientation="horizontal")
        bar.set_label(f"skill over {reference} (violet: better, orange: worse)")

    title = f"{MAPPED} ({count} of {len(by_region)} regions with cases enough)"
    return Picture("skill_map", "Skill by region", [Plot(title, draw)], size=(_WIDTH, height))
