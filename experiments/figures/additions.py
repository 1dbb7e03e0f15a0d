"""The picture of an ablation: what additions to a base bring."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from experiments.figures.picture import COLOURS, INK, Panel, Picture


def gains(table: pd.DataFrame) -> Picture:
    """Draw what additions save, a panel a target, with intervals; columns as `Ablation.gains`."""
    shown = table[table["measure"].isin(["brier", "crps"])]
    panels = []
    for target, rows in shown.groupby("target", sort=False, observed=True):
        title = f"{target} ({rows['measure'].iloc[0]})"
        panels.append(Panel(title, partial(_draw, rows=rows)))
    return Picture(
        "gains",
        "Loss that is saved, 95 % interval (right of the line: better)",
        tuple(panels),
        {},
        (4.6, 0.35 * len(shown) / max(len(panels), 1) + 1.2),
    )


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    rows = rows.iloc[::-1]
    value, place = 100 * rows["gain"], np.arange(len(rows))
    error = np.abs(100 * rows[["low", "high"]].to_numpy().T - value.to_numpy())
    axes.errorbar(value, place, xerr=error, fmt="o", color=COLOURS["logistic"], capsize=3)
    axes.axvline(0, color=INK, lw=1)
    axes.set_yticks(place, rows["added"])
    axes.set_xlabel("loss saved [%]")
