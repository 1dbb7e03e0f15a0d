"""The pictures of a training run: what people look at before they read a table."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from sklearn.metrics import precision_recall_curve

from experiments.evaluation import reliability_bins
from features.panel import FloatArray
from features.regions import Level, Regions, geometries, load_regions
from models.forecaster import Forecaster
from models.learners import Logistic
from models.references import REFERENCES

SCORED = ("instability", "escalation", "onset")
_BLUE, _GREY = "#2166ac", "#888888"
_COLOURS = {
    "logistic": _BLUE,
    "boosting": "#1b7837",
    "climatology": "#b2abd2",
    "conflictology": "#e08214",
    "persistence": "#888888",
}


def skill_by_horizon(skill: pd.DataFrame, learners: Sequence[str], title: str) -> Figure:
    """Draw Brier scores of learners and references against the horizon, a panel a target."""
    figure = _figure(title, "Brier score by months ahead (lower is better)", len(SCORED))
    for axes, target in zip(figure.axes, SCORED, strict=True):
        part = skill[skill["target"] == target].sort_values("horizon")
        for forecast in (*REFERENCES, *learners):
            line = part[part["forecast"] == forecast]
            width = 2.5 if forecast in learners else 1.2
            colour = _COLOURS[forecast]
            axes.plot(line["horizon"], line["brier"], "o-", color=colour, lw=width, ms=4)
        axes.set(title=target, xlabel="months ahead", xlim=(0.5, 12.5))
        axes.set_ylim(bottom=0)
    _explain(figure, (*learners, *REFERENCES))
    return figure


def reliability(probabilities: pd.DataFrame, learner: str, title: str) -> Figure:
    """Draw how often each score came true: on the diagonal, a score means what it says."""
    figure = _figure(title, "Of all forecasts of p %, p % should come true", len(SCORED))
    for axes, target, part in _by_target(figure, probabilities):
        forecast, observed, size = reliability_bins(part, learner)
        top = max(0.05, float(forecast.max()), float(observed.max())) * 1.05
        axes.plot([0, top], [0, top], color=_GREY, lw=1)
        axes.plot(forecast, observed, "o-", color=_COLOURS[learner], ms=5)
        axes.set(title=f"{target} ({int(size.sum()):,} forecasts)", xlabel="score")
        axes.set(ylabel="share that came true", xlim=(0, top), ylim=(0, top))
    return figure


def precision_recall(probabilities: pd.DataFrame, learner: str, title: str) -> Figure:
    """Draw precision against recall for a learner and the references."""
    figure = _figure(title, "Precision (alarms that were right) by recall (cases caught)", 3)
    for axes, target, part in _by_target(figure, probabilities):
        outcome = part["outcome"].to_numpy()
        if outcome.any():
            for forecast in (*REFERENCES, learner):
                precision, recall, _ = precision_recall_curve(outcome, part[forecast].to_numpy())
                colour = _COLOURS[forecast]
                axes.plot(recall, precision, color=colour, lw=2.5 if forecast == learner else 1)
        axes.axhline(outcome.mean(), color=_GREY, ls=":", lw=1)
        axes.set(title=target, xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1))
    _explain(figure, (learner, *REFERENCES))
    return figure


def score_map(regions: Regions, probability: FloatArray, title: str) -> Figure:
    """Draw scores on the map, NaN in grey; `probability` is (R,) in the order of the regions.

    Regions without an outline, whose names a source alone knows, are left out.
    """
    figure = Figure(figsize=(9, 7), layout="constrained")
    axes = figure.subplots()
    patches, values = [], []
    drawn = np.isin(regions.ids, load_regions(regions.level).ids)
    shapes = geometries(regions.level, regions.ids[drawn])
    for shape, value in zip(shapes, probability[drawn], strict=True):
        for part in getattr(shape, "geoms", [shape]):
            patches.append(Polygon(np.asarray(part.exterior.coords), closed=True))
            values.append(value)
    colours = colormaps["YlOrRd"].with_extremes(bad="#dddddd")
    cells = PatchCollection(patches, cmap=colours, edgecolor="#777777", linewidth=0.3)
    cells.set_array(np.ma.masked_invalid(values))
    cells.set_clim(0, 1)
    axes.add_collection(cells)
    axes.autoscale_view()
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(title)
    figure.colorbar(cells, ax=axes, shrink=0.6, label="probability")
    return figure


def gains(table: pd.DataFrame, heading: str) -> Figure:
    """Draw what additions bring, a panel a target, with intervals; columns as `Ablation.gains`."""
    shown = table[table["measure"].isin(["brier", "crps"])]
    targets = list(dict.fromkeys(shown["target"]))
    figure = _figure(
        heading, "Loss that is saved, 95 % interval (right of the line: better)", len(targets)
    )
    for axes, target in zip(figure.axes, targets, strict=True):
        rows = shown[shown["target"] == target].iloc[::-1]
        value, place = 100 * rows["gain"], np.arange(len(rows))
        error = np.abs(100 * rows[["low", "high"]].to_numpy().T - value.to_numpy())
        axes.errorbar(value, place, xerr=error, fmt="o", color=_BLUE, capsize=3)
        axes.axvline(0, color=_GREY, lw=1)
        axes.set_yticks(place, rows["added"])
        axes.set(title=f"{target} ({rows['measure'].iloc[0]})", xlabel="per cent")
    return figure


def coefficients(forecaster: Forecaster, names: tuple[str, ...]) -> pd.DataFrame:
    """Return a logistic forecaster's coefficients, one row a cell and indicator.

    Columns: cell, indicator, coefficient (log-odds for one standard deviation), standard_error
    (clustered by region), z.
    """
    tables = []
    for key, cell in forecaster.cells.items():
        if isinstance(cell.learner, Logistic):
            fitted = cell.learner
            rows = pd.DataFrame(
                {
                    "cell": key,
                    "indicator": ["(constant)", *(names[c] for c in fitted.used)],
                    "coefficient": fitted.coefficients,
                    "standard_error": fitted.standard_errors,
                }
            )
            tables.append(rows.assign(z=rows["coefficient"] / rows["standard_error"]))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def coefficient_plot(table: pd.DataFrame, cell: str, title: str) -> Figure:
    """Draw one cell's coefficients with 95 % intervals."""
    rows = table[(table["cell"] == cell) & (table["indicator"] != "(constant)")].iloc[::-1]
    figure = Figure(figsize=(8, 0.4 * len(rows) + 1.5), layout="constrained")
    axes = figure.subplots()
    axes.errorbar(
        rows["coefficient"], np.arange(len(rows)), xerr=1.96 * rows["standard_error"],
        fmt="o", color=_BLUE, capsize=3,
    )  # fmt: skip
    axes.axvline(0, color=_GREY, lw=1)
    axes.set_yticks(np.arange(len(rows)), rows["indicator"])
    axes.set(title=title, xlabel="change in log-odds for one standard deviation, 95 % interval")
    return figure


def title(level: Level, learner: str, *, simulated: bool) -> str:
    """Return the heading of a picture; a simulated one says so."""
    return f"{'SIMULATED - ' if simulated else ''}{level}: {learner}"


def _figure(heading: str, explanation: str, panels: int) -> Figure:
    figure = Figure(figsize=(4.6 * panels, 4.4), layout="constrained")
    figure.subplots(1, panels)
    figure.suptitle(f"{heading}\n{explanation}", fontsize=11)
    return figure


def _explain(figure: Figure, forecasts: Sequence[str]) -> None:
    handles = [Line2D([], [], color=_COLOURS[name], label=name, lw=2) for name in forecasts]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)


def _by_target(
    figure: Figure, probabilities: pd.DataFrame
) -> Iterator[tuple[Axes, str, pd.DataFrame]]:
    for axes, target in zip(figure.axes, SCORED, strict=True):
        part = probabilities[probabilities["target"] == target]
        axes.set_title(f"{target}: no forecast")
        if not part.empty:
            yield axes, target, part
