"""The siege view of Mali at three origins: pictures and a table for docs/case-mali.md.

    python docs/case-mali/siege_view.py [--as-of YYYY-MM-DD] [--to FOLDER]

reads the archive under TOCSIN_HOME, writes three pictures, and prints the table.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from commands.environment import day_of
from commands.stores import vintage_of_day
from experiments.judging.judge import frame_markdown
from features.archive.vintage import Vintage
from features.errors import TocsinError
from features.months import format_month, parse_month
from features.panel.panel import ALL_DETAILS, Panel, read_panel
from features.signs.capitals import DIRECTIONS, capital_rings, capital_sectors
from features.signs.corridors import corridor_pressure, corridor_quarters
from features.signs.groups import group_regions

COUNTRY = "MLI"
ORIGINS = ("2011-12", "2019-06", "2023-12")
ROADS = {"MLI-dakar": "Dakar", "MLI-abidjan": "Abidjan", "MLI-gao": "Gao"}
RADII = (200, 400)

_BANDS = (0, 5, 50, 100, 200, 400)
_COLOURS = ("#ffffff", "#c9b3e6", "#8f62c4", "#4b1d86")
_LEAST = (1, 2, 5)
_FIRST = parse_month("2009-01")
_FEWEST_EVENTS = 10
_HALF_OF_LAND = 0.5


def draw_siege(vintage: Vintage, folder: Path) -> str:
    """Write the pictures into a folder, and return the table of `figures_at` as Markdown.

    Raises CoverageError when the events do not observe an origin.
    """
    panel = read_panel(vintage, "admin1", ALL_DETAILS)
    pasts = {origin: panel.until(parse_month(origin)) for origin in ORIGINS}
    folder.mkdir(parents=True, exist_ok=True)
    ring_picture(pasts).savefig(folder / "MLI-rings.png", dpi=110)
    road_picture(pasts).savefig(folder / "MLI-roads.png", dpi=110)
    group_picture(pasts[ORIGINS[-1]]).savefig(folder / "MLI-groups.png", dpi=110)
    columns = {origin: figures_at(past) for origin, past in pasts.items()}
    names = list(columns[ORIGINS[0]])
    table = {"": names} | {origin: [of[name] for name in names] for origin, of in columns.items()}
    return frame_markdown(pd.DataFrame(table)) + "\n"


def figures_at(past: Panel) -> dict[str, str]:
    """Return what rings, roads and groups say of Mali at the end of a panel, in words."""
    rings = capital_rings(past).query("country == @COUNTRY").set_index("radius_km")
    figures = {}
    for radius in RADII:
        ring = rings.loc[radius]
        figures[f"ring within {radius} km, of 8 directions (usually; in the year)"] = (
            f"{ring['closed']:.0f} ({ring['closed_before']:.1f}; {ring['closed_12']:.0f})"
        )
    pressure = corridor_pressure(past).set_index("corridor")
    for road, name in ROADS.items():
        of_road = pressure.loc[road]
        figures[f"events on the road to {name} (usually; percentile; in the year)"] = (
            f"{of_road['events']:.0f} ({of_road['events_before']:.1f}; "
            f"{of_road['percentile']:.0f}; {of_road['events_12']:.0f})"
        )
    groups = _groups(past)
    origin = int(past.months[-1])
    for words, is_so in {
        "groups new in a region within 12 months": groups["first_month"] > origin - 12,
        "groups that ceased there within three years": (
            (groups["last_month"] <= origin - 12) & (groups["last_month"] > origin - 36)
        ),
    }.items():
        pairs = groups[is_so].sort_values(["actor", "region"])
        told = [f"{row['actor']} {row['place']}" for row in _rows(pairs)]
        figures[words] = ", ".join(told) or "none"
    return figures


def ring_picture(pasts: dict[str, Panel]) -> Figure:
    """Draw the events around Bamako by direction and distance, a rose an origin."""
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    axes = figure.subplots(1, len(pasts), subplot_kw={"projection": "polar"})
    for place, (origin, past) in zip(axes, pasts.items(), strict=True):
        sectors = capital_sectors(past).query("country == @COUNTRY")
        _rose(place, sectors)
        ring = capital_rings(past).query("country == @COUNTRY and radius_km == 400").iloc[0]
        place.set_title(
            f"quarter to {origin}\n{ring['closed']:.0f} of 8 within 400 km, "
            f"usually {ring['closed_before']:.1f}"
        )
    return figure


def _rose(axes: Any, sectors: pd.DataFrame) -> None:
    axes.set_theta_zero_location("N")
    axes.set_theta_direction(-1)
    for row in _rows(sectors):
        inner, outer = _BANDS.index(int(row["from_km"])), _BANDS.index(int(row["to_km"]))
        dark = row["observed"] < _HALF_OF_LAND and not row["events"] > 0
        events = 0 if np.isnan(row["events"]) else row["events"]
        middle, width = 0.0, 2 * np.pi
        if row["from_km"] > 0:  # not the city
            width = 2 * np.pi / len(DIRECTIONS)
            middle = DIRECTIONS.index(row["direction"]) * width
        axes.bar(
            middle, outer - inner, width, inner, edgecolor="#999999", linewidth=0.5,
            color=_COLOURS[sum(events >= least for least in _LEAST)],
            hatch="//" if dark else None,
        )  # fmt: skip
    axes.set_xticks(np.arange(len(DIRECTIONS)) * np.pi / 4, DIRECTIONS)
    axes.set_yticks(range(2, len(_BANDS)), [f"{km} km" for km in _BANDS[2:]], fontsize=7)
    axes.grid(visible=False)


def road_picture(pasts: dict[str, Panel]) -> Figure:
    """Draw the events along roads by quarter, as far back as the origins tell, with the origins."""
    tables = pd.concat(map(corridor_quarters, pasts.values()))
    table = tables.drop_duplicates(["corridor", "leg", "first_month"], keep="last")
    figure = Figure(figsize=(11, 5), layout="constrained")
    axes = figure.subplots(len(ROADS), 1, sharex=True)
    for place, (road, name) in zip(axes, ROADS.items(), strict=True):
        events = table[table["corridor"] == road].groupby("first_month")["events"].sum()
        place.bar(events.index + 1.5, events, width=2.4, color="#4b1d86")
        place.set(ylabel="events", title=f"Within 25 km of the road from Bamako to {name}")
        _mark_time(place, int(events.index.min()))
    return figure


def _mark_time(axes: Any, first: int) -> None:
    """Let time begin at a month, write the years below, and draw the origins."""
    last = parse_month(ORIGINS[-1])
    for origin in ORIGINS:
        axes.axvline(parse_month(origin) + 1, color="black", lw=1)
    years = [month for month in range(first, last + 1) if month % 24 == 0]
    axes.set_xticks(years, [format_month(month)[:4] for month in years])
    axes.set_xlim(first - 1, last + 3)


def group_picture(past: Panel) -> Figure:
    """Draw from when to when each armed group was seen in each region, if more than a few times."""
    groups = _groups(past)
    groups = groups[(groups["last_month"] >= _FIRST) & (groups["events"] >= _FEWEST_EVENTS)]
    groups = groups.sort_values(["place", "first_month", "actor"], ignore_index=True)
    figure = Figure(figsize=(11, 1.2 + 0.21 * len(groups)), layout="constrained")
    axes = figure.subplots()
    for number, row in enumerate(_rows(groups)):
        first = max(row["first_month"], _FIRST)
        is_over = row["last_month"] <= past.months[-1] - 12
        colour = "#8c9098" if is_over else "#4b1d86"
        axes.barh(number, row["last_month"] + 1 - first, left=first, color=colour, height=0.6)
    axes.set_yticks(
        range(len(groups)),
        [f"{row['place']}: {row['actor']}" for row in _rows(groups)],
        fontsize=8,
    )
    axes.invert_yaxis()
    _mark_time(axes, _FIRST)
    axes.set_title("From the first to the last time that a group was seen; grey: ceased")
    return figure


def _rows(table: pd.DataFrame) -> list[dict[Any, Any]]:
    rows: list[dict[Any, Any]] = table.to_dict("records")
    return rows


def _groups(past: Panel) -> pd.DataFrame:
    """Return the groups in the regions of Mali, with the regions' names as `place`."""
    regions = past.regions.table.query("country == @COUNTRY").set_index("id")
    table = group_regions(past)
    own = table[table["region"].isin(regions.index)]
    return own.assign(place=own["region"].map(regions["name"]))


def main() -> None:
    """Read the arguments and draw."""
    parser = argparse.ArgumentParser(description="Draw the siege view of Mali.")
    parser.add_argument("--as-of", help="day of the vintage, YYYY-MM-DD; default: today")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="folder")
    arguments = parser.parse_args()
    try:
        day = None if arguments.as_of is None else day_of(arguments.as_of)
        print(draw_siege(vintage_of_day(day, None), arguments.to), end="")
    except TocsinError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
