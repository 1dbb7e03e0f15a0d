"""The indicators of the actors, worked by hand.

Four regions in a line to the north, 111.195 km (a degree) apart. The Front fights in D from the
month 0 on, comes to C in the month 20 and to B in the month 30. Bandits are in A all the time, and
fight the army there in the month 2 and again in the month 34.
"""

from functools import cache

import numpy as np
import pandas as pd

from features.months import parse_month
from features.panel.panel import Panel
from tests.features.indicators.worlds import incidents_of, panel_of

FIRST = parse_month("2020-01")
ARMY, FRONT, BANDITS = "Government of Mali", "Front", "Bandits"
A, B, C, D = range(4)
STATE_BASED, NON_STATE, ONE_SIDED = 1, 2, 3
DEGREE = 111.19508

EVENTS = [
    (2, A, STATE_BASED, ARMY, BANDITS),
    *((month, D, STATE_BASED, ARMY, FRONT) for month in range(0, 36, 2)),
    (20, C, ONE_SIDED, FRONT, ""),
    (28, C, NON_STATE, FRONT, BANDITS),
    (30, B, STATE_BASED, ARMY, FRONT),
    (30, B, ONE_SIDED, FRONT, ""),
    (30, B, ONE_SIDED, BANDITS, ""),
    (34, A, STATE_BASED, ARMY, BANDITS),
    (34, A, ONE_SIDED, ARMY, ""),
]


@cache
def world() -> Panel:
    table = pd.DataFrame(
        {
            "id": list("ABCD"),
            "name": list("ABCD"),
            "country": "MLI",
            "latitude": [12.0, 13.0, 14.0, 15.0],
            "longitude": -8.0,
        }
    )
    links = np.diag([1.0, 1, 1], 1) + np.diag([1.0, 1, 1], -1)
    rows = [
        (FIRST + month, region, 12.0 + region, -8.0, 1.0, kind, a, b)
        for month, region, kind, a, b in sorted(EVENTS)
    ]
    quiet = np.zeros((4, 36, 4))
    seen = np.ones((36, 4), dtype=bool)
    return panel_of(table, seen, quiet, quiet, links, np.zeros(4), FIRST, incidents_of(rows))


WORLD = world
ROWS = (35, 21)
WORKED: dict[str, tuple[tuple[float, ...], ...]] = {
    "active_groups_3": ((1, 0, 0, 1), (0, 0, 1, 1)),
    "active_groups_12": ((1, 2, 2, 1), (0, 0, 1, 1)),
    # B: the Front twice and the bandits once: (4 + 1) / 9. C: each once.
    "group_concentration_12": ((1, 5 / 9, 1 / 2, 1), (0, 0, 1, 1)),
    "effective_groups_12": ((1, 9 / 5, 2, 1), (0, 0, 1, 1)),
    # In C the bandits are new in the month 28, in B both are in the month 30.
    "new_groups_12": ((0, 2, 1, 0), (0, 0, 1, 0)),
    "neighbour_new_groups_12": ((2, 1 / 2, 1, 1), (0, 1 / 2, 0, 1)),
    "new_groups_36": ((1, 2, 2, 1), (1, 0, 1, 1)),
    "neighbour_new_groups_36": ((2, 3 / 2, 3 / 2, 2), (0, 1, 1 / 2, 1)),
    # In the months 24 to 35 the Front reached B, the bandits C and B; they are not next to D but in
    # C. In the months 10 to 21 the Front reached C; nobody who has is in A or next to it.
    "group_expansion_12": ((2, 2, 2, 2), (0, 1, 1, 1)),
    # To A the Front is near in B, to D the bandits in C; in B and C both groups are.
    "front_distance_12": (
        (DEGREE, 1000, 1000, DEGREE),
        (2 * DEGREE, DEGREE, 1000, 1000),
    ),
    # In the month 23 the Front stood in C. In the month 9 the bandits were in A, the Front in D.
    "front_approach_12": (
        (DEGREE, DEGREE - 1000, 0, 1000 - DEGREE),
        (DEGREE, 0, DEGREE - 1000, 3 * DEGREE - 1000),
    ),
    # C in the month 28, and B in the month 30.
    "contested_12": ((0, 1 / 12, 1 / 12, 0), (0, 0, 0, 0)),
    "state_event_share_12": ((1, 1 / 3, 0, 1), (0, 0, 0, 1)),
    "revived_dyads_3": ((1, 0, 0, 0), (0, 0, 0, 0)),
}
