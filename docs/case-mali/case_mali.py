"""The case of the Sahel: pictures and a table for docs/case-mali.md, from UCDP's events.

    python docs/case-mali/case_mali.py [--as-of YYYY-MM-DD] [--to FOLDER]

reads the archive under TOCSIN_HOME, writes a picture a case, and prints the table.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from case_study import Case, Study, lead_table, study, wolf_table
from matplotlib.figure import Figure

from commands.environment import day_of
from commands.stores import vintage_of_day
from experiments.judging.judge import frame_markdown
from features.archive.vintage import Vintage
from features.errors import TocsinError
from features.indicators.catalogue import needs_of, select
from features.months import format_month, parse_month
from features.panel.panel import read_panel

CASES = (
    Case("MLI-mopti", "Mopti", parse_month("2015-01")),
    Case("BFA-est", "Eastern Burkina Faso", parse_month("2018-08")),
    Case("MLI-koulikoro", "Koulikoro", parse_month("2021-09")),
    Case("MLI-kayes", "Kayes", parse_month("2023-01")),
)
"""Where violence came next, and the month in which it had come to stay."""

COUNTRIES = ("MLI", "BFA", "NER")
FIRST, LAST = parse_month("2010-01"), parse_month("2022-12")

SHOWN = {
    "deaths_mean_24": 1,
    "neighbour_deaths_mean_3": 1,
    "kernel_deaths_decay_250km_6": 1,
    "space_time_distance_1": -1,
    "neighbour_new_groups_12": 1,
    "group_expansion_12": 1,
    "front_distance_12": -1,
    "front_approach_12": 1,
    "one_sided_event_share_12": 1,
    "own_ring_200km_12": 1,
    "own_violence_distance_change_3": -1,
    "capital_ring_200km_12": 1,
    "crossing_events_25km_12": 1,
    "crossing_events_change_25km_3": 1,
    "corridors_attacked_12": 1,
    "border_weighted_rise_3": 1,
    "domino_5_12": 1,
    "neighbour_countries_25_12": 1,
}
"""A few indicators of each family that can move, chosen for what they mean, not for how they did;
-1 where low values are alarming."""

_BEFORE, _AFTER = 36, 6


def draw_case(vintage: Vintage, folder: Path) -> str:
    """Write a picture a case into a folder, and return the table of `summary` as Markdown.

    Raises CoverageError when the events do not observe the cases.
    """
    panel = read_panel(vintage, "admin1", needs_of([*SHOWN]))
    results = study(panel, SHOWN)
    folder.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        picture(results, case).savefig(folder / f"{case.region}.png", dpi=110)
    return frame_markdown(summary(results)) + "\n"


def summary(results: Study) -> pd.DataFrame:
    """Return a row an indicator: alarms before each case, and how often alarms were right.

    A column a case has the alarms in the 24 months before and, in brackets, how many months the
    alarm had stood when violence came; the others are those of `wolf_table` over all quiet regions
    of COUNTRIES.
    """
    columns: dict[str, Sequence[object]] = {"indicator": results.names}
    for case in CASES:
        lead = lead_table(results, case)
        pairs = zip(lead["alarms"], lead["last_run"], strict=True)
        columns[f"{case.name}, {format_month(case.arrival)}"] = [f"{a} ({run})" for a, run in pairs]
    wolf = wolf_table(results, COUNTRIES, FIRST, LAST)
    for name in ("alarms", "right", "base_rate", "caught"):
        columns[name] = wolf[name].tolist()
    return pd.DataFrame(columns)


def picture(results: Study, case: Case) -> Figure:
    """Draw deaths in a region and, below, the ranks of the indicators among quiet regions."""
    region = int(np.flatnonzero(results.panel.regions.ids == case.region)[0])
    arrival = results.panel.row(case.arrival)
    span = slice(arrival - _BEFORE, min(arrival + _AFTER, len(results.panel.months)))
    months = results.panel.months[span]
    figure = Figure(figsize=(11, 2.2 + 0.3 * len(results.names)), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[1, 0.22 * len(results.names)])
    above.bar(np.arange(len(months)), results.panel.total_deaths[span, region], color="#2166ac")
    above.set(ylabel="deaths", title=f"{case.name}: what was seen before violence came")
    image = below.imshow(
        results.rank[span, region].T, aspect="auto", cmap="OrRd", vmin=0.5, vmax=1,
        interpolation="nearest",
    )  # fmt: skip
    below.set_yticks(np.arange(len(results.names)), _meanings(results.names), fontsize=8)
    ticks = np.arange(0, len(months), 6)
    below.set_xticks(ticks, [format_month(int(months[tick])) for tick in ticks])
    for axes in (above, below):
        axes.axvline(_BEFORE - 0.5, color="black", lw=1.5)
    figure.colorbar(image, ax=below, label="rank among quiet regions", shrink=0.8)
    return figure


def _meanings(names: Sequence[str]) -> list[str]:
    return [f"{indicator.family}: {indicator.name}" for indicator in select(names)]


def main() -> None:
    """Read the arguments and draw."""
    parser = argparse.ArgumentParser(description="Draw the case of the Sahel.")
    parser.add_argument("--as-of", help="day of the vintage, YYYY-MM-DD; default: today")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="folder")
    arguments = parser.parse_args()
    try:
        day = None if arguments.as_of is None else day_of(arguments.as_of)
        print(draw_case(vintage_of_day(day, None), arguments.to), end="")
    except TocsinError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
