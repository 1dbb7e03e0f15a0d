"""Pictures of a fitted model: its scores on the map, its coefficients."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from shapely import total_bounds

from experiments.report.picture import INK, colour_of
from features.arrays import BoolArray, FloatArray, ObjectArray
from features.places.regions import Regions, geometries, load_regions
from features.words import Level
from models.forecaster import Forecaster
from models.learners import Logistic


def score_map(regions: Regions, probability: FloatArray, title: str) -> Figure:
    """Draw scores (R,) of the regions that have an outline on the map, NaN in grey."""
    figure = Figure(figsize=(9, 7), layout="constrained")
    axes = figure.subplots()
    cells = draw_map(axes, regions, probability, "YlOrRd", "#dddddd")
    cells.set_clim(0, 1)
    axes.set_title(title, y=1.0)
    figure.colorbar(cells, ax=axes, shrink=0.6, label="probability")
    return figure


def draw_map(
    axes: Axes, regions: Regions, values: FloatArray, colours: str, absent: str
) -> PatchCollection:
    """Draw regions, coloured by values (R,), on axes; NaN in the colour `absent`."""
    patches, drawn_values = [], []
    drawn, shapes = _outlines(regions)
    for shape, value in zip(shapes, values[drawn], strict=True):
        for part in getattr(shape, "geoms", [shape]):
            patches.append(Polygon(np.asarray(part.exterior.coords), closed=True))
            drawn_values.append(value)
    scale = colormaps[colours].with_extremes(bad=absent)
    cells = PatchCollection(patches, cmap=scale, edgecolor="#777777", linewidth=0.3)
    cells.set_array(np.ma.masked_invalid(drawn_values))
    cells.set_rasterized(True)  # thousands of borders make a page heavy
    axes.add_collection(cells)
    axes.autoscale_view()
    axes.set_aspect("equal")
    axes.set_axis_off()
    return cells


def has_outlines(regions: Regions) -> bool:
    """Return whether any region has an outline."""
    return len(_outlines(regions)[1]) > 0


def bounds(regions: Regions) -> tuple[float, float, float, float]:
    """Return west, south, east and north of the regions that have an outline [degrees]."""
    west, south, east, north = total_bounds(_outlines(regions)[1])
    return west, south, east, north


def _outlines(regions: Regions) -> tuple[BoolArray, ObjectArray]:
    """Return which regions have an outline, (R,), and these outlines."""
    drawn = np.isin(regions.ids, load_regions(regions.level).ids)
    return drawn, geometries(regions.level, regions.ids[drawn])


def coefficients(forecaster: Forecaster, names: tuple[str, ...]) -> pd.DataFrame:
    """Return a logistic forecaster's coefficients, one row a cell and indicator.

    Columns: cell, indicator, coefficient (log-odds for one standard deviation), standard_error, z.
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
        fmt="o", color=colour_of("logistic"), capsize=3,
    )  # fmt: skip
    axes.axvline(0, color=INK, lw=1)
    axes.set_yticks(np.arange(len(rows)), rows["indicator"])
    axes.set_title(title, y=1.0)
    axes.set_xlabel("change in log-odds for one standard deviation, 95 % interval")
    return figure


def title(level: Level, learner: str, *, simulated: bool) -> str:
    """Return the heading of a picture; a simulated one says so."""
    return f"{'SIMULATED - ' if simulated else ''}{level}: {learner}"
