"""The indicators of contagion, worked by hand around a corner where three countries meet."""

from dataclasses import replace
from functools import cache
from math import log

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from features.months import parse_month
from features.panel.panel import Panel
from features.places.regions import Regions
from tests.features.indicators.worlds import STATE_BASED, panel_of

NAN = np.nan
A, B, C, D = range(4)
KILOMETRES = {(A, B): 30, (A, C): 10, (B, C): 0, (B, D): 60, (C, D): 40}
DEATHS = {(5, A): 28, (8, A): 24, (15, A): 6, (17, A): 30, (16, B): 5, (2, C): 25, (17, C): 40,
          (13, D): 26}  # fmt: skip


@cache
def world_at_a_corner() -> Panel:
    """A and B are in Mali, C in Niger, D in Burkina Faso; B and C touch in a point only.

    Of the months 0 to 17, C is not observed in 6 to 8, D is from 12 on.
    """
    observed = np.ones((18, 4), dtype=bool)
    observed[6:9, C] = False
    observed[:12, D] = False
    deaths, links, lengths = np.zeros((4, 18, 4)), np.zeros((4, 4)), np.zeros((4, 4))
    for (month, region), number in DEATHS.items():
        deaths[STATE_BASED, month, region] = number
    for (one, other), km in KILOMETRES.items():
        links[one, other] = links[other, one] = 1
        lengths[one, other] = lengths[other, one] = km
    table = pd.DataFrame({"id": list("ABCD"), "country": ["MLI", "MLI", "NER", "BFA"]})
    first = parse_month("2022-01")
    panel = panel_of(table, observed, np.sign(deaths), deaths, links, np.zeros(4), first)
    return replace(
        panel, regions=Regions("admin1", table, csr_array(links), lengths=csr_array(lengths))
    )


WORLD = world_at_a_corner
ROWS = (17, 6, 4)

# Means weighted by border: A sees B 3/4 and C 1/4, B sees A 1/3 and D 2/3, C sees A 1/5 and D 4/5,
# D sees B 3/5 and C 2/5. In month 6, A and B see only each other; in month 4, D is not seen.
#
# In month 17 of A, B, C, D: months of the last 3 with 5 deaths 2/3, 1/3, 1/3, 0, of the last 12
# (observed: 12, 12, 9, 6) 3/12, 1/12, 1/9, 1/6; with 25 deaths 1/3, 0, 1/3, 0 and 1/12, 0, 1/9,
# 1/6; mean deaths 12, 5/3, 40/3, 0 and 60/12, 5/12, 40/9, 26/6; in months 3 to 14 52/12, 0, 0 and
# 26/3.
RISE_A = log(13 / (16 / 3))
RISE_B = log(8 / 3)
RISE_C = log(43 / 3)
RISE_D = log(1 / (29 / 3))
RISE_MALI = log((44 / 3) / (16 / 3))  # 6 + 5 + 30 in 3 months, after 28 + 24 in 12

WORKED: dict[str, tuple[tuple[float, ...], ...]] = {
    "border_weighted_instability_5": (
        (1 / 4, 1 / 3, 1 / 5, 2 / 5),
        (0, 0, NAN, NAN),
        (0, 0, 0, NAN),
    ),
    "border_weighted_instability_5_3": (
        (
            3 / 4 * 1 / 3 + 1 / 4 * 1 / 3,
            1 / 3 * 2 / 3,
            1 / 5 * 2 / 3,
            3 / 5 * 1 / 3 + 2 / 5 * 1 / 3,
        ),
        (0, 1 / 3, NAN, NAN),
        (1 / 4 * 1 / 3, 0, 0, NAN),
    ),
    "border_weighted_instability_5_12": (
        (13 / 144, 7 / 36, 11 / 60, 17 / 180),
        (0, 1 / 7, NAN, NAN),
        (1 / 4 * 1 / 5, 0, 0, NAN),
    ),
    "border_weighted_instability_25": (
        (1 / 4, 1 / 3, 1 / 5, 2 / 5),
        (0, 0, NAN, NAN),
        (0, 0, 0, NAN),
    ),
    "border_weighted_instability_25_3": (
        (1 / 12, 1 / 9, 1 / 15, 2 / 15),
        (0, 1 / 3, NAN, NAN),
        (1 / 12, 0, 0, NAN),
    ),
    "border_weighted_instability_25_12": (
        (1 / 36, 5 / 36, 3 / 20, 2 / 45),
        (0, 1 / 7, NAN, NAN),
        (1 / 20, 0, 0, NAN),
    ),
    "border_weighted_deaths": ((10, 10, 6, 16), (0, 0, NAN, NAN), (0, 0, 0, NAN)),
    "border_weighted_deaths_3": (
        (55 / 12, 4, 12 / 5, 19 / 3),
        (0, 28 / 3, NAN, NAN),
        (25 / 12, 0, 0, NAN),
    ),
    "border_weighted_deaths_12": (
        (205 / 144, 41 / 9, 67 / 15, 73 / 36),
        (0, 4, NAN, NAN),
        (5 / 4, 0, 0, NAN),
    ),
    "border_weighted_rise_3": (
        (
            (3 * RISE_B + RISE_C) / 4,
            (RISE_A + 2 * RISE_D) / 3,
            (RISE_A + 4 * RISE_D) / 5,
            (3 * RISE_B + 2 * RISE_C) / 5,
        ),
        (0, log(31 / 3), NAN, NAN),
        (log(28 / 3) / 4, 0, 0, NAN),
    ),
    "domino_5_3": ((2, 2, 2, 2), (0, 1, NAN, NAN), (1, 1, 0, NAN)),
    "domino_5_12": ((2, 3, 3, 2), (0, 1, NAN, NAN), (1, 1, 0, NAN)),
    "domino_25_3": ((1, 2, 1, 1), (0, 1, NAN, NAN), (1, 1, 0, NAN)),
    "domino_25_12": ((1, 3, 2, 1), (0, 1, NAN, NAN), (1, 1, 0, NAN)),
    "neighbour_countries_25": ((1, 1, 1, 2), (0, 0, NAN, NAN), (0, 0, 0, NAN)),
    "neighbour_countries_25_3": ((1, 1, 1, 2), (0, 0, NAN, NAN), (1, 1, 0, NAN)),
    "neighbour_countries_25_12": ((2, 2, 2, 2), (0, 0, NAN, NAN), (1, 1, 0, NAN)),
    # Mali sees Niger over 10 km and Burkina Faso over 60, which see each other over 40.
    "neighbour_countries_rise_3": (
        (
            (RISE_C + 6 * RISE_D) / 7,
            (RISE_C + 6 * RISE_D) / 7,
            (RISE_MALI + 4 * RISE_D) / 5,
            (3 * RISE_MALI + 2 * RISE_C) / 5,
        ),
        (0, 0, NAN, NAN),
        (log(28 / 3), log(28 / 3), 0, NAN),
    ),
}
